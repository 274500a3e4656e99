"""composition.json: what a composition says of itself. Knows no sample and no pixel."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from diffbgm.composition.migrations import migrate_document
from diffbgm.errors import CompositionError
from diffbgm.files import as_path
from diffbgm.files.ownership import Record, from_json, identify
from diffbgm.files.publishing import recover
from diffbgm.video.analysis import MoodSource

DOCUMENT = "composition.json"
_IN_VERSION_1 = re.compile(
    r"shots/\d{3,}\.(wav|mid|png)|stems/\w+\.(wav|flac)|takes/\d{3,}/\d+/(take\.(json|npz)|sound\.flac)"
)


@dataclass(frozen=True)
class Composition:
    """composition.json as it is, field by field; `folder` is where it lies.

    `files` records all other files of the composition, as `files.ownership` does.
    """

    folder: Path
    version: int
    seconds: float
    frame_rate: list[int]
    frames: int
    sample_rate: int
    shots: list[dict[str, Any]]
    rejected_cuts: list[int]
    tempo: list[dict[str, float]]
    first_downbeat: int
    phrases: list[int]
    plan: dict[str, Any] | None
    dialogue: list[list[float]]
    shot_of_beat: list[int]
    beats: list[float]
    downbeats: list[float]
    hits: list[dict[str, Any]]
    asked_hits: list[dict[str, Any]]
    mood_source: MoodSource
    conditions: dict[str, Any]
    model: dict[str, Any]
    options: dict[str, Any]
    loudness: dict[str, Any]
    sound: dict[str, Any]
    source: dict[str, Any]
    timings: dict[str, float]
    origin: dict[str, Any]
    files: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        content = asdict(self)
        del content["folder"]
        return content

    def save(self) -> None:
        """Write composition.json into the folder."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        (self.folder / DOCUMENT).write_text(text + "\n")

    def require_shot(self, shot: int) -> None:
        """CompositionError unless there is a shot of that number with a beat of its own."""
        if not 0 <= shot < len(self.shots):
            last = len(self.shots) - 1
            raise CompositionError(f"{self.folder} has shots 0 to {last}, and no shot {shot}")
        if shot not in self.shot_of_beat:
            raise CompositionError(
                f"{self.folder}: shot {shot} is shorter than a beat and has no music of its own; "
                "do a neighbour again"
            )


def load_composition(folder: str | Path) -> Composition:
    """What composition.json in `folder` says, in today's form.

    If a process was killed while it put new files there, that is completed first.
    CompositionError if it is not there, damaged, or of a newer version.
    """
    folder = as_path("folder", folder)
    recover(folder)
    return read_document(folder)


def recorded_files(folder: Path) -> Record:
    """The files in `folder` that its composition.json claims, itself among them; none without."""
    try:
        files = read_document(folder).files
        if any(identity is None for identity in files.values()):
            return _files_of_version_1(folder, files)
        return {**from_json(files), DOCUMENT: identify(folder / DOCUMENT)}
    except (CompositionError, TypeError, ValueError):
        return {}


def _files_of_version_1(folder: Path, entries: Iterable[str]) -> Record:
    """Version 1 named its entries alone: in its folders, what is called like its files is its."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    paths = {path.relative_to(folder).as_posix(): path for path in found}
    return {
        name: identify(path)
        for name, path in paths.items()
        if name in entries or (name.split("/")[0] in entries and _IN_VERSION_1.fullmatch(name))
    }


def read_document(folder: Path) -> Composition:
    """As `load_composition`, but whatever state the files are in."""
    document = folder / DOCUMENT
    try:
        content = migrate_document(json.loads(document.read_text()), document)
        names = [field.name for field in fields(Composition) if field.name != "folder"]
        return Composition(folder, **{name: content[name] for name in names})
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise CompositionError(
            f"{folder} holds no {DOCUMENT}; give a folder that `diffbgm compose` made"
        ) from exc
    except OSError as exc:
        raise CompositionError(f"{document} cannot be read: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{document} is damaged; compose again") from exc
