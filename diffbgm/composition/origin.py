"""Where a composition comes from: program, network and its data, SoundFont, licences, seed.

`origin` in composition.json; null and an empty list stand for what nobody has stated.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from diffbgm.sound.soundfont import describe_soundfont
from diffbgm.video.clip_weights import SOURCES

Origin = dict[str, Any]


def origin_of(
    checkpoint: Path, model: dict[str, Any], soundfont: Path, seed: int, mood_source: str
) -> Origin:
    """The origin of what is composed now. `model` is that of composition.json.

    A file of JSON beside the weights, of the same name, states their `licence` and `data`.
    """
    clip = SOURCES["clip"]
    looked = {"name": clip.repository, "licence": clip.licence} if mood_source == "clip" else None
    return {
        "program": {"name": "diffbgm", "version": version("diffbgm"), "licence": "MIT"},
        "model": {"name": model["name"], "sha256": model["sha256"], **_stated(checkpoint)},
        "mood_model": looked,
        "soundfonts": [describe_soundfont(soundfont)],
        "seed": seed,
    }


def with_soundfont(origin: Origin, soundfont: Path) -> Origin:
    """The origin once something in it was played by this SoundFont."""
    played = describe_soundfont(soundfont)
    known = origin["soundfonts"]
    return origin if played in known else {**origin, "soundfonts": [*known, played]}


def _stated(checkpoint: Path) -> dict[str, Any]:
    """Licence and data of weights."""
    try:
        content = json.loads(checkpoint.with_suffix(".json").read_text())
        return {"licence": content["licence"], "data": list(content["data"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"licence": None, "data": []}
