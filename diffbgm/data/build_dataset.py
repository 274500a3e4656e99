"""`diffbgm build-dataset`: a set in BGM909's layout from a person's own films with MIDI.

PAIRS is a folder in which a film and its song have one stem: `chase.mp4` and `chase.mid`. A song
sounds from the film's first frame on. The set is what `diffbgm prepare bgm909` reads, and
`dataset.json` beside it says what each pair was made of.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diffbgm.data.bgm909 import (
    LANGUAGE_FOLDER,
    SHOTS_FOLDER,
    SKIPPED_SONGS,
    VISUAL_FOLDER,
    read_music,
)
from diffbgm.data.film_features import Extractor, FilmFeatures
from diffbgm.data.midi_song import MidiSong, check_midi, read_song
from diffbgm.data.paired import WINDOW_BARS
from diffbgm.errors import DatasetError, StorageError
from diffbgm.files import replacing
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS
from diffbgm.progress import Advance, no_advance
from diffbgm.readers.film_info import probe
from diffbgm.video.analysis import VideoAnalysis, analyse_film

MUSIC_FOLDER, CAPTIONS_FOLDER = "POP909_4_bin_pnt_8bar", "captions"
MIDI_SUFFIXES = frozenset({".mid", ".midi"})
FILM_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mxf", ".ts", ".webm"})
PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
LOOSE_SIXTEENTHS = 0.1
"""Off the grid by more than this on the average, a song should be quantised first."""

_NAMED_AT_MOST = 5


class OwnPair(NamedTuple):
    """A film and its song, and the number that they get in the set."""

    song: str
    film: Path
    midi: Path


def build_dataset(
    source: Path,
    target: Path,
    extractor: Extractor,
    progress: Advance = no_advance,
) -> dict[str, Any]:
    """Write the set of all pairs in `source` into the folder `target`; return `dataset.json`.

    A pair that an earlier run has finished, with the same files and extractors, is kept: an
    interrupted run goes on. DatasetError and FilmError name what cannot be used, before any film
    is decoded, where that can be known; StorageError what cannot be written.
    """
    pairs = find_own_pairs(source)
    for pair in pairs:
        check_midi(pair.midi)
        probe(pair.film)
    earlier = _read_report(target)
    kept = _kept(earlier, pairs, extractor)
    # Where a run ends too early, what it had finished is listed, and all else is done again.
    report: dict[str, Any] = {**extractor.sources, "pairs": list(kept.values())}
    _write_report(target, report)
    for song in {done["song"] for done in earlier["pairs"]} - kept.keys():
        _remove(target, song)
    for number, pair in enumerate(pairs):
        if pair.song not in kept:
            kept[pair.song] = _add(pair, target, extractor)
            report["pairs"] = [kept[song] for song in sorted(kept)]
            _write_report(target, report)
        progress((number + 1) / len(pairs))
    return report


def find_own_pairs(source: Path) -> list[OwnPair]:
    """The pairs in a folder, by name. DatasetError names songs without a film, films without a
    song, and two of either for one name."""
    if not source.is_dir():
        raise DatasetError(f"{source}: is no folder; put films and MIDI files of one name into one")
    films, songs = (_by_stem(source, suffixes) for suffixes in (FILM_SUFFIXES, MIDI_SUFFIXES))
    faults = [
        *(f"song {songs[stem].name} has no film" for stem in sorted(songs.keys() - films.keys())),
        *(f"film {films[stem].name} has no song" for stem in sorted(films.keys() - songs.keys())),
    ]
    if faults:
        more = f"; and {len(faults) - _NAMED_AT_MOST} more" if len(faults) > _NAMED_AT_MOST else ""
        listed = "; ".join(faults[:_NAMED_AT_MOST])
        raise DatasetError(
            f"{source}: {listed}{more}; a film and its song have one name, as in chase.mp4 and "
            "chase.mid"
        )
    if not films:
        raise DatasetError(f"{source}: holds no film with a MIDI file of the same name")
    numbers = (f"{number:03}" for number in range(1, 2 * len(films) + len(SKIPPED_SONGS) + 1))
    free = (number for number in numbers if number not in SKIPPED_SONGS)
    return [OwnPair(next(free), films[stem], songs[stem]) for stem in sorted(films)]


def _by_stem(source: Path, suffixes: frozenset[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(source.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if path.stem in found:
            raise DatasetError(f"{found[path.stem]} and {path.name}: are of one name; remove one")
        found[path.stem] = path
    return found


def _add(pair: OwnPair, target: Path, extractor: Extractor) -> dict[str, Any]:
    """Measure a pair and write its files; its entry in the report."""
    made_from = _made_from(pair)
    analysis = analyse_film(pair.film)
    film_seconds = analysis.timeline.frames / float(analysis.timeline.frame_rate)
    music = read_song(pair.midi, film_seconds)
    features = extractor.extract(pair.film, analysis, music.beat_seconds)
    _write_pair(pair.song, target, analysis, music, features)
    windows = read_music(target / MUSIC_FOLDER / f"{pair.song}.npz").windows
    music_seconds = float(music.beat_seconds[-1])
    return {
        "song": pair.song,
        "made_from": made_from,
        "key": f"{PITCH_NAMES[music.key.tonic]} {'minor' if music.key.minor else 'major'}",
        "beats": music.beats,
        "shots": len(analysis.timeline.shots),
        "notes": len(music.notes),
        "windows_of_8_bars": len(windows),
        "film_seconds": round(film_seconds, 2),
        "heard_seconds": round(music_seconds, 2),
        "warnings": _warnings(pair, music, len(windows), film_seconds - music_seconds),
    }


def _warnings(pair: OwnPair, music: MidiSong, windows: int, silent: float) -> list[str]:
    found = []
    if music.off_grid > LOOSE_SIXTEENTHS:
        found.append(
            f"{pair.midi.name}: notes begin {music.off_grid:.2f} sixteenths beside its own beats "
            "on the average; quantise it, or give it a tempo map that follows the playing"
        )
    if not windows:
        found.append(f"{pair.midi.name}: has no 8 bars of 4/4 in a row; nothing to train on")
    if silent > 1:
        found.append(f"{pair.film.name}: its last {silent:.1f} s have no music and are left out")
    return found


def _write_pair(
    song: str, target: Path, analysis: VideoAnalysis, music: MidiSong, features: FilmFeatures
) -> None:
    import torch

    visual, language, shots, captions, table = _files(song)
    with _in(target, *visual) as path:
        torch.save(torch.from_numpy(features.visual), path)
    with _in(target, *language) as path:
        np.save(path, features.language)
    with _in(target, *shots) as path:
        # First and last frame, as TransNetV2 writes them.
        spans = ((shot.start_frame, shot.end_frame - 1) for shot in analysis.timeline.shots)
        path.write_text("".join(f"{first} {last}\n" for first, last in spans))
    if features.captions:
        with _in(target, *captions) as path:
            path.write_text("".join(f"{caption}\n" for caption in features.captions), "utf-8")
    with _in(target, *table) as path:
        np.savez(path, **_table(music))


def _files(song: str) -> tuple[tuple[str, str], ...]:
    """Folder and name of all files of a pair: visual, language, shots, captions, music."""
    return (
        (VISUAL_FOLDER, f"{song}.pth"),
        (LANGUAGE_FOLDER, f"{song}.npy"),
        (SHOTS_FOLDER, f"{song}_scenes.txt"),
        (CAPTIONS_FOLDER, f"{song}.txt"),
        (MUSIC_FOLDER, f"{song}.npz"),
    )


def _in(target: Path, folder: str, name: str) -> Any:
    """The file to write, which is there whole or not at all."""
    try:
        (target / folder).mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(f"{target / folder}: cannot be made ({exc.strerror})") from exc
    return replacing(target / folder / name)


def _table(music: MidiSong) -> dict[str, Any]:
    """The song as the public set has it; beyond that the key and when each beat is."""
    downbeats = music.downbeats * SIXTEENTHS_PER_BEAT
    tracks, starts = np.empty(len(TRACKS), object), np.empty(len(TRACKS), object)
    for index in range(len(TRACKS)):
        own = music.notes[music.notes[:, 4] == index]
        onset, duration, pitch, velocity, _ = own.T
        program = np.zeros_like(onset)
        tracks[index] = np.stack([onset, pitch, duration, velocity, program], axis=1).tolist()
        rows = np.searchsorted(onset, downbeats)
        starts[index] = dict(zip(downbeats.tolist(), rows.tolist(), strict=True))
    return {
        "notes": tracks,
        "start_table": starts,
        "db_pos": downbeats,
        "db_pos_filter": _complete(downbeats, music.beats * SIXTEENTHS_PER_BEAT),
        "chord": music.chords,
        "key": np.array([music.key.tonic, music.key.minor]),
        "beat_seconds": music.beat_seconds,
    }


def _complete(downbeats: np.ndarray, end: int) -> np.ndarray:
    """Whether 8 bars of 4/4 begin at each of the downbeats (sixteenths)."""
    is_whole = np.diff(downbeats, append=end) == SIXTEENTHS_PER_BAR
    from_each = (is_whole[begin : begin + WINDOW_BARS] for begin in range(len(downbeats)))
    return np.array([len(bars) == WINDOW_BARS and bool(bars.all()) for bars in from_each])


def _made_from(pair: OwnPair) -> dict[str, list[Any]]:
    """Name, size and time of change of both files."""
    sources = {"film": pair.film, "midi": pair.midi}
    return {
        kind: [path.name, path.stat().st_size, path.stat().st_mtime_ns]
        for kind, path in sources.items()
    }


def _read_report(target: Path) -> dict[str, Any]:
    """What an earlier run wrote; DatasetError if the folder holds something else."""
    path = target / "dataset.json"
    try:
        if not target.exists() or not any(target.iterdir()):
            return {"pairs": []}
        report = json.loads(path.read_text("utf-8"))
        if all(done["song"] and done["made_from"] for done in report["pairs"]):
            return report
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DatasetError(f"{target}: holds something else; name a new folder") from exc
    raise DatasetError(f"{path}: is damaged; name a new folder")


def _kept(
    earlier: dict[str, Any], pairs: list[OwnPair], extractor: Extractor
) -> dict[str, dict[str, Any]]:
    """Number -> entry of the report, of pairs that need not be done again."""
    if any(earlier.get(name) != value for name, value in extractor.sources.items()):
        return {}
    made_from = {pair.song: _made_from(pair) for pair in pairs}
    return {
        done["song"]: done
        for done in earlier["pairs"]
        if made_from.get(done["song"]) == done["made_from"]
    }


def _remove(target: Path, song: str) -> None:
    for folder, name in _files(song):
        (target / folder / name).unlink(missing_ok=True)


def _write_report(target: Path, report: dict[str, Any]) -> None:
    with _in(target, ".", "dataset.json") as path:
        path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
