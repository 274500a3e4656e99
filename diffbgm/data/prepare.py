"""`diffbgm prepare pop909`: from the public folders to one prepared file and a report."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np

from diffbgm.data.pop909 import Section, SongReport, read_song, song_folders, structure_folders
from diffbgm.data.prepared import SPLITS, PreparedSet
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, from_notes
from diffbgm.spotting import conditions

WINDOW_BARS = 16


def prepare_pop909(
    source: Path, target: Path, progress: Callable[[float], None] = lambda fraction: None
) -> dict:
    """Read every song under `source`, write `target` (.npz) and its report; return the report."""
    reports = []
    folders = song_folders(source)
    for report in _read_all(folders, structure_folders(source)):
        reports.append(report)
        progress(len(reports) / len(folders))
    prepared = to_prepared([section for report in reports for section in report.sections])
    target.parent.mkdir(parents=True, exist_ok=True)
    prepared.save(target)
    summary = summarise(reports, prepared)
    target.with_suffix(".report.json").write_text(json.dumps(summary, indent=1) + "\n")
    return summary


def _read_all(folders: list[Path], structure: dict[str, Path]) -> Iterator[SongReport]:
    with ProcessPoolExecutor() as pool:
        labels = [structure.get(folder.name) for folder in folders]
        yield from pool.map(read_song, folders, labels, chunksize=8)


def to_prepared(sections: list[Section]) -> PreparedSet:
    """Measure every section's conditions and lay the sections end to end."""
    measured = [_measure(section) for section in sections]
    beats = [section.bars * BEATS_PER_BAR for section in sections]
    split_of = song_splits()
    split = [SPLITS.index(split_of.get(section.song, "train")) for section in sections]
    dynamic, semantic, key_signature, phrase_start = zip(*measured, strict=True)
    return PreparedSet(
        songs=np.array([section.song for section in sections]),
        split=np.array(split, np.uint8),
        note_offsets=np.cumsum([0, *(len(section.notes) for section in sections)]),
        beat_offsets=np.cumsum([0, *beats]),
        notes=np.concatenate([section.notes for section in sections]).astype(np.int16),
        dynamic=np.concatenate(dynamic).astype(np.float16),
        semantic=np.concatenate(semantic).astype(np.float16),
        key_signature=np.concatenate(key_signature).astype(np.uint8),
        phrase_start=np.concatenate(phrase_start),
    )


def _measure(section: Section) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    roll = from_notes(section.notes, section.bars * SIXTEENTHS_PER_BAR)
    dynamic, semantic = conditions.from_score(roll, section.phrase_starts)
    starts = np.zeros(len(dynamic), bool)
    starts[section.phrase_starts] = True
    return dynamic, semantic, conditions.key_signatures_of(roll), starts


def song_splits() -> dict[str, str]:
    """Song number → split, fixed in pop909_splits.json; a song not named there trains."""
    listed = json.loads(files("diffbgm.data").joinpath("pop909_splits.json").read_text())
    return {song: split for split, songs in listed.items() for song in songs}


def summarise(reports: list[SongReport], prepared: PreparedSet) -> dict:
    """Counts for the report: songs, reasons, phases, sections and windows."""
    used = [report for report in reports if report.rejected is None]
    bars = np.diff(prepared.beat_offsets) // BEATS_PER_BAR
    windows = np.maximum(bars - WINDOW_BARS + 1, 0)
    per_split = {
        name: int(windows[prepared.split == index].sum()) for index, name in enumerate(SPLITS)
    }
    return {
        "songs_read": len(reports),
        "songs_used": len(used),
        "rejected": dict(Counter(report.rejected for report in reports if report.rejected)),
        "rejected_songs": {report.song: report.rejected for report in reports if report.rejected},
        "phase_from": dict(Counter(report.phase_source for report in used)),
        "phase_moved_beats": dict(Counter(str(report.phase_moved_beats) for report in used)),
        "sections": len(prepared),
        "bars": int(bars.sum()),
        "notes": len(prepared.notes),
        f"windows_of_{WINDOW_BARS}_bars": per_split,
    }
