"""How fast a score of 60 s becomes sound: `python benchmarks/sound.py`.

Six stems over twelve shots, denser than most music. Prints processor seconds, which other
programs on the machine disturb less than the clock, and how many times real time that is on one
core. Synthesis includes the reverb; the first time, the reverb is made and the font is read.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from diffbgm.music.score import Note, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.sound.mixing import Master, master, measure_loudness, sum_stems, write_wav
from diffbgm.sound.parts import SAMPLE_RATE, Part, load_parts, save_parts
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesis import StemMix, render_shot
from diffbgm.sound.synthesizers import Synthesizer, open_synthesizer

SECONDS, BEATS, SHOTS = 60, 112, 12
TEMPO = TempoMap.constant(BEATS, float(SECONDS))
CUTS = np.linspace(0, BEATS, SHOTS + 1)
BOUNDARIES = tuple(round(TEMPO.seconds(cut) * SAMPLE_RATE) for cut in CUTS)
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


def main() -> None:
    with open_synthesizer(find_soundfont()) as synthesizer, TemporaryDirectory() as folder:
        sys.stdout.write(f"{synthesizer.name}, {find_soundfont().name}, {SECONDS} s, 6 stems\n")
        timed("synthesis, first", lambda: synthesize(synthesizer))
        parts = timed("synthesis, warm", lambda: synthesize(synthesizer))
        stems = sum_stems(parts, BOUNDARIES[-1])
        mix = timed("mix and master", lambda: master(stems, BOUNDARIES))
        timed("write stems and mix", lambda: write_all(Path(folder), stems, mix))
        timed("keep the parts", lambda: save_parts(parts, Path(folder) / "take.flac"))
        timed("read the parts", lambda: load_parts(Path(folder) / "take.flac"))
    loudness = measure_loudness(mix.samples)
    sys.stdout.write(f"{loudness.lufs:.2f} LUFS, {loudness.true_peak:.2f} dBTP\n")


def timed(what: str, work: Callable[[], T]) -> T:
    begin = time.process_time()
    result = work()
    used = time.process_time() - begin
    sys.stdout.write(f"{what:20} {used:6.2f} s  {SECONDS / used:6.0f} x real time\n")
    return result


def synthesize(synthesizer: Synthesizer) -> list[Part]:
    rng = np.random.default_rng(0)
    parts: list[Part] = []
    for shot in range(SHOTS):
        tracks = [made_track(rng, shot, *stem) for stem in STEMS]
        span = BOUNDARIES[shot], BOUNDARIES[-1]
        parts += render_shot(synthesizer, tracks, TEMPO, MIXES, span)
    return parts


def made_track(
    rng: np.random.Generator,
    shot: int,
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
        for beat in np.arange(CUTS[shot], CUTS[shot + 1], step)
        for pitch in rng.choice(np.arange(low, high), voices, replace=False)
    ]
    return Track(name, program, tuple(sorted(notes)), is_drum=name == "Drums")


def write_all(folder: Path, stems: dict[str, np.ndarray], mix: Master) -> None:
    write_wav(folder / "mix.wav", mix.samples)
    for name, samples in stems.items():
        write_wav(folder / f"{name}.wav", mix.stem(samples))


if __name__ == "__main__":
    main()
