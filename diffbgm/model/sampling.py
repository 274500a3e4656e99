"""From noise to a roll: DPM-Solver++ over overlapping windows that are denoised together.

Every solver step the windows' logits are averaged where they overlap, so a long piece is one piece
without seams; bars that show the theme are denoised alike until their outline stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from diffbgm.model.diffusion import keep_known, log_snr_at, to_channels, to_estimate
from diffbgm.model.melody_chain import sing
from diffbgm.model.rhythm import follow_rhythm, held_keys, struck_keys
from diffbgm.model.solver import SeededNoise, second_order, solver_step
from diffbgm.model.temporal import NO_KEY, Conditions, Prediction, TimeTokenNetwork
from diffbgm.model.windows import Windows, keep_given
from diffbgm.music.chord_rows import CHORD_WIDTH
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    HELD,
    KEYS,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    TRACKS,
)
from diffbgm.options import Sampling

# Guidance acts between these times; outside it costs a forward pass and changes little.
GUIDED_TIMES = (0.25, 0.9)
# Down to this time the bars that show the same bar of the theme are denoised alike: its outline
# returns; what is denoised later varies it.
THEME_UNTIL = 0.35
WINDOWS_AT_ONCE = 16


@dataclass(frozen=True)
class Piece:
    """The conditions of a piece, from a downbeat on: dynamic (B, 6), semantic (B, 3), segment (B,);
    key_signature 0..11 or None (the network chooses); B a whole number of bars. `theme` (bars,)
    says which bar of the theme each bar shows, or -1. `image_embeddings` and `caption_embeddings`,
    (B, width) float32 where CLIP is installed, are for the paper's network. `chord` (B, 37)
    as `music.chord_rows` has it, or None: the network chooses."""

    dynamic: np.ndarray
    semantic: np.ndarray
    segment: np.ndarray
    key_signature: int | None = None
    theme: np.ndarray | None = None
    image_embeddings: np.ndarray | None = None
    caption_embeddings: np.ndarray | None = None
    chord: np.ndarray | None = None

    def between(self, beats: slice) -> "Piece":
        """A stretch of it, by itself: without the theme of the whole."""
        rows = (self.dynamic[beats], self.semantic[beats], self.segment[beats])
        images, captions = self.image_embeddings, self.caption_embeddings
        return Piece(
            *rows,
            self.key_signature,
            image_embeddings=None if images is None else images[beats],
            caption_embeddings=None if captions is None else captions[beats],
            chord=None if self.chord is None else self.chord[beats],
        )


def sample(
    network: TimeTokenNetwork,
    piece: Piece,
    seeds: list[int],
    wanted: Sampling,
    given: np.ndarray | None = None,
    known: np.ndarray | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> np.ndarray:
    """Rolls (len(seeds), 4 B, 3, 88), one a seed; see `music.pianoroll` for the values.

    Where `known` (3, 4 B) is true, the roll `given` (4 B, 3, 88) stays as it is. Shorter pieces
    than a window are carried on to fill one and cut off again.
    """
    window = network.config.window_bars * BEATS_PER_BAR
    beats = len(piece.dynamic)
    missing = max(window - beats, 0)
    device = next(network.parameters()).device
    denoiser = _Denoiser(network, _extended(piece, missing), len(seeds), device)
    sixteenths = (beats + missing) * SIXTEENTHS_PER_BEAT
    clean, mask = _known_cells(given, known, sixteenths, len(seeds), device)
    theme = _theme_rows(piece)
    prediction = _denoise(denoiser, clean, mask, theme, seeds, wanted, progress)
    rolls = _to_rolls(prediction)[:, : beats * SIXTEENTHS_PER_BEAT]
    return keep_given(rolls, given, known)


def _denoise(
    denoiser: "_Denoiser",
    clean: Tensor,
    known: Tensor,
    theme: list[Tensor],
    seeds: list[int],
    wanted: Sampling,
    progress: Callable[[float], None],
) -> Prediction:
    device = clean.device
    noise = SeededNoise(seeds, tuple(clean.shape[1:]), device)
    times = torch.linspace(1, 0, wanted.steps + 1, device=device)[:-1]
    half_log_snr = log_snr_at(times) / 2
    x = keep_known(_unite(noise(), theme), clean, known)
    estimate, previous, prediction = torch.zeros_like(x), None, None
    for index, time in enumerate(times):
        guided = GUIDED_TIMES[0] < float(time) < GUIDED_TIMES[1]
        prediction = denoiser(x, estimate, known, time, wanted.guidance if guided else 1.0)
        prediction = replace(prediction, logits=sing(prediction.logits, clean, known))
        estimate = to_estimate(prediction.logits, clean, known)
        if index + 1 < len(times):
            h = half_log_snr[index + 1] - half_log_snr[index]
            ratio = (half_log_snr[index] - half_log_snr[index - 1]) / h
            target = second_order(estimate, previous, ratio)
            x = solver_step(x, target, half_log_snr[index], h, noise())
            x = _unite(x, theme if time > THEME_UNTIL else [])
            x = keep_known(x, clean, known)
        previous = estimate
        progress((index + 1) / len(times))
    assert prediction is not None
    return prediction


def _theme_rows(piece: Piece) -> list[Tensor]:
    """For every bar of the theme, the sixteenths (times, 16) of the bars that show it."""
    if piece.theme is None:
        return []
    shown = [np.flatnonzero(piece.theme == bar) for bar in range(piece.theme.max() + 1)]
    in_bar = torch.arange(SIXTEENTHS_PER_BAR)
    return [torch.from_numpy(bars)[:, None] * SIXTEENTHS_PER_BAR + in_bar for bars in shown]


def _unite(x: Tensor, theme: list[Tensor]) -> Tensor:
    """All bars of x (S, 6, T, COLUMNS) that show the same bar of the theme, as the first is."""
    x = x.clone()
    for rows in theme:
        x[:, :, rows] = x[:, :, rows[:1]]
    return x


class _Denoiser:
    """The network over a whole piece: windows half a window apart, averaged by distance."""

    def __init__(
        self, network: TimeTokenNetwork, piece: Piece, takes: int, device: torch.device
    ) -> None:
        self.network = network
        self.takes = takes
        self.device = device
        bars = len(piece.dynamic) // BEATS_PER_BAR
        self.windows = Windows(bars, network.config.window_bars, device)
        self.conditions = self._conditions(piece)

    def __call__(
        self, x: Tensor, estimate: Tensor, known: Tensor, time: Tensor, guidance: float
    ) -> Prediction:
        """x and estimate (S, 6, T, COLUMNS), known (S, 3, T); one noise level."""
        logits = torch.zeros_like(x)
        velocity = torch.zeros_like(x[:, : len(TRACKS), :, :KEYS])
        for batch in self.windows.batches(self.takes, WINDOWS_AT_ONCE):
            prediction = self._guided(
                self.windows.cut(x, batch),
                self.windows.cut(estimate, batch),
                self.windows.cut(known, batch),
                log_snr_at(time).expand(len(batch.takes)),
                self.conditions.select(torch.tensor(batch.windows, device=self.device)),
                guidance,
            )
            self.windows.add(logits, batch, prediction.logits)
            self.windows.add(velocity, batch, prediction.velocity)
        return Prediction(follow_rhythm(self.windows.mean(logits)), self.windows.mean(velocity))

    @torch.inference_mode()
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
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            prediction = self.network(x, estimate, known, log_snr, conditions)
            if guidance == 1.0:
                return prediction
            unconditional = self.network(x, estimate, known, log_snr, conditions.unconditional())
        logits = unconditional.logits + guidance * (prediction.logits - unconditional.logits)
        return Prediction(logits, prediction.velocity)

    def _conditions(self, piece: Piece) -> Conditions:
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


def _chords(piece: Piece) -> np.ndarray:
    """Condition rows (B, 37) of a piece; zeros where it has no chords."""
    if piece.chord is None:
        return np.zeros((len(piece.dynamic), CHORD_WIDTH), np.float32)
    return piece.chord.astype(np.float32)


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there."""
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported()
    return device.type == "cuda"


