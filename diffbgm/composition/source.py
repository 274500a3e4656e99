"""`source` in composition.json: which pictures the shots show, and back to a timeline.

It also says which file of an editor the edit was read from: a copy lies in the folder, and its
timelines are made from that (`kept_document`).
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

from diffbgm.timeline import EditDocument, MediaSpan, Shot, Timeline


def source_of(timeline: Timeline, film: Path | None) -> dict[str, Any]:
    """`source` in composition.json: the film, if it is one, and what every shot shows."""
    shown = [
        {
            "media": str(shot.media.path) if shot.media else None,
            "media_start": str(shot.media.start) if shot.media else None,
            "speed": str(shot.media.speed) if shot.media else None,
            "mood_override": shot.mood,
            "energy_override": shot.energy,
        }
        for shot in timeline.shots
    ]
    return {
        "film": str(film) if film else None,
        "shots": shown,
        "document": _document_entry(timeline.document),
    }


def kept_document(folder: Path, document: EditDocument) -> Path:
    """Where the folder of a composition keeps its copy of an editor's file."""
    return folder / f"original{document.path.suffix.lower()}"


def _document_entry(document: EditDocument | None) -> dict[str, Any] | None:
    return document and {
        "path": str(document.path),
        "name": document.name,
        "rate": str(document.rate) if document.rate else None,
        "media_folders": [str(folder) for folder in document.media_folders],
    }


def timeline_of(content: dict[str, Any]) -> Timeline:
    """The edit that the content of composition.json describes."""
    shown = content["source"]["shots"]
    shots = [_shot(entry, one) for entry, one in zip(content["shots"], shown, strict=True)]
    return Timeline(
        Fraction(*content["frame_rate"]), tuple(shots), document=document_of(content["source"])
    )


def document_of(source: dict[str, Any]) -> EditDocument | None:
    """The editor's file that `source` names; None where there was none."""
    entry = source["document"]
    return entry and EditDocument(
        Path(entry["path"]),
        entry["name"],
        entry["rate"] and Fraction(entry["rate"]),
        tuple(map(Path, entry["media_folders"])),
    )


def _shot(entry: dict[str, Any], shown: dict[str, Any]) -> Shot:
    media = shown["media"] and MediaSpan(
        Path(shown["media"]), Fraction(shown["media_start"]), Fraction(shown["speed"])
    )
    mood = shown["mood_override"]
    return Shot(
        entry["index"],
        entry["start_frame"],
        entry["end_frame"],
        media,
        tuple(mood) if mood else None,
        shown["energy_override"],
    )
