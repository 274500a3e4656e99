"""The sound files of a scored film: its mix, its stems, and every shot's segment of the mix.

After another take of one shot only the range that may sound otherwise is made; around it stands
what the files before it hold. To the bit, that is the same as making all of it.
"""

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from diffbgm.composition import ScoredFilm
from diffbgm.sound import limiter
from diffbgm.sound.ducking import ducking
from diffbgm.sound.mixing import (
    FADE_OUT,
    Master,
    master,
    patch_wav,
    read_wav,
    segments,
    sum_stems,
    wav_length,
    write_wav,
)
from diffbgm.sound.parts import SAMPLE_RATE, Part


@dataclass(frozen=True)
class PreviousVersion:
    """The composition in `folder`, which differs by the take of one `shot`: there that sounded
    like `parts`."""

    folder: Path
    shot: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class _DirtyRange:
    """Samples `first` to `last` of the film, which may sound otherwise, and the whole shots around
    them, `begin` to `end`, which decide how."""

    first: int
    last: int
    begin: int
    end: int


def write_sound(
    folder: Path, film: ScoredFilm, previous: PreviousVersion | None = None
) -> tuple[np.ndarray, float]:
    """Write mix.wav, stems/ and shots/*.wav; return the mix (n, 2) and the gain it was made with.

    Of the files of `previous`, those that are as they were written are made use of.
    """
    boundaries = boundaries_of(film)
    names = {part.stem for take in film.takes for part in take.parts}
    if previous and not _is_usable(previous, film, boundaries[-1]):
        previous = None
    dirty = _dirty_range(film, previous, boundaries)
    own = slice(dirty.first - dirty.begin, dirty.last - dirty.begin)
    stems, mixed = _made(film, dirty, boundaries)
    mix = _whole_mix(previous, boundaries[-1], dirty, mixed.samples[own])
    for name in ("stems", "shots"):
        (folder / name).mkdir()

    def put_stem(name: str) -> None:
        samples = mixed.stem(stems[name])[own] if name in stems else None
        source = previous and stem_path(previous.folder, name)
        _put(stem_path(folder, name), source, boundaries[-1], dirty, samples)

    with ThreadPoolExecutor() as pool:  # what takes long in it needs no interpreter
        deque(pool.map(put_stem, sorted(names)), maxlen=0)
    mix_before = previous and previous.folder / "mix.wav"
    _put(folder / "mix.wav", mix_before, boundaries[-1], dirty, mix[dirty.first : dirty.last])
    spans = pairwise(boundaries)
    for index, (span, samples) in enumerate(zip(spans, segments(mix, boundaries), strict=True)):
        path = folder / f"shots/{index:03d}.wav"
        if previous and (span[1] <= dirty.first or span[0] >= dirty.last):
            share(previous.folder / "shots" / path.name, path)
        else:
            write_wav(path, samples)
    return mix, mixed.gain_db


def boundaries_of(film: ScoredFilm) -> list[int]:
    """First samples of the shots, and the film's length in samples."""
    timeline = film.timeline
    edges = [*(shot.start_frame for shot in timeline.shots), timeline.frames]
    return [timeline.sample(frame, SAMPLE_RATE) for frame in edges]


def stem_path(folder: Path, stem: str) -> Path:
    """Where a stem lies: its name in letters, digits and _ alone."""
    name = "".join(letter if letter.isalnum() else "_" for letter in stem.lower())
    return folder / "stems" / f"{name}.wav"


def share(source: Path, target: Path) -> None:
    """The same file in another place, without a copy where the disc allows it."""
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)


def _is_usable(previous: PreviousVersion, film: ScoredFilm, length: int) -> bool:
    """Whether the files that would be made use of are there, as long as they were written."""
    others = [take for shot, take in enumerate(film.takes) if shot != previous.shot]
    names = {part.stem for take in others for part in take.parts}
    paths = [previous.folder / "mix.wav", *(stem_path(previous.folder, name) for name in names)]
    segments = [previous.folder / f"shots/{shot:03d}.wav" for shot in range(len(film.takes))]
    return all(wav_length(path) == length for path in paths) and all(
        wav_length(path) is not None for path in segments
    )


def _dirty_range(
    film: ScoredFilm, previous: PreviousVersion | None, boundaries: Sequence[int]
) -> _DirtyRange:
    length = boundaries[-1]
    if previous is None:
        return _DirtyRange(0, length, 0, length)
    first = boundaries[previous.shot]
    ends = [part.stop for part in (*previous.parts, *film.takes[previous.shot].parts)]
    last = min(max([first, *ends]) + limiter.REACH + 2 * limiter.CONTEXT, length)
    # What was limited, or begins to fade out, before the first sample reaches into it.
    known = min(first - limiter.REACH - 2 * limiter.CONTEXT, _last_frame(film) - FADE_OUT - 1)
    return _DirtyRange(
        first,
        last,
        max(edge for edge in boundaries if edge <= max(0, known)),
        min(edge for edge in boundaries if edge >= last),
    )


def _made(
    film: ScoredFilm, dirty: _DirtyRange, boundaries: Sequence[int]
) -> tuple[dict[str, np.ndarray], Master]:
    """The stems and the mix from `dirty.begin` to `dirty.end`."""
    parts = (part for take in film.takes for part in take.parts)
    stems = sum_stems(_within(parts, dirty), dirty.end - dirty.begin)
    spans = film.cues.dialogue.spans
    ducked = ducking(spans, boundaries[-1], SAMPLE_RATE)[dirty.begin : dirty.end]
    edges = [edge - dirty.begin for edge in boundaries if dirty.begin <= edge <= dirty.end]
    mixed = master(
        stems,
        edges,
        film.gain_db,
        target_lufs=film.options.loudness,
        silent_from=_last_frame(film) - dirty.begin,
        ducking=ducked if spans else None,
    )
    return stems, mixed


def _last_frame(film: ScoredFilm) -> int:
    return film.timeline.sample(film.timeline.frames - 1, SAMPLE_RATE)


def _within(parts: Iterable[Part], dirty: _DirtyRange) -> Iterator[Part]:
    """What of the parts lies in the dirty range, counted from its begin."""
    for part in parts:
        if part.start < dirty.end and part.stop > dirty.begin:
            skipped = max(0, dirty.begin - part.start)
            start = part.start + skipped - dirty.begin
            yield Part(part.stem, start, part.samples[skipped:])


def _whole_mix(
    previous: PreviousVersion | None, length: int, dirty: _DirtyRange, samples: np.ndarray
) -> np.ndarray:
    if previous is None:
        return samples
    mix = read_wav(previous.folder / "mix.wav")
    mix[dirty.first : dirty.last] = samples
    return mix


def _put(
    path: Path, previous: Path | None, length: int, dirty: _DirtyRange, samples: np.ndarray | None
) -> None:
    """Write `samples` (None: silence) of the dirty range, around it what `previous` has."""
    own = dirty.last - dirty.first
    samples = np.zeros((own, 2), np.float32) if samples is None else samples
    if previous is not None and previous.exists():
        shutil.copyfile(previous, path)
        patch_wav(path, dirty.first, samples)
    elif own == length:
        write_wav(path, samples)
    else:
        around = (dirty.first, length - dirty.last)
        write_wav(path, np.pad(samples, (around, (0, 0))))
