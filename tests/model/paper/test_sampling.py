"""Pieces by the paper's network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffbgm.model.paper.sampling import WindowedNoise, feature_sources, sample
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.music.pianoroll import from_notes
from diffbgm.options import Sampling
from tests.model.paper.small_paper import SMALL_PAPER, small_paper
from tests.model.small_network import piece

pytestmark = pytest.mark.slow

QUICK = Sampling(steps=4)


class Eager(torch.nn.Module):
    """Sees notes in whatever it is shown, the more the brighter the picture is, and knows exactly
    how much noise covers them: half of the sixteenths of middle C and of low C."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SMALL_PAPER
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.batches: list[int] = []
        self.schedule = small_paper().schedule

    def forward(self, x, step, visual, language):
        self.batches.append(len(x))
        clean = torch.zeros_like(x)
        clean[:, 0, ::4, [48, 60]] = 1
        clean[:, 1, 1::4, [48, 60]] = 1
        alpha_bar = self.schedule().alpha_bar[step].float()[:, None, None, None]
        return (x - alpha_bar.sqrt() * clean) / (1 - alpha_bar).sqrt()


@pytest.mark.parametrize("beats", [4, 32, 52])
def test_pieces_of_any_number_of_bars(beats) -> None:
    rolls = sample(Eager(), piece(beats), [1, 2], QUICK)
    assert rolls.shape == (2, 4 * beats, 3, 88)
    for roll in rolls:
        assert (roll[::4, 0, 60 - 21] == 80).all()  # the melody
        assert (roll[::4, 2, 48 - 21] == 80).all()  # and what is below it
        assert np.count_nonzero(roll) == 4 * beats


def test_long_pieces_are_one_piece_without_seams() -> None:
    """What every window predicts alike stays, wherever windows overlap."""
    rows = np.zeros((52, 16), np.float32), np.zeros((52, 24), np.float32)
    network = Eager()
    x = torch.randn(2, 2, 208, 128, generator=torch.Generator().manual_seed(0))
    noise = WindowedNoise(network, *rows)(x, torch.tensor([500, 500]))
    expected = network(x, torch.tensor([500, 500]), None, None)
    torch.testing.assert_close(noise, expected, atol=1e-4, rtol=1e-4)
    assert network.batches[0] == 6  # both takes, three windows each


def test_a_window_is_conditioned_on_its_own_beats() -> None:
    network = small_paper()
    visual = np.zeros((64, 16), np.float32)
    language = np.zeros((64, 24), np.float32)
    x = torch.zeros(1, 2, 256, 128)
    at = torch.tensor([900])
    before = WindowedNoise(network, visual, language)(x, at)
    changed = language.copy()
    changed[48:] = 1
    after = WindowedNoise(network, visual, changed)(x, at)
    differs = (before != after).flatten(0, 1).any(dim=2).any(dim=0)  # (T,)
    assert not differs[: 32 * 4].any()  # in the last window alone
    assert differs[48 * 4 :].all()


def test_what_is_known_stays_to_the_bit_and_seeds_differ_elsewhere() -> None:
    random = np.random.default_rng(0)
    notes = np.stack(
        [random.integers(0, 160, 200), random.integers(1, 9, 200), random.integers(30, 90, 200),
         random.integers(1, 128, 200), random.integers(0, 3, 200)], axis=1,
    )  # fmt: skip
    given = from_notes(notes, 160)
    known = np.ones((3, 160), bool)
    known[:, 64:96] = False
    network = small_paper()
    rolls = sample(network, piece(40), [1, 2, 1], QUICK, given, known)
    for roll in rolls:
        assert np.array_equal(roll[:64], given[:64])
        assert np.array_equal(roll[96:], given[96:])
    assert np.array_equal(rolls[0], rolls[2])
    assert not np.array_equal(rolls[0], rolls[1])


def test_conditions_change_the_music() -> None:
    conditions = piece(32)
    other = PieceConditions(1 - conditions.dynamic, 1 - conditions.semantic, conditions.segment)
    network = small_paper()
    first, again, differently = (
        sample(network, one, [3], QUICK) for one in (conditions, conditions, other)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, differently)


def test_clips_embeddings_stand_for_the_picture_where_they_are_as_wide() -> None:
    network, conditions = small_paper(), piece(32)
    without = sample(network, conditions, [3], QUICK)
    for width, is_used in ((16, True), (512, False)):
        embeddings = np.ones((32, width), np.float32)
        shown = sample(
            network,
            replace(conditions, image_embeddings=embeddings, caption_embeddings=embeddings),
            [3],
            QUICK,
        )
        assert np.array_equal(shown, without) != is_used
        source = feature_sources(network, embeddings)["visual_features"]
        assert source == ("CLIP embeddings of the picture" if is_used else "dynamic stream")
    assert feature_sources(network, None)["visual_features"] == "dynamic stream"


def test_all_steps_are_taken_by_the_whole_sampler() -> None:
    network, fractions = Eager(), []
    sample(network, piece(4), [0], Sampling(steps=1000), progress=fractions.append)
    assert len(network.batches) == 1000
    assert fractions[-1] == 1
