import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffbgm.errors import StorageError
from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.film_plan import plan_film
from diffbgm.spotting.hit_points import Hit, Spotting
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import Cut, VideoAnalysis
from diffbgm.writers.pictures import draw_piano_roll, overview
from diffbgm.writers.pictures.film_overview import HEIGHT, WIDTH
from diffbgm.writers.pictures.notes import pitch_range, shade, sounding, track_colours
from diffbgm.writers.pictures.piano_roll import ROLL_SIZE

TEMPO = TempoMap.constant(beats=24, duration=12.0)
SCORE = Score(
    (
        Track("Melody", 48, tuple(Note(beat, 60 + beat % 12, 1.0, 100) for beat in range(24))),
        Track("Bass", 33, tuple(Note(4.0 * bar, 36, 4.0, 80) for bar in range(6))),
        Track("Drums", 0, tuple(Note(float(beat), 36, 0.25, 90) for beat in range(24)), True),
    )
)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture - colour).max(axis=-1) <= 2).any())


def test_a_roll_shows_the_notes_of_its_span_where_they_are(tmp_path: Path) -> None:
    """Beat 2 to beat 3, of four beats shown: the third quarter of the picture."""
    score = Score((Track("Melody", 0, (Note(2.0, 60, 1.0, 127),)),))
    draw_piano_roll(score, TEMPO, (0.0, 2.0), tmp_path / "roll.png")
    picture = pixels(tmp_path / "roll.png")
    assert picture.shape == (ROLL_SIZE[1], ROLL_SIZE[0], 3)
    colour = shade(track_colours(score)["Melody"], 127)
    columns = np.flatnonzero((np.abs(picture - colour).max(axis=-1) <= 2).any(axis=0))
    assert columns[0] == pytest.approx(320, abs=3)
    assert columns[-1] == pytest.approx(480, abs=3)


def test_a_roll_has_every_track_in_its_colour_and_drums_at_the_bottom(tmp_path: Path) -> None:
    draw_piano_roll(SCORE, TEMPO, (3.0, 6.0), tmp_path / "roll.png")
    picture = pixels(tmp_path / "roll.png")
    colours = track_colours(SCORE)
    assert len(set(colours.values())) == 3
    for track in SCORE.tracks[:2]:
        assert has_colour(picture, shade(colours[track.name], track.notes[0].velocity))
    lane = picture[round(ROLL_SIZE[1] * 0.86) :]
    assert lane.max() > 120


def test_the_rolls_of_an_empty_shot_and_of_no_notes_are_grids(tmp_path: Path) -> None:
    draw_piano_roll(Score(()), TEMPO, (0.0, 5.0), tmp_path / "none.png")
    assert 3 < len(np.unique(pixels(tmp_path / "none.png").reshape(-1, 3), axis=0)) < 40


def test_a_roll_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"roll\.png"):
        draw_piano_roll(SCORE, TEMPO, (0.0, 1.0), tmp_path / "nowhere" / "roll.png")


def test_notes_that_ring_into_a_span_are_among_those_that_sound_in_it() -> None:
    names = [(each.track.name, each.start) for each in sounding(SCORE, TEMPO, (3.0, 3.4))]
    assert names == [("Bass", 2.0), ("Melody", 3.0), ("Drums", 3.0)]  # the longest first


def test_a_lone_note_does_not_fill_the_picture() -> None:
    low, high = pitch_range(Score((Track("Melody", 0, (Note(0.0, 60, 1.0, 90),)),)))
    assert low < 55 < 65 < high


@pytest.fixture(scope="module")
def analysis() -> VideoAnalysis:
    """Twelve seconds of four shots, 25 frames a second."""
    ends = (0, 50, 125, 250, 300)
    shots = tuple(Shot(i, ends[i], ends[i + 1]) for i in range(4))
    rng = np.random.default_rng(0)
    return VideoAnalysis(
        timeline=Timeline(Fraction(25), shots),
        cuts=tuple(Cut(end, "hard", 1.0, 1) for end in ends[1:-1]),
        motion=rng.uniform(0, 0.4, 300).astype(np.float32),
        mood=rng.uniform(-1, 1, (12, 3)).astype(np.float32),
        thumbnails=np.full((4, 90, 160, 3), (200, 40, 40), np.uint8),
        mood_source="colour",
    )


