"""A composition: the folder that `compose` writes, read and replaced as a whole.

composition.json says what there is; `takes/NNN/K/` keeps every take of every shot (its notes and
its sound), so that a take can be exchanged while all else stays as it is, to the bit.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import CompositionError, StorageError
from diffbgm.music.score import Note, Score, Track
from diffbgm.sound.parts import Part, load_parts, save_parts

VERSION = 1
DOCUMENT = "composition.json"


@dataclass(frozen=True)
class ShotEntry:
    """One shot in composition.json: where it lies, which take is in the mix, its files."""

    index: int
    start_frame: int
    end_frame: int
    start: float
    end: float
    take: int
    takes: int
    seed: int
    mood: tuple[float, float]
    energy: float
    audio: str
    midi: str
    image: str


@dataclass(frozen=True)
class Composition:
    """What composition.json holds; `folder` is where it lies."""

    folder: Path
    seconds: float
    frame_rate: tuple[int, int]
    frames: int
    sample_rate: int
    shots: tuple[ShotEntry, ...]
    tempo: list[dict[str, float]]
    beats: list[float]
    downbeats: list[float]
    hits: list[dict[str, Any]]
    conditions: dict[str, Any]
    model: dict[str, Any]
    options: dict[str, Any]
    loudness: dict[str, Any]
    timings: dict[str, float]
    source: dict[str, Any]
    sound: dict[str, Any]
    version: int = VERSION
    files: list[str] = field(default_factory=list)

    @property
    def rate(self) -> Fraction:
        return Fraction(*self.frame_rate)

    def shot(self, index: int) -> ShotEntry:
        """The shot of that number; CompositionError if there is none."""
        if not 0 <= index < len(self.shots):
            last = len(self.shots) - 1
            raise CompositionError(f"{self.folder} has shots 0 to {last}, not {index}")
        return self.shots[index]

    def with_shot(self, entry: ShotEntry) -> "Composition":
        """This composition with one shot's entry exchanged."""
        shots = (*self.shots[: entry.index], entry, *self.shots[entry.index + 1 :])
        return replace(self, shots=shots)

    def to_dict(self) -> dict[str, Any]:
        content = asdict(self)
        del content["folder"]
        return content

    def save(self, folder: Path) -> None:
        """Write composition.json into `folder`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        (folder / DOCUMENT).write_text(text + "\n")


def load_composition(folder: Path) -> Composition:
    """The composition in `folder`; CompositionError if it is none."""
    document = folder / DOCUMENT
    try:
        content = json.loads(document.read_text())
    except FileNotFoundError as exc:
        raise CompositionError(
            f"{folder} holds no {DOCUMENT}; give a folder that `diffbgm compose` made"
        ) from exc
    except (OSError, ValueError) as exc:
        raise CompositionError(f"{document} cannot be read: {exc}") from exc
    try:
        if content["version"] != VERSION:
            raise CompositionError(f"{document} has version {content['version']}, not {VERSION}")
        content["shots"] = tuple(
            ShotEntry(**{**shot, "mood": tuple(shot["mood"])}) for shot in content["shots"]
        )
        content["frame_rate"] = tuple(content["frame_rate"])
        known = {name.name for name in fields(Composition)} - {"folder"}
        return Composition(folder, **{key: content[key] for key in known})
    except (KeyError, TypeError, AttributeError) as exc:
        raise CompositionError(f"{document} is damaged: {exc!r}; compose again") from exc


@dataclass(frozen=True)
class Take:
    """One take of one shot: its cells of the roll, its arranged notes, its sound.

    `roll` (T, 3, 88) holds the shot's own sixteenths; `dynamic` and `semantic` its beats' rows.
    """

    seed: int
    mood: tuple[float, float]
    energy: float
    style: str
    roll: np.ndarray
    dynamic: np.ndarray
    semantic: np.ndarray
    score: Score
    parts: tuple[Part, ...]


def take_folder(folder: Path, shot: int, take: int) -> Path:
    return folder / "takes" / f"{shot:03d}" / str(take)


def save_take(folder: Path, shot: int, number: int, take: Take) -> None:
    """Keep a take under its number."""
    place = take_folder(folder, shot, number)
    place.mkdir(parents=True)
    content = {
        "seed": take.seed,
        "mood": take.mood,
        "energy": take.energy,
        "style": take.style,
        "tracks": [_track_to_list(track) for track in take.score.tracks],
    }
    (place / "take.json").write_text(json.dumps(content) + "\n")
    with (place / "take.npz").open("wb") as file:
        np.savez_compressed(
            file, roll=take.roll, dynamic=take.dynamic, semantic=take.semantic
        )
    save_parts(take.parts, place / "sound.flac")


def load_take(folder: Path, shot: int, number: int) -> Take:
    """The take that `save_take` kept, to the bit; CompositionError if it is not there."""
    place = take_folder(folder, shot, number)
    try:
        content = json.loads((place / "take.json").read_text())
        with np.load(place / "take.npz", allow_pickle=False) as arrays:
            roll, dynamic, semantic = (arrays[key] for key in ("roll", "dynamic", "semantic"))
    except FileNotFoundError as exc:
        raise CompositionError(f"{folder}: shot {shot} has no take {number}") from exc
    except (OSError, ValueError, KeyError) as exc:
        raise CompositionError(f"{place} is damaged ({exc}); recompose the shot") from exc
    return Take(
        content["seed"],
        tuple(content["mood"]),
        content["energy"],
        content["style"],
        roll,
        dynamic,
        semantic,
        Score(tuple(_track_from_list(track) for track in content["tracks"])),
        load_parts(place / "sound.flac"),
    )


def _track_to_list(track: Track) -> list[Any]:
    notes = [[n.start_beats, n.pitch, n.duration_beats, n.velocity] for n in track.notes]
    return [track.name, track.program, track.is_drum, notes]


def _track_from_list(row: list[Any]) -> Track:
    name, program, is_drum, notes = row
    return Track(name, program, tuple(Note(*note) for note in notes), is_drum)


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """A folder to write to, whose entries take their places in `folder` when the block ends well.

    If it does not, nothing remains of it and `folder` is as it was. Entries that a composition
    lying there no longer has are removed; files that are not its own are left alone.
    """
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.unfinished")
    try:
        unfinished.mkdir(parents=True)
    except OSError as exc:
        raise StorageError(f"{folder} cannot be made: {exc.strerror}") from exc
    try:
        yield unfinished
        _publish(unfinished, folder)
    except OSError as exc:
        place = exc.filename or folder
        raise StorageError(f"{place} cannot be written: {exc.strerror or exc}") from exc
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _publish(unfinished: Path, folder: Path) -> None:
    """Exchange entry by entry, each by renaming; composition.json comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    gone = set(_own_entries(folder))
    for entry in sorted(unfinished.iterdir(), key=lambda path: path.name == DOCUMENT):
        gone.discard(entry.name)
        _exchange(entry, folder / entry.name)
    for name in gone:
        _remove(folder / name)


def _own_entries(folder: Path) -> list[str]:
    with suppress(CompositionError):
        return [name for name in load_composition(folder).files if Path(name).name == name]
    return []


def _exchange(entry: Path, target: Path) -> None:
    if entry.is_dir() and target.is_dir():
        aside = entry.with_name(entry.name + ".old")
        target.rename(aside)
        entry.rename(target)
    else:
        entry.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
