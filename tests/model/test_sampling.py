from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from diffbgm.errors import OptionError
from diffbgm.model.checkpoint import default_checkpoint, load_network
from diffbgm.model.diffusion import alpha_sigma
from diffbgm.model.sampling import sample
from diffbgm.model.solver import solver_step
from diffbgm.music.pianoroll import HELD, from_notes, to_notes
from diffbgm.options import Sampling
from diffbgm.progress import sketched
from tests.model.small_network import eager_network, piece

QUICK = Sampling(steps=4, guidance=1.5)


@pytest.fixture
def eager():
    return eager_network()


def test_the_same_seed_gives_the_same_notes(eager):
    first, again = (sample(eager, piece(16), [7, 8], QUICK) for _ in range(2))
    assert first.shape == (2, 64, 3, 88)
    assert len(to_notes(first[0])) > 0
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_whoever_watches_sees_rolls_and_changes_none(eager):
    seen = []
    with sketched(seen.append):
        watched = sample(eager, piece(16), [7, 8], QUICK)
    assert np.array_equal(watched, sample(eager, piece(16), [7, 8], QUICK))
    assert [sketch.shape for sketch in seen[:1]] == [(64, 3, 88)]


def test_a_seed_gives_the_same_notes_alone_and_in_company(eager):
    alone = sample(eager, piece(16), [8], QUICK)
    assert np.array_equal(alone[0], sample(eager, piece(16), [7, 8], QUICK)[1])


def test_what_is_known_stays_to_the_note(eager):
    given = from_notes(np.array([[0, 6, 60, 90, 0], [40, 4, 48, 70, 2]]), 64)
    known = np.ones((3, 64), bool)
    known[:, 16:32] = False
    (roll,) = sample(eager, piece(16), [1], QUICK, given, known)
    assert np.array_equal(roll[:16], given[:16])
    assert np.array_equal(roll[32:], given[32:])
    assert roll[16:32].any()


def test_held_keys_were_struck(eager):
    (roll,) = sample(eager, piece(16), [3], QUICK)
    begins = roll[1:][(roll[1:] == HELD) & (roll[:-1] == 0)]
    assert len(begins) == 0
    assert not (roll[0] == HELD).any()


@pytest.mark.parametrize("beats", [4, 8, 12, 40])
def test_pieces_of_any_number_of_bars(eager, beats):
    assert sample(eager, piece(beats, None), [1], QUICK).shape == (1, 4 * beats, 3, 88)


def test_a_perfect_guess_leads_to_itself():
    """With D = x0 known, steps without end of noise arrive at x0."""
    clean = torch.tensor([1.0, -1.0, 1.0])
    levels = torch.linspace(-5, 5, 200)
    x = torch.randn(3)
    for now, following in pairwise(levels):
        x = solver_step(x, clean, now, following - now, torch.randn(3))
    alpha, sigma = alpha_sigma(2 * levels[-1])
    assert ((x - alpha * clean).abs() < 5 * sigma).all()


@pytest.mark.slow
def test_a_theme_returns_varied():
    """Four bars at the start, and again from bar 10 on: the same outline, other notes in it."""
    network = load_network(default_checkpoint(), torch.device("cpu"))
    shown = np.full(16, -1)
    shown[:4] = shown[10:14] = range(4)
    (roll,) = sample(network, replace(piece(64), theme=shown), [5], Sampling(10, 1.5))
    bars = roll.reshape(16, -1) > 0
    again = _shared(bars[:4], bars[10:14])
    assert again > 2 * _shared(bars[4:8], bars[10:14])
    assert 0.3 < again < 1


def _shared(one, other):
    """F1 of the sounding cells of two stretches."""
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_progress_can_stop_it(eager):
    fractions = []

    def stop(fraction):
        fractions.append(fraction)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(eager, piece(8), [1], QUICK, progress=stop)
    assert fractions == [0.0]


def test_there_is_a_word_of_progress_before_every_pass_through_the_network(eager):
    """40 bars have 39 windows, of which four go through the network at once."""
    fractions = []
    sample(eager, piece(160), [1], QUICK, progress=fractions.append)
    batches, guided = 10, fractions.count(0.25) - 1
    assert guided == 2 * batches
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize("wrong", [{"steps": 1}, {"guidance": -1}, {"guidance": float("nan")}])
def test_impossible_options(wrong):
    with pytest.raises(OptionError):
        Sampling(**wrong)
