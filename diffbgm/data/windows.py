"""Windows of a prepared set for training: drawn, transposed and masked on the device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffbgm.data.prepared import SPLITS, PreparedSet
from diffbgm.errors import DatasetError
from diffbgm.model.temporal import NO_KEY, Conditions
from diffbgm.music.chord_rows import condition_rows
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    KEYS,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    TRACKS,
    from_notes,
)

TRANSPOSITIONS = (-6, 6)
CONDITION_DROPOUT = 0.15
KEY_DROPOUT = 0.3
CHORD_DROPOUT = 0.15
# Mean lengths (beats) of the chance segments that stand for short and long shots.
SEGMENT_BEATS = (2, 4, 8, 16, 1000)
SMOOTHING_BEATS = (1, 4, 8)


@dataclass(frozen=True)
class Batch:
    """roll (B, T, 3, 88) uint8, known (B, 3, T) 0 or 1, and what is conditions."""

    roll: Tensor
    known: Tensor
    conditions: Conditions


class Windows:
    """All windows of one split, held on a device; `draw` makes a random batch of them."""

    def __init__(
        self, prepared: PreparedSet, split: str, bars: int, device: torch.device, seed: int
    ) -> None:
        self.bars = bars
        self.device = device
        self.generator = torch.Generator(device).manual_seed(seed)
        sections = np.flatnonzero(prepared.split == SPLITS.index(split)).tolist()
        lengths = np.array([_bars(prepared, section) for section in sections], int)
        if len(lengths) == 0 or lengths.max() < bars:
            raise DatasetError(f"the {split} split holds no window of {bars} bars")
        rolls = [
            from_notes(prepared.section_notes(section).astype(int), count * SIXTEENTHS_PER_BAR)
            for section, count in zip(sections, lengths, strict=True)
        ]
        self.roll = torch.from_numpy(np.concatenate(rolls)).to(device)
        begins = np.cumsum([0, *lengths])
        starts = [
            np.arange(begin, begin + count - bars + 1)
            for begin, count in zip(begins, lengths, strict=False)
        ]
        self.starts = torch.from_numpy(np.concatenate(starts)).to(device)  # bars
        rows = np.concatenate(
            [np.arange(*prepared.beats(section).indices(2**40)[:2]) for section in sections]
        )
        self.dynamic = torch.from_numpy(prepared.dynamic[rows].astype(np.float32)).to(device)
        self.semantic = torch.from_numpy(prepared.semantic[rows].astype(np.float32)).to(device)
        self.key = torch.from_numpy(prepared.key_signature[rows].astype(np.int64)).to(device)
        self.chord = torch.from_numpy(condition_rows(prepared.chord[rows])).to(device)
        self.phrase = torch.from_numpy(np.cumsum(prepared.phrase_start[rows])).to(device)

    def __len__(self) -> int:
        return len(self.starts)

    def draw(self, size: int) -> Batch:
        """A batch as training sees it: transposed, masked, streams dropped by chance."""
        start = self.starts[self._integers(0, len(self), size)]
        shift = self._integers(TRANSPOSITIONS[0], TRANSPOSITIONS[1] + 1, size)
        roll, conditions = self._window(start, shift)
        dynamic = self._smoothed(conditions.dynamic)
        segment = torch.where(
            self._chance(0.5, size)[:, None], conditions.segment, self._segments(size)
        )
        both = self._chance(CONDITION_DROPOUT / 2, size)
        conditions = Conditions(
            dynamic,
            conditions.semantic,
            segment,
            torch.where(self._chance(KEY_DROPOUT, size), NO_KEY, conditions.key_signature),
            ~(both | self._chance(CONDITION_DROPOUT, size)),
            ~(both | self._chance(CONDITION_DROPOUT, size)),
            conditions.chord * ~self._chance(CHORD_DROPOUT, size)[:, None, None],
        )
        return Batch(roll, self._known(size), conditions)

    def at(self, windows: Tensor) -> Batch:
        """Given windows (indices) as they are: nothing known, all conditions given."""
        roll, conditions = self._window(self.starts[windows], torch.zeros_like(windows))
        return Batch(
            roll,
            torch.zeros(len(windows), len(TRACKS), roll.shape[1], device=self.device),
            conditions,
        )

    def _window(self, start: Tensor, shift: Tensor) -> tuple[Tensor, Conditions]:
        steps = torch.arange(self.bars * SIXTEENTHS_PER_BAR, device=self.device)
        roll = self.roll[start[:, None] * SIXTEENTHS_PER_BAR + steps]  # (B, T, 3, 88)
        beats = torch.arange(self.bars * BEATS_PER_BAR, device=self.device)
        rows = start[:, None] * BEATS_PER_BAR + beats
        key = (self.key[rows].mode(dim=1).values + shift) % 12
        present = torch.ones(len(start), dtype=torch.bool, device=self.device)
        conditions = Conditions(
            self.dynamic[rows],
            self.semantic[rows],
            self.phrase[rows],
            key,
            present,
            present,
            transpose_chords(self.chord[rows], shift),
        )
        return transpose(roll, shift), conditions

    def _smoothed(self, dynamic: Tensor) -> Tensor:
        """A film's energy is smoother than a score's onsets: learn from both."""
        versions = [dynamic]
        for beats in SMOOTHING_BEATS[1:]:
            moving = dynamic[..., :3].transpose(1, 2)
            padded = torch.nn.functional.pad(
                moving, (beats // 2, beats - 1 - beats // 2), mode="replicate"
            )
            smooth = torch.nn.functional.avg_pool1d(padded, beats, stride=1).transpose(1, 2)
            versions.append(torch.cat([smooth, dynamic[..., 3:]], dim=-1))
        choice = self._integers(0, len(versions), len(dynamic))
        return torch.stack(versions)[choice, torch.arange(len(dynamic), device=self.device)]

    def _segments(self, size: int) -> Tensor:
        """Chance partitions (B, N) of the beats."""
        lengths = torch.tensor(SEGMENT_BEATS, device=self.device)[
            self._integers(0, len(SEGMENT_BEATS), size)
        ]
        draws = torch.rand(
            size, self.bars * BEATS_PER_BAR, generator=self.generator, device=self.device
        )
        return (draws < 1 / lengths[:, None]).cumsum(dim=1)

    def _known(self, size: int) -> Tensor:
        """Known regions (B, 3, T): none for half; else all outside a span, or whole tracks."""
        sixteenths = self.bars * SIXTEENTHS_PER_BAR
        beats = self.bars * BEATS_PER_BAR
        ends = torch.sort(self._integers(0, beats + 1, 2 * size).view(size, 2), dim=1).values
        beat = torch.arange(sixteenths, device=self.device) // SIXTEENTHS_PER_BEAT
        outside = (beat < ends[:, :1]) | (beat >= ends[:, 1:])  # (B, T)
        tracks = self._chance(0.5, size * len(TRACKS)).view(size, len(TRACKS), 1)
        tracks = tracks & ~tracks.all(dim=1, keepdim=True)
        kind = self._integers(0, 8, size)[:, None, None]
        spans = outside[:, None].expand(-1, len(TRACKS), -1)
        return torch.where(kind < 3, spans, (kind == 3) & tracks).float()

    def _integers(self, low: int, high: int, size: int) -> Tensor:
        return torch.randint(low, high, (size,), generator=self.generator, device=self.device)

    def _chance(self, share: float, size: int) -> Tensor:
        return torch.rand(size, generator=self.generator, device=self.device) < share


def transpose(roll: Tensor, shift: Tensor) -> Tensor:
    """Rolls (B, T, 3, 88) moved up by `shift` (B,) semitones; keys beyond the ends are lost."""
    source = torch.arange(KEYS, device=roll.device) - shift[:, None]  # (B, 88)
    inside = (source >= 0) & (source < KEYS)
    index = source.clamp(0, KEYS - 1)[:, None, None].expand(roll.shape)
    return roll.gather(3, index) * inside[:, None, None]


def transpose_chords(chord: Tensor, shift: Tensor) -> Tensor:
    """Condition rows of chords (B, N, 37) moved up by `shift` (B,) semitones."""
    classes, known = chord[..., :-1].unflatten(-1, (3, 12)), chord[..., -1:]
    source = (torch.arange(12, device=chord.device) - shift[:, None]) % 12  # (B, 12)
    moved = classes.gather(3, source[:, None, None].expand(classes.shape))
    return torch.cat([moved.flatten(2), known], dim=-1)


def _bars(prepared: PreparedSet, section: int) -> int:
    rows = prepared.beats(section)
    return (rows.stop - rows.start) // BEATS_PER_BAR
