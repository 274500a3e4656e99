"""A real composition carried over to changed edits, with the weights that come with the package."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from diffbgm import ComposeOptions, TakeOptions, compose, recompose, select_take
from diffbgm.composition import load_composition, load_outlines, load_scored_film
from diffbgm.errors import TimelineError
from diffbgm.refitting import preview_refit, refit
from tests.cli.test_commands import diffbgm
from tests.refitting.made_edits import edit, make_film

pytestmark = pytest.mark.slow

EDGES = (0, 60, 130, 187, 250)
SHOTS = list(pairwise(EDGES))
SAMPLES = 2000  # a frame


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path, EDGES[1:-1], EDGES[-1] + 60)
    return path


@pytest.fixture(scope="module")
def composed(film, tmp_path_factory):
    folder = tmp_path_factory.mktemp("composed") / "music"
    compose(edit(film, SHOTS), folder, ComposeOptions(steps=4, seed=1, pinned=(130,)))
    return recompose(folder, 2, TakeOptions(seed=7))


@pytest.fixture(scope="module")
def refitted(composed, film, tmp_path_factory):
    """The first two shots change places; the third is shorter."""
    after = edit(film, [SHOTS[1], SHOTS[0], (130, 170), SHOTS[3]])
    into = tmp_path_factory.mktemp("refitted") / "music"
    return refit(composed.folder, after, into=into)


def test_what_moved_has_its_notes_and_sound_to_the_bit(composed, refitted):
    before, after = load_scored_film(composed), load_scored_film(refitted)
    sounded, sounds = load_outlines(composed.folder), load_outlines(refitted.folder)
    for old, new in ((1, 0), (0, 1), (3, 3)):
        was, now = before.takes[old], after.takes[new]
        assert np.array_equal(was.roll, now.roll)
        assert (was.seed, was.style) == (now.seed, now.style)
        moved = after.timeline.shots[new].start_frame - before.timeline.shots[old].start_frame
        by = moved * SAMPLES
        assert sounds[new] == tuple(
            replace(part, start=part.start + by, stop=part.stop + by) for part in sounded[old]
        )


def test_what_changed_has_new_notes(composed, refitted):
    was, now = (load_scored_film(one).takes[2] for one in (composed, refitted))
    assert now.roll.any() and was.roll.shape != now.roll.shape
    assert (refitted.shots[2]["take"], refitted.shots[2]["takes"]) == (0, 1)


def test_the_folder_is_a_composition_like_any(refitted):
    assert load_composition(refitted.folder) == refitted
    edges = [0, *(shot["end_frame"] for shot in refitted.shots)]
    assert edges == [0, 70, 130, 170, 233]
    mix = soundfile.read(refitted.folder / "mix.wav", dtype="int32")[0]
    assert len(mix) == 233 * SAMPLES and not mix[-SAMPLES:].any()
    assert refitted.options["pinned"] == [130]
    shot = recompose(refitted.folder, 0, TakeOptions(seed=5)).shots[0]
    assert (shot["take"], shot["takes"]) == (1, 2)


def test_takes_come_along_and_the_music_may_be_refitted_in_place(composed, film, tmp_path):
    gone = refit(composed.folder, edit(film, SHOTS[1:]), into=tmp_path / "music")
    assert gone.shots[1]["takes"] == 2 and gone.shots[1]["seed"] == 7
    assert select_take(gone.folder, 1, 0).shots[1]["seed"] == composed_seed(composed)
    back = refit(gone.folder, edit(film, [SHOTS[1], SHOTS[2]]))
    assert [shot["takes"] for shot in back.shots] == [1, 2]
    assert back.folder == gone.folder


def composed_seed(composition):
    take = composition.folder / "takes" / "002" / "0" / "take.json"
    return json.loads(take.read_text())["seed"]


def test_another_film_is_refused_and_nothing_changes(composed, tmp_path):
    other = edit(tmp_path / "other.mp4", SHOTS)
    with pytest.raises(TimelineError, match="shows nothing of what"):
        refit(composed.folder, other)
    with pytest.raises(TimelineError, match="shows nothing of what"):
        preview_refit(composed.folder, other)
    assert load_composition(composed.folder) == composed


def test_the_command_shows_first_what_became_of_every_shot(composed):
    result = diffbgm(
        "refit", composed.folder, composed.folder / "timeline.otio", "--preview", "--json"
    )
    assert result.returncode == 0, result.stderr
    changes = json.loads(result.stdout)["changes"]
    assert changes == [{"change": "kept", "shot": n, "before": n} for n in range(4)]