def _extended(piece: Piece, missing: int) -> Piece:
    """The piece carried on for `missing` beats as it ends."""

    def carried_on(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])

    return Piece(
        carried_on(piece.dynamic),
        carried_on(piece.semantic),
        carried_on(piece.segment),
        piece.key_signature,
        chord=carried_on(_chords(piece)),
    )


def _known_cells(
    given: np.ndarray | None,
    known: np.ndarray | None,
    sixteenths: int,
    takes: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Clean channels (S, 6, T, COLUMNS) and mask (S, 3, T) of what is given."""
    roll = np.zeros((sixteenths, len(TRACKS), KEYS), np.uint8)
    mask = np.zeros((len(TRACKS), sixteenths), np.float32)
    if given is not None and known is not None:
        roll[: len(given)] = given
        mask[:, : known.shape[1]] = known
    clean = to_channels(torch.from_numpy(roll)[None]).to(device)
    on_device = torch.from_numpy(mask)[None].to(device)
    return clean.expand(takes, -1, -1, -1), on_device.expand(takes, -1, -1)


def _to_rolls(prediction: Prediction) -> np.ndarray:
    """Rolls (S, T, 3, 88) of logits and velocities; held keys that nothing struck are let go."""
    onset, sustain = prediction.logits.transpose(1, 2).split(len(TRACKS), dim=2)
    struck = struck_keys(onset)
    held = held_keys(sustain, struck).cpu().numpy()
    velocity = (
        (prediction.velocity * 127).clamp(1, 127).round().byte().transpose(1, 2).cpu().numpy()
    )
    struck = struck.cpu().numpy()
    rolls = np.where(struck, velocity, 0)
    sounding = np.zeros_like(struck[:, 0])
    for sixteenth in range(rolls.shape[1]):
        sounding = struck[:, sixteenth] | (held[:, sixteenth] & sounding)
        rolls[:, sixteenth][sounding & ~struck[:, sixteenth]] = HELD
    return rolls
