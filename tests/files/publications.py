"""A small composition's files, published into a folder, in a process that may be killed.

`python -m tests.files.publications FOLDER first|next|empty` publishes once. It imports nothing
heavy, so that a test can kill it a few hundred times.
"""

import json
import os
import sys
from pathlib import Path

from diffbgm.files.ownership import Record, from_json, identify, record_of, to_json
from diffbgm.files.publishing import publishing

ENTRIES = ("composition.json", "mix.wav", "shots", "stems", "takes", "score.mid")
# What each version has of its own; `takes/000/0` is handed on from one to the next.
VERSIONS = {
    "first": ("mix.wav", "score.mid", "shots/000.wav", "shots/001.wav", "stems/piano.wav"),
    "next": ("mix.wav", "shots/000.wav", "shots/001.wav", "stems/bass.wav", "takes/000/1/a.flac"),
    "empty": ("mix.wav",),
}
KEPT = "takes/000/0/a.flac"


def recorded(folder: Path) -> Record:
    """The record that composition.json holds, and composition.json."""
    document = folder / "composition.json"
    if not document.exists():
        return {}
    return {
        **from_json(json.loads(document.read_text())["files"]),
        "composition.json": identify(document),
    }


def publish(folder: Path, version: str) -> None:
    with publishing(folder, recorded, ENTRIES) as work:
        for name in VERSIONS[version]:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(f"{name} of {version}\n" * 50)
        (work / KEPT).parent.mkdir(parents=True, exist_ok=True)
        if (folder / KEPT).exists():
            os.link(folder / KEPT, work / KEPT)
        else:
            (work / KEPT).write_text("the first take")
        content = {"version": version, "files": to_json(record_of(work, recorded(folder)))}
        (work / "composition.json").write_text(json.dumps(content))


def contents(folder: Path) -> dict[str, bytes]:
    """All that lies in `folder`, hidden or not; a composition.json without times of writing."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if "composition.json" in files:
        document = json.loads(files["composition.json"])
        for entry in document["files"].values():
            del entry["modified"]
        files["composition.json"] = json.dumps(document).encode()
    return files


if __name__ == "__main__":
    publish(Path(sys.argv[1]), sys.argv[2])
