"""The sound files of a scored film: its mix, its stems, and every shot's segment of the mix.

After another take of one shot only the range that may sound otherwise is made; around it stands
what the files before it hold. To the bit, that is the same as making all of it. All goes block by
block, and the stems of a block beside each other.
"""

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from diffbgm.composition import ScoredFilm
from diffbgm.progress import Advance, no_advance, part_of
from diffbgm.sound import limiter
from diffbgm.sound.mixing import FADE_OUT, Mastering, Mix, master, mastered
from diffbgm.sound.parts import SAMPLE_RATE, SoundPart
from diffbgm.sound.sample_files import (
    LevelWriter,
    SampleFile,
    blocks,
    patch_wav,
    writing,
)


@dataclass(frozen=True)
class PreviousVersion:
    """The composition in `folder`, which differs by the take of one `shot`: there that sounded
    like `parts`."""

    folder: Path
    shot: int
    parts: Sequence[SoundPart]


@dataclass(frozen=True)
class _DirtyRange:
    """Samples `first` to `last` of the film, which may sound otherwise, and the whole shots around
    them, `begin` to `end`, which decide how."""

    first: int
    last: int
    begin: int
    end: int


def write_sound(
    folder: Path,
    film: ScoredFilm,
    previous: PreviousVersion | None = None,
    advance: Advance = no_advance,
) -> float:
    """Write mix.wav, stems/ and shots/*.wav; return the gain they were made with.

    Of the files of `previous`, those that are as they were written are made use of.
    """
    boundaries = boundaries_of(film)
    if previous and not _is_usable(previous, film, boundaries[-1]):
        previous = None
    dirty = _dirty_range(film, previous, boundaries)
    mastering = master(
        _mix(film, dirty, boundaries),
        folder,
        film.gain_db,
        film.options.loudness,
        part_of(advance, 0.0, 0.5),
    )
    for name in ("stems", "shots"):
        (folder / name).mkdir()
    written = part_of(advance, 0.5, 0.95)
    _write_mix_and_stems(folder, film, previous, dirty, mastering, written)
    _write_segments(folder, previous, dirty, boundaries, part_of(advance, 0.95, 1.0))
    return mastering.gain_db


def boundaries_of(film: ScoredFilm) -> list[int]:
    """First samples of the shots, and the film's length in samples."""
    timeline = film.timeline
    edges = [*(shot.start_frame for shot in timeline.shots), timeline.frames]
    return [timeline.sample(frame, SAMPLE_RATE) for frame in edges]


def stem_path(folder: Path, stem: str) -> Path:
    """Where a stem lies: its name in letters, digits and _ alone."""
    name = "".join(letter if letter.isalnum() else "_" for letter in stem.lower())
    return folder / "stems" / f"{name}.flac"


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
    return all(_length(path) == length for path in paths) and all(
        _length(path) is not None for path in segments
    )


def _length(path: Path) -> int | None:
    """How many samples a file of ours holds; None if there is none, or another."""
    with suppress(ValueError):
        return len(SampleFile(path))
    return None


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


def _mix(film: ScoredFilm, dirty: _DirtyRange, boundaries: Sequence[int]) -> Mix:
    """What is mixed from `dirty.begin` to `dirty.end`."""
    parts = (part for take in film.takes for part in take.parts)
    return Mix(
        [part for part in parts if part.start < dirty.end and part.stop > dirty.begin],
        [edge for edge in boundaries if dirty.begin <= edge <= dirty.end],
        _last_frame(film),
        film.cues.dialogue.spans,
    )


def _last_frame(film: ScoredFilm) -> int:
    return film.timeline.sample(film.timeline.frames - 1, SAMPLE_RATE)


def _write_mix_and_stems(
    folder: Path,
    film: ScoredFilm,
    previous: PreviousVersion | None,
    dirty: _DirtyRange,
    mastering: Mastering,
    advance: Advance,
) -> None:
    length = boundaries_of(film)[-1]
    names = {part.stem for take in film.takes for part in take.parts}
    if previous:
        for name in names - _changed_stems(film, previous, dirty):
            share(stem_path(previous.folder, name), stem_path(folder, name))
        names &= _changed_stems(film, previous, dirty)
    with ExitStack() as open_files, ThreadPoolExecutor() as pool:
        put_mix = open_files.enter_context(_mix_file(folder, previous))
        stems = [
            open_files.enter_context(_stem(folder, name, previous, mastering))
            for name in sorted(names)
        ]
        for first, last in blocks(0, length, dirty.first, dirty.last):
            if dirty.first <= first < dirty.last:
                # What takes long in a stem needs no interpreter.
                curve = mastering.curve(first, last)
                made = pool.map(lambda stem, at=(first, last, curve): stem.make(*at), stems)
                put_mix(first, sum(made, start=np.zeros((last - first, 2), np.float32)))
            else:
                deque(pool.map(lambda stem, at=(first, last): stem.keep(*at), stems), maxlen=0)
            advance(last / length)


def _changed_stems(film: ScoredFilm, previous: PreviousVersion, dirty: _DirtyRange) -> set[str]:
    """The stems that sound in the dirty range, or did before."""
    parts = [*previous.parts, *(part for take in film.takes for part in take.parts)]
    return {p.stem for p in parts if p.start < dirty.last and p.stop > dirty.first}


@dataclass(frozen=True)
class _Stem:
    """A stem that is being written, from its first block to its last."""

    name: str
    writer: LevelWriter
    mastering: Mastering
    before: SampleFile | None

    def make(self, first: int, last: int, curve: np.ndarray) -> np.ndarray:
        """The next block, in the dirty range: what was written, (n, 2) float32."""
        samples = np.zeros((last - first, 2), np.float32)
        if self.name in self.mastering.mix.stems:
            samples = mastered(self.mastering.mix.stem(self.name, first, last), curve)
        self.writer.write_samples(samples)
        return samples

    def keep(self, first: int, last: int) -> None:
        """The next block, outside: as it was, silence where the stem is new."""
        if self.before is None:
            self.writer.write(np.zeros((last - first, 2), np.int32))
        else:
            self.writer.write(self.before.levels(first, last))


@contextmanager
def _stem(
    folder: Path, name: str, previous: PreviousVersion | None, mastering: Mastering
) -> Iterator[_Stem]:
    path = previous and stem_path(previous.folder, name)
    before = SampleFile(path) if path and path.exists() else None
    with writing(stem_path(folder, name)) as writer:
        yield _Stem(name, writer, mastering, before)


@contextmanager
def _mix_file(
    folder: Path, previous: PreviousVersion | None
) -> Iterator[Callable[[int, np.ndarray], None]]:
    """Puts samples into mix.wav, from a given sample on."""
    path = folder / "mix.wav"
    if previous is None:
        with writing(path) as writer:
            yield lambda first, samples: writer.write_samples(samples)
    else:
        shutil.copyfile(previous.folder / "mix.wav", path)
        yield lambda first, samples: patch_wav(path, first, samples)


def _write_segments(
    folder: Path,
    previous: PreviousVersion | None,
    dirty: _DirtyRange,
    boundaries: Sequence[int],
    advance: Advance,
) -> None:
    mix = SampleFile(folder / "mix.wav")
    for index, (first, last) in enumerate(pairwise(boundaries)):
        path = folder / f"shots/{index:03d}.wav"
        if previous and (last <= dirty.first or first >= dirty.last):
            share(previous.folder / "shots" / path.name, path)
            continue
        with writing(path) as writer:
            for begin, end in blocks(first, last):
                writer.write(mix.levels(begin, end))
                advance(end / boundaries[-1])
