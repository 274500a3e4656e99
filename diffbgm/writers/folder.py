"""From a scored film to the files of a composition. Decides nothing about the music."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from diffbgm.arranging.arrangement import join_shots
from diffbgm.composition import (
    ANALYSIS,
    DOCUMENT,
    VERSION,
    Composition,
    ScoredFilm,
    document_of,
    keep_takes,
    kept_document,
    read_document,
    recorded_files,
    save_analysis,
    save_outlines,
    source_of,
)
from diffbgm.errors import StorageError
from diffbgm.files.ownership import Record, identify, record_of, to_json
from diffbgm.files.publishing import publishing
from diffbgm.music.midi import write_midi
from diffbgm.music.score import Score
from diffbgm.options import ComposeOptions
from diffbgm.progress import Advance, Beside, Clock, part_of
from diffbgm.sound.mixing import Loudness, measure_loudness
from diffbgm.sound.own_sound import with_own_sound
from diffbgm.sound.sample_files import SAMPLE_RATE, SampleFile, writing
from diffbgm.spotting.cue_sheet import shot_levels
from diffbgm.spotting.shot_chords import chords_of_shot
from diffbgm.timeline import EditDocument, Timeline
from diffbgm.video.film_sound import film_sound
from diffbgm.writers.film import mux
from diffbgm.writers.licence import LICENCE, write_licence
from diffbgm.writers.pictures import PianoRolls, overview
from diffbgm.writers.rendering import PreviousVersion, render_film
from diffbgm.writers.report import write_report
from diffbgm.writers.sound_files import share, write_sound
from diffbgm.writers.timelines import (
    check_timelines,
    keep_document,
    timeline_files,
    write_timelines,
)

REPORT = "report.html"
FILM = "film.mp4"
# What is written besides, at the top of the folder.
ENTRIES = ("mix.wav", "overview.png", "score.mid", "shots", "stems", "takes")


def entries(options: ComposeOptions, document: EditDocument | None) -> tuple[str, ...]:
    """What a composition consists of at the top of its folder; `document` is that of its edit."""
    timelines = timeline_files(options.timeline_format, document)
    film = (FILM,) if options.mux else ()
    return (DOCUMENT, ANALYSIS, REPORT, LICENCE, *ENTRIES, *timelines, *film)


@contextmanager
def new_version(folder: Path, source: Path | Timeline, options: ComposeOptions) -> Iterator[Path]:
    """A folder to compose into, whose files take their places in `folder` at the end.

    It holds the document of an edit; TimelineError where that cannot come back with music.
    """
    timeline = source if isinstance(source, Timeline) else None
    document = timeline.document if timeline else None
    with publishing(folder, recorded_files, entries(options, document)) as work:
        if timeline is not None:
            keep_document(work, document)
            check_timelines(work, timeline, options)
        yield work


@contextmanager
def next_version(composition: Composition, options: ComposeOptions | None = None) -> Iterator[Path]:
    """A folder that begins with all takes; its files take the places of the composition's.

    `options` are those of the next version, where they change.
    """
    folder = composition.folder
    document = document_of(composition.source)
    options = options or ComposeOptions.from_dict(composition.options)
    names = entries(options, document)
    with publishing(folder, recorded_files, names) as work:
        if read_document(folder) != composition:
            raise StorageError(f"{folder} was changed by another diffbgm meanwhile; try again")
        keep_takes(folder, work)
        if document is not None:
            share(kept_document(folder, document), kept_document(work, document))
        yield work


def write_folder(
    folder: Path,
    film: ScoredFilm,
    clock: Clock,
    previous: PreviousVersion | None = None,
) -> Composition:
    """Write all files but the takes into `folder`; return what composition.json says.

    What is the same as in `previous`, in another folder, is taken from there.
    """
    with clock.stage("sound") as advance:
        sound = render_film(film, folder, previous, advance)
        film = replace(film, sound=film.sound | sound.notes)
    score = join_shots(take.score for take in film.takes)
    with Beside(lambda advance: _write_notes(folder, film, score, previous, advance)) as notes:
        with clock.stage("mastering") as advance:
            gain_db = write_sound(folder, film, sound, advance)
            sound.discard()
            save_outlines(sound.outlines, folder)
        mix = SampleFile(folder / "mix.wav")
        with (
            Beside(lambda advance: _write_film(folder, film, mix, advance)) as muxing,
            Beside(lambda advance: measure_loudness(mix, len(mix), advance)) as measuring,
        ):
            with clock.stage("pictures") as advance:
                overview(folder / "overview.png", film.analysis, film.cues, score, mix)
                notes.wait(part_of(advance, 0.0, 0.5))
                _write_rest(folder, film, previous)
                loudness = measuring.wait(part_of(advance, 0.5, 1.0))
            with clock.stage("film") as advance:
                muxing.wait(advance)
    write_licence(film.origin, folder / LICENCE)
    files = record_of(folder, recorded_files(previous.folder) if previous else None)
    composition = _document(folder, film, gain_db, loudness, clock.timings, files)
    write_report(folder / REPORT, film, composition, score, mix)
    files[REPORT] = identify(folder / REPORT)
    composition = replace(composition, files=to_json(files))
    composition.save()
    return composition


def _write_rest(folder: Path, film: ScoredFilm, previous: PreviousVersion | None) -> None:
    """The timelines, and the analysis."""
    write_timelines(folder, film, [entry["audio"] for entry in _shot_entries(film)])
    if previous:
        share(previous.folder / ANALYSIS, folder / ANALYSIS)
    else:
        save_analysis(film.analysis, folder)


def _write_film(folder: Path, film: ScoredFilm, music: SampleFile, advance: Advance) -> None:
    """film.mp4, if it is asked for: the picture with the music; with its own sound, too, where that
    leaves it room."""
    if not film.options.mux or film.film is None:
        return
    if not film.options.makes_room:
        mux(film.film, folder / "mix.wav", folder / "film.mp4", advance)
        return
    both = folder / "film.wav"
    _write_both(both, film, music, part_of(advance, 0.0, 0.5))
    mux(film.film, both, folder / "film.mp4", part_of(advance, 0.5, 1.0))
    both.unlink()


def _write_both(path: Path, film: ScoredFilm, music: SampleFile, advance: Advance) -> None:
    """The music and the film's own sound, together."""
    reading, adding = part_of(advance, 0.0, 0.5), part_of(advance, 0.5, 1.0)
    dialogue, target = film.cues.dialogue, film.options.loudness
    with film_sound(film.timeline, SAMPLE_RATE, 2, reading) as own, writing(path) as writer:
        for block in with_own_sound(own, music, len(music), dialogue, target, adding):
            writer.write_samples(block)


