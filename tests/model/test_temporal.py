from dataclasses import replace

import pytest
import torch

from diffbgm.model.diffusion import (
    RHYTHM_SCALE,
    alpha_sigma,
    keep_known,
    log_snr_at,
    loss,
    to_channels,
    to_estimate,
)
from diffbgm.model.temporal import CHANNELS, COLUMNS
from diffbgm.music.pianoroll import HELD, KEYS
from tests.model.small_network import conditions, small_network


def inputs(size=2, bars=2):
    noisy = torch.randn(size, CHANNELS, bars * 16, COLUMNS)
    return noisy, torch.zeros_like(noisy), torch.zeros(size, 3, bars * 16), torch.zeros(size)


def test_it_paints_logits_and_velocities():
    prediction = small_network()(*inputs(), conditions(2, 8))
    assert prediction.logits.shape == (2, CHANNELS, 32, COLUMNS)
    assert prediction.velocity.shape == (2, 3, 32, 88)
    assert 0 <= prediction.velocity.min() <= prediction.velocity.max() <= 1
    assert prediction.logits[..., :KEYS].mean() < -3  # an untrained network believes in silence


def test_dropped_streams_do_not_matter():
    network, given = small_network(), conditions(1, 8)
    other = conditions(2, 8).select(slice(1, 2))
    noisy = inputs(1)
    same = (
        network(*noisy, given.unconditional()).logits
        - network(*noisy, other.unconditional()).logits
    )
    assert same.abs().max() == 0
    assert (network(*noisy, given).logits - network(*noisy, other).logits).abs().max() > 0


def test_the_schedule_runs_from_music_to_noise():
    log_snr = log_snr_at(torch.tensor([0.0, 0.5, 1.0]))
    assert log_snr.tolist() == pytest.approx([10, 0, -10], abs=1e-4)
    alpha, sigma = alpha_sigma(log_snr)
    assert (alpha**2 + sigma**2).tolist() == pytest.approx([1, 1, 1])


def test_bar_heads_hear_the_same_sixteenth_of_all_bars_alone():
    """With bar heads only, a token attends to its like in the other bar, not to its neighbours."""
    block = small_network(bar_heads=2).blocks[0]
    tokens = torch.randn(1, 32, 32)
    rotary = torch.ones(32, 8), torch.zeros(32, 8)
    before = block._attend(tokens, rotary)
    tokens[:, 5] += 1
    changed = (block._attend(tokens, rotary) - before).abs().amax(dim=(0, 2)) > 1e-6
    assert changed.nonzero().flatten().tolist() == [5, 21]


def test_a_roll_becomes_onsets_sustains_and_their_rhythm():
    roll = torch.zeros(1, 4, 3, 88, dtype=torch.uint8)
    roll[0, 0, 1, 30] = 99
    roll[0, 1:3, 1, 30] = HELD
    channels = to_channels(roll)
    assert channels.shape == (1, 6, 4, COLUMNS)
    assert channels[0, 1, :, 30].tolist() == [1, -1, -1, -1]
    assert channels[0, 4, :, 30].tolist() == [-1, 1, 1, -1]
    assert channels[..., :KEYS].sum() == 2 * 3 - 6 * 4 * KEYS
    rhythm = channels[0, :, :, KEYS] / RHYTHM_SCALE
    assert rhythm[1].tolist() == [1, -1, -1, -1]
    assert rhythm[4].tolist() == [-1, 1, 1, -1]
    assert rhythm.sum() == 2 * 3 - 6 * 4


def test_sure_logits_are_the_clean_roll_and_doubtful_ones_lie_between():
    roll = torch.randint(0, 129, (1, 32, 3, 88), dtype=torch.uint8)
    clean, known = to_channels(roll), torch.zeros(1, 3, 32)
    torch.testing.assert_close(to_estimate(clean * 50, clean, known), clean)
    doubt = torch.zeros_like(clean)
    assert to_estimate(doubt, clean, known).abs().max() == 0
    assert torch.equal(to_estimate(doubt, clean, known + 1), clean)


def test_known_cells_stay_clean():
    clean, noisy = torch.ones(1, 6, 4, 88), torch.zeros(1, 6, 4, 88)
    known = torch.zeros(1, 3, 4)
    known[0, 2, 1] = 1
    kept = keep_known(noisy, clean, known)
    assert kept[0, 2, 1].eq(1).all()
    assert kept[0, 5, 1].eq(1).all()
    assert kept.sum() == 2 * 88


def test_what_is_known_costs_nothing():
    roll = torch.randint(0, 129, (2, 32, 3, 88), dtype=torch.uint8)
    time = torch.full((2,), 0.5)
    known = torch.ones(2, 3, 32)
    assert loss(small_network(), roll, known, conditions(2, 8), time).tolist() == [0, 0]
    assert loss(small_network(), roll, known * 0, conditions(2, 8), time).min() > 0


def test_a_chord_is_heard_where_it_sounds():
    """A new layer of chords says nothing; a trained one moves what is painted."""
    network, noisy = small_network(), inputs(1)
    one = conditions(1, 8)
    other = replace(one, chord=1 - one.chord)
    assert torch.equal(network(*noisy, one).logits, network(*noisy, other).logits)
    with torch.no_grad():
        network.chord.weight += 0.1 * torch.randn_like(network.chord.weight)
    assert not torch.equal(network(*noisy, one).logits, network(*noisy, other).logits)
