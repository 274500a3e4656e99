"""Several pieces for one film, of which the critic keeps one."""

from dataclasses import replace

import numpy as np

from diffbgm.composing import compose
from diffbgm.composition import load_scored_film
from diffbgm.evaluation.critic import likeness_of_roll
from diffbgm.model.checkpoint import save_weights
from diffbgm.options import ComposeOptions
from tests.model.small_network import SMALL, eager_network
from tests.video.conftest import write_film  # noqa: F401, a fixture
from tests.video.films import texture


def test_the_piece_most_like_songs_is_kept_and_all_are_ranked(write_film, tmp_path):  # noqa: F811
    film = write_film([texture(1)] * 36 + [texture(2)] * 36)
    save_weights(tmp_path / "small.safetensors", SMALL, eager_network().state_dict())
    options = ComposeOptions(
        steps=4, style="solo_piano", checkpoint=tmp_path / "small.safetensors", seed=5
    )
    alone = compose(film, tmp_path / "alone", options)
    best = compose(film, tmp_path / "best", replace(options, best_of=3))
    ranked = best.model["candidates"]
    assert "candidates" not in alone.model
    assert len(set(ranked)) == 3
    assert best.model["chosen"] == int(np.argmax(ranked))
    kept = load_scored_film(best)
    assert likeness_of_roll(kept.roll) == ranked[best.model["chosen"]]
    assert kept.cues.plan == load_scored_film(alone).cues.plan
    assert likeness_of_roll(load_scored_film(alone).roll) == ranked[0], "the first is as if alone"
