"""A small model of what songs are like, bar by bar, which tells better candidates from worse ones.

Every bar is described by features that one hears; over the bars of the training songs they have a
mean and a covariance (`critic.json`). Surprise is a squared Mahalanobis distance from them, of the
bars themselves and of their mean over eight bars. A piece is like songs where both surprise as much
as theirs do: not more, which is wrong notes, and not less, which is dull. Knows no network and no
film.

python -m diffbgm.evaluation.critic PREPARED.npz counts the table anew.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.data.prepared import load_prepared
from diffbgm.evaluation.harmony import MAJOR_SCALE, chord_members
from diffbgm.evaluation.melody import melody_of
from diffbgm.evaluation.piece import (
    MeasuredPiece,
    onset_roll,
    piece_of_score,
    pitch_classes_heard,
    windows,
)
from diffbgm.evaluation.retrieval import WINDOW_BARS
from diffbgm.evaluation.songs import training_windows
from diffbgm.files import replacing
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS, to_score

FEATURES = (
    *(f"struck sixteenths, {track}" for track in TRACKS),
    *(f"mean pitch, {track}" for track in TRACKS),
    *(f"logarithm of the mean length, {track}" for track in TRACKS),
    "keys at once, BRIDGE",
    "keys at once, PIANO",
    "mean size of a melody step",
    "widest melody step",
    "share of what sounds in the key",
    "chord tones on beats",
    "rhythm as in the bar before",
    "pitch classes as in the bar before",
    "rhythm as four bars before",
)
# Of windows of 8 bars that begin at every bar: those that have no bar in common.
_EVERY = 8


def likeness(piece: MeasuredPiece) -> float:
    """How much like songs a piece is: 0 at best, and lower the more or less it surprises."""
    songs = _songs()
    return -float(np.abs(surprise([piece], songs.mean, songs.covariance) - songs.surprise).sum())


def surprise(
    pieces: Iterable[MeasuredPiece], mean: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Logarithms (2,) of the surprise of bars, and of windows of eight bars, a feature each."""
    precision, found = np.linalg.inv(covariance), []
    for piece in pieces:
        for window in windows(piece, WINDOW_BARS):
            rows = np.nan_to_num(bar_features(window) - mean)
            bars = np.einsum("bi,ij,bj->b", rows, precision, rows).mean()
            middle = rows.mean(axis=0)
            found.append((bars, middle @ precision @ middle))
    return np.log(np.array(found) / len(FEATURES)).mean(axis=0)


