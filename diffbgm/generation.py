"""From a cue sheet to a roll: loads the network once, pads to bars, samples a film or one shot."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffbgm.devices import choose_device, use_cores
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import Sampling
from diffbgm.progress import Advance
from diffbgm.spotting.cue_sheet import CueSheet

if TYPE_CHECKING:
    from diffbgm.model.networks import Model
    from diffbgm.model.piece_conditions import PieceConditions
    from diffbgm.video.analysis import VideoAnalysis

# Bars that the network sees for a new take, the shot's among them: as many as fit into one of its
# windows; but so many on either side of a long shot.
SEEN_BARS = 16
CONTEXT_BARS = 4


def resolve_checkpoint(path: Path | None) -> Path:
    """The checkpoint to use: the given one or the one that comes with the package."""
    from diffbgm.model.checkpoint import default_checkpoint

    return (path or default_checkpoint()).resolve()


def describe_model(checkpoint: Path, sampling: Sampling) -> dict[str, Any]:
    """`model` in composition.json; CheckpointError if the file is no checkpoint of ours."""
    from diffbgm.model.networks import describe

    return describe(checkpoint, sampling)


def load(checkpoint: Path, device: str) -> "Model":
    """The model, kept warm until `unload`; a changed file is loaded again."""
    changed = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    return _load(checkpoint, changed, choose_device(device)).afresh()


def unload() -> None:
    """Give the memory of the network back."""
    _load.cache_clear()


@lru_cache(maxsize=1)
def _load(checkpoint: Path, changed: int, device: str) -> "Model":
    import torch

    from diffbgm.model.networks import load_model

    use_cores()
    return load_model(checkpoint, torch.device(device))


def sample_film(
    model: "Model",
    cues: CueSheet,
    analysis: "VideoAnalysis",
    sampling: Sampling,
    seed: int,
    advance: Advance,
) -> np.ndarray:
    """Roll (4 B, 3, 88) of the whole film by its plan; ValueError without one."""
    from diffbgm.model.sections import sample_in_sections

    if cues.plan is None:
        raise ValueError("a film is planned before it is sampled")
    before, after = cues.bar_padding
    piece = _piece(cues, analysis, cues.plan.key_signature)
    form = cues.plan.form
    piece = replace(piece, theme=form.shown())
    roll = sample_in_sections(model.sample, piece, form.starts, seed, sampling, advance)
    return _without(roll, before, after)


def inpaint_shot(
    model: "Model",
    cues: CueSheet,
    analysis: "VideoAnalysis",
    shot: int,
    roll: np.ndarray,
    sampling: Sampling,
    seeds: list[int],
    advance: Advance,
) -> list[np.ndarray]:
    """`roll` (4 B, 3, 88) with the cells of one shot sampled again, once for every seed."""
    own, options = cues.shot_of_beat == shot, model.for_one_shot(sampling)
    return inpaint_beats(model, cues, analysis, own, roll, options, seeds, advance)


def inpaint_beats(
    model: "Model",
    cues: CueSheet,
    analysis: "VideoAnalysis",
    beats: np.ndarray,
    roll: np.ndarray,
    sampling: Sampling,
    seeds: list[int],
    advance: Advance,
) -> list[np.ndarray]:
    """`roll` (4 B, 3, 88) with the cells of some `beats` (true in (B,)) sampled again, once for
    every seed; all others are known."""
    from diffbgm.music.conditions import key_signatures_of

    before, after = cues.bar_padding
    own, known = (np.pad(which, (before, after)) for which in (beats, ~beats))
    cell_padding = (before * SIXTEENTHS_PER_BEAT, after * SIXTEENTHS_PER_BEAT)
    given = np.pad(roll, [cell_padding, (0, 0), (0, 0)])
    seen = context_beats(own)
    cells = slice(seen.start * SIXTEENTHS_PER_BEAT, seen.stop * SIXTEENTHS_PER_BEAT)
    mask = np.repeat(known[seen], SIXTEENTHS_PER_BEAT)[None].repeat(len(TRACKS), axis=0)
    key_signature = int(np.bincount(key_signatures_of(roll)).argmax())
    piece = _piece(cues, analysis, key_signature).between(seen)
    prediction = model.sample(piece, seeds, sampling, given[cells], mask, advance)
    return [
        _without(np.concatenate([given[: cells.start], one, given[cells.stop :]]), before, after)
        for one in prediction
    ]


def _piece(cues: CueSheet, analysis: "VideoAnalysis", key_signature: int) -> "PieceConditions":
    """The conditions of the whole bars around a film."""
    from diffbgm.model.piece_conditions import PieceConditions
    from diffbgm.music.conditions import as_sustained

    def padded(rows: np.ndarray) -> np.ndarray:
        return np.pad(rows, [cues.bar_padding] + [(0, 0)] * (rows.ndim - 1), mode="edge")

    beats = len(cues.dynamic) + sum(cues.bar_padding)
    return PieceConditions(
        padded(as_sustained(cues.dynamic)),
        padded(cues.semantic),
        padded(cues.shot_of_beat),
        key_signature,
        image_embeddings=None
        if analysis.image_embeddings is None
        else padded(_at_beats(analysis.image_embeddings, cues.tempo_map)),
        caption_embeddings=None
        if analysis.caption_embeddings is None
        else padded(_at_beats(analysis.caption_embeddings, cues.tempo_map)),
        chord=None if cues.plan is None else cues.plan.chords.rows(beats),
    )


def _at_beats(rows: np.ndarray, tempo_map: TempoMap) -> np.ndarray:
    """Rows a second as rows a beat (B, width): those of the middle of each."""
    middle = (tempo_map.beat_seconds[:-1] + tempo_map.beat_seconds[1:]) / 2
    return rows[np.clip(middle.astype(int), 0, len(rows) - 1)]


def context_beats(own: np.ndarray) -> slice:
    """The beats of whole bars, those to sample (true in `own`) and their context."""
    total = len(own) // BEATS_PER_BAR
    bars = np.flatnonzero(own.reshape(-1, BEATS_PER_BAR).any(axis=1))
    begin, end = int(bars[0]), int(bars[-1]) + 1
    count = min(max(SEEN_BARS, end - begin + 2 * CONTEXT_BARS), total)
    first = min(max(0, begin - (count - (end - begin)) // 2), total - count)
    return slice(first * BEATS_PER_BAR, (first + count) * BEATS_PER_BAR)


def _without(roll: np.ndarray, before: int, after: int) -> np.ndarray:
    return roll[before * SIXTEENTHS_PER_BEAT : len(roll) - after * SIXTEENTHS_PER_BEAT]
