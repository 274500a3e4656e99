"""From a scored film to the files of a composition. Decides nothing: what is told here is done."""

import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.clock import Clock
from diffbgm.composition import (
    DOCUMENT,
    VERSION,
    Composition,
    ScoredFilm,
    save_analysis,
    source_of,
)
from diffbgm.music.arrangement import join_shots
from diffbgm.music.midi import write_midi
from diffbgm.music.score import Score
from diffbgm.mux import mux
from diffbgm.pictures import overview, roll_png
from diffbgm.report import write_report
from diffbgm.sound.dialogue import with_own_sound
from diffbgm.sound.ducking import ducking
from diffbgm.sound.mixing import Loudness, Master, master, measure, segments, sum_stems, write_wav
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.spotting.cue_sheet import shot_levels
from diffbgm.timeline import write_otio

REPORT = "report.html"


def write_folder(
    folder: Path, film: ScoredFilm, clock: Clock, unchanged: dict[int, Path] | None = None
) -> Composition:
    """Write all files but the takes into `folder`; return what composition.json says.

    `unchanged`: shots whose MIDI and picture are the same as in another composition's folder.
    """
    with clock.stage("mastering"):
        mixed = _write_sound(folder, film)
        loudness = measure(mixed.samples)
    with clock.stage("pictures"):
        score = join_shots(take.score for take in film.takes)
        _write_notes(folder, film, score, unchanged or {})
        overview(folder / "overview.png", film.analysis, film.cues, score, mixed.samples)
    segment_paths = [folder / f"shots/{shot.index:03d}.wav" for shot in film.timeline.shots]
    write_otio(film.timeline, segment_paths, film.cues.hits, folder / "timeline.otio")
    save_analysis(film.analysis, folder)
    if film.options.mux and film.film:
        with clock.stage("film"):
            _write_film(folder, film, mixed.samples)
    composition = _document(folder, film, mixed.gain_db, loudness, clock.timings)
    composition.save()
    write_report(folder / REPORT, film, composition, score, mixed.samples)
    return composition


def _write_film(folder: Path, film: ScoredFilm, music: np.ndarray) -> None:
    """film.mp4: the picture with the music; with its own sound, too, where that leaves it room."""
    assert film.film is not None
    if not film.options.makes_room:
        mux(film.film, folder / "mix.wav", folder / "film.mp4")
        return
    heard = folder / "film.wav"
    sound = with_own_sound(film.timeline, film.cues.dialogue, music, film.options.loudness)
    write_wav(heard, sound)
    mux(film.film, heard, folder / "film.mp4")
    heard.unlink()


def _write_sound(folder: Path, film: ScoredFilm) -> Master:
    boundaries = boundaries_of(film)
    parts = [part for take in film.takes for part in take.parts]
    stems = sum_stems(parts, boundaries[-1])
    last_frame = film.timeline.sample(film.timeline.frames - 1, SAMPLE_RATE)
    spans = film.cues.dialogue.spans
    mixed = master(
        stems,
        boundaries,
        film.gain_db,
        target_lufs=film.options.loudness,
        silent_from=last_frame,
        ducking=ducking(spans, boundaries[-1], SAMPLE_RATE) if spans else None,
    )
    write_wav(folder / "mix.wav", mixed.samples)
    (folder / "stems").mkdir()
    for name, samples in stems.items():
        write_wav(folder / "stems" / f"{file_name(name)}.wav", mixed.stem(samples))
    (folder / "shots").mkdir()
    for index, samples in enumerate(segments(mixed.samples, boundaries)):
        write_wav(folder / f"shots/{index:03d}.wav", samples)
    return mixed


def boundaries_of(film: ScoredFilm) -> list[int]:
    """First samples of the shots, and the film's length in samples."""
    timeline = film.timeline
    edges = [*(shot.start_frame for shot in timeline.shots), timeline.frames]
    return [timeline.sample(frame, SAMPLE_RATE) for frame in edges]


def file_name(stem: str) -> str:
    """A stem's name as a file name: letters, digits, _ and - alone."""
    return "".join(letter if letter.isalnum() else "_" for letter in stem.lower())


def _write_notes(folder: Path, film: ScoredFilm, score: Score, unchanged: dict[int, Path]) -> None:
    tempo_map, first_downbeat = film.cues.tempo_map, film.cues.first_downbeat
    write_midi(score, tempo_map, folder / "score.mid", first_downbeat=first_downbeat)
    timeline = film.timeline
    for shot in timeline.shots:
        midi, image = (folder / f"shots/{shot.index:03d}{suffix}" for suffix in (".mid", ".png"))
        if shot.index in unchanged:
            for path in (midi, image):
                _share(unchanged[shot.index] / "shots" / path.name, path)
            continue
        span = (timeline.time(shot.start_frame), timeline.time(shot.end_frame))
        write_midi(
            film.takes[shot.index].score,
            tempo_map,
            midi,
            first_downbeat=first_downbeat,
            start=span[0],
            end=span[1],
        )
        roll_png(score, tempo_map, span, image, first_downbeat)


def _share(source: Path, target: Path) -> None:
    with suppress(OSError):
        os.link(source, target)
        return
    target.write_bytes(source.read_bytes())


def _document(
    folder: Path,
    film: ScoredFilm,
    gain_db: float,
    loudness: Loudness,
    timings: dict[str, float],
) -> Composition:
    timeline = film.timeline
    files = sorted({path.name for path in folder.iterdir()} | {DOCUMENT, REPORT})
    return Composition(
        folder=folder,
        version=VERSION,
        seconds=timeline.seconds,
        frame_rate=[timeline.frame_rate.numerator, timeline.frame_rate.denominator],
        frames=timeline.frames,
        sample_rate=SAMPLE_RATE,
        shots=_shot_entries(film),
        mood_source=film.analysis.mood_source,
        model=film.model,
        options=film.options.to_dict(),
        loudness={**asdict(loudness), "gain_db": gain_db},
        sound=film.sound,
        source=source_of(timeline, film.film),
        timings=timings,
        files=files,
        **film.cues.to_dict(),
    )


def _shot_entries(film: ScoredFilm) -> list[dict[str, Any]]:
    timeline = film.timeline
    energies, moods = shot_levels(film.cues, timeline)
    return [
        {
            "index": shot.index,
            "start_frame": shot.start_frame,
            "end_frame": shot.end_frame,
            "start": timeline.time(shot.start_frame),
            "end": timeline.time(shot.end_frame),
            "take": film.numbers[shot.index][0],
            "takes": film.numbers[shot.index][1],
            "seed": film.takes[shot.index].seed,
            "style": film.takes[shot.index].style,
            "mood": [round(float(value), 4) for value in moods[shot.index][:2]],
            "tension": round(float(moods[shot.index][2]), 4),
            "energy": round(float(energies[shot.index]), 4),
            "audio": f"shots/{shot.index:03d}.wav",
            "midi": f"shots/{shot.index:03d}.mid",
            "image": f"shots/{shot.index:03d}.png",
        }
        for shot in timeline.shots
    ]
