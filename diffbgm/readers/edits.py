"""Edit files, by OpenTimelineIO: what is seen in an edit.

Knows the layout of an OTIO document; positions in it become exact fractions of seconds at once, so
mixed frame rates add up without rounding.
"""

import contextlib
import io
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from diffbgm.errors import OptionError, TimelineError
from diffbgm.options import option_named, parse_mood
from diffbgm.readers.flattening import ClipSpan, layer, snapped_rate
from diffbgm.timeline import MediaSpan, Shot, Timeline

FORMATS = (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive")


def read_timeline(path: Path | str) -> Timeline:
    """The edit in an .otio, .edl, .fcpxml, .xml (Final Cut 7) or .kdenlive file.

    Shots are what is seen: at each frame the topmost enabled clip of the video tracks, nested
    edits included. The middle of a transition is the cut. Clips may carry options as
    `metadata["diffbgm"]`: `mood` (a name or [valence, arousal]) and `energy`. TimelineError if the
    file cannot be read, shows nothing, or names media that are not there.
    """
    path = Path(path)
    document = _load(path)
    edit = _first_edit(path, document)
    try:
        spans = layer(edit.tracks if isinstance(edit, otio.schema.Timeline) else edit)
    except (ValueError, otio.exceptions.OTIOError) as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    while spans and not spans[-1].seen:
        spans.pop()
    rate = _frame_rate(edit, spans)
    shots = _shots(path, spans, rate)
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
            document = otio.adapters.read_from_file(str(path), **options)
    except OSError as exc:
        raise TimelineError(f"{path}: cannot be read ({exc.strerror})") from exc
    # Adapters let through whatever a malformed file makes them stumble over.
    except Exception as exc:
        reason = " ".join(str(exc).split())[:200] or type(exc).__name__
        raise TimelineError(f"{path}: not a valid {path.suffix} file ({reason})") from exc
    if is_edl:
        # The adapter makes the record timecode a source range, which it is not.
        for track in document.tracks:
            track.source_range = None
    return document


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
    for span in filter(lambda span: span.seen, spans):
        seconds[span.rate] = seconds.get(span.rate, Fraction(0)) + span.end - span.start
    return max(seconds, key=seconds.__getitem__) if seconds else Fraction(24)


def _shots(path: Path, spans: Sequence[ClipSpan], rate: Fraction) -> tuple[Shot, ...]:
    shots: list[Shot] = []
    for span in spans:
        start, end = (int(time * rate + Fraction(1, 2)) for time in (span.start, span.end))
        if start == end:
            continue
        overrides = _overrides(path, span)
        shots.append(Shot(len(shots), start, end, _media(path, span), **overrides))
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


def _media(path: Path, span: ClipSpan) -> MediaSpan | None:
    """The film file of a clip; None for gaps and for what the editor generates (colour, bars)."""
    if span.clip is None:
        return None
    reference, name = span.clip.media_reference, span.clip.name
    if isinstance(reference, otio.schema.GeneratorReference):
        return None
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        media = media_path(path, reference.target_url)
    elif isinstance(reference, otio.schema.MissingReference) and name:
        # EDLs name their clips, often by file.
        media = path.parent / name
    else:
        kind = type(reference).__name__
        raise TimelineError(f"{path}: clip {name!r} has no film file ({kind}); relink or render it")
    if not media.is_file():
        raise TimelineError(f"{path}: the media of clip {name!r} is not there: {media}; relink it")
    return MediaSpan(media, max(span.media_start, Fraction(0)), span.speed)


def media_path(edit: Path, url: str) -> Path:
    """The file that a media URL means: file URLs, plain and Windows paths, relative to the edit."""
    if re.match(r"[A-Za-z]:[\\/]", url) or "\\" in url:
        url = PureWindowsPath(url).as_posix()
        return edit.parent / url
    parts = urlsplit(url)
    if parts.scheme not in ("", "file"):
        raise TimelineError(f"{edit}: the media {url} is not a local file; download and relink it")
    # Plain paths are often written unquoted: what is there as it stands is meant.
    if not parts.scheme and (edit.parent / url).is_file():
        return edit.parent / url
    local = unquote(parts.path)
    if re.match(r"/[A-Za-z]:/", local):
        local = local[1:]
    if parts.netloc not in ("", "localhost"):
        local = f"//{parts.netloc}{local}"
    return edit.parent / local
