"""The whole way on the demo film with made speech over wind in its own sound."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from scipy.ndimage import maximum_filter1d
from scipy.signal import correlate
from typer.testing import CliRunner

from diffbgm.arranging.arrangement import arrange_shot
from diffbgm.arranging.styles import load_style
from diffbgm.cli.main import app
from diffbgm.composing import compose, recompose, select_take
from diffbgm.composition import Composition, ScoredFilm, load_outlines, load_scored_film
from diffbgm.demo.film import Truth
from diffbgm.dialogue import Dialogue, Interval
from diffbgm.errors import OptionError
from diffbgm.music.harmony import estimate_key
from diffbgm.music.pianoroll import to_score
from diffbgm.music.score import Score
from diffbgm.options import ComposeOptions, TakeOptions
from diffbgm.sound.mixing import measure_loudness
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.find_dialogue import find_dialogue
from diffbgm.writers.rendering import boundaries_of, render_film
from tests.made_speech import RATE, agreement, noise, speech, with_sound
from tests.sound.mixed import mixed

pytestmark = pytest.mark.slow

STARTS = (3.0, 11.0, 20.0)
OPTIONS = ComposeOptions(steps=4, under_dialogue=True, ducking=-10.0, mux=True)


def wav(path: Path) -> np.ndarray:
    return soundfile.read(path, always_2d=True)[0]


@pytest.fixture(scope="module")
def talk(demo: tuple[Path, Truth]) -> tuple[np.ndarray, list[Interval]]:
    """The voice in the film, (n,) at RATE, and when it speaks."""
    voice, spans = speech(STARTS, float(demo[1].frames / demo[1].frame_rate))
    return 0.5 * voice, spans


@pytest.fixture(scope="module")
def film(demo, talk, tmp_path_factory) -> Path:
    sound = talk[0] + 0.01 * noise("wind", len(talk[0]) / RATE)[: len(talk[0])]
    return with_sound(demo[0], sound, tmp_path_factory.mktemp("talk") / "talk.mp4")


@pytest.fixture(scope="module")
def composed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Composition:
    return compose(film, tmp_path_factory.mktemp("composed") / "music", OPTIONS)


@pytest.fixture(scope="module")
def scored(composed: Composition) -> ScoredFilm:
    return load_scored_film(composed)


def spoken(samples: np.ndarray, spans: list[Interval] | list[list[float]]) -> np.ndarray:
    """(n,) true where somebody speaks."""
    result = np.zeros(len(samples), bool)
    for start, end in spans:
        result[round(start * RATE) : round(end * RATE)] = True
    return result


def level(samples: np.ndarray) -> float:
    return 10 * np.log10(np.mean(samples.astype(float) ** 2))


def test_speech_is_found_in_the_film(composed: Composition, talk) -> None:
    recall, precision = agreement(composed.dialogue, talk[1])
    assert len(composed.dialogue) == 3
    assert recall > 0.97
    assert precision > 0.85


def test_the_mix_steps_back_and_nothing_else_of_it_changes(
    composed: Composition, scored: ScoredFilm, tmp_path: Path
) -> None:
    """The same sound without ducking, at the same gain."""
    boundaries = boundaries_of(scored)
    parts = render_film(scored, tmp_path).parts
    plain = mixed(parts, boundaries, scored.gain_db).samples
    mix = wav(composed.folder / "mix.wav")
    now = spoken(mix, list(scored.cues.dialogue.spans))
    assert level(plain[now]) - level(mix[now]) == pytest.approx(10, abs=1.5)
    far = maximum_filter1d(now, RATE) == 0  # half a second or more from any speech
    fade = round(boundaries[-1] - RATE)
    assert level(mix[:fade][far[:fade]]) == pytest.approx(level(plain[:fade][far[:fade]]), abs=0.3)


def test_it_is_as_loud_as_asked_for_all_the_same(composed: Composition) -> None:
    mix = wav(composed.folder / "mix.wav").astype(np.float32)
    loudness = measure_loudness(mix, len(mix))
    assert loudness.lufs == pytest.approx(-16, abs=0.5)
    assert loudness.true_peak <= -1


def test_stems_add_up_to_the_mix(composed: Composition) -> None:
    stems = sum(wav(path) for path in (composed.folder / "stems").glob("*.flac"))
    assert np.array_equal(stems, wav(composed.folder / "mix.wav"))


def notes_under(score: Score, scored: ScoredFilm, is_under: bool) -> int:
    starts = [note.start_beats for track in score.tracks for note in track.notes]
    times = scored.cues.tempo_map.seconds(np.array(starts)) if starts else np.zeros(0)
    spans = scored.cues.dialogue.spans
    # Who speaks for less than a quarter of a beat is played over.
    return sum(
        any(start - 0.6 * (not is_under) <= time < end - 0.2 * is_under for start, end in spans)
        is is_under
        for time in times
    )


def test_the_arrangement_thins_out(scored: ScoredFilm) -> None:
    cues = replace(scored.cues, dialogue=Dialogue())
    score = to_score(scored.roll)
    key = estimate_key(score)
    with_room = without = 0
    for shot, take in enumerate(scored.takes):
        plain = arrange_shot(shot, score, cues, load_style(take.style), take.seed, key)
        without += notes_under(plain, scored, True)
        with_room += notes_under(take.score, scored, True)
    assert 0 < with_room < 0.75 * without


def test_speech_is_heard_in_the_film_with_its_music(composed: Composition, talk) -> None:
    """At least 6 dB above the rest, wherever somebody speaks."""
    with av.open(str(composed.folder / "film.mp4")) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    mixed = np.concatenate(frames, axis=1).mean(axis=0)[: len(talk[0])]
    voice = talk[0][: len(mixed)]
    for start, end in talk[1]:
        part = slice(round(start * RATE), round(end * RATE))
        delay = int(correlate(mixed[part], voice[part], "full").argmax()) - (len(voice[part]) - 1)
        assert abs(delay) < RATE / 100
        words = np.roll(voice, delay)[part]
        words = words * (words @ mixed[part]) / (words @ words)
        assert level(words) - level(mixed[part] - words) > 6


def test_a_new_take_makes_the_same_room_and_leaves_its_neighbours(
    composed: Composition, tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    shutil.copytree(composed.folder, folder)
    shot = next(s for s in composed.shots if s["start"] < STARTS[1] + 1 < s["end"])["index"]
    after = recompose(folder, shot, TakeOptions(notes="same", style="solo_piano"))
    assert after.dialogue == composed.dialogue
    before, now = load_scored_film(composed), load_scored_film(after)
    for index, (old, new) in enumerate(zip(before.takes, now.takes, strict=True)):
        assert (old.score == new.score) == (index != shot)
    changed = np.flatnonzero(
        (wav(composed.folder / "mix.wav") != wav(folder / "mix.wav")).any(axis=1)
    )
    outlines = [each for one in (composed, after) for each in load_outlines(one.folder)[shot]]
    assert changed[0] >= (composed.shots[shot]["start"] - 0.02) * RATE
    assert changed[-1] <= max(outline.stop for outline in outlines) + 0.1 * RATE
    select_take(folder, shot, 0)
    assert np.array_equal(wav(composed.folder / "mix.wav"), wav(folder / "mix.wav"))


def edit_of(film: Path, truth: Truth) -> Timeline:
    return Timeline(truth.frame_rate, (Shot(0, 0, truth.frames, MediaSpan(film, Fraction(0))),))


def test_music_alone_and_silence_are_no_dialogue(composed, demo, tmp_path: Path) -> None:
    music = wav(composed.folder / "mix.wav").mean(axis=1)
    scored_film = with_sound(demo[0], music, tmp_path / "music.mp4")
    assert find_dialogue(edit_of(scored_film, demo[1])).spans == ()
    assert find_dialogue(edit_of(demo[0], demo[1])).spans == ()


def test_dialogue_of_another_film_is_refused(demo, tmp_path: Path) -> None:
    options = replace(OPTIONS, dialogue=((3600.0, 3602.0),))
    with pytest.raises(OptionError, match="another film"):
        compose(demo[0], tmp_path / "music", options)
    assert list(tmp_path.iterdir()) == []


def test_spans_are_kept_with_the_options() -> None:
    options = replace(OPTIONS, dialogue=((1.0, 2.5), (4.0, 5.0)))
    saved = options.to_dict()
    assert ComposeOptions.from_dict({**saved, "dialogue": [[1.0, 2.5], [4.0, 5.0]]}) == options
    with pytest.raises(OptionError, match="start before end"):
        replace(OPTIONS, dialogue=((2.0, 1.0),))


def test_the_command_line_names_a_broken_file(demo, tmp_path: Path) -> None:
    (tmp_path / "film.srt").write_text("1\n00:00:05,000 --> nonsense\n")
    arguments = ["compose", demo[0], "-o", tmp_path / "music", "--dialogue", tmp_path / "film.srt"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(result.exception, OptionError)
    assert "film.srt: line 2" in str(result.exception)
