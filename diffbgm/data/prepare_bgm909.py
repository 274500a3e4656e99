"""`diffbgm prepare bgm909`: from songs and what was measured of their films to one file."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diffbgm.data.bgm909 import Found, Pair, PairFiles, find_pairs, read_pair, stretched
from diffbgm.data.paired import PairedSet
from diffbgm.data.prepare_pop909 import song_splits
from diffbgm.data.prepared import SPLITS
from diffbgm.errors import DatasetError, StorageError
from diffbgm.files import replacing
from diffbgm.progress import Advance, no_advance

# Reading is waiting for the disc and for zlib, which let other threads run.
READERS = 4
VALIDATED_EVERY = 10


class _Song(NamedTuple):
    """A pair with its features stretched to its beats, halved in precision."""

    pair: Pair
    visual: np.ndarray  # (B, 512)
    language: np.ndarray  # (B, 768)


def prepare_bgm909(source: Path, target: Path, progress: Advance = no_advance) -> dict[str, Any]:
    """Read every pair under `source`, write `target` (.npz) and its report; return the report.

    DatasetError names what in `source` cannot be used, StorageError what cannot be written;
    `target` is written whole or not at all.
    """
    found = find_pairs(source)
    songs = []
    for song in _read_all(found.pairs):
        songs.append(song)
        progress(len(songs) / len(found.pairs))
    used = [song for song in songs if len(song.pair.music.windows)]
    if not used:
        raise DatasetError(f"{source}: no song has 8 bars of 4/4 in a row; nothing to train on")
    split_of, split_source = _splits([song.pair.song for song in used])
    prepared = _laid_end_to_end(used, split_of)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(f"{target.parent}: cannot be made ({exc.strerror})") from exc
    prepared.save(target)
    report = _report(found, songs, prepared, split_source)
    with replacing(target.with_suffix(".report.json")) as unfinished:
        unfinished.write_text(json.dumps(report, indent=1) + "\n")
    return report


def _read_all(pairs: list[PairFiles]) -> Iterator[_Song]:
    with ThreadPoolExecutor(READERS) as pool:
        waiting = [pool.submit(_read, files) for files in pairs]
        try:
            for future in waiting:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _read(files: PairFiles) -> _Song:
    pair = read_pair(files)
    beats = pair.music.beats
    visual, language = (
        _halved(path, stretched(features, beats))
        for path, features in ((files.visual, pair.visual), (files.language, pair.language))
    )
    return _Song(pair, visual, language)


def _halved(path: Path, features: np.ndarray) -> np.ndarray:
    """Features in half precision, which the paper trains with."""
    largest = np.finfo(np.float16).max
    if np.abs(features).max() > largest:
        raise DatasetError(f"{path}: holds features beyond {largest:g}; extract them again")
    return features.astype(np.float16)


def _splits(songs: list[str]) -> tuple[dict[str, str], str]:
    """Song -> split, and where that comes from.

    POP909's songs are split as for the default network. A set that has none of these to train on
    or to validate with, as a small set of one's own, validates every tenth song from the second.
    """
    fixed = song_splits()
    split_of = {song: fixed.get(song, "train") for song in songs}
    if {"train", "validation"} <= set(split_of.values()):
        return split_of, "that of POP909, by song number"
    chosen = {
        song: "validation" if index % VALIDATED_EVERY == 1 else "train"
        for index, song in enumerate(songs)
    }
    return chosen, "every tenth song validates"


def _laid_end_to_end(songs: list[_Song], split_of: dict[str, str]) -> PairedSet:
    music = [song.pair.music for song in songs]
    return PairedSet(
        songs=np.array([song.pair.song for song in songs]),
        split=np.array([SPLITS.index(split_of[song.pair.song]) for song in songs], np.uint8),
        note_offsets=np.cumsum([0, *(len(one.notes) for one in music)]),
        beat_offsets=np.cumsum([0, *(one.beats for one in music)]),
        window_offsets=np.cumsum([0, *(len(one.windows) for one in music)]),
        notes=np.concatenate([one.notes for one in music]).astype(np.int32),
        visual=np.concatenate([song.visual for song in songs]),
        language=np.concatenate([song.language for song in songs]),
        windows=np.concatenate([one.windows for one in music]).astype(np.int32),
    )


def _report(
    found: Found, songs: list[_Song], prepared: PairedSet, split_source: str
) -> dict[str, Any]:
    """Counts, and for every pair that is not used the reason."""
    without = {
        song.pair.song: "no 8 bars of 4/4 in a row"
        for song in songs
        if not len(song.pair.music.windows)
    }
    skipped = dict.fromkeys(found.skipped, "left out by the paper")
    counts = np.diff(prepared.window_offsets)
    return {
        "pairs_found": len(found.pairs) + len(found.skipped),
        "pairs_used": len(prepared),
        "pairs_not_used": dict(sorted((skipped | without).items())),
        "shots": sum(song.pair.shots for song in songs),
        "notes": len(prepared.notes),
        "windows_with_an_odd_bar_left_out": sum(song.pair.music.irregular for song in songs),
        "split": split_source,
        "songs": {name: len(prepared.songs_of(name)) for name in SPLITS},
        "windows_of_8_bars": {
            name: int(counts[prepared.split == index].sum()) for index, name in enumerate(SPLITS)
        },
    }
