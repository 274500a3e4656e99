"""Another take of one shot: what is patched into the files is what would be made whole."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from diffbgm.composition import ScoredFilm, Take
from diffbgm.dialogue import Dialogue
from diffbgm.music.score import Score
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import ComposeOptions
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.sample_files import SampleFile
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import Spotting
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.writers.sound_files import PreviousVersion, boundaries_of, stem_path, write_sound

pytestmark = pytest.mark.slow

RATE = Fraction(24_000, 1001)
ENDS = (0, 30, 47, 60, 95, 120, 125)  # frames; the last shots are short
SHOTS = tuple(Shot(n, ENDS[n], ENDS[n + 1]) for n in range(len(ENDS) - 1))
STEMS = ("Piano", "Bass", "Strings")


def sounding(shot: int, seed: int, stems: tuple[str, ...] = STEMS) -> Take:
    """Decaying noise, so loud now and then that it must be limited, with a tail of 0.6 s."""
    rng = np.random.default_rng((seed, shot))
    timeline = Timeline(RATE, SHOTS)
    first, last, end = (
        timeline.sample(frame, SAMPLE_RATE) for frame in (ENDS[shot], ENDS[shot + 1], ENDS[-1])
    )
    parts = []
    for stem in stems:
        start = first + int(rng.integers(0, 3000))
        length = min(last + round(0.6 * SAMPLE_RATE), end) - start
        loudness = rng.uniform(0.05, 0.5, length // 2000 + 1).repeat(2000)[:length]
        samples = rng.normal(size=(length, 2)) * loudness[:, None]
        parts.append(Part.rounded(stem, start, samples.astype(np.float32)))
    nothing = np.zeros((0, 3))
    return Take(seed, "cinematic", nothing, nothing, nothing, Score(()), tuple(parts))


@pytest.fixture(params=[(), ((0.4, 1.3), (3.0, 3.5))], ids=["plain", "dialogue"])
def film(request: pytest.FixtureRequest) -> ScoredFilm:
    timeline = Timeline(RATE, SHOTS)
    analysis = VideoAnalysis(
        timeline, (), np.zeros(125), np.zeros((6, 3)), np.zeros((6, 9, 16, 3), np.uint8), "colour"
    )
    tempo = TempoMap.constant(10, timeline.seconds)
    cues = CueSheet(Spotting(tempo, (), 0), np.zeros((10, 6)), np.zeros((10, 3)), np.zeros(10, int))
    return ScoredFilm(
        analysis=analysis,
        cues=replace(cues, dialogue=Dialogue(request.param)),
        takes=tuple(sounding(shot, seed=1) for shot in range(len(SHOTS))),
        numbers=((0, 1),) * len(SHOTS),
        options=ComposeOptions(),
        film=None,
        model={},
        sound={},
        origin={},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".wav", ".flac")
    }


def mix_of(folder: Path) -> np.ndarray:
    return SampleFile(folder / "mix.wav")[:]


def with_take(film: ScoredFilm, shot: int, take: Take) -> ScoredFilm:
    return replace(film, takes=(*film.takes[:shot], take, *film.takes[shot + 1 :]))


@pytest.mark.parametrize("shot", range(len(SHOTS)))
def test_patched_is_as_made_whole(film: ScoredFilm, shot: int, tmp_path: Path) -> None:
    """With an instrument that leaves the shot and a new one that enters the film."""
    for name in ("before", "patched", "whole"):
        (tmp_path / name).mkdir()
    gain_db = write_sound(tmp_path / "before", film)
    film = replace(film, gain_db=gain_db)
    after = with_take(film, shot, sounding(shot, seed=2, stems=("Piano", "Flute")))

    previous = PreviousVersion(tmp_path / "before", shot, film.takes[shot].parts)
    write_sound(tmp_path / "patched", after, previous)
    write_sound(tmp_path / "whole", after)
    assert files(tmp_path / "patched") == files(tmp_path / "whole")

    first = boundaries_of(film)[shot]
    mix, whole = (mix_of(tmp_path / name) for name in ("before", "whole"))
    assert np.array_equal(mix[:first], whole[:first])
    assert not np.array_equal(mix, whole)


def test_an_instrument_that_no_shot_plays_any_more_is_gone(film, tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    film = with_take(film, 2, sounding(2, seed=1, stems=("Flute",)))
    gain_db = write_sound(tmp_path / "before", film)
    previous = PreviousVersion(tmp_path / "before", 2, film.takes[2].parts)
    after = with_take(replace(film, gain_db=gain_db), 2, sounding(2, seed=2))
    write_sound(tmp_path / "after", after, previous)
    assert stem_path(tmp_path / "before", "Flute").exists()
    assert not stem_path(tmp_path / "after", "Flute").exists()


def test_files_that_are_not_as_they_were_written_are_not_used(film, tmp_path: Path) -> None:
    for name in ("before", "patched", "whole"):
        (tmp_path / name).mkdir()
    gain_db = write_sound(tmp_path / "before", film)
    after = with_take(replace(film, gain_db=gain_db), 3, sounding(3, seed=2))
    stem_path(tmp_path / "before", "Bass").unlink()
    (tmp_path / "before" / "mix.wav").write_bytes(b"RIFF, but no sound")
    previous = PreviousVersion(tmp_path / "before", 3, film.takes[3].parts)
    write_sound(tmp_path / "patched", after, previous)
    write_sound(tmp_path / "whole", after)
    assert files(tmp_path / "patched") == files(tmp_path / "whole")
