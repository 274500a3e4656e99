"""The melody as a chain: how likely each key is at an onset, given the onsets around it.

A network judges every onset by itself, and keys that are likely one by one make leaps that nobody
sings. Here the onsets of the melody are a chain: what the network says of each, times how much more
(or less) often songs go from one key to the next, by the time between them, than if their notes
followed one another by chance (pointwise mutual information: nothing is counted twice). The
posterior marginals are exact, by forward and backward messages (Rabiner 1989). Knows no network.
"""

import json
from functools import cache
from importlib.resources import files

import numpy as np
import torch
from torch import Tensor

from diffbgm.music.pianoroll import KEYS, TRACKS

MELODY = TRACKS.index("MELODY")
# In logits, by the size of a step (up to so many semitones). The network knows all onsets when it
# judges one, so that what both know counts twice: without this a third of the steps were repeated
# notes, where a quarter is (24 windows of validation songs).
SIZE_CORRECTION = {0: -0.3, 2: 0.1, 4: 0.15, 7: 0.25, KEYS: 0.0}
# Probabilities are kept this far from 0 and 1, so that their logits are finite.
_LEAST = 1e-5


def sing(logits: Tensor, clean: Tensor, known: Tensor) -> Tensor:
    """Logits (S, C, T, COLUMNS) whose melody's onsets are one chain; all else stays.

    An onset is a sixteenth at which the rhythm is on. Where `known` (S, 3, T) is 1 the melody is
    that of `clean` (S, C, T, COLUMNS), and its neighbours follow it.
    """
    is_known = known[:, MELODY].bool().cpu().numpy()
    own = logits[:, MELODY].float().cpu()
    given = clean[:, MELODY].cpu().numpy() > 0
    is_struck = np.where(is_known, given[..., KEYS], own[..., KEYS].numpy() > 0)  # (S, T)
    likely = own[..., :KEYS].softmax(dim=-1).numpy()  # (S, T, 88)
    likely = np.where(is_known[..., None], _highest(given[..., :KEYS]), likely)
    takes, places = np.nonzero(is_struck)
    if not len(takes):
        return logits
    found = np.zeros_like(likely)
    found[takes, places] = _posterior(likely, is_struck)
    sung = torch.from_numpy(found) * torch.sigmoid(own[..., KEYS:])
    is_free = torch.from_numpy(is_struck & ~is_known)[..., None]
    keys = torch.where(is_free, torch.logit(sung, _LEAST), own[..., :KEYS])
    result = logits.clone()
    result[:, MELODY, :, :KEYS] = keys.to(logits)
    return result


def marginals(likely: np.ndarray, link: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Posterior probabilities (S, N, K) of the states of chains.

    `likely` (S, N, K) says how likely each state is by itself, up to a factor; `link` (S, N - 1)
    which of `tables` (G, K, K), all above 0, joins a state to the next.
    """
    takes, length, _ = likely.shape
    # Forward messages go through the tables from the first onset on, backward messages through
    # their transposes from the last one back: both in one loop.
    through = np.concatenate([tables, tables.transpose(0, 2, 1)])
    turn = np.concatenate([link, link[:, ::-1] + len(tables)])  # (2 S, N - 1)
    local = np.concatenate([likely, likely[:, ::-1]])  # (2 S, N, K)
    message = np.ones_like(local)
    for onset in range(1, length):
        sent = (local[:, onset - 1] * message[:, onset - 1])[:, None] @ through[turn[:, onset - 1]]
        message[:, onset] = sent[:, 0] / sent.sum(axis=2)
    product = likely * message[:takes] * message[takes:, ::-1]
    return product / product.sum(axis=2, keepdims=True)


def _posterior(likely: np.ndarray, is_struck: np.ndarray) -> np.ndarray:
    """Posterior (onsets of all takes, 88) of keys (S, T, 88) where something is struck (S, T)."""
    counts = is_struck.sum(axis=1)
    order = np.argsort(~is_struck, axis=1, kind="stable")[:, : counts.max()]  # onsets come first
    is_onset = np.arange(counts.max()) < counts[:, None]
    chain = np.take_along_axis(likely, order[..., None], axis=1)
    chain[~is_onset] = 1 / KEYS
    link = np.searchsorted(_gaps(), np.diff(order, axis=1))
    # What fills the shorter chains is joined to nothing: the last table.
    link[~is_onset[:, 1:]] = len(_tables()) - 1
    return marginals(chain, link, _tables())[is_onset]


def _highest(is_on: np.ndarray) -> np.ndarray:
    """1 for the highest key that is on, 0 for all others; (..., 88)."""
    above = np.cumsum(is_on[..., ::-1], axis=-1)[..., ::-1]
    return (is_on & (above == 1)).astype(np.float32)


@cache
def _gaps() -> np.ndarray:
    """The most sixteenths between two onsets that each table but the last two is for."""
    return np.array(_intervals()["gaps"])


@cache
def _tables() -> np.ndarray:
    """How much more often a key (row) goes to a key (column) than by chance, by gap; (G, 88, 88).

    The last but one is for longer gaps, the last joins what does not belong together.
    """
    log_ratio = np.array(_intervals()["log_ratio"], np.float32)  # (G - 1, intervals)
    widest = log_ratio.shape[1] // 2
    keys = np.arange(KEYS)
    interval = np.clip(keys[None, :] - keys[:, None], -widest, widest)
    largest, correction = np.array(list(SIZE_CORRECTION.items()), np.float32).T
    log_ratio += correction[np.searchsorted(largest, np.abs(np.arange(-widest, widest + 1)))]
    by_chance = np.ones((1, KEYS, KEYS), np.float32)
    return np.concatenate([np.exp(log_ratio[:, interval + widest]), by_chance])


def _intervals() -> dict[str, list]:
    return json.loads(files("diffbgm.model").joinpath("intervals.json").read_text())
