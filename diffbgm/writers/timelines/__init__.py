"""The edit with its music, in the format of any editor.

An editor's own document is patched: music tracks and markers are added, and all else stays as it
is. Where the format is another, or there was no edit, a new document is made first. Each format
has a module; this one chooses.
"""

import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio

from diffbgm.composition import ScoredFilm, kept_document
from diffbgm.errors import TimelineError
from diffbgm.files.publishing import destination
from diffbgm.options import ComposeOptions, TimelineFormat
from diffbgm.readers.documents import open_edit
from diffbgm.timeline import EditDocument, Timeline
from diffbgm.writers.timelines import (
    edl,
    fcp7,
    fcp7_fresh,
    fcpxml,
    fcpxml_fresh,
    mlt,
    mlt_fresh,
    mlt_removal,
    otio_json,
)
from diffbgm.writers.timelines.conversion import Conversion, converted
from diffbgm.writers.timelines.losses import not_carried
from diffbgm.writers.timelines.media import Relinked
from diffbgm.writers.timelines.music import Music, markers_of, tracks_of

__all__ = [
    "check_timelines",
    "keep_document",
    "lost_in_timeline",
    "timeline_files",
    "write_timelines",
]


@dataclass(frozen=True)
class _Format:
    """`with_music(document, music, name of the edit, media)` puts new music in the place of ours
    that is there, `without_music` takes that out; `fresh` makes a new document."""

    suffix: str
    with_music: Callable[[bytes, Music, str | None, Relinked], bytes]
    without_music: Callable[[bytes], bytes]
    fresh: Callable[[Conversion], bytes]


FORMATS: dict[TimelineFormat, _Format] = {
    "otio": _Format(".otio", otio_json.with_music, otio_json.without_music, otio_json.fresh),
    "edl": _Format(".edl", edl.with_music, edl.without_music, edl.fresh),
    "fcp7": _Format(".xml", fcp7.with_music, fcp7.without_music, fcp7_fresh.fcp7),
    "fcpxml": _Format(".fcpxml", fcpxml.with_music, fcpxml.without_music, fcpxml_fresh.fcpxml),
    "kdenlive": _Format(".kdenlive", mlt.with_music, mlt_removal.without_music, mlt_fresh.kdenlive),
    "mlt": _Format(".mlt", mlt.with_music, mlt_removal.without_music, mlt_fresh.shotcut),
}


def timeline_files(asked: TimelineFormat | None, document: EditDocument | None) -> tuple[str, ...]:
    """What is written at the top of a composition's folder: the original, and the timelines."""
    kept = () if document is None else (kept_document(Path(), document).name,)
    suffix = FORMATS[_chosen(asked, document)].suffix
    return tuple(dict.fromkeys((*kept, "timeline.otio", f"timeline{suffix}")))


def keep_document(work: Path, document: EditDocument | None) -> None:
    """Copy an editor's file into the folder of its composition. OSError where that fails."""
    if document is not None:
        shutil.copyfile(document.path, kept_document(work, document))


def check_timelines(work: Path, timeline: Timeline, options: ComposeOptions) -> None:
    """TimelineError unless the timelines asked for can be written, with music or without."""
    for _ in _documents(work, timeline, Music(timeline.frame_rate), options.timeline_format):
        pass


def write_timelines(work: Path, film: ScoredFilm, segments: list[str]) -> None:
    """timeline.otio, and the timeline in the format asked for, else that of the edit.

    `segments` are the files of the shots, `work` the folder of the composition, in which its
    original document lies.
    """
    stems = {}
    if film.options.stems:
        stems = {path.stem: f"stems/{path.name}" for path in sorted((work / "stems").iterdir())}
    timeline = film.timeline
    tracks, markers = tracks_of(timeline, segments, stems), markers_of(timeline, film.cues)
    music = Music(timeline.frame_rate, tracks, markers)
    written = _documents(work, timeline, music, film.options.timeline_format)
    for name, text in written.items():
        (work / name).write_bytes(text)


def lost_in_timeline(folder: Path, timeline: Timeline, asked: TimelineFormat | None) -> str:
    """What of the edit of a composition its timeline has no room for, in a few words; empty where
    nothing is lost, as in the edit's own format."""
    document = timeline.document
    name = _chosen(asked, document)
    if document is None or document.path.suffix.lower() == FORMATS[name].suffix:
        return ""
    edit = _as_otio(folder, timeline)
    return not_carried(converted(edit, timeline.frame_rate, timeline.frames, document), name)


def _documents(
    work: Path, timeline: Timeline, music: Music, asked: TimelineFormat | None
) -> dict[str, bytes]:
    """What the timeline files hold, by name."""
    document = timeline.document
    media = Relinked(document.path.parent if document else Path(), destination(work))
    name = document.name if document else None
    result = {}
    for wanted in dict.fromkeys(("otio", _chosen(asked, document))):
        chosen = FORMATS[wanted]
        file = f"timeline{chosen.suffix}"
        try:
            if document is not None and document.path.suffix.lower() == chosen.suffix:
                original = kept_document(work, document).read_bytes()
                result[file] = chosen.with_music(original, music, name, media)
            else:
                edit = _as_otio(work, timeline)
                whole = converted(edit, timeline.frame_rate, timeline.frames, document)
                made = chosen.fresh(whole)
                result[file] = chosen.with_music(made, music, None, media)
        except TimelineError as exc:
            raise _about(document, work, str(exc)) from exc
        # Documents of other programs hold whatever their writers put there.
        except Exception as exc:
            reason = " ".join(str(exc).split())[:200] or type(exc).__name__
            what = document.path if document else "the film"
            raise TimelineError(
                f"{what}: cannot be written as {wanted} with its music ({reason}); "
                "choose another --timeline-format"
            ) from exc
    return result


def _about(document: EditDocument | None, work: Path, message: str) -> TimelineError:
    """The error, in words that name the editor's file, not our copy of it."""
    if document is None:
        return TimelineError(message)
    kept, path = str(kept_document(work, document)), str(document.path)
    return TimelineError(message.replace(kept, path) if kept in message else f"{path}: {message}")


def _chosen(asked: TimelineFormat | None, document: EditDocument | None) -> TimelineFormat:
    """As asked for, else the format of the edit, else OpenTimelineIO."""
    suffix = document.path.suffix.lower() if document else ".otio"
    own: list[TimelineFormat] = [name for name, one in FORMATS.items() if one.suffix == suffix]
    return asked or (own[0] if own else "otio")


def _without_music(document: Path, folder: Path) -> Path:
    """The document, or, where it has music of ours, a copy in `folder` that has none."""
    own = next((one for one in FORMATS.values() if one.suffix == document.suffix.lower()), None)
    if own is None:
        return document
    text = document.read_bytes()
    plain = own.without_music(text)
    if plain == text:
        return document
    copy = folder / document.name
    copy.write_bytes(plain)
    return copy


def _as_otio(work: Path, timeline: Timeline) -> otio.schema.Timeline:
    """The whole edit, or, of a film, its shots."""
    document = timeline.document
    if document is None:
        return otio.adapters.read_from_string(
            otio_json.of_shots(timeline, destination(work)).decode(), "otio_json"
        )
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()):  # an adapter prints
        plain = _without_music(kept_document(work, document), Path(folder))
        edit = open_edit(plain, document.name, timeline.frame_rate)
    if isinstance(edit, otio.schema.Timeline):
        return edit
    result = otio.schema.Timeline(name=edit.name)
    if isinstance(edit, otio.schema.Stack):
        result.tracks = edit.clone()
    else:
        result.tracks.append(edit.clone())
    return result
