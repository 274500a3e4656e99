"""Ten minutes of made sound to files, in a process of its own: `python -m … FOLDER`.

Prints by how many MB the sound's writing raised the peak of the process's memory.
"""

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffbgm.composition import Outline, ScoredFilm, Take
from diffbgm.music.score import Score
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import ComposeOptions
from diffbgm.sound.parts import SAMPLE_RATE, Part, StoredPart, save_part
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import Spotting
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.writers.rendering import DirtyRange, FilmSound
from diffbgm.writers.sound_files import write_sound

SHOTS, FRAMES = 75, 200  # of 8 s each
TAIL = 2 * SAMPLE_RATE
STEMS = ("Piano", "Strings")


def main() -> None:
    folder = Path(sys.argv[1])
    film = long_film()
    sound = sound_of(folder, film.timeline)
    (folder / "music").mkdir()
    before = peak()
    write_sound(folder / "music", film, sound)
    sys.stdout.write(f"{peak() - before}\n")


def peak() -> int:
    """The most memory that this process has had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1000


def sound_of(folder: Path, timeline: Timeline) -> FilmSound:
    """All shots sound alike: all of a stem lie in one file."""
    length = FRAMES * SAMPLE_RATE // 25
    noise = np.random.default_rng(0).normal(0, 0.001, (length + TAIL, 2)).astype(np.float32)
    parts = tuple(
        save_part(Part.rounded(stem, 0, noise), folder / f"{stem}.flac") for stem in STEMS
    )
    shots = [moved(parts, n * length, timeline) for n in range(SHOTS)]
    end = timeline.sample(timeline.frames, SAMPLE_RATE)
    return FilmSound(
        tuple(part for shot in shots for part in shot),
        tuple(tuple(Outline(p.stem, p.start, p.stop, "") for p in shot) for shot in shots),
        DirtyRange(0, end, 0, end),
        folder,
    )


def long_film() -> ScoredFilm:
    shots = tuple(Shot(n, n * FRAMES, (n + 1) * FRAMES) for n in range(SHOTS))
    timeline = Timeline(Fraction(25), shots)
    nothing = np.zeros((0, 3))
    return ScoredFilm(
        analysis=VideoAnalysis(
            timeline, (), nothing, nothing, np.zeros((SHOTS, 9, 16, 3), np.uint8), "colour"
        ),
        cues=CueSheet(
            Spotting(TempoMap.constant(10, timeline.seconds), (), 0), nothing, nothing, nothing
        ),
        takes=(Take(0, "", nothing, nothing, nothing, Score(())),) * SHOTS,
        numbers=((0, 1),) * SHOTS,
        options=ComposeOptions(),
        film=None,
        model={},
        sound={},
        origin={},
    )


def moved(parts: tuple[StoredPart, ...], start: int, timeline: Timeline) -> tuple[StoredPart, ...]:
    end = timeline.sample(timeline.frames, SAMPLE_RATE)
    return tuple(replace(part, start=start, length=min(part.length, end - start)) for part in parts)


if __name__ == "__main__":
    main()