def _write_notes(
    folder: Path,
    film: ScoredFilm,
    score: Score,
    previous: PreviousVersion | None,
    advance: Advance,
) -> None:
    tempo_map, first_downbeat = film.cues.tempo_map, film.cues.first_downbeat
    timeline, plan = film.timeline, film.cues.plan
    key_signature = None if plan is None else plan.key_signature
    write_midi(
        score,
        tempo_map,
        folder / "score.mid",
        first_downbeat=first_downbeat,
        key_signature=key_signature,
        markers=_midi_markers(film),
    )
    rolls = PianoRolls(score, tempo_map, first_downbeat)
    (folder / "shots").mkdir(exist_ok=True)
    for shot in timeline.shots:
        midi, image = (folder / f"shots/{shot.index:03d}{suffix}" for suffix in (".mid", ".png"))
        if previous and shot.index != previous.shot:
            for path in (midi, image):
                share(previous.folder / "shots" / path.name, path)
            continue
        start, end = timeline.time(shot.start_frame), timeline.time(shot.end_frame)
        own = film.takes[shot.index].score
        write_midi(own, tempo_map, midi, first_downbeat=first_downbeat, start=start, end=end)
        rolls.draw((start, end), image)
        advance((shot.index + 1) / len(timeline.shots))


def _midi_markers(film: ScoredFilm) -> list[tuple[float, str]]:
    """Where shots begin, and where beats meet them: seconds, and what to call that."""
    shots = [
        (film.timeline.time(shot.start_frame), f"shot {shot.index + 1}")
        for shot in film.timeline.shots
    ]
    met = (*film.cues.hits, *film.cues.asked_hits)
    hits = [(hit.seconds, f"hit: {hit.kind}") for hit in met if hit.kind != "none"]
    return sorted([*shots, *hits])


def _document(
    folder: Path,
    film: ScoredFilm,
    gain_db: float,
    loudness: Loudness,
    timings: dict[str, float],
    files: Record,
) -> Composition:
    timeline = film.timeline
    return Composition(
        folder=folder,
        version=VERSION,
        seconds=timeline.seconds,
        frame_rate=[timeline.frame_rate.numerator, timeline.frame_rate.denominator],
        frames=timeline.frames,
        sample_rate=SAMPLE_RATE,
        shots=_shot_entries(film),
        rejected_cuts=list(film.analysis.rejected),
        mood_source=film.analysis.mood_source,
        model=film.model,
        options=film.options.to_dict(),
        loudness={**asdict(loudness), "gain_db": gain_db},
        sound=film.sound,
        source=source_of(timeline, film.film),
        timings=timings,
        origin=film.origin,
        files=to_json(files),
        **film.cues.to_dict(),
    )


def _shot_entries(film: ScoredFilm) -> list[dict[str, Any]]:
    timeline = film.timeline
    energies, moods = shot_levels(film.cues, timeline)
    cuts = [None, *(asdict(cut) for cut in film.analysis.cuts)]
    return [
        {
            "index": shot.index,
            "start_frame": shot.start_frame,
            "end_frame": shot.end_frame,
            "start": timeline.time(shot.start_frame),
            "end": timeline.time(shot.end_frame),
            "cut": cuts[shot.index],
            "take": film.numbers[shot.index][0],
            "takes": film.numbers[shot.index][1],
            "seed": film.takes[shot.index].seed,
            "style": film.takes[shot.index].style,
            "mood": [round(float(value), 4) for value in moods[shot.index][:2]],
            "tension": round(float(moods[shot.index][2]), 4),
            "energy": round(float(energies[shot.index]), 4),
            "chords": _chords(film, shot.index),
            "likeness": film.takes[shot.index].likeness,
            "audio": f"shots/{shot.index:03d}.flac",
            "midi": f"shots/{shot.index:03d}.mid",
            "image": f"shots/{shot.index:03d}.png",
        }
        for shot in timeline.shots
    ]


def _chords(film: ScoredFilm, shot: int) -> str | None:
    """A shot's chords as a person writes them for another take, in one line."""
    chords = chords_of_shot(film.cues, shot)
    return None if chords is None else chords.to_text().strip().replace("\n", " | ")