def likeness_of_roll(roll: np.ndarray) -> float:
    """The same of a roll (4 B, 3, 88), which may be silent."""
    bars = -(-len(roll) // SIXTEENTHS_PER_BAR)
    return likeness(piece_of_score("", to_score(roll), bars))


def bar_features(piece: MeasuredPiece) -> np.ndarray:
    """(bars, FEATURES) floats; NaN where a bar has nothing to measure."""
    bar = piece.onset // SIXTEENTHS_PER_BAR
    columns = [*_by_track(piece, bar), *_melody_steps(piece), *_harmony(piece, bar)]
    struck = onset_roll(piece).any(axis=1).reshape(piece.bars, -1)
    classes = pitch_classes_heard(piece, SIXTEENTHS_PER_BAR) > 0
    columns += [_agreement(struck, 1), _overlap(classes), _agreement(struck, 4)]
    return np.stack(columns, axis=1)


def _by_track(piece: MeasuredPiece, bar: np.ndarray) -> list[np.ndarray]:
    """The first features: of each track, struck sixteenths, pitch, length; then keys at once."""
    struck, pitch, length, keys = [], [], [], []
    for track in range(len(TRACKS)):
        own = piece.track == track
        notes = np.bincount(bar[own], minlength=piece.bars).astype(float)
        moments = np.unique(piece.onset[own]) // SIXTEENTHS_PER_BAR
        struck.append(np.bincount(moments, minlength=piece.bars).astype(float))
        pitch.append(_ratio(_sums(piece, bar, own, piece.pitch), notes))
        length.append(np.log(_ratio(_sums(piece, bar, own, piece.duration), notes)))
        keys.append(_ratio(notes, struck[-1]))
    return [*struck, *pitch, *length, *keys[1:]]


def _sums(piece: MeasuredPiece, bar: np.ndarray, own: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(bar[own], weights=values[own], minlength=piece.bars)


def _melody_steps(piece: MeasuredPiece) -> tuple[np.ndarray, np.ndarray]:
    """Mean and widest step that leads to a note of each bar, in semitones."""
    melody = melody_of(piece)
    size, bar = np.abs(np.diff(melody[:, 2])), melody[1:, 0] // SIXTEENTHS_PER_BAR
    widest = np.full(piece.bars, np.nan)
    np.fmax.at(widest, bar, size.astype(float))
    steps = np.bincount(bar, minlength=piece.bars).astype(float)
    return _ratio(np.bincount(bar, weights=size, minlength=piece.bars), steps), widest


def _harmony(piece: MeasuredPiece, bar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of each bar: of what sounds, in the piece's key; of what is on beats, chord tones."""
    heard = pitch_classes_heard(piece, SIXTEENTHS_PER_BAR).astype(float)
    scales = np.stack([np.isin((np.arange(12) - root) % 12, MAJOR_SCALE) for root in range(12)])
    key = scales[(scales @ heard.sum(axis=0)).argmax()]
    on_beat = piece.onset % SIXTEENTHS_PER_BEAT == 0
    fits = chord_members(piece)[on_beat].astype(float)
    beats = np.bincount(bar[on_beat], minlength=piece.bars).astype(float)
    fitting = np.bincount(bar[on_beat], weights=fits, minlength=piece.bars)
    return _ratio(heard @ key, heard.sum(axis=1)), _ratio(fitting, beats)


def _agreement(struck: np.ndarray, bars: int) -> np.ndarray:
    """Share of the sixteenths of a bar that are struck, or not, as so many bars before."""
    same = np.full(len(struck), np.nan)
    same[bars:] = (struck[bars:] == struck[:-bars]).mean(axis=1)
    return same


def _overlap(classes: np.ndarray) -> np.ndarray:
    """Pitch classes in common with the bar before, as a share of those of both."""
    same = np.full(len(classes), np.nan)
    both = (classes[1:] & classes[:-1]).sum(axis=1)
    same[1:] = _ratio(both, (classes[1:] | classes[:-1]).sum(axis=1))
    return same


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where `whole` is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


@dataclass(frozen=True)
class Songs:
    """Mean (F,) and covariance (F, F) of the features of songs' bars, and songs' surprise (2,)."""

    mean: np.ndarray
    covariance: np.ndarray
    surprise: np.ndarray


@cache
def _songs() -> Songs:
    table = json.loads(files("diffbgm.evaluation").joinpath("critic.json").read_text("utf-8"))
    return Songs(*(np.array(table[name]) for name in ("mean", "covariance", "surprise")))


def count_songs(pieces: Sequence[MeasuredPiece]) -> dict[str, Any]:
    """The table of `critic.json`; what a bar lacks counts as the mean."""
    rows = np.concatenate([bar_features(piece) for piece in pieces])
    mean = np.nanmean(rows, axis=0)
    covariance = np.cov(np.nan_to_num(rows - mean).T)
    return {
        "features": FEATURES,
        "mean": mean.round(5).tolist(),
        "covariance": covariance.round(6).tolist(),
        "surprise": surprise(pieces, mean, covariance).round(4).tolist(),
    }


if __name__ == "__main__":
    songs = training_windows(load_prepared(Path(sys.argv[1])), ())[::_EVERY]
    with replacing(Path(__file__).with_suffix(".json")) as unfinished:
        unfinished.write_text(json.dumps(count_songs(songs)) + "\n")
