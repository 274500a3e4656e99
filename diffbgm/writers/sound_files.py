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
from diffbgm.sound.mixing import Mastering, Mix, master, mastered
from diffbgm.sound.sample_files import LevelWriter, SampleFile, blocks, patch_wav, writing
from diffbgm.writers.rendering import (
    FilmSound,
    boundaries_of,
    last_frame,
    segment_path,
    stem_path,
)


def write_sound(
    folder: Path, film: ScoredFilm, sound: FilmSound, advance: Advance = no_advance
) -> float:
    """Write mix.wav, stems/ and shots/*.flac; return the gain they were made with."""
    mastering = master(
        _mix(film, sound),
        folder,
        film.gain_db,
        film.options.loudness,
        part_of(advance, 0.0, 0.5),
    )
    for name in ("stems", "shots"):
        (folder / name).mkdir(exist_ok=True)  # beside, notes are written there
    _write_mix_and_stems(folder, film, sound, mastering, part_of(advance, 0.5, 0.95))
    _write_segments(folder, sound, boundaries_of(film), part_of(advance, 0.95, 1.0))
    return mastering.gain_db


def share(source: Path, target: Path) -> None:
    """The same file in another place, without a copy where the disc allows it."""
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)


def _mix(film: ScoredFilm, sound: FilmSound) -> Mix:
    """What is mixed from `dirty.begin` to `dirty.end`."""
    dirty = sound.dirty
    return Mix(
        [part for part in sound.parts if part.start < dirty.end and part.stop > dirty.begin],
        [edge for edge in boundaries_of(film) if dirty.begin <= edge <= dirty.end],
        last_frame(film),
        film.cues.dialogue.spans,
        film.options.ducking,
    )


def _write_mix_and_stems(
    folder: Path, film: ScoredFilm, sound: FilmSound, mastering: Mastering, advance: Advance
) -> None:
    length, dirty = boundaries_of(film)[-1], sound.dirty
    names = {outline.stem for shot in sound.outlines for outline in shot}
    if sound.before:
        for name in names - _changed_stems(sound):
            share(stem_path(sound.before, name), stem_path(folder, name))
        names &= _changed_stems(sound)
    with ExitStack() as open_files, ThreadPoolExecutor() as pool:
        put_mix = open_files.enter_context(_mix_file(folder, sound.before))
        stems = [
            open_files.enter_context(_stem(folder, name, sound.before, mastering))
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


def _changed_stems(sound: FilmSound) -> set[str]:
    """The stems that sound in the dirty range, or did before."""
    outlines = [*sound.replaced, *(each for shot in sound.outlines for each in shot)]
    dirty = sound.dirty
    return {each.stem for each in outlines if each.start < dirty.last and each.stop > dirty.first}


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
def _stem(folder: Path, name: str, before: Path | None, mastering: Mastering) -> Iterator[_Stem]:
    path = before and stem_path(before, name)
    old = SampleFile(path) if path and path.exists() else None
    with writing(stem_path(folder, name)) as writer:
        yield _Stem(name, writer, mastering, old)


@contextmanager
def _mix_file(folder: Path, before: Path | None) -> Iterator[Callable[[int, np.ndarray], None]]:
    """Puts samples into mix.wav, from a given sample on."""
    path = folder / "mix.wav"
    if before is None:
        with writing(path) as writer:
            yield lambda first, samples: writer.write_samples(samples)
    else:
        shutil.copyfile(before / "mix.wav", path)
        yield lambda first, samples: patch_wav(path, first, samples)


def _write_segments(
    folder: Path, sound: FilmSound, boundaries: Sequence[int], advance: Advance
) -> None:
    mix, dirty = SampleFile(folder / "mix.wav"), sound.dirty
    for shot, (first, last) in enumerate(pairwise(boundaries)):
        path = segment_path(folder, shot)
        if sound.before and (last <= dirty.first or first >= dirty.last):
            share(segment_path(sound.before, shot), path)
            continue
        with writing(path) as writer:
            for begin, end in blocks(first, last):
                writer.write(mix.levels(begin, end))
                advance(end / boundaries[-1])
