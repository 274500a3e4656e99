"""The default network over a whole piece, as a `solver.Denoiser`.

At every noise level the windows' predictions are averaged where they overlap, so a long piece is
one piece without seams. Here are guidance, the known cells of inpainting, and the theme: bars that
show the same bar of it are kept alike until its outline stands, like the bar that sounded before
this piece where there was one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffbgm.model.chromatic import chromatic_shift
from diffbgm.model.diffusion import (
    alpha_sigma,
    keep_known,
    log_snr_at,
    to_channels,
    to_estimate,
)
from diffbgm.model.melody_chain import sing
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.precision import autocast
from diffbgm.model.rhythm import follow_rhythm, with_polyphony
from diffbgm.model.solver import Estimate
from diffbgm.model.temporal import NO_KEY, Conditions, Prediction, TimeTokenNetwork
from diffbgm.model.windows import Batch, Windows
from diffbgm.music.chord_rows import CHORD_WIDTH
from diffbgm.music.pianoroll import BEATS_PER_BAR, KEYS, SIXTEENTHS_PER_BAR, TRACKS

# Guidance acts between these times, at the noisier one too; outside it costs a forward pass and
# changes little.
GUIDED_TIMES = (0.25, 0.9)
# Down to this time the bars that show the same bar of the theme are kept alike: its outline
# returns; what is decided later varies it.
THEME_UNTIL = 0.35
WINDOWS_AT_ONCE = 16
# More are no faster there, and who waits hears nothing meanwhile.
WINDOWS_AT_ONCE_ON_PROCESSOR = 4


@dataclass(frozen=True)
class RollEstimate(Estimate):
    """The estimate of the clean channels (S, 6, T, COLUMNS), and what it was made of."""

    prediction: Prediction


@dataclass(frozen=True)
class KnownCells:
    """Channels (S, 6, T, COLUMNS) of which the cells where `mask` (S, 3, T) is 1 stay."""

    clean: Tensor
    mask: Tensor

    def keep(self, x: Tensor) -> Tensor:
        return keep_known(x, self.clean, self.mask)


class TimeTokenDenoiser:
    """Sees the clean channels of a piece in noisy ones, for several takes at once."""

    def __init__(
        self,
        network: TimeTokenNetwork,
        piece: PieceConditions,
        takes: int,
        guidance: float,
        given: np.ndarray | None = None,
        known: np.ndarray | None = None,
        alive: Callable[[], None] = lambda: None,
        windows_at_once: int | None = None,
    ) -> None:
        """`given` (4 B, 3, 88) stays where `known` (3, 4 B) is true.

        `alive` is called before every pass through the network; it may raise to stop. As many
        windows go through at once as are quick there, unless `windows_at_once` says how many.
        """
        self.network = network
        self.takes = takes
        self.guidance = guidance
        self.device = next(network.parameters()).device
        on_processor = self.device.type == "cpu"
        quick = WINDOWS_AT_ONCE_ON_PROCESSOR if on_processor else WINDOWS_AT_ONCE
        self.windows_at_once = windows_at_once or quick
        bars = len(piece.dynamic) // BEATS_PER_BAR
        self.windows = Windows(bars, network.config.window_bars, self.device)
        self.conditions = self._window_conditions(piece)
        self.known = self._known_cells(given, known)
        self.theme = _theme_rows(piece.theme)
        self.recalled = {
            number: to_channels(torch.from_numpy(bar)[None]).to(self.device)
            for number, bar in piece.recalled.items()
        }
        self.recalled_noise: dict[int, Tensor] = {}
        self.alive = alive
        self.chromatic = self._chromatic(piece)
        times = torch.tensor([GUIDED_TIMES[1], GUIDED_TIMES[0], THEME_UNTIL], device=self.device)
        self.guided_from, self.guided_until, self.theme_until = log_snr_at(times)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, sixteenths and columns of what is sampled for one take."""
        channels, sixteenths, columns = self.known.clean.shape[1:]
        return channels, sixteenths, columns

    def __call__(self, x: Tensor, log_snr: Tensor, last: RollEstimate | None) -> RollEstimate:
        """x (S, 6, T, COLUMNS); the network sees its last estimate beside it."""
        estimate = torch.zeros_like(x) if last is None else last.clean
        is_guided = bool(self.guided_from <= log_snr < self.guided_until)
        guidance = self.guidance if is_guided else 1.0

        def predict(batch: Batch) -> tuple[Tensor, Tensor]:
            prediction = self._guided(
                self.windows.cut(x, batch),
                self.windows.cut(estimate, batch),
                self.windows.cut(self.known.mask, batch),
                log_snr,
                self._conditions_of(batch),
                guidance,
            )
            return prediction.logits, prediction.velocity

        logits, velocity = self.windows.average(self.takes, self.windows_at_once, predict)
        logits += self.network.calibration
        logits[..., :KEYS] += self.chromatic
        logits = sing(follow_rhythm(logits), self.known.clean, self.known.mask)
        clean = to_estimate(logits, self.known.clean, self.known.mask)
        return RollEstimate(clean, Prediction(logits, velocity))

    def start(self, noise: Tensor, log_snr: Tensor) -> Tensor:
        """x at the noisiest level, from noise (S, 6, T, COLUMNS)."""
        self.recalled_noise = {bar: noise[:, :, self.theme[bar][:1]] for bar in self.recalled}
        return self.constrain(noise, log_snr, log_snr)

    def constrain(self, x: Tensor, before: Tensor, log_snr: Tensor) -> Tensor:
        """Bars alike that show the same bar of the theme, and known cells clean."""
        if before < self.theme_until:
            x = _repeat(self._recall(x, log_snr), self.theme)
        return self.known.keep(x)

    def _recall(self, x: Tensor, log_snr: Tensor) -> Tensor:
        """x with the first bars that show what sounded before as that is at the noise level."""
        x = x.clone()
        alpha, sigma = alpha_sigma(log_snr)
        for bar, clean in self.recalled.items():
            x[:, :, self.theme[bar][:1]] = (
                alpha * clean[:, :, None] + sigma * self.recalled_noise[bar]
            )
        return x

    def _guided(
        self,
        x: Tensor,
        estimate: Tensor,
        known: Tensor,
        log_snr: Tensor,
        conditions: Conditions,
        guidance: float,
    ) -> Prediction:
        """Classifier-free guidance (Ho and Salimans 2022) on the logits."""
        log_snr = log_snr.expand(len(x))
        self.alive()
        with autocast(self.device):
            prediction = self.network(x, estimate, known, log_snr, conditions)
            if guidance == 1.0:
                return prediction
            self.alive()
            unconditional = self.network(x, estimate, known, log_snr, conditions.unconditional())
        logits = unconditional.logits + guidance * (prediction.logits - unconditional.logits)
        return Prediction(with_polyphony(logits, prediction.logits), prediction.velocity)

    def _conditions_of(self, batch: Batch) -> Conditions:
        return self.conditions.select(torch.tensor(batch.windows, device=self.device))

    def _window_conditions(self, piece: PieceConditions) -> Conditions:
        """The conditions of every window."""
        cut, count = self.windows.of_beats, len(self.windows)
        key = NO_KEY if piece.key_signature is None else piece.key_signature
        present = torch.ones(count, dtype=torch.bool, device=self.device)
        return Conditions(
            cut(piece.dynamic.astype(np.float32)),
            cut(piece.semantic.astype(np.float32)),
            cut(piece.segment.astype(np.int64)),
            torch.full((count,), key, device=self.device),
            present,
            present,
            cut(_chords(piece)),
        )

    def _chromatic(self, piece: PieceConditions) -> Tensor:
        """`chromatic_shift` of all sixteenths (T, 88)."""
        shift = chromatic_shift(_chords(piece), piece.key_signature)
        missing = self.windows.sixteenths - len(shift)
        return torch.nn.functional.pad(shift, (0, 0, 0, missing)).to(self.device)

    def _known_cells(self, given: np.ndarray | None, known: np.ndarray | None) -> KnownCells:
        sixteenths = self.windows.sixteenths
        roll = np.zeros((sixteenths, len(TRACKS), KEYS), np.uint8)
        mask = np.zeros((len(TRACKS), sixteenths), np.float32)
        if given is not None and known is not None:
            roll[: len(given)] = given
            mask[:, : known.shape[1]] = known
        clean = to_channels(torch.from_numpy(roll)[None]).to(self.device)
        on_device = torch.from_numpy(mask)[None].to(self.device)
        return KnownCells(
            clean.expand(self.takes, -1, -1, -1), on_device.expand(self.takes, -1, -1)
        )


def _chords(piece: PieceConditions) -> np.ndarray:
    """Condition rows (B, 37) of a piece; zeros where it has no chords."""
    if piece.chord is None:
        return np.zeros((len(piece.dynamic), CHORD_WIDTH), np.float32)
    return piece.chord.astype(np.float32)


def _theme_rows(theme: np.ndarray | None) -> list[Tensor]:
    """For every bar of the theme, the sixteenths (times, 16) of the bars that show it."""
    if theme is None:
        return []
    shown = [np.flatnonzero(theme == bar) for bar in range(theme.max() + 1)]
    in_bar = torch.arange(SIXTEENTHS_PER_BAR)
    return [torch.from_numpy(bars)[:, None] * SIXTEENTHS_PER_BAR + in_bar for bars in shown]


def _repeat(x: Tensor, theme: list[Tensor]) -> Tensor:
    """x (S, 6, T, COLUMNS), all bars that show the same bar of the theme as the first of them;
    in place."""
    for rows in theme:
        x[:, :, rows] = x[:, :, rows[:1]]
    return x
