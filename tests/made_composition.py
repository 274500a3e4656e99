"""Whole compositions in no time: a tone for music, but every file and field that real ones have.

`tests/contract/test_made_composition.py` holds them to what the library writes.
"""

import json
import struct
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from diffbgm.files import replacing
from diffbgm.files.ownership import record_of, to_json
from diffbgm.options import ComposeOptions
from diffbgm.spotting.hit_points import spot_cuts
from tests.made_report import made_report

VERSION = 9  # of composition.json
SAMPLE_RATE = 48_000
TAIL = 4800  # samples that a tone rings on into the next shot
NAMES = {
    "dynamic": (
        *("density", "density_change", "accent"),
        *("boundary", "since_boundary", "until_boundary"),
    ),
    "semantic": ("valence", "arousal", "tension"),
}


@dataclass(frozen=True)
class MadeFilm:
    """`edges`: the frames at which shots begin and the last one ends."""

    source: Path
    rate: Fraction
    edges: tuple[int, ...]

    def seconds(self, frame: int) -> float:
        return float(frame / self.rate)


def write_composition(folder: Path, film: MadeFilm, options: ComposeOptions) -> None:
    """What `compose` leaves in `folder`, which is made."""
    shots = len(film.edges) - 1
    _write(folder, film, options.to_dict(), [0] * shots, [1] * shots)


def exchange_take(folder: Path, shot: int, take: int | None = None) -> None:
    """What `select_take` leaves in `folder`, or, without a take, `recompose`."""
    content = json.loads((folder / "composition.json").read_text())
    takes = [entry["take"] for entry in content["shots"]]
    made = [entry["takes"] for entry in content["shots"]]
    if take is None:
        take, made[shot] = made[shot], made[shot] + 1
    takes[shot] = take
    edges = (0, *(entry["end_frame"] for entry in content["shots"]))
    film = MadeFilm(Path(content["source"]["film"]), Fraction(*content["frame_rate"]), edges)
    _write(folder, film, content["options"], takes, made)


