"""The melody's chain against enumeration, and what of a sample it may change."""

from itertools import product

import numpy as np
import pytest
import torch

from diffbgm.model.diffusion import to_channels
from diffbgm.model.melody_chain import MELODY, marginals, sing
from diffbgm.model.temporal import CHANNELS, COLUMNS
from diffbgm.music.pianoroll import KEYS, from_notes


def enumerated(likely: np.ndarray, link: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Marginals (N, K) of one chain, by adding up every path."""
    length, states = likely.shape
    total = np.zeros((length, states))
    for path in product(range(states), repeat=length):
        weight = np.prod([likely[place, state] for place, state in enumerate(path)])
        for place in range(length - 1):
            weight *= tables[link[place], path[place], path[place + 1]]
        total[np.arange(length), path] += weight
    return total / total.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_marginals_are_those_of_all_paths(length):
    rng = np.random.default_rng(length)
    likely = rng.random((3, length, 4))
    likely[1, length // 2] = [0, 0, 1, 0]  # a known note
    tables, link = rng.random((2, 4, 4)) + 0.01, rng.integers(0, 2, (3, length - 1))
    found = marginals(likely, link, tables)
    for take in range(3):
        assert found[take] == pytest.approx(enumerated(likely[take], link[take], tables))


def undecided(onsets: dict[int, dict[int, float]], sixteenths: int = 32) -> torch.Tensor:
    """Logits (1, C, T, COLUMNS) of a melody struck at `onsets`, with what speaks for its keys."""
    logits = torch.full((1, CHANNELS, sixteenths, COLUMNS), -9.0)
    for onset, keys in onsets.items():
        logits[0, MELODY, onset, KEYS] = 6
        for key, logit in keys.items():
            logits[0, MELODY, onset, key] = logit
    return logits


def nothing_known(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return -torch.ones_like(logits), torch.zeros(len(logits), 3, logits.shape[2])


def chosen(logits: torch.Tensor, onset: int) -> int:
    return int(logits[0, MELODY, onset, :KEYS].argmax())


def test_a_leap_gives_way_to_a_step():
    logits = undecided({0: {40: 3}, 4: {55: 1.2, 42: 1}, 8: {43: 3}})
    sung = sing(logits, *nothing_known(logits))
    assert chosen(logits, 4) == 55
    assert chosen(sung, 4) == 42


def test_a_leap_that_the_network_is_sure_of_stays():
    logits = undecided({0: {40: 3}, 4: {52: 9, 42: -4}, 8: {43: 3}})
    assert chosen(sing(logits, *nothing_known(logits)), 4) == 52


def test_known_notes_bind_their_neighbours_and_stay():
    logits = undecided({4: {30: 1, 45: 0.9}, 8: {30: 1, 45: 0.9}})
    given = torch.from_numpy(from_notes(np.array([[0, 4, 21 + 45, 90, 0], [12, 4, 66, 90, 0]]), 32))
    known = torch.zeros(1, 3, 32)
    known[:, MELODY, :4] = known[:, MELODY, 12:] = 1
    sung = sing(logits, to_channels(given[None]), known)
    assert chosen(logits, 4) == 30
    assert chosen(sung, 4) == chosen(sung, 8) == 45
    assert torch.equal(sung[..., :4, :], logits[..., :4, :])
    assert torch.equal(sung[..., 12:, :], logits[..., 12:, :])


def test_nothing_but_the_keys_of_the_melody_s_onsets_changes():
    logits = undecided({0: {40: 3}, 4: {55: 1.2, 42: 1}})
    sung = sing(logits, *nothing_known(logits))
    assert torch.equal(sung[0, MELODY, [0, 4], KEYS], logits[0, MELODY, [0, 4], KEYS])
    logits[0, MELODY, [0, 4]] = sung[0, MELODY, [0, 4]] = 0
    assert torch.equal(sung, logits)
    assert torch.equal(sing(logits, *nothing_known(logits)), logits)


def test_a_take_sounds_the_same_alone_and_beside_a_longer_one():
    short = undecided({0: {40: 3}, 4: {55: 1.2, 42: 1}})
    longer = undecided({onset: {40: 1, 47: 2} for onset in range(0, 32, 4)})
    both = torch.cat([short, longer])
    together = sing(both, *nothing_known(both))
    for take, one in enumerate((short, longer)):
        alone = sing(one, *nothing_known(one))
        assert torch.allclose(together[take], alone[0], atol=1e-4)
