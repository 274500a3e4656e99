"""What a composition is made of, and the folder that keeps it.

composition.json says what there is; `takes/NNN/K/` keeps every take of every shot (its notes and
its sound) and `analysis.npz` what was measured, so that a take can be exchanged while all else
stays as it is, to the bit.
"""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import CompositionError
from diffbgm.music.score import Note, Score, Track
from diffbgm.options import ComposeOptions
from diffbgm.sound.parts import Part, SoundPart, load_parts, save_parts
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.analysis import Cut, MoodSource, VideoAnalysis

VERSION = 1
DOCUMENT = "composition.json"
ANALYSIS = "analysis.npz"


@dataclass(frozen=True)
class Take:
    """One take of one shot: its conditions, its cells of the roll, its notes, and its sound once it
    is rendered.

    `roll` (4 N, 3, 88), `dynamic` (N, 6) and `semantic` (N, 3) are those of the shot's N beats.
    """

    seed: int
    style: str
    roll: np.ndarray
    dynamic: np.ndarray
    semantic: np.ndarray
    score: Score
    parts: tuple[SoundPart, ...] = ()


@dataclass(frozen=True)
class ScoredFilm:
    """A film and its music. `takes` holds the take of each shot that is in the mix, `numbers`
    which one that is and how many there are. `gain_db` is chosen once, with the first mix.
    """

    analysis: VideoAnalysis
    cues: CueSheet
    takes: tuple[Take, ...]
    numbers: tuple[tuple[int, int], ...]
    options: ComposeOptions
    film: Path | None
    model: dict[str, Any]
    sound: dict[str, Any]
    gain_db: float | None = None

    @property
    def timeline(self) -> Timeline:
        return self.analysis.timeline

    @property
    def roll(self) -> np.ndarray:
        """The whole roll (4 B, 3, 88)."""
        return np.concatenate([take.roll for take in self.takes])

    def with_take(self, shot: int, take: Take, number: int, of: int) -> "ScoredFilm":
        """The film with another take of one shot in the mix."""
        dynamic, semantic = self.cues.dynamic.copy(), self.cues.semantic.copy()
        own = self.cues.shot_of_beat == shot
        dynamic[own], semantic[own] = take.dynamic, take.semantic
        return replace(
            self,
            cues=replace(self.cues, dynamic=dynamic, semantic=semantic),
            takes=(*self.takes[:shot], take, *self.takes[shot + 1 :]),
            numbers=(*self.numbers[:shot], (number, of), *self.numbers[shot + 1 :]),
        )


