"""How fast a score becomes sound: `python benchmarks/rendering.py [SHOTS]`.

Six stems over shots of 5 s, twelve by default, denser than most music. Prints processor seconds,
which other programs on the machine disturb less than the clock, and how many times real time that
is on one core. Synthesis includes the reverb; the first time, the reverb is made and the font is
read.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from diffbgm.music.score import Note, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.sound.mixing import Mastering, Mix, master, mastered, measure_loudness
from diffbgm.sound.parts import SAMPLE_RATE, Part, StoredPart, save_part
from diffbgm.sound.sample_files import SampleFile, blocks, writing
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesis import StemMix, render_shot
from diffbgm.sound.synthesizers import Synthesizer, open_synthesizer

SHOT_SECONDS, BEATS_PER_MINUTE = 5, 112
# Name, program, notes at once, beats from note to note, length in beats, lowest and highest pitch.
STEMS = (
    ("Strings", 48, 1, 1.0, 1.0, 60, 84),
    ("Cello", 42, 1, 2.0, 2.0, 40, 60),
    ("Piano", 0, 3, 1.0, 1.0, 48, 72),
    ("Pad", 89, 3, 4.0, 4.0, 48, 67),
    ("Bass", 33, 1, 1.0, 1.0, 28, 43),
    ("Drums", 0, 1, 0.5, 0.25, 36, 46),
)
MIXES = {name: StemMix(reverb_send=0.0 if name == "Bass" else 0.25) for name, *_ in STEMS}

T = TypeVar("T")


@dataclass(frozen=True)
class Shots:
    """Shots of equal length at one tempo."""

    count: int

    @property
    def seconds(self) -> float:
        return float(self.count * SHOT_SECONDS)

    @property
    def cuts(self) -> np.ndarray:
        """Beats of the boundaries (count + 1,)."""
        return np.linspace(0, self.seconds * BEATS_PER_MINUTE / 60, self.count + 1)

    @property
    def tempo_map(self) -> TempoMap:
        return TempoMap.constant(int(np.ceil(self.cuts[-1])), self.seconds)

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Samples of the boundaries."""
        return tuple(round(self.tempo_map.seconds(cut) * SAMPLE_RATE) for cut in self.cuts)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shots", type=int, nargs="?", default=12)
    shots = Shots(parser.parse_args(arguments).shots)
    boundaries = shots.boundaries

    def timed(what: str, work: Callable[[], T]) -> T:
        begin = time.process_time()
        result = work()
        used = time.process_time() - begin
        rate = f"{shots.seconds / used:6.0f} x real time" if used else ""
        sys.stdout.write(f"{what:20} {used:6.2f} s  {rate}".rstrip() + "\n")
        return result

    with open_synthesizer(find_soundfont()) as synthesizer, TemporaryDirectory() as folder:
        sys.stdout.write(
            f"{synthesizer.name}, {find_soundfont().name}, {shots.seconds:g} s, 6 stems\n"
        )
        timed("synthesis, first", lambda: synthesize(synthesizer, shots))
        parts = timed("synthesis, warm", lambda: synthesize(synthesizer, shots))
        kept = timed("keep the parts", lambda: saved(parts, Path(folder)))
        timed("read the parts", lambda: [part.between(part.start, part.stop) for part in kept])
        mix = Mix(kept, boundaries, boundaries[-1] - 1)
        mastering = timed("mix and master", lambda: master(mix, Path(folder)))
        timed("write stems and mix", lambda: write_all(Path(folder), mastering))
        whole = SampleFile(Path(folder) / "mix.wav")
        loudness = timed("measure the mix", lambda: measure_loudness(whole, len(whole)))
    sys.stdout.write(f"{loudness.lufs:.2f} LUFS, {loudness.true_peak:.2f} dBTP\n")


def saved(parts: list[Part], folder: Path) -> list[StoredPart]:
    return [save_part(part, folder / f"{number}.flac") for number, part in enumerate(parts)]


def synthesize(synthesizer: Synthesizer, shots: Shots) -> list[Part]:
    rng, cuts, boundaries = np.random.default_rng(0), shots.cuts, shots.boundaries
    parts: list[Part] = []
    for shot in range(shots.count):
        tracks = [made_track(rng, cuts[shot], cuts[shot + 1], *stem) for stem in STEMS]
        span = boundaries[shot], boundaries[-1]
        parts += render_shot(synthesizer, tracks, shots.tempo_map, MIXES, span)
    return parts


def made_track(
    rng: np.random.Generator,
    start: float,
    end: float,
    name: str,
    program: int,
    voices: int,
    step: float,
    length: float,
    low: int,
    high: int,
) -> Track:
    notes = [
        Note(float(beat), int(pitch), length, int(rng.integers(50, 110)))
        for beat in np.arange(start, end, step)
        for pitch in rng.choice(np.arange(low, high), voices, replace=False)
    ]
    return Track(name, program, tuple(sorted(notes)), is_drum=name == "Drums")


def write_all(folder: Path, mastering: Mastering) -> None:
    mix = mastering.mix
    with ExitStack() as files:
        total = files.enter_context(writing(folder / "mix.wav"))
        stems = {name: files.enter_context(writing(folder / f"{name}.flac")) for name in mix.stems}
        for span in blocks(0, mix.boundaries[-1]):
            curve = mastering.curve(*span)
            made = {name: mastered(mix.stem(name, *span), curve) for name in stems}
            for name, samples in made.items():
                stems[name].write_samples(samples)
            total.write_samples(sum(made.values(), start=np.zeros((len(curve), 2), np.float32)))


if __name__ == "__main__":
    main()
