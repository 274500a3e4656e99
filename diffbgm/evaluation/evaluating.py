"""`diffbgm evaluate`: pieces on songs' own conditions, measured beside the songs themselves."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm import generation
from diffbgm.data.paired import holds_pairs, load_pairs
from diffbgm.data.prepared import PreparedSet, load_prepared
from diffbgm.devices import choose_device
from diffbgm.evaluation import calm_to_tense
from diffbgm.evaluation.accompaniment import share_played
from diffbgm.evaluation.evaluating_pairs import evaluate_pairs
from diffbgm.evaluation.goals import goals
from diffbgm.evaluation.melody import rests_at_phrase_ends
from diffbgm.evaluation.piece import MeasuredPiece
from diffbgm.evaluation.report import empty, measure, read_pairs
from diffbgm.evaluation.songs import BARS, SongSet, Window, read_set, training_windows
from diffbgm.files import check_folder, replacing
from diffbgm.model.networks import Model
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.music.chord_rows import condition_rows
from diffbgm.music.conditions import DYNAMIC
from diffbgm.music.midi import write_midi
from diffbgm.music.pianoroll import BEATS_PER_BAR, to_score
from diffbgm.music.roll_png import write_roll_png
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import Sampling
from diffbgm.progress import Progress, no_progress
from diffbgm.spotting.planning import plan_piece

BEATS = BARS * BEATS_PER_BAR
# All files are at 120 beats a minute.
TEMPO_MAP = TempoMap.constant(BEATS, BEATS / 2)
# Real music is searched for changes from calm to tense in so many windows at most.
REAL_WINDOWS = 2000


def evaluate(
    data: Path,
    songs: str,
    folder: Path,
    *,
    pieces: int = 100,
    seed: int = 0,
    device: str = "auto",
    checkpoint: Path | None = None,
    training: Path | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Measure a model on `songs` of `data`; return what is written to `folder`/metrics.json.

    `data` is a prepared file or POP909's own folders, `songs` a split or a file of song numbers
    (see `songs.read_set`); `pieces` are spread evenly over them: 16 bars on songs' own conditions,
    or, where `data` holds songs with films, 8 bars on the films' features. Copies are sought among
    the training songs of `training`, a prepared file, or else of `data` if it is one.
    """
    check_folder(folder)
    choose_device(device)
    generation.describe_model(generation.resolve_checkpoint(checkpoint), Sampling())
    options = {"pieces": pieces, "seed": seed, "device": device, "checkpoint": checkpoint}
    if holds_pairs(data):
        pairs = load_pairs(data)
        known = load_pairs(training) if training else pairs
        metrics = evaluate_pairs(pairs, songs, folder, **options, training=known, progress=progress)
    else:
        metrics = _evaluate_scores(
            data, songs, folder, **options, training=training, progress=progress
        )
    with replacing(folder / "metrics.json") as unfinished:
        unfinished.write_text(json.dumps(metrics, indent=1, allow_nan=False) + "\n")
    return metrics