@dataclass(frozen=True)
class Composition:
    """composition.json as it is, field by field; `folder` is where it lies."""

    folder: Path
    version: int
    seconds: float
    frame_rate: list[int]
    frames: int
    sample_rate: int
    shots: list[dict[str, Any]]
    tempo: list[dict[str, float]]
    first_downbeat: int
    phrases: list[int]
    plan: dict[str, Any] | None
    dialogue: list[list[float]]
    shot_of_beat: list[int]
    beats: list[float]
    downbeats: list[float]
    hits: list[dict[str, Any]]
    mood_source: MoodSource
    conditions: dict[str, Any]
    model: dict[str, Any]
    options: dict[str, Any]
    loudness: dict[str, Any]
    sound: dict[str, Any]
    source: dict[str, Any]
    timings: dict[str, float]
    files: list[str]

    def to_dict(self) -> dict[str, Any]:
        content = asdict(self)
        del content["folder"]
        return content

    def save(self) -> None:
        """Write composition.json into the folder."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        (self.folder / DOCUMENT).write_text(text + "\n")

    def require_shot(self, shot: int) -> None:
        """CompositionError unless there is a shot of that number with a beat of its own."""
        if not 0 <= shot < len(self.shots):
            last = len(self.shots) - 1
            raise CompositionError(f"{self.folder} has shots 0 to {last}, and no shot {shot}")
        if shot not in self.shot_of_beat:
            raise CompositionError(
                f"{self.folder}: shot {shot} is shorter than a beat and has no music of its own; "
                "do a neighbour again"
            )


def load_composition(folder: Path) -> Composition:
    """What composition.json in `folder` says; CompositionError if it is not there or damaged."""
    document = folder / DOCUMENT
    try:
        content = json.loads(document.read_text())
        if content["version"] != VERSION:
            raise CompositionError(f"{document} has version {content['version']}, not {VERSION}")
        content.setdefault("plan", None)  # compositions from before there were plans
        names = [field.name for field in fields(Composition) if field.name != "folder"]
        return Composition(folder, **{name: content[name] for name in names})
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise CompositionError(
            f"{folder} holds no {DOCUMENT}; give a folder that `diffbgm compose` made"
        ) from exc
    except OSError as exc:
        raise CompositionError(f"{document} cannot be read: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{document} is damaged ({exc!r}); compose again") from exc


def load_scored_film(composition: Composition) -> ScoredFilm:
    """All that a composition is made of, read back to the bit."""
    folder = composition.folder
    content = composition.to_dict()
    shots = composition.shots
    try:
        analysis = _load_analysis(folder, _timeline(content))
        options = ComposeOptions.from_dict(composition.options)
        cues = CueSheet.from_dict(content)
        film = composition.source["film"]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{folder} is damaged ({exc!r}); compose again") from exc
    return ScoredFilm(
        analysis,
        cues,
        _load_takes(folder, shots),
        tuple((shot["take"], shot["takes"]) for shot in shots),
        options,
        Path(film) if film else None,
        composition.model,
        composition.sound,
        composition.loudness["gain_db"],
    )


def take_folder(folder: Path, shot: int, number: int) -> Path:
    return folder / "takes" / f"{shot:03d}" / str(number)


def save_take(folder: Path, shot: int, number: int, take: Take, parts: Iterable[Part]) -> Take:
    """Keep a take and its sound under its number; the take, whose sound is there on the disc."""
    place = take_folder(folder, shot, number)
    place.mkdir(parents=True)
    tracks = [_from_track(track) for track in take.score.tracks]
    content = {"seed": take.seed, "style": take.style, "tracks": tracks}
    (place / "take.json").write_text(json.dumps(content) + "\n")
    with (place / "take.npz").open("wb") as file:
        np.savez_compressed(file, roll=take.roll, dynamic=take.dynamic, semantic=take.semantic)
    save_parts(parts, place / "sound.flac")
    return replace(take, parts=load_parts(place / "sound.flac"))


def load_take(folder: Path, shot: int, number: int) -> Take:
    """The take that `save_take` kept, to the bit; CompositionError if it is not there.

    Its sound stays on the disc until it is asked for.
    """
    place = take_folder(folder, shot, number)
    try:
        content = json.loads((place / "take.json").read_text())
        with np.load(place / "take.npz", allow_pickle=False) as arrays:
            rows = {name: arrays[name] for name in ("roll", "dynamic", "semantic")}
        score = Score(tuple(_to_track(row) for row in content["tracks"]))
        parts = load_parts(place / "sound.flac")
        return Take(content["seed"], content["style"], **rows, score=score, parts=parts)
    except FileNotFoundError as exc:
        raise CompositionError(f"{folder}: shot {shot} has no take {number}") from exc
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{place} is damaged ({exc}); recompose the shot") from exc


def _load_takes(folder: Path, shots: list[dict[str, Any]]) -> tuple[Take, ...]:
    """The take of every shot that is in the mix."""
    return tuple(load_take(folder, shot["index"], shot["take"]) for shot in shots)


def keep_takes(old: Path, new: Path) -> None:
    """All takes of one folder in another, sharing the files where the disc allows it."""

    def share(source: str, target: str) -> None:
        with suppress(OSError):
            os.link(source, target)
            return
        shutil.copy2(source, target)

    shutil.copytree(old / "takes", new / "takes", copy_function=share)


def save_analysis(analysis: VideoAnalysis, folder: Path) -> None:
    """Keep what was measured, but for the timeline, which composition.json holds."""
    cuts = [[cut.frame, cut.kind, cut.strength, cut.frames] for cut in analysis.cuts]
    arrays: dict[str, Any] = {
        "motion": analysis.motion,
        "mood": analysis.mood,
        "thumbnails": analysis.thumbnails,
        "told": json.dumps([cuts, analysis.mood_source]),
    }
    meaning = {
        "image_embeddings": analysis.image_embeddings,
        "caption_embeddings": analysis.caption_embeddings,
    }
    arrays |= {name: rows for name, rows in meaning.items() if rows is not None}
    with (folder / ANALYSIS).open("wb") as file:
        np.savez_compressed(file, **arrays)


def _load_analysis(folder: Path, timeline: Timeline) -> VideoAnalysis:
    with np.load(folder / ANALYSIS, allow_pickle=False) as arrays:
        cuts, mood_source = json.loads(str(arrays["told"]))
        return VideoAnalysis(
            timeline,
            tuple(Cut(*cut) for cut in cuts),
            arrays["motion"],
            arrays["mood"],
            arrays["thumbnails"],
            mood_source,
            arrays.get("image_embeddings"),
            arrays.get("caption_embeddings"),
        )


def source_of(timeline: Timeline, film: Path | None) -> dict[str, Any]:
    """`source` in composition.json: the film, if it is one, and what every shot shows."""
    shown = [
        {
            "media": str(shot.media.path) if shot.media else None,
            "media_start": str(shot.media.start) if shot.media else None,
            "speed": str(shot.media.speed) if shot.media else None,
            "mood_override": shot.mood,
            "energy_override": shot.energy,
        }
        for shot in timeline.shots
    ]
    return {"film": str(film) if film else None, "shots": shown}


def _timeline(content: dict[str, Any]) -> Timeline:
    shown = content["source"]["shots"]
    shots = [_shot(entry, one) for entry, one in zip(content["shots"], shown, strict=True)]
    return Timeline(Fraction(*content["frame_rate"]), tuple(shots))


def _shot(entry: dict[str, Any], shown: dict[str, Any]) -> Shot:
    media = shown["media"] and MediaSpan(
        Path(shown["media"]), Fraction(shown["media_start"]), Fraction(shown["speed"])
    )
    mood = shown["mood_override"]
    return Shot(
        entry["index"],
        entry["start_frame"],
        entry["end_frame"],
        media,
        tuple(mood) if mood else None,
        shown["energy_override"],
    )


def _from_track(track: Track) -> list[Any]:
    notes = [[n.start_beats, n.pitch, n.duration_beats, n.velocity] for n in track.notes]
    return [track.name, track.program, track.is_drum, notes]


def _to_track(row: list[Any]) -> Track:
    name, program, is_drum, notes = row
    return Track(name, program, tuple(Note(*note) for note in notes), is_drum)
