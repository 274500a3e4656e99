"""The sound that goes with an edit's pictures."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from diffbgm.demo.film import FRAME_RATE, Truth
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.film_sound import film_sound
from tests.made_speech import RATE, with_sound

PITCHES = (200, 400, 600, 800)  # Hz, of one second each


@pytest.fixture(scope="module")
def sounding(demo: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    time = np.arange(RATE) / RATE
    tones = np.concatenate([0.5 * np.sin(2 * np.pi * pitch * time) for pitch in PITCHES])
    return with_sound(demo[0], tones, tmp_path_factory.mktemp("sounding") / "film.mp4")


def edit(*media: MediaSpan | None) -> Timeline:
    """Shots of 24 frames (1.001 s) each."""
    shots = tuple(Shot(i, 24 * i, 24 * (i + 1), each) for i, each in enumerate(media))
    return Timeline(Fraction(FRAME_RATE), shots)


def pitches(timeline: Timeline) -> list[int]:
    """The pitch in the middle of every shot, in Hz; 0 where it is silent."""
    with film_sound(timeline, RATE, 1) as whole:
        sound = whole[:].reshape(-1)
    found = []
    for shot in timeline.shots:
        middle = timeline.sample(shot.start_frame, RATE) + RATE // 2
        part = sound[middle - RATE // 10 : middle + RATE // 10] * np.hanning(RATE // 5)
        loud = np.abs(part).max() > 0.01
        found.append(int(np.abs(np.fft.rfft(part)).argmax()) * 5 if loud else 0)
    return found


def test_a_film_as_it_is(sounding: Path) -> None:
    film = [MediaSpan(sounding, Fraction(24 * n) / FRAME_RATE, Fraction(1)) for n in range(4)]
    timeline = edit(*film)
    assert pitches(timeline) == list(PITCHES)
    with film_sound(timeline, RATE, 2) as sound:
        assert len(sound) == timeline.sample(timeline.frames, RATE)
        assert sound[:].shape == (len(sound), 2)
        assert np.array_equal(sound[1000:2000], sound[:][1000:2000])


def test_an_edit_turns_it_round_and_leaves_gaps(sounding: Path) -> None:
    third, first = (MediaSpan(sounding, Fraction(n), Fraction(1)) for n in (2, 0))
    assert pitches(edit(third, None, first)) == [600, 0, 200]


def test_what_is_shown_faster_sounds_higher_and_what_stands_is_silent(sounding: Path) -> None:
    """At twice the speed the shot shows 600 Hz and then 800 Hz, each for half a second."""
    twice, still = (MediaSpan(sounding, Fraction(2), Fraction(speed)) for speed in (2, 0))
    pitch, silence = pitches(edit(twice, still))
    assert pitch in (1200, 1600)
    assert silence == 0


def test_what_runs_backwards_sounds_backwards(sounding: Path) -> None:
    last = MediaSpan(sounding, Fraction(4 * 1001, 1000), Fraction(-1))
    turned = [last.later(Fraction(n * 24) / FRAME_RATE) for n in range(4)]
    assert pitches(edit(*turned)) == [800, 600, 400, 200]
    forwards = edit(MediaSpan(sounding, Fraction(0), Fraction(2)))
    backwards = edit(MediaSpan(sounding, Fraction(48) / FRAME_RATE, Fraction(-2)))
    with film_sound(backwards, RATE, 1) as back, film_sound(forwards, RATE, 1) as forth:
        np.testing.assert_array_equal(back[:], forth[:][::-1])


def test_a_film_without_sound(demo: tuple[Path, Truth]) -> None:
    assert pitches(edit(MediaSpan(demo[0], Fraction(0), Fraction(1)))) == [0]
