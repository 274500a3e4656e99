"""Fills the report's page with what a composition holds. The page itself is page.html, which
draws all with what is beside it (page.css, chart.js, page.js); this module draws nothing.

The page asks nothing of any network: all but the film and its sound is inside, and those lie
beside it in the composition's folder.
"""

import base64
import io
import json
import re
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.composition import Composition, ScoredFilm
from diffbgm.files import replacing
from diffbgm.music.score import Score
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.video.analysis import MOOD_SOURCES, VideoAnalysis
from diffbgm.writers.pictures import palette
from diffbgm.writers.pictures.notes import pitch_range, sounding, track_colours
from diffbgm.writers.pictures.waveform import Sound, columns

_HERE = Path(__file__).parent
_PARTS = ("chart.css", "page.css", "chart.js", "chart_view.js", "shot_list.js", "page.js")
_COLUMNS = 3000  # of motion and sound: enough to zoom in; finer where the film is short
_FINEST = 0.02  # seconds a column
_THUMBNAIL_BYTES = 400_000  # of all thumbnails together, about: many are drawn smaller
_JPEG_BYTES = 0.15  # a pixel, about
_QUALITY = 72


def write_report(
    path: Path, film: ScoredFilm, composition: Composition, score: Score, mix: Sound
) -> None:
    """Write the page to `path` (.html), to lie among the files that `composition` names.

    `mix` is (n, 2), as long as the film. The page plays film.mp4 if there is one, else mix.wav
    with the shots' thumbnails. StorageError where `path` cannot be written.
    """
    content = _content(film, composition, score, mix)
    parts = {
        "title": escape(content["title"]),
        "colours": _colours(),
        "content": _inside_script(content),
        **{name: (_HERE / name).read_text("utf-8") for name in _PARTS},
    }
    page = (_HERE / "page.html").read_text("utf-8")
    with replacing(path) as unfinished:
        unfinished.write_text(_filled(page, parts), "utf-8")


def _filled(page: str, parts: dict[str, str]) -> str:
    """`page` with {{name}} replaced; what is put in is not looked at again."""
    return re.sub(r"\{\{([\w.]+)\}\}", lambda found: parts[found[1]], page)


def _inside_script(content: Any) -> str:
    """JSON that cannot end the script element it stands in, whatever a film is called."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _colours() -> str:
    """The colours of the page as custom properties of CSS, in a dark scheme and in a light one."""
    dark, light = (
        "".join(f"--{name}:{colour};" for name, colour in scheme.items())
        for scheme in (palette.DARK_SCHEME, palette.LIGHT_SCHEME)
    )
    return f":root{{{dark}}} @media (prefers-color-scheme: light) {{:root{{{light}}}}}"


def _content(
    film: ScoredFilm, composition: Composition, score: Score, mix: Sound
) -> dict[str, Any]:
    """All that the page knows; times in seconds."""
    source = composition.source["film"]
    return {
        "title": Path(source).name if source else f"An edit of {len(composition.shots)} shots",
        "film": "film.mp4" if "film.mp4" in composition.files else None,
        "sound": "mix.wav",
        "seconds": composition.seconds,
        "frame_rate": composition.frame_rate,
        "lufs": composition.loudness["lufs"],
        "true_peak": composition.loudness["true_peak"],
        "bpm": 60 * film.cues.tempo_map.beats / film.cues.tempo_map.duration,
        "shots": _shots(film.analysis, composition),
        "hits": composition.hits,
        "hit_kinds": {
            kind: {"name": name, "colour": palette.HIT_COLOURS[kind]}
            for kind, name in palette.HIT_NAMES.items()
        },
        "energy": _energy(film.analysis),
        "energy_colour": palette.ENERGY_COLOUR,
        "speech": {"colour": palette.SPEECH_COLOUR, "spans": composition.dialogue},
        "mood": _mood(film.analysis),
        "mood_source": MOOD_SOURCES[film.analysis.mood_source],
        "beats": _rounded(composition.beats),
        "downbeats": _rounded(composition.downbeats),
        "chords": [(round(seconds, 3), name) for seconds, name in film.cues.chord_changes()],
        **_notes(score, film.cues, composition.seconds),
        "wave": _wave(mix, composition.seconds),
    }


def _shots(analysis: VideoAnalysis, composition: Composition) -> list[dict[str, Any]]:
    names = ("start", "end", "take", "takes", "style", "energy", "mood", "tension", "chords")
    scale = _thumbnail_scale(analysis.thumbnails)
    return [
        {
            **{name: entry[name] for name in names},
            "image": _data_uri(pixels, scale),
            "colour": _dark_mean(pixels),
        }
        for entry, pixels in zip(composition.shots, analysis.thumbnails, strict=True)
    ]


def _thumbnail_scale(thumbnails: np.ndarray) -> float:
    """At most 1, less where the thumbnails (shots, h, w, 3) are many."""
    pixels = thumbnails[..., 0].size
    return min(1.0, (_THUMBNAIL_BYTES / _JPEG_BYTES / max(pixels, 1)) ** 0.5)


def _data_uri(pixels: np.ndarray, scale: float) -> str:
    from PIL import Image

    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    file = io.BytesIO()
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
    image.save(file, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _dark_mean(pixels: np.ndarray) -> str:
    """What is shown where a thumbnail is not there yet."""
    red, green, blue = (pixels.mean(axis=(0, 1)) * 0.35).astype(int).tolist()
    return palette.css((red, green, blue))


def _energy(analysis: VideoAnalysis) -> dict[str, Any]:
    """How much moves, as in the overview: the most of each column of frames."""
    per_column, step = _column(len(analysis.motion), analysis.timeline.seconds)
    values = np.maximum.reduceat(analysis.motion, np.arange(0, len(analysis.motion), per_column))
    return {"step": step, "values": _rounded(values)}


def _mood(analysis: VideoAnalysis) -> list[dict[str, Any]]:
    """The three curves, a value a second."""
    return [
        {"name": name, "colour": colour, "values": _rounded(analysis.mood[:, column])}
        for column, (name, colour) in enumerate(palette.MOOD_COLOURS.items())
    ]


def _notes(score: Score, cues: CueSheet, seconds: float) -> dict[str, Any]:
    """Tracks with their colours; notes as [track, start, end, pitch, velocity], drawn in order."""
    colours = track_colours(score)
    names = list(colours)
    drums = {track.name for track in score.tracks if track.is_drum}
    notes = [
        [
            names.index(each.track.name),
            round(each.start, 3),
            round(min(each.end, seconds), 3),
            each.note.pitch,
            each.note.velocity,
        ]
        for each in sounding(score, cues.tempo_map, (0, seconds))
    ]
    tracks = [{"name": name, "colour": colours[name], "is_drum": name in drums} for name in names]
    return {"tracks": tracks, "notes": notes, "pitches": pitch_range(score)}


def _wave(mix: Sound, seconds: float) -> dict[str, Any]:
    """The mix's lowest and highest sample of each column, in hundredths of full scale."""
    per_column, step = _column(len(mix), seconds)
    low, high = columns(mix, per_column)
    return {
        "step": step,
        "low": np.rint(low * 100).astype(int).tolist(),
        "high": np.rint(high * 100).astype(int).tolist(),
    }


def _column(values: int, seconds: float) -> tuple[int, float]:
    """How many of so many values that last `seconds` share a column, and a column's seconds."""
    wanted = max(1, min(_COLUMNS, round(seconds / _FINEST)))
    per_column = max(1, -(-values // wanted))
    return per_column, per_column * seconds / max(values, 1)


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 3) for value in values]
