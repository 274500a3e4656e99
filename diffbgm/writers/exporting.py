"""The timeline of a composition again, in another format, any time after composing."""

from dataclasses import replace
from pathlib import Path

from diffbgm.composition import (
    DOCUMENT,
    Composition,
    load_composition,
    load_scored_film,
    recorded_files,
)
from diffbgm.files import as_path
from diffbgm.files.ownership import record_of, to_json
from diffbgm.options import TimelineFormat
from diffbgm.writers.folder import next_version
from diffbgm.writers.sound_files import share
from diffbgm.writers.timelines import timeline_files, write_timelines


def export_timeline(
    folder: str | Path, timeline_format: TimelineFormat | None = None, stems: bool = False
) -> Composition:
    """Write the timeline of a composition in that format, else that of the edit; with `stems`, a
    track for each of them in place of the mix.

    It takes the place of the one before, and later takes are written the same way. Nothing else
    changes. CompositionError if `folder` is no composition, TimelineError if the edit cannot be
    written so.
    """
    composition = load_composition(as_path("folder", folder))
    folder = composition.folder
    film = load_scored_film(composition)
    before = timeline_files(film.options.timeline_format, film.timeline.document)
    options = replace(film.options, timeline_format=timeline_format, stems=stems)
    known = recorded_files(folder)
    with next_version(composition, options) as work:
        for name in known.keys() - {DOCUMENT, *before}:
            if not (work / name).exists():
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                share(folder / name, work / name)
        write_timelines(
            work, replace(film, options=options), [shot["audio"] for shot in composition.shots]
        )
        files = to_json(record_of(work, known))
        result = replace(composition, folder=work, options=options.to_dict(), files=files)
        result.save()
    return replace(result, folder=folder)
