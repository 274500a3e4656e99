"""Takes of one shot: with other chords, ranked where several are made at once, and taken back."""

from pathlib import Path

import pytest

from diffbgm.composing import compose, recompose, select_take
from diffbgm.composition import load_take
from diffbgm.model.checkpoint import save_weights
from diffbgm.options import ComposeOptions, TakeOptions
from tests.model.small_network import SMALL, eager_network
from tests.video.conftest import write_film  # noqa: F401, a fixture
from tests.video.films import texture

pytestmark = pytest.mark.slow


def test_a_take_has_chords_of_its_own_and_those_made_at_once_are_ranked(
    write_film,  # noqa: F811
    tmp_path: Path,
) -> None:
    film = write_film([texture(1)] * 72 + [texture(2)] * 72 + [texture(1)] * 72)
    weights, folder = tmp_path / "small.safetensors", tmp_path / "music"
    save_weights(weights, SMALL, eager_network().state_dict())
    options = ComposeOptions(steps=4, style="solo_piano", checkpoint=weights, seed=5)
    before = compose(film, folder, options)
    written = recompose(folder, 1, TakeOptions(chords=" | ".join(["Ebm"] * 9)))
    assert set(written.shots[1]["chords"].split(" | ")) == {"Ebm"}
    assert [written.shots[shot]["chords"] for shot in (0, 2)] == [
        before.shots[shot]["chords"] for shot in (0, 2)
    ]
    several = recompose(folder, 1, TakeOptions(takes=3))
    assert several.plan == written.plan
    assert several.shots[1]["take"] == 2
    ranked = [load_take(folder, 1, number).likeness or 0.0 for number in (2, 3, 4)]
    assert ranked == sorted(ranked, reverse=True)
    assert several.shots[1]["likeness"] == ranked[0]
    assert select_take(folder, 1, 0).plan == before.plan
