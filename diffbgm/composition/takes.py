"""The takes of shots, in `takes/NNN/K/`: notes, conditions, and how they are played, to the bit."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import CompositionError
from diffbgm.files.arrays import read_arrays
from diffbgm.music.score import Note, Score, Track
from diffbgm.sound.synthesis import StemMix


@dataclass(frozen=True)
class Take:
    """One take of one shot: its conditions, its cells of the roll, and its notes.

    `roll` (4 N, 3, 88), `dynamic` (N, 6) and `semantic` (N, 3) are those of the shot's N beats. Its
    tracks are mixed as `mixes` say, by their names, and played by `soundfont`; takes from before
    version 6 have neither: their style and the film say it. Where a refit has moved a take,
    `played` has the notes (n, 2) of each track in samples from its shot's first one on. `chords`
    (N,) names those it was made to; there are none where there is no plan, and in takes from before
    version 8. `likeness` to songs, 0 at best, ranks takes that were made at once.
    """

    seed: int
    style: str
    roll: np.ndarray
    dynamic: np.ndarray
    semantic: np.ndarray
    score: Score
    mixes: Mapping[str, StemMix] = field(default_factory=dict)
    soundfont: str | None = None
    played: tuple[np.ndarray, ...] = ()
    chords: tuple[str, ...] = ()
    likeness: float | None = None


def take_folder(folder: Path, shot: int, number: int) -> Path:
    return folder / "takes" / f"{shot:03d}" / str(number)


def save_take(folder: Path, shot: int, number: int, take: Take) -> None:
    """Keep a take under its number."""
    place = take_folder(folder, shot, number)
    place.mkdir(parents=True)
    content = {
        "seed": take.seed,
        "style": take.style,
        "soundfont": take.soundfont,
        "chords": take.chords,
        "likeness": take.likeness,
        "mixes": {name: asdict(mix) for name, mix in take.mixes.items()},
        "played": [samples.tolist() for samples in take.played],
        "tracks": [_from_track(track) for track in take.score.tracks],
    }
    (place / "take.json").write_text(json.dumps(content) + "\n")
    with (place / "take.npz").open("wb") as file:
        np.savez_compressed(file, roll=take.roll, dynamic=take.dynamic, semantic=take.semantic)


def load_take(folder: Path, shot: int, number: int) -> Take:
    """The take that `save_take` kept, to the bit; CompositionError if it is not there."""
    place = take_folder(folder, shot, number)
    try:
        content = json.loads((place / "take.json").read_text())
        arrays = read_arrays(place / "take.npz")
        rows = {name: arrays[name] for name in ("roll", "dynamic", "semantic")}
        score = Score(tuple(_to_track(row) for row in content["tracks"]))
        mixes = {name: StemMix(**mix) for name, mix in content.get("mixes", {}).items()}
        played = tuple(np.array(notes).reshape(-1, 2) for notes in content.get("played", ()))
        font = content.get("soundfont")
        return Take(
            content["seed"],
            content["style"],
            **rows,
            score=score,
            mixes=mixes,
            soundfont=font,
            played=played,
            chords=tuple(content.get("chords", ())),
            likeness=content.get("likeness"),
        )
    except FileNotFoundError as exc:
        raise CompositionError(f"{folder}: shot {shot} has no take {number}") from exc
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{place} is damaged; recompose the shot") from exc


def keep_takes(old: Path, new: Path) -> None:
    """All takes of one folder in another, sharing the files where the disc allows it.

    Without their sound, which they kept before version 6.
    """
    others = shutil.ignore_patterns("sound.flac", "outlines.json")
    shutil.copytree(old / "takes", new / "takes", copy_function=_share, ignore=others)


def _share(source: str, target: str) -> None:
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


def _from_track(track: Track) -> list[Any]:
    notes = [[n.start_beats, n.pitch, n.duration_beats, n.velocity] for n in track.notes]
    return [track.name, track.program, track.is_drum, notes]


def _to_track(row: list[Any]) -> Track:
    name, program, is_drum, notes = row
    return Track(name, program, tuple(Note(*note) for note in notes), is_drum)
