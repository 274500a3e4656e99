"""Windows of prepared pairs for the paper's network: drawn and transposed on the device."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffbgm.data.paired import WINDOW_BARS, PairedSet
from diffbgm.data.windows import TRANSPOSITIONS
from diffbgm.errors import DatasetError
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT

PITCHES = 128
ONSET, SUSTAIN = 1, 2


@dataclass(frozen=True)
class PairedBatch:
    """roll (B, 2, 128, 128) of 0 and 1: onset and sustain, sixteenths, pitches; a token a beat:
    visual (B, 32, V), language (B, 32, L)."""

    roll: Tensor
    visual: Tensor
    language: Tensor


class PairedWindows:
    """All windows of one split, held on a device; `draw` makes a random batch of them."""

    def __init__(self, pairs: PairedSet, split: str, device: torch.device, seed: int) -> None:
        self.device = device
        self.generator = torch.Generator(device).manual_seed(seed)
        songs = pairs.songs_of(split)
        beats = np.diff(pairs.beat_offsets)[songs]
        begins = np.cumsum([0, *beats])  # beats
        starts = [
            pairs.song_windows(song) + begin * SIXTEENTHS_PER_BEAT
            for song, begin in zip(songs, begins, strict=False)
        ]
        if not sum(map(len, starts)):
            raise DatasetError(f"the {split} split holds no window of {WINDOW_BARS} bars")
        self.starts = torch.from_numpy(np.concatenate(starts)).long().to(device)
        notes = [
            _placed(pairs, song, int(begin)) for song, begin in zip(songs, begins, strict=False)
        ]
        roll = merged_roll(np.concatenate(notes), int(begins[-1]) * SIXTEENTHS_PER_BEAT)
        self.roll = torch.from_numpy(roll).to(device)
        rows = np.concatenate([np.arange(*pairs.beat_offsets[song : song + 2]) for song in songs])
        self.visual = torch.from_numpy(pairs.visual[rows]).to(device)
        self.language = torch.from_numpy(pairs.language[rows]).to(device)

    def __len__(self) -> int:
        return len(self.starts)

    def draw(self, size: int) -> PairedBatch:
        """A random batch, each window transposed by chance; the picture stays as it is."""
        low, high = TRANSPOSITIONS
        return self._windows(
            self._integers(0, len(self), size), self._integers(low, high + 1, size)
        )

    def at(self, windows: Tensor) -> PairedBatch:
        """Given windows (indices) as they are."""
        return self._windows(windows, torch.zeros_like(windows))

    def _windows(self, windows: Tensor, shift: Tensor) -> PairedBatch:
        start = self.starts[windows]
        sixteenths = torch.arange(WINDOW_BARS * SIXTEENTHS_PER_BAR, device=self.device)
        roll = transposed(self.roll[start[:, None] + sixteenths], shift)  # (B, T, 128)
        beats = torch.arange(WINDOW_BARS * BEATS_PER_BAR, device=self.device)
        rows = start[:, None] // SIXTEENTHS_PER_BEAT + beats
        channels = torch.stack([roll == ONSET, roll == SUSTAIN], dim=1)  # (B, 2, T, 128)
        return PairedBatch(channels.float(), self.visual[rows].float(), self.language[rows].float())

    def _integers(self, low: int, high: int, size: int) -> Tensor:
        return torch.randint(low, high, (size,), generator=self.generator, device=self.device)


def merged_roll(notes: np.ndarray, sixteenths: int) -> np.ndarray:
    """The roll (T, 128) uint8 of all tracks' notes (N, 5) merged: ONSET, SUSTAIN, or 0.

    A new onset on a pitch ends the note before it on that pitch.
    """
    onset, duration, pitch = notes[np.lexsort((notes[:, 1], notes[:, 0], notes[:, 2])), :3].T
    follows = np.append((np.diff(pitch) == 0), False)
    until = np.minimum(onset + duration, sixteenths)
    until = np.where(follows, np.minimum(until, np.roll(onset, -1)), until)
    held = np.maximum(until - onset - 1, 0)
    within = np.arange(held.sum()) - np.repeat(np.cumsum(held) - held, held)
    roll = np.zeros((sixteenths, PITCHES), np.uint8)
    roll[np.repeat(onset, held) + within + 1, np.repeat(pitch, held)] = SUSTAIN
    roll[onset, pitch] = ONSET
    return roll


def transposed(roll: Tensor, shift: Tensor) -> Tensor:
    """Rolls (B, T, 128) moved up by `shift` (B,) semitones; what leaves the pitches is lost."""
    low, high = TRANSPOSITIONS
    padded = F.pad(roll, (high, -low))
    source = torch.arange(PITCHES, device=roll.device) + high - shift[:, None]  # (B, 128)
    return padded.gather(2, source[:, None].expand(-1, roll.shape[1], -1))


def _placed(pairs: PairedSet, song: int, begin: int) -> np.ndarray:
    """The song's notes that begin inside it, moved to where it begins (beats)."""
    notes = pairs.song_notes(song).astype(np.int64)
    length = int(pairs.beat_offsets[song + 1] - pairs.beat_offsets[song]) * SIXTEENTHS_PER_BEAT
    notes = notes[(notes[:, 0] >= 0) & (notes[:, 0] < length)]
    ends = np.minimum(notes[:, 0] + notes[:, 1], length)
    onset = notes[:, 0] + begin * SIXTEENTHS_PER_BEAT
    return np.column_stack([onset, ends - notes[:, 0], notes[:, 2:]])
