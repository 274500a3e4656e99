"""`diffbgm prepare pop909`: from the public folders to one prepared file and a report.

Songs are read in parallel, and each one's part is kept until the file is written: a run that was
killed goes on where it was.
"""

import json
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np

from diffbgm.data.harte import CHORD_COLUMNS, NO_CHORD
from diffbgm.data.pop909 import Section, read_song, song_folders, structure_folders
from diffbgm.data.pop909_report import summarise
from diffbgm.data.prepared import SPLITS, PreparedSet, join
from diffbgm.data.song_part import SongPart, fingerprint, read_part, write_part
from diffbgm.errors import DatasetError, StorageError
from diffbgm.files import replacing
from diffbgm.music import conditions
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, from_notes
from diffbgm.progress import Advance, no_advance


def prepare_pop909(source: Path, target: Path, progress: Advance = no_advance) -> dict:
    """Read every song under `source`, write `target` (.npz) and its report; return the report.

    DatasetError if there is no song or none can be used, StorageError if `target` cannot be
    written; it is whole or not there.
    """
    parts = target.with_name(f".{target.name}.parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(f"{parts}: cannot be made ({exc.strerror})") from exc
    songs = prepare_songs(source, None, parts, progress)
    prepared = join([song.prepared for song in songs])
    if not len(prepared):
        raise DatasetError(f"{source}: none of its {len(songs)} songs can be used")
    prepared.save(target)
    summary = summarise(songs, prepared)
    with replacing(target.with_suffix(".report.json")) as unfinished:
        unfinished.write_text(json.dumps(summary, indent=1) + "\n")
    shutil.rmtree(parts)
    return summary


def prepare_songs(
    source: Path,
    wanted: set[str] | None,
    parts: Path | None = None,
    progress: Advance = no_advance,
) -> list[SongPart]:
    """The songs under `source` in order (of those `wanted`), each prepared by itself.

    What lies in the folder `parts` is not read again, unless a song's files have changed.
    """
    folders = [folder for folder in song_folders(source) if wanted is None or folder.name in wanted]
    structure = structure_folders(source)
    songs = []
    for song in _read_all(folders, structure, parts):
        songs.append(song)
        progress(len(songs) / len(folders))
    return songs


def _read_all(
    folders: list[Path], structure: dict[str, Path], parts: Path | None
) -> Iterator[SongPart]:
    labels = [structure.get(folder.name) for folder in folders]
    with ProcessPoolExecutor(initializer=_leave_interrupts_to_the_parent) as pool:
        try:
            yield from pool.map(partial(_prepare_song, parts), folders, labels, chunksize=4)
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare_song(parts: Path | None, folder: Path, structure: Path | None) -> SongPart:
    path = None if parts is None else parts / f"{folder.name}.npz"
    mark = fingerprint(folder, structure)
    done = None if path is None else read_part(path, mark)
    if done is not None:
        return done
    report = read_song(folder, structure)
    song = SongPart(
        report.song,
        report.rejected,
        report.measured,
        report.phase_source,
        report.phase_moved_beats,
        prepare_sections(list(report.sections)),
    )
    if path is not None:
        write_part(path, song, mark)
    return song


def prepare_sections(sections: list[Section]) -> PreparedSet:
    """Measure every section's conditions and lay the sections end to end."""
    split_of = song_splits()
    split = [SPLITS.index(split_of.get(section.song, "train")) for section in sections]
    beats = [section.bars * BEATS_PER_BAR for section in sections]
    measured = [_measure(section) for section in sections]
    dynamic, semantic, key_signature, phrase_start, chord = zip(_NO_BEATS, *measured, strict=True)
    return PreparedSet(
        songs=np.array([section.song for section in sections], np.str_),
        split=np.array(split, np.uint8),
        note_offsets=np.cumsum([0, *(len(section.notes) for section in sections)]),
        beat_offsets=np.cumsum([0, *beats]),
        notes=np.concatenate([_NO_NOTES, *(section.notes for section in sections)]).astype(
            np.int16
        ),
        dynamic=np.concatenate(dynamic).astype(np.float16),
        semantic=np.concatenate(semantic).astype(np.float16),
        key_signature=np.concatenate(key_signature).astype(np.uint8),
        phrase_start=np.concatenate(phrase_start),
        chord=np.concatenate(chord),
    )


# What sections are laid after, so that no sections are no special case.
_NO_NOTES = np.zeros((0, 5), np.int16)
_NO_BEATS = (
    np.zeros((0, len(conditions.DYNAMIC)), np.float32),
    np.zeros((0, len(conditions.SEMANTIC)), np.float32),
    np.zeros(0, np.int64),
    np.zeros(0, bool),
    np.zeros((0, CHORD_COLUMNS), np.int8),
)


def _measure(section: Section) -> tuple[np.ndarray, ...]:
    roll = from_notes(section.notes, section.bars * SIXTEENTHS_PER_BAR)
    dynamic, semantic = conditions.of_roll(roll, section.phrase_starts)
    starts = np.zeros(len(dynamic), bool)
    starts[section.phrase_starts] = True
    chords = section.chords if len(section.chords) else np.tile(NO_CHORD, (len(dynamic), 1))
    return dynamic, semantic, conditions.key_signatures_of(roll), starts, chords


def song_splits() -> dict[str, str]:
    """Song number → split, fixed in pop909_splits.json; a song not named there trains."""
    listed = json.loads(files("diffbgm.data").joinpath("pop909_splits.json").read_text())
    return {song: split for split, songs in listed.items() for song in songs}
