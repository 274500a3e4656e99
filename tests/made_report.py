"""A report.html whose page is empty but for the content that a chart is drawn from."""

import json
from typing import Any

from diffbgm.writers.pictures import palette

# A picture of one pixel.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="


def made_report(document: dict[str, Any]) -> str:
    """Of a composition with this composition.json, with a note a shot."""
    shots = [{**shot, "image": PIXEL, "colour": "#203040"} for shot in document["shots"]]
    kinds = {
        kind: {"name": name, "colour": palette.HIT_COLOURS[kind]}
        for kind, name in palette.HIT_NAMES.items()
    }
    known = ("seconds", "frame_rate", "hits", "beats", "downbeats")
    content = {
        **{name: document[name] for name in known},
        "title": "Made",
        "shots": shots,
        "hit_kinds": kinds,
        "energy": {"step": document["seconds"], "values": [0.5]},
        "energy_colour": palette.ENERGY_COLOUR,
        "speech": {"colour": palette.SPEECH_COLOUR, "spans": []},
        "mood": [
            {"name": name, "colour": colour, "values": [0.1]}
            for name, colour in palette.MOOD_COLOURS.items()
        ],
        "chords": [[0.0, "C"], [1.0, "Am7"]],
        "tracks": [{"name": "Melody", "colour": [240, 180, 80], "is_drum": False}],
        "notes": [[0, shot["start"], shot["end"], 60, 90] for shot in shots],
        "pitches": [48, 72],
        "wave": {"step": document["seconds"], "low": [-50], "high": [50]},
    }
    inside = json.dumps(content).replace("<", "\\u003c")
    return f'<!doctype html><script type="application/json" id="content">{inside}</script>'
