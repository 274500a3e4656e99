"""`source` in composition.json: which pictures the shots show, and back to a timeline."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from diffbgm.timeline import MediaSpan, Shot, Timeline


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
    return {"film": str(film) if film else None, "shots": shown}


def timeline_of(content: dict[str, Any]) -> Timeline:
    """The edit that the content of composition.json describes."""
    shown = content["source"]["shots"]
    shots = [_shot(entry, one) for entry, one in zip(content["shots"], shown, strict=True)]
    return Timeline(Fraction(*content["frame_rate"]), tuple(shots))


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
