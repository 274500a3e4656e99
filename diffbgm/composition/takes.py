"""The takes of shots, in `takes/NNN/K/`: notes, conditions and sound, to the bit."""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import CompositionError
from diffbgm.music.score import Note, Score, Track
from diffbgm.sound.parts import Part, SoundPart, load_parts, save_parts


@dataclass(frozen=True)
class Take:
    """One take of one shot: its conditions, its cells of the roll, its notes, and its sound once it
    is rendered.

    `roll` (4 N, 3, 88), `dynamic` (N, 6) and `semantic` (N, 3) are those of the shot's N beats.
    """

    seed: int
    style: str
    roll: np.ndarray
    dynamic: np.ndarray
    semantic: np.ndarray
    score: Score
    parts: tuple[SoundPart, ...] = ()


def take_folder(folder: Path, shot: int, number: int) -> Path:
    return folder / "takes" / f"{shot:03d}" / str(number)


def save_take(folder: Path, shot: int, number: int, take: Take, parts: Iterable[Part]) -> Take:
    """Keep a take and its sound under its number; the take, whose sound is there on the disc."""
    place = take_folder(folder, shot, number)
    place.mkdir(parents=True)
    tracks = [_from_track(track) for track in take.score.tracks]
    content = {"seed": take.seed, "style": take.style, "tracks": tracks}
    (place / "take.json").write_text(json.dumps(content) + "\n")
    with (place / "take.npz").open("wb") as file:
        np.savez_compressed(file, roll=take.roll, dynamic=take.dynamic, semantic=take.semantic)
    save_parts(parts, place / "sound.flac")
    return replace(take, parts=load_parts(place / "sound.flac"))


def load_take(folder: Path, shot: int, number: int) -> Take:
    """The take that `save_take` kept, to the bit; CompositionError if it is not there.

    Its sound stays on the disc until it is asked for.
    """
    place = take_folder(folder, shot, number)
    try:
        content = json.loads((place / "take.json").read_text())
        with np.load(place / "take.npz", allow_pickle=False) as arrays:
            rows = {name: arrays[name] for name in ("roll", "dynamic", "semantic")}
        score = Score(tuple(_to_track(row) for row in content["tracks"]))
        parts = load_parts(place / "sound.flac")
        return Take(content["seed"], content["style"], **rows, score=score, parts=parts)
    except FileNotFoundError as exc:
        raise CompositionError(f"{folder}: shot {shot} has no take {number}") from exc
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{place} is damaged ({exc}); recompose the shot") from exc


def keep_takes(old: Path, new: Path) -> None:
    """All takes of one folder in another, sharing the files where the disc allows it."""
    shutil.copytree(old / "takes", new / "takes", copy_function=_share)


def keep_take(old: Path, new: Path, shot: int, number: int) -> Take:
    """The same for one take, which keeps its place; the take as it lies in the new folder."""
    place = take_folder(new, shot, number)
    shutil.copytree(take_folder(old, shot, number), place, copy_function=_share)
    return load_take(new, shot, number)


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