@pytest.fixture(scope="module")
def cues(analysis: VideoAnalysis) -> CueSheet:
    kinds = ("downbeat", "half", "none")
    hits = tuple(
        Hit(cut.frame, cut.frame / 25, 4.0, cut.frame / 25, 0.0, kind, 1.0)
        for cut, kind in zip(analysis.cuts, kinds, strict=True)
    )
    beats = TEMPO.beats
    spotting = Spotting(TEMPO, hits, 0)
    return CueSheet(spotting, np.zeros((beats, 6)), np.zeros((beats, 3)), np.zeros(beats, int))


def test_the_overview_shows_shots_cuts_notes_and_sound(
    tmp_path: Path, analysis: VideoAnalysis, cues: CueSheet
) -> None:
    time = np.arange(12 * 48_000) / 48_000
    mix = np.repeat(0.5 * np.sin(2 * np.pi * 3 * time)[:, None], 2, axis=1)
    overview(tmp_path / "overview.png", analysis, cues, SCORE, mix)
    picture = pixels(tmp_path / "overview.png")
    planned = replace(cues, plan=plan_film(cues, seed=0))
    overview(tmp_path / "planned.png", analysis, planned, SCORE, mix)
    changed = (pixels(tmp_path / "planned.png") != picture).any(axis=(1, 2))
    lines = np.flatnonzero(changed)
    assert 4 < len(lines) <= np.ptp(lines) + 1 < 20  # the names of chords, in one line
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert has_colour(picture[: HEIGHT // 4], (200, 40, 40))  # a thumbnail
    for track in SCORE.tracks[:2]:
        colour = shade(track_colours(SCORE)[track.name], track.notes[0].velocity)
        assert has_colour(picture[HEIGHT // 2 :], colour)


def test_the_overview_of_a_silent_film_without_cuts_or_notes(tmp_path: Path) -> None:
    analysis = VideoAnalysis(
        timeline=Timeline(Fraction(24), (Shot(0, 0, 1),)),
        cuts=(),
        motion=np.zeros(1, np.float32),
        mood=np.zeros((1, 3), np.float32),
        thumbnails=np.zeros((1, 90, 160, 3), np.uint8),
        mood_source="colour",
    )
    tempo = TempoMap.constant(1, 1 / 24)
    cues = CueSheet(Spotting(tempo, (), 0), np.zeros((1, 6)), np.zeros((1, 3)), np.zeros(1, int))
    overview(tmp_path / "overview.png", analysis, cues, Score(()), np.zeros((2000, 2)))
    assert pixels(tmp_path / "overview.png").shape == (HEIGHT, WIDTH, 3)


@pytest.mark.slow
def test_the_overview_of_a_long_film_with_many_cuts(tmp_path: Path) -> None:
    """Half an hour with a cut every second."""
    shots = tuple(Shot(i, 24 * i, 24 * (i + 1)) for i in range(1800))
    analysis = VideoAnalysis(
        timeline=Timeline(Fraction(24), shots),
        cuts=tuple(Cut(24 * i, "hard", 1.0, 1) for i in range(1, 1800)),
        motion=np.zeros(24 * 1800, np.float32),
        mood=np.zeros((1800, 3), np.float32),
        thumbnails=np.zeros((1800, 45, 80, 3), np.uint8),
        mood_source="colour",
    )
    tempo = TempoMap.constant(3600, 1800.0)
    hits = tuple(Hit(24 * i, float(i), 2.0 * i, float(i), 0.0, "beat", 1.0) for i in range(1, 1800))
    cues = CueSheet(
        Spotting(tempo, hits, 0), np.zeros((3600, 6)), np.zeros((3600, 3)), np.zeros(3600, int)
    )
    overview(tmp_path / "overview.png", analysis, cues, SCORE, np.zeros((48_000, 2)))
    assert pixels(tmp_path / "overview.png").shape == (HEIGHT, WIDTH, 3)


def test_drawing_loads_no_matplotlib() -> None:
    """It takes longer to load than both pictures take to draw; only its font is used."""
    program = (
        "import sys\n"
        "from diffbgm.writers.pictures.plot import text_width\n"
        "print(text_width('Flöten', 12) > text_width('Fl', 12), 'matplotlib' in sys.modules)"
    )
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed.split() == ["True", "False"]
