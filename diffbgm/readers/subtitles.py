"""Files that list where somebody speaks: .srt, .vtt, .csv, .json. The words are not read."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from diffbgm.dialogue import Dialogue, Interval
from diffbgm.errors import OptionError

_FORMS = "subtitles (.srt, .vtt), or start,end in seconds (.csv) or [[start, end], …] (.json)"
_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[,.](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")


def read_dialogue(path: Path) -> tuple[Interval, ...]:
    """The spans (start, end; seconds) that a file lists, as its suffix says, in its order.

    OptionError, which names the file and the line, if it lists none or anything else.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise OptionError(f"{path}: is no dialogue file; give {_FORMS}")
    try:
        # Subtitles come in all encodings; their times are ASCII in nearly all of them.
        text = path.read_text("utf-8-sig", errors="replace")
    except OSError as exc:
        raise OptionError(f"{path}: cannot be read ({exc.strerror}); name a dialogue file") from exc
    try:
        spans = tuple(Dialogue((span,)).spans[0] for span in reader(text))
    except OptionError as exc:
        raise OptionError(f"{path}: {exc}") from exc
    if not spans:
        raise OptionError(f"{path}: has no times; give {_FORMS}")
    return spans


def _subtitle_spans(text: str) -> Iterator[Interval]:
    for number, line in enumerate(text.splitlines(), start=1):
        if "-->" not in line:
            continue
        found = _TIMES.fullmatch(line)
        if not found:
            raise OptionError(f"line {number} is no pair of times: {line.strip()!r}")
        yield _on_line(number, _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:]))


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(f"{seconds}.{fraction}")


def _csv_spans(text: str) -> Iterator[Interval]:
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            start, end = float(row[0]), float(row[1])
        except (ValueError, IndexError) as exc:
            if number == 1:  # the names of the columns
                continue
            raise OptionError(
                f"line {number} is no start,end in seconds: {','.join(row)!r}"
            ) from exc
        yield _on_line(number, start, end)


def _on_line(number: int, start: float, end: float) -> Interval:
    try:
        return Dialogue(((start, end),)).spans[0]
    except OptionError as exc:
        raise OptionError(f"line {number}: {exc}") from exc


def _json_spans(text: str) -> Iterator[Interval]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise OptionError(f"is not valid JSON ({exc})") from exc
    if not (isinstance(content, list) and all(_is_pair(each) for each in content)):
        raise OptionError("must be [[start, end], …] in seconds")
    yield from ((float(start), float(end)) for start, end in content)


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


_READERS: dict[str, Callable[[str], Iterator[Interval]]] = {
    ".srt": _subtitle_spans,
    ".vtt": _subtitle_spans,
    ".csv": _csv_spans,
    ".json": _json_spans,
}
