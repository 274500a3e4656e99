"""Edit files, by OpenTimelineIO: what an edit shows.

Knows the layout of an OTIO document; positions in it become exact fractions of seconds at once, so
mixed frame rates add up without rounding.
"""

import contextlib
import io
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import OptionError, TimelineError
from diffbgm.options import option_named, parse_mood
from diffbgm.readers.edit_films import Locate, beside, film_of
from diffbgm.readers.flattening import ClipSpan, layer, snapped_rate
from diffbgm.readers.otio_documents import check_document
from diffbgm.timeline import MAX_SECONDS, MediaSpan, Shot, Timeline

FORMATS = (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive")


def read_timeline(path: Path | str, locate: Locate | None = None) -> Timeline:
    """The edit in an .otio, .edl, .fcpxml, .xml (Final Cut 7) or .kdenlive file.

    Shots are what is visible: at each frame the topmost enabled clip of the video tracks, nested
    edits included. The middle of a transition is the cut. Clips may carry options as
    `metadata["diffbgm"]`: `mood` (a name or [valence, arousal]) and `energy`. Films are found by
    `locate`, beside the edit unless it is given. TimelineError if the file cannot be read, shows
    nothing, lasts too long, or names media that are not there.
    """
    path = Path(path)
    edit = _first_edit(path, _load(path))
    try:
        spans = layer(edit.tracks if isinstance(edit, otio.schema.Timeline) else edit)
    except (ArithmeticError, NotImplementedError, ValueError, otio.exceptions.OTIOError) as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    while spans and not spans[-1].visible:
        spans.pop()
    if spans and spans[-1].end > MAX_SECONDS:
        hours = float(spans[-1].end) / 3600
        raise TimelineError(f"{path}: lasts {hours:.3g} hours, more than 3; score it in parts")
    rate = _frame_rate(edit, spans)
    shots = _shots(path, spans, rate, locate or beside(path))
    if not shots:
        raise TimelineError(f"{path}: shows no picture; put a clip on an enabled video track")
    return Timeline(rate, shots)


def _load(path: Path) -> Any:
    if path.suffix.lower() not in FORMATS:
        raise TimelineError(f"{path}: not an edit that can be read; use {', '.join(FORMATS)}")
    if not path.is_file():
        raise TimelineError(f"{path}: no such file")
    is_edl = path.suffix.lower() == ".edl"
    options: dict[str, Any] = {"rate": _edl_rate(path)} if is_edl else {}
    try:
        # The Kdenlive adapter prints, where a program may be reading our output.
        with contextlib.redirect_stdout(io.StringIO()):
            document = _load_otio(path) or otio.adapters.read_from_file(str(path), **options)
    except OSError as exc:
        raise TimelineError(f"{path}: cannot be read ({exc.strerror})") from exc
    except TimelineError as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    # Adapters let through whatever a malformed file makes them stumble over.
    except Exception as exc:
        reason = " ".join(str(exc).split())[:200] or type(exc).__name__
        raise TimelineError(f"{path}: not a valid {path.suffix} file ({reason})") from exc
    if is_edl:
        # The adapter makes the record timecode a source range, which it is not.
        for track in document.tracks:
            track.source_range = None
    return document


def _load_otio(path: Path) -> Any:
    """The document in OpenTimelineIO's own format, checked; None for other formats."""
    if path.suffix.lower() != ".otio":
        return None
    document = json.loads(path.read_bytes())
    check_document(document)
    return otio.adapters.read_from_string(json.dumps(document), "otio_json")


def _edl_rate(path: Path) -> float:
    """An EDL does not name its rate: drop-frame is 29.97, else the lowest that has its frames."""
    text = path.read_text("utf-8", errors="replace")
    if re.search(r"^FCM:\s*DROP", text, re.MULTILINE | re.IGNORECASE):
        return 30000 / 1001
    highest = max(
        (int(frame) for frame in re.findall(r"\d\d:\d\d:\d\d[:;](\d\d)", text)), default=0
    )
    return float(next((rate for rate in (24, 25, 30, 50) if highest < rate), 60))


def _first_edit(path: Path, document: Any) -> Any:
    """The timeline itself, or the first in a collection (Final Cut files may hold several)."""
    if isinstance(document, otio.schema.SerializableCollection):
        for child in document.find_children():
            if isinstance(child, otio.schema.Timeline):
                return child
        raise TimelineError(f"{path}: holds clips but no edit; export the sequence")
    if isinstance(document, otio.schema.Timeline | otio.schema.Stack | otio.schema.Track):
        return document
    raise TimelineError(f"{path}: holds a {type(document).__name__}, not an edit")


def _frame_rate(edit: Any, spans: Sequence[ClipSpan]) -> Fraction:
    """The rate the edit names, else that of most of the time in it."""
    start = getattr(edit, "global_start_time", None)
    if start is not None and start.rate > 1:
        return snapped_rate(start.rate)
    seconds: dict[Fraction, Fraction] = {}
    for span in filter(lambda span: span.visible, spans):
        seconds[span.rate] = seconds.get(span.rate, Fraction(0)) + span.end - span.start
    return max(seconds, key=seconds.__getitem__) if seconds else Fraction(24)


def _shots(
    path: Path, spans: Sequence[ClipSpan], rate: Fraction, locate: Locate
) -> tuple[Shot, ...]:
    shots: list[Shot] = []
    for span in spans:
        start, end = (int(time * rate + Fraction(1, 2)) for time in (span.start, span.end))
        if start == end:
            continue
        overrides = _overrides(path, span)
        shots.append(Shot(len(shots), start, end, _media(path, span, locate), **overrides))
    return tuple(shots)


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


def _media(path: Path, span: ClipSpan, locate: Locate) -> MediaSpan | None:
    """The film file of a clip; None for gaps and for what the editor generates."""
    if span.clip is None:
        return None
    try:
        film = film_of(span.clip)
        media = None if film is None else locate(film)
    except TimelineError as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    if media is None:
        return None
    if not media.is_file():
        name = span.clip.name
        raise TimelineError(f"{path}: the media of clip {name!r} is not there: {media}; relink it")
    return MediaSpan(media, max(span.media_start, Fraction(0)), span.speed)
