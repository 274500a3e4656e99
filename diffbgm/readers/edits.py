"""Edit files, by OpenTimelineIO: what an edit shows.

Positions in an edit become exact fractions of seconds at once, so that mixed frame rates add up
without rounding.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import OptionError, TimelineError
from diffbgm.options import option_named, parse_mood
from diffbgm.readers.clip_media import ClipMedia
from diffbgm.readers.cut_hints import asked_hits, cut_hints
from diffbgm.readers.documents import FORMATS, document_file, edit_names, open_edit
from diffbgm.readers.edit_films import Locate
from diffbgm.readers.edl import possible_rates
from diffbgm.readers.flattening import ClipSpan, layer, snapped_rate
from diffbgm.readers.malformed import malformed
from diffbgm.readers.media_files import MediaFiles
from diffbgm.timeline import (
    MAX_SECONDS,
    CutHints,
    EditDocument,
    MediaSpan,
    Shot,
    Timeline,
    with_words,
)

__all__ = ["FORMATS", "edit_names", "read_timeline", "read_timeline_cuts"]


def read_timeline(
    path: Path | str,
    locate: Locate | None = None,
    *,
    rate: Fraction | float | None = None,
    media_folders: Iterable[Path | str] = (),
    name: str | None = None,
) -> Timeline:
    """The edit in an .otio, .edl, .fcpxml(d), .xml (Final Cut 7), .kdenlive, .mlt or .aaf file.

    Shots are what is visible: at each frame the topmost enabled clip of the video tracks, nested
    edits included; titles, adjustment layers, insets and transparent pictures lie over the shot
    below. Where one ends and the next begins, in the middle of a transition, is a candidate for a
    cut: the pictures decide, and others are found in them. Clips may carry options as
    `metadata["diffbgm"]`: `mood` (a name or [valence, arousal]) and `energy`; `cut_hints` says
    what else the edit may say of its cuts.

    `rate` is the edit's, else that which it names; an EDL, which names none, has that of its
    media. Media that are not where the edit says are looked for beside it, then in and below
    `media_folders`, by name, by name without suffix, and by reel; with `locate`, it alone says
    which files are opened. Of several edits in the file that called `name` is read, else the first
    (`edit_names` lists them).

    TimelineError if the file cannot be read, shows nothing, lasts too long, or media are missing:
    it names all.
    """
    path = document_file(Path(path))
    folders = tuple(Path(folder).absolute() for folder in media_folders)
    media = ClipMedia(MediaFiles(path, folders), locate)
    edit, spans, grid = _read(path, media, rate, name)
    try:
        missing = media.missing(span.clip for span in spans)
    except TimelineError as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    if missing:
        raise TimelineError(
            f"{path}: {_count(missing, 'medium', 'media')} not there: {', '.join(missing)}; "
            "relink, or name the folder where they lie"
        )
    document = _document(path, name, rate, folders)
    return replace(_timeline(path, edit, spans, grid, media), document=document)


def read_timeline_cuts(
    path: Path | str, rate: Fraction | float | None = None, name: str | None = None
) -> Timeline:
    """The same edit without its media, which may be missing: shots that show nothing.

    There is no picture to decide: all candidates between items are cuts, and no others.
    """
    path = document_file(Path(path))
    edit, spans, grid = _read(path, ClipMedia(MediaFiles(path)), rate, name)
    timeline = _timeline(path, edit, spans, grid, None)
    timeline = replace(timeline, document=_document(path, name, rate))
    hints = timeline.hints or CutHints()
    return timeline.cut_at(with_words(timeline.cuts, hints.added, hints.dropped))


def _document(
    path: Path,
    name: str | None,
    rate: Fraction | float | None,
    folders: tuple[Path, ...] = (),
) -> EditDocument:
    given = None if rate is None else snapped_rate(float(rate))
    return EditDocument(path.absolute(), name, given, folders)


def _read(
    path: Path, media: ClipMedia, rate: Fraction | float | None, name: str | None
) -> tuple[Any, list[ClipSpan], Fraction]:
    """The edit, what is visible of it, and its frame rate."""
    given = None if rate is None else snapped_rate(float(rate))
    if given is not None and given <= 0:
        raise TimelineError(f"{path}: a frame rate must be above 0, not {rate}")
    counted = _edl_rate(path, media, given) if path.suffix.lower() == ".edl" else None
    edit = open_edit(path, name, counted)
    spans = _visible(path, edit, media)
    if not spans:
        raise TimelineError(f"{path}: shows no picture; put a clip on an enabled video track")
    return edit, spans, given or _frame_rate(edit, spans)


def _edl_rate(path: Path, media: ClipMedia, given: Fraction | None) -> Fraction:
    """The rate of an EDL's timecodes: as given, else that of its media if it has such timecodes."""
    possible = possible_rates(path)
    if given is not None:
        if all(ceil(rate) > ceil(given) for rate in possible):
            raise TimelineError(
                f"{path}: has timecodes that do not exist at {float(given):g} fps; "
                f"give its own rate, {float(possible[0]):g} or more"
            )
        return given
    clips = open_edit(path, None, possible[0]).find_clips()
    return next((rate for rate in media.rates(clips) if rate in possible), possible[0])