def _evaluate_scores(
    data: Path,
    songs: str,
    folder: Path,
    *,
    pieces: int,
    seed: int,
    device: str,
    checkpoint: Path | None,
    training: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """Metrics, and how far they reach; `folder` gets generated/, reference/ and
    calm_to_tense/*.mid, and pictures/*.png: what was generated above what is real."""
    found = read_set(data, songs, lambda fraction: progress("songs", fraction))
    windows = found.windows(pieces)
    model = generation.load(generation.resolve_checkpoint(checkpoint), device)
    for name in ("generated", "reference", "calm_to_tense", "pictures"):
        empty(folder / name)
    asked, written, phrases = {}, {}, {}
    for index, window in enumerate(windows):
        name, rows = found.name(window), found.beats(window)
        piece = own_conditions(found.prepared, rows, seed + index)
        _generate(model, piece, found.roll(window), folder, name, seed + index)
        asked[name], written[name] = piece.chord, condition_rows(found.prepared.chord[rows])
        phrases[name] = np.flatnonzero(found.prepared.phrase_start[rows])
        progress("pieces", (index + 1) / len(windows))
    changed = _turn_tense(model, found, windows, folder, seed, progress)
    progress("measures", 0)
    known = _training_windows(training or (None if data.is_dir() else data), found)
    generated, reference = read_pairs(folder)
    metrics = {
        "model": generation.describe_model(generation.resolve_checkpoint(checkpoint), Sampling()),
        "songs": len(set(found.prepared.songs.tolist())),
        "songs_left_out": found.left_out,
        **measure(generated, reference, training=known, seed=seed),
        "asked_chords": {
            "generated": share_played(generated, asked),
            "real": share_played(reference, written),
        },
        "phrase_rests": {
            "generated": rests_at_phrase_ends(generated, phrases),
            "real": rests_at_phrase_ends(reference, phrases),
        },
        "calm_to_tense": {"generated": changed, "real": _real_changes(found)},
    }
    return metrics | {"goals": [goal.to_dict() for goal in goals(metrics)]}


def _generate(
    model: Model, piece: PieceConditions, real: np.ndarray, folder: Path, name: str, seed: int
) -> None:
    (roll,) = model.sample(piece, [seed], Sampling())
    _write(roll, folder / "generated" / f"{name}.mid")
    _write(real, folder / "reference" / f"{name}.mid")
    write_roll_png(folder / "pictures" / f"{name}.png", np.stack([roll, real]))


def own_conditions(prepared: PreparedSet, rows: slice, seed: int) -> PieceConditions:
    """A song's conditions, under a plan drawn for them."""
    starts = prepared.phrase_start[rows]
    own = PieceConditions(
        prepared.dynamic[rows].astype(np.float32),
        prepared.semantic[rows].astype(np.float32),
        np.cumsum(starts),
        _key(prepared, rows),
    )
    return _planned(own, starts, seed)


def _planned(piece: PieceConditions, phrase_starts: np.ndarray, seed: int) -> PieceConditions:
    """The piece under a form and a harmony that `seed` draws, as a film gets them."""
    assert piece.key_signature is not None
    rng = np.random.default_rng(seed)
    density = piece.dynamic[:, DYNAMIC.index("density")]
    plan = plan_piece(phrase_starts, density, piece.semantic, piece.key_signature, rng)
    return replace(piece, theme=plan.form.shown(), chord=plan.chords.rows(len(phrase_starts)))


def _key(prepared: PreparedSet, rows: slice) -> int:
    return int(np.bincount(prepared.key_signature[rows]).argmax())


def _turn_tense(
    model: Model,
    found: SongSet,
    windows: Sequence[Window],
    folder: Path,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Half as many pieces as windows, in the songs' own keys and phrases, that turn tense."""
    rng, rolls, asked = np.random.default_rng(seed), [], windows[::2]
    for index, window in enumerate(asked):
        rows = found.beats(window)
        phrases = found.prepared.phrase_start[rows]
        dynamic, semantic = calm_to_tense.ask(phrases, rng)
        shot = np.arange(BEATS) // (BEATS // 2)
        starts = dynamic[:, DYNAMIC.index("boundary")] > 0
        piece = PieceConditions(dynamic, semantic, shot, _key(found.prepared, rows))
        piece = _planned(piece, starts, seed + index)
        (roll,) = model.sample(piece, [seed + index], Sampling())
        _write(roll, folder / "calm_to_tense" / f"{found.name(window)}.mid")
        rolls.append(roll)
        progress("calm to tense", (index + 1) / len(asked))
    signs = calm_to_tense.count_signs(rolls)
    assert signs is not None
    return asdict(signs)


def _real_changes(found: SongSet) -> dict[str, Any] | None:
    """The same of real music whose own conditions turn from calm to tense."""
    signs = calm_to_tense.count_signs(
        found.roll(window)
        for window in found.windows(REAL_WINDOWS)
        if calm_to_tense.turns_tense(found.prepared.semantic[found.beats(window)])
    )
    return None if signs is None else asdict(signs)


def _training_windows(path: Path | None, found: SongSet) -> list[MeasuredPiece] | None:
    if path is None:
        return None
    return training_windows(load_prepared(path), set(found.prepared.songs.tolist()))


def _write(roll: np.ndarray, path: Path) -> None:
    write_midi(to_score(roll), TEMPO_MAP, path)
