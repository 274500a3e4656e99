"""`diffbgm evaluate` on songs with films: segments of 8 bars on the films' own features, as in the
paper, measured beside the songs themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm import generation
from diffbgm.data.paired import WINDOW_BARS, PairedSet
from diffbgm.data.prepared import SPLITS
from diffbgm.errors import DatasetError, OptionError
from diffbgm.evaluation.piece import MeasuredPiece
from diffbgm.evaluation.piece import from_notes as piece_of
from diffbgm.evaluation.report import empty, measure, read_pairs
from diffbgm.evaluation.songs import wanted_songs
from diffbgm.model.paper.sampling import sample_features
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.music.midi import write_midi
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    from_notes,
    to_score,
)
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import Sampling
from diffbgm.progress import Progress

BEATS = WINDOW_BARS * BEATS_PER_BAR
SIXTEENTHS = WINDOW_BARS * SIXTEENTHS_PER_BAR
# All files are at 120 beats a minute.
TEMPO_MAP = TempoMap.constant(BEATS, BEATS / 2)


@dataclass(frozen=True)
class Segment:
    """8 bars of a song (its index), from a sixteenth on."""

    song: int
    start: int


def evaluate_pairs(
    pairs: PairedSet,
    songs: str,
    folder: Path,
    *,
    pieces: int,
    seed: int,
    device: str,
    checkpoint: Path | None,
    training: PairedSet,
    progress: Progress,
) -> dict[str, Any]:
    """Metrics of as many segments as `pieces`, spread evenly over the songs; writes their MIDI.

    `songs` is a split, as the set has it, or a file of song numbers; copies are sought in the
    train split of `training`. OptionError unless the checkpoint is of the paper's network, and
    takes features of these widths.
    """
    chosen = _spread(_segments(pairs, _wanted(pairs, songs)), pieces)
    weights = generation.resolve_checkpoint(checkpoint)
    network = _that_hears_films(generation.load(weights, device).network, pairs, weights)
    for kind in ("generated", "reference"):
        empty(folder / kind)
    for index, segment in enumerate(chosen):
        name = f"{pairs.songs[segment.song]}_{segment.start:05d}.mid"
        features = _features(pairs, segment)
        (roll,) = sample_features(network, *features, [seed + index], Sampling().steps)
        real = from_notes(_notes(pairs, segment), SIXTEENTHS)
        for kind, played in (("generated", roll), ("reference", real)):
            write_midi(to_score(played), TEMPO_MAP, folder / kind / name)
        progress("pieces", (index + 1) / len(chosen))
    progress("measures", 0)
    measured = {str(pairs.songs[segment.song]) for segment in chosen}
    known = _training_windows(training, measured)
    return {
        "model": generation.describe_model(weights, Sampling()),
        "songs": len(measured),
        "songs_left_out": _left_out(pairs, songs),
        **measure(*read_pairs(folder), training=known, seed=seed),
    }


def _wanted(pairs: PairedSet, songs: str) -> list[int]:
    """The songs (indices) of a split or of a file; DatasetError if none of them is there."""
    if songs in SPLITS:
        found = pairs.songs_of(songs)
    else:
        named = wanted_songs(songs)
        found = [index for index, song in enumerate(pairs.songs.tolist()) if song in named]
    if not found:
        raise DatasetError(f"none of the songs of {songs} is in this set")
    return found


def _left_out(pairs: PairedSet, songs: str) -> dict[str, str]:
    """Why songs that were named are not measured."""
    named = set() if songs in SPLITS else wanted_songs(songs)
    return dict.fromkeys(sorted(named - set(pairs.songs.tolist())), "not in the set")


def _segments(pairs: PairedSet, songs: Iterable[int]) -> list[Segment]:
    """All complete windows of the songs that do not overlap."""
    segments = []
    for song in songs:
        free = 0
        for start in sorted(pairs.song_windows(song).tolist()):
            if start >= free:
                segments.append(Segment(song, start))
                free = start + SIXTEENTHS
    if not segments:
        raise DatasetError(f"none of the songs has a complete window of {WINDOW_BARS} bars")
    return segments


def _spread(segments: list[Segment], count: int) -> list[Segment]:
    chosen = np.linspace(0, len(segments) - 1, min(count, len(segments))).round().astype(int)
    return [segments[index] for index in chosen]


def _that_hears_films(network: object, pairs: PairedSet, weights: Path) -> PaperNetwork:
    widths = (pairs.visual.shape[1], pairs.language.shape[1])
    if not isinstance(network, PaperNetwork):
        raise OptionError(
            f"{weights}: takes no features of films, which this set has; give --checkpoint of the "
            "paper's network, from `diffbgm import-official` or a training with its preset"
        )
    taken = (network.config.token_width, network.config.language_width)
    if taken != widths:
        raise OptionError(
            f"{weights}: takes features {taken[0]} and {taken[1]} wide, this set's are "
            f"{widths[0]} and {widths[1]}"
        )
    return network


def _features(pairs: PairedSet, segment: Segment) -> tuple[np.ndarray, np.ndarray]:
    """Visual (32, V) and language (32, L) of a segment, float32."""
    first = pairs.beat_offsets[segment.song] + segment.start // SIXTEENTHS_PER_BEAT
    rows = slice(first, first + BEATS)
    return pairs.visual[rows].astype(np.float32), pairs.language[rows].astype(np.float32)


def _notes(pairs: PairedSet, segment: Segment) -> np.ndarray:
    """Notes (N, 5) of its song, in sixteenths from the segment's start."""
    notes = pairs.song_notes(segment.song).astype(int)
    notes[:, 0] -= segment.start
    return notes


def _training_windows(pairs: PairedSet, held_out: set[str]) -> list[MeasuredPiece]:
    """All windows of the train split's songs, but of those `held_out`."""
    segments = [
        Segment(song, start)
        for song in pairs.songs_of("train")
        if str(pairs.songs[song]) not in held_out
        for start in pairs.song_windows(song).tolist()
    ]
    columns = [0, 1, 2, 4]  # onset, duration, pitch, track
    return [
        piece_of(str(pairs.songs[segment.song]), _notes(pairs, segment)[:, columns], WINDOW_BARS)
        for segment in segments
    ]