def _write(
    folder: Path, film: MadeFilm, options: dict[str, Any], takes: list[int], made: list[int]
) -> None:
    for name in ("shots", "stems", "takes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tones = _tones(film, takes)
    for index, tone in enumerate(tones):
        _write_shot(folder / f"shots/{index:03d}", index, takes[index], tone)
    mix = np.concatenate(tones)
    _write_sound(folder / "mix.wav", mix)
    _write_sound(folder / "stems" / "melody.flac", mix)
    (folder / "score.mid").write_bytes(_midi(60))
    Image.new("RGB", (480, 160), (90, 120, 160)).save(folder / "overview.png")
    (folder / "timeline.otio").write_text(json.dumps({"OTIO_SCHEMA": "Timeline.1"}))
    content = _document(film, options, takes, made)
    (folder / "report.html").write_text(made_report(content))
    (folder / "analysis.npz").write_bytes(b"")
    (folder / "LICENSE.txt").write_text("A tone\n")
    record = record_of(folder)
    record.pop("composition.json", None)
    content["files"] = to_json(record)
    # Readers find the old document or the new one at any moment.
    with replacing(folder / "composition.json") as unfinished:
        unfinished.write_text(json.dumps(content))


def _write_shot(path: Path, index: int, take: int, tone: np.ndarray) -> None:
    _write_sound(path.with_suffix(".flac"), tone)
    path.with_suffix(".mid").write_bytes(_midi(60 + (index + take) % 60))
    colour = (40 * index % 256, 99, 20 * take % 256)
    Image.new("RGB", (96, 24), colour).save(path.with_suffix(".png"))


def _tones(film: MadeFilm, takes: list[int]) -> list[np.ndarray]:
    """A tone a shot, (n,), that rings on into the next."""
    samples = [round(film.seconds(edge) * SAMPLE_RATE) for edge in film.edges]
    tones, tail = [], np.zeros(TAIL)
    for index, (start, end) in enumerate(pairwise(samples)):
        hertz = 110 * (index + 2) + 20 * takes[index]
        tone = np.sin(np.arange(end - start + TAIL) * hertz / 7000)
        tone[:TAIL] += tail
        tones.append(tone[:-TAIL] / 3)
        tail = tone[-TAIL:]
    return tones


def _document(
    film: MadeFilm, options: dict[str, Any], takes: list[int], made: list[int]
) -> dict[str, Any]:
    """All of composition.json but `files`."""
    spotting = spot_cuts(film.rate, film.edges[-1], film.edges[1:-1]).to_dict()
    starts = [film.seconds(edge) for edge in film.edges[:-1]]
    shot_of_beat = [bisect_right(starts, beat + 1e-9) - 1 for beat in spotting["beats"][:-1]]
    conditions = {name: [[0.5] * len(NAMES[name])] * len(shot_of_beat) for name in NAMES}
    return {
        "version": VERSION,
        "seconds": film.seconds(film.edges[-1]),
        "frame_rate": [film.rate.numerator, film.rate.denominator],
        "frames": film.edges[-1],
        "sample_rate": SAMPLE_RATE,
        "shots": [_shot(film, index, takes[index], made[index]) for index in range(len(takes))],
        **spotting,
        "phrases": [spotting["first_downbeat"]],
        "dialogue": [],
        "shot_of_beat": shot_of_beat,
        "plan": {
            "key_signature": 0,
            "chords": ["C"] * (len(shot_of_beat) // 2),
            "parts": {"starts": [0], "letters": [0]},
        },
        "mood_source": "colour",
        "rejected_cuts": [],
        "conditions": {**conditions, "names": NAMES},
        "model": {
            "name": "hum",
            "sha256": "0" * 64,
            "network": "none",
            "steps": 1,
            "guidance": 1.0,
        },
        "options": options,
        "loudness": {"lufs": -16.0, "true_peak": -1.0, "gain_db": 0.0},
        "sound": {
            "soundfont": "none",
            "synthesizer": "a sine",
            "replaced": [],
            "gone": [],
            "rendered_again": None,
        },
        "source": {
            "film": str(film.source),
            "shots": [_shown(film, edge) for edge in starts],
            "document": None,
        },
        "timings": {"sound": 0.0},
        "origin": {
            "program": {"name": "diffbgm", "version": "0", "licence": "MIT"},
            "model": {
                "name": "hum",
                "sha256": "0" * 64,
                "licence": "MIT",
                "data": [{"name": "none", "licence": "MIT", "address": "none"}],
            },
            "mood_model": None,
            "soundfonts": [
                {"file": "none", "name": "a sine", "copyright": "nobody", "licence": "none"}
            ],
            "seed": 0,
        },
    }


def _shot(film: MadeFilm, index: int, take: int, made: int) -> dict[str, Any]:
    start, end = film.edges[index : index + 2]
    return {
        "index": index,
        "start_frame": start,
        "end_frame": end,
        "start": film.seconds(start),
        "end": film.seconds(end),
        "cut": _cut(start) if start else None,
        "take": take,
        "takes": made,
        "seed": 1000 * index + take,
        "style": "cinematic",
        "mood": [0.1, 0.2],
        "tension": 0.0,
        "chords": "C",
        "likeness": None,
        "energy": 0.5,
        "audio": f"shots/{index:03d}.flac",
        "midi": f"shots/{index:03d}.mid",
        "image": f"shots/{index:03d}.png",
    }


def _cut(frame: int) -> dict[str, Any]:
    return {"frame": frame, "kind": "hard", "strength": 1.0, "frames": 1, "source": "picture"}


def _shown(film: MadeFilm, start: float) -> dict[str, Any]:
    media = {"media": str(film.source), "media_start": str(Fraction(start)), "speed": "1"}
    return {**media, "mood_override": None, "energy_override": None}


def _write_sound(path: Path, samples: np.ndarray) -> None:
    """Stereo, 24 bits."""
    soundfile.write(path, np.stack([samples, samples], axis=1), SAMPLE_RATE, "PCM_24")


def _midi(pitch: int) -> bytes:
    """One note of a beat, type 1 with its conductor."""
    end = bytes([0, 0xFF, 0x2F, 0])
    note = bytes([0, 0x90, pitch, 90, 0x83, 0x60, 0x80, pitch, 0]) + end
    tracks = b"".join(b"MTrk" + struct.pack(">I", len(body)) + body for body in (end, note))
    return b"MThd" + struct.pack(">IHHH", 6, 1, 2, 480) + tracks
