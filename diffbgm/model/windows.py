"""Windows half a window apart over a whole piece, cut out of it and put together again.

Where windows overlap, their predictions are averaged, and weigh the more the nearer a cell lies to
the middle of its window: so a long piece has no seams. Knows no network and no diffusion.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR


class Batch(NamedTuple):
    """Windows that go through a network at once: their takes and numbers, in the same order."""

    takes: list[int]
    windows: list[int]


class Windows:
    """The windows of `window_bars` each over a piece of `bars`, on a device.

    A piece shorter than a window is treated as if it filled one.
    """

    def __init__(self, bars: int, window_bars: int, device: torch.device) -> None:
        self.device = device
        bars = max(bars, window_bars)
        self.starts = window_starts(bars, window_bars)
        self.beats = window_bars * BEATS_PER_BAR
        self.sixteenths = bars * SIXTEENTHS_PER_BAR  # of the whole piece
        length = window_bars * SIXTEENTHS_PER_BAR
        centre = torch.arange(length, device=device) + 0.5
        self._weight = (torch.minimum(centre, length - centre) / length)[:, None]  # (T, 1)

    def __len__(self) -> int:
        return len(self.starts)

    def of_beats(self, rows: np.ndarray) -> Tensor:
        """Rows a beat (B, ...) of the piece as those of every window: (W, beats, ...).

        Where the piece is shorter than a window, its last row is repeated.
        """
        missing = max(self.beats - len(rows), 0)
        rows = np.pad(rows, [(0, missing)] + [(0, 0)] * (rows.ndim - 1), mode="edge")
        firsts = [start * BEATS_PER_BAR for start in self.starts]
        windows = np.stack([rows[first : first + self.beats] for first in firsts])
        return torch.from_numpy(windows).to(self.device)

    def batches(self, takes: int, at_once: int) -> Iterator[Batch]:
        """Every window of every take, `at_once` of them at most."""
        pairs = [(take, window) for take in range(takes) for window in range(len(self))]
        for first in range(0, len(pairs), at_once):
            chosen = pairs[first : first + at_once]
            yield Batch([take for take, _ in chosen], [window for _, window in chosen])

    def cut(self, x: Tensor, batch: Batch) -> Tensor:
        """What windows hold of x (S, C, T, ...): (len, C, T of a window, ...)."""
        pairs = zip(*batch, strict=True)
        return torch.stack([x[take, :, self._cells(window)] for take, window in pairs])

    def average(
        self, takes: int, at_once: int, predict: Callable[[Batch], Sequence[Tensor]]
    ) -> list[Tensor]:
        """The predictions for whole pieces, (S, C, T, K) each.

        `predict` returns them for a batch, (len, C, T of a window, K) each.
        """
        totals: list[Tensor] = []
        for batch in self.batches(takes, at_once):
            predictions = predict(batch)
            totals = totals or [self._zeros(takes, one) for one in predictions]
            for total, prediction in zip(totals, predictions, strict=True):
                self._add(total, batch, prediction)
        weight = self._total_weight()
        return [total / weight for total in totals]

    def _zeros(self, takes: int, prediction: Tensor) -> Tensor:
        _, channels, _, keys = prediction.shape
        return prediction.new_zeros(takes, channels, self.sixteenths, keys)

    def _add(self, total: Tensor, batch: Batch, prediction: Tensor) -> None:
        for take, window, one in zip(*batch, prediction, strict=True):
            total[take, :, self._cells(window)] += one * self._weight

    def _total_weight(self) -> Tensor:
        weight = torch.zeros(self.sixteenths, 1, device=self.device)
        for window in range(len(self)):
            weight[self._cells(window)] += self._weight
        return weight

    def _cells(self, window: int) -> slice:
        first = self.starts[window] * SIXTEENTHS_PER_BAR
        return slice(first, first + len(self._weight))


def window_starts(bars: int, window_bars: int) -> list[int]:
    """First bars of windows that cover `bars`, half a window apart, the last flush."""
    starts = list(range(0, bars - window_bars, window_bars // 2))
    return [*starts, bars - window_bars]


def keep_given(rolls: np.ndarray, given: np.ndarray | None, known: np.ndarray | None) -> np.ndarray:
    """`rolls` (S, T, 3, 88), but `given` (T, 3, 88) where `known` (3, T) is true."""
    if given is None or known is None:
        return rolls
    return np.where(known.T[None, :, :, None].astype(bool), given[None], rolls)