def _visible(path: Path, edit: Any, media: ClipMedia) -> list[ClipSpan]:
    try:
        spans = layer(edit.tracks if isinstance(edit, otio.schema.Timeline) else edit, media)
    except (ArithmeticError, NotImplementedError, ValueError, otio.exceptions.OTIOError) as exc:
        raise malformed(path, exc) from exc
    while spans and spans[-1].covers == "nothing":
        spans.pop()
    if spans and spans[-1].end > MAX_SECONDS:
        hours = float(spans[-1].end) / 3600
        raise TimelineError(
            f"{path}: lasts {hours:.3g} hours, more than {MAX_SECONDS // 3600}; score it in parts"
        )
    return spans


def _frame_rate(edit: Any, spans: Sequence[ClipSpan]) -> Fraction:
    """The rate the edit names, else that of most of the time in it."""
    start = getattr(edit, "global_start_time", None)
    if start is not None and start.rate > 1:
        return snapped_rate(start.rate)
    seconds: dict[Fraction, Fraction] = defaultdict(Fraction)
    for span in spans:
        if span.covers != "nothing":
            seconds[span.rate] += span.end - span.start
    return max(seconds, key=seconds.__getitem__)


def _timeline(
    path: Path, edit: Any, spans: Sequence[ClipSpan], rate: Fraction, media: ClipMedia | None
) -> Timeline:
    """The spans as shots, each at least a frame long; without media they show nothing."""
    shown: list[tuple[Shot, ClipSpan]] = []
    for span in spans:
        start, end = (int(time * rate + Fraction(1, 2)) for time in (span.start, span.end))
        if start < end:
            pictures = None if media is None else _media_span(span, media)
            shot = Shot(len(shown), start, end, pictures, **_overrides(path, span))
            shown.append((shot, span))
    if not shown:
        raise TimelineError(f"{path}: is shorter than a frame; put a clip on a video track")
    try:
        hints = cut_hints(edit, shown, rate)
    except TimelineError as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    frames = shown[-1][0].end_frame
    asked, pinned = (
        tuple(frame for frame in found if frame < frames) for found in asked_hits(edit, rate)
    )
    return Timeline(
        rate, tuple(shot for shot, _ in shown), hints, asked_hits=asked, pinned_hits=pinned
    )


def _media_span(span: ClipSpan, media: ClipMedia) -> MediaSpan | None:
    """None for gaps and for what the editor generates."""
    path = None if span.clip is None else media.path(span.clip)
    return path and MediaSpan(path, max(span.media_start, Fraction(0)), span.speed)


def _count(things: Sequence[str], one: str, many: str) -> str:
    return f"a {one} is" if len(things) == 1 else f"{len(things)} {many} are"


def _overrides(path: Path, span: ClipSpan) -> dict[str, Any]:
    metadata = {} if span.clip is None else dict(span.clip.metadata.get("diffbgm", {}))
    mood, energy = metadata.get("mood"), metadata.get("energy")
    try:
        if energy is not None:
            option_named("energy").check(float(energy))
        return {
            "mood": None
            if mood is None
            else parse_mood(mood if isinstance(mood, str) else [*mood]),
            "energy": None if energy is None else float(energy),
        }
    except (OptionError, TypeError, ValueError) as exc:
        name = span.clip.name if span.clip else ""
        raise TimelineError(f"{path}: the overrides of clip {name!r}: {exc}") from exc
