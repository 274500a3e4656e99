"""Where somebody speaks in a film, and files that tell it. Knows neither sound nor music."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

from diffbgm.errors import OptionError

Span = tuple[float, float]

# Gaps shorter than this are bridged: music that comes back for a moment disturbs.
SHORTEST_GAP = 1.5
_TIME = r"(\d+):(\d\d):(\d\d)[,.](\d{1,3})"
_SRT_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(\s.*)?")


@dataclass(frozen=True)
class Dialogue:
    """Spans (start, end) in seconds in which somebody speaks, in order and apart from each other.

    OptionError for any others.
    """

    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        for span in self.spans:
            if not (all(map(isfinite, span)) and 0 <= span[0] < span[1]):
                raise OptionError(f"dialogue must be spans [start, end] in seconds, not {[*span]}")
        for before, span in pairwise(self.spans):
            if span[0] < before[1]:
                raise OptionError(
                    f"dialogue must be in order: {[*span]} begins before {[*before]} ends"
                )

    @classmethod
    def joined(cls, spans: Sequence[Span], seconds: float) -> "Dialogue":
        """`spans` of any order within a film of that length, overlaps and short gaps bridged."""
        result: list[Span] = []
        for start, end in sorted(Dialogue((span,)).spans[0] for span in spans):
            if result and start - result[-1][1] < SHORTEST_GAP:
                result[-1] = (result[-1][0], min(max(result[-1][1], end), seconds))
            elif start < seconds:
                result.append((start, min(end, seconds)))
        return cls(tuple(result))

    def overlap(self, start: float, end: float) -> float:
        """How many of the seconds from `start` to `end` are spoken in."""
        return sum(max(0.0, min(end, span[1]) - max(start, span[0])) for span in self.spans)


def read_dialogue(path: Path) -> tuple[Span, ...]:
    """The spans of a file: subtitles (.srt), or JSON `[[start, end], …]` in seconds.

    OptionError if it is neither; what the subtitles say is not read.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise OptionError(
            f"{path}: is no text; dialogue is .srt or JSON [[start, end], …]"
        ) from exc
    except OSError as exc:
        raise OptionError(f"{path}: cannot be read ({exc.strerror}); name a dialogue file") from exc
    spans = _json_spans(path, text) if text.lstrip().startswith("[") else [*_srt_spans(text)]
    if not spans and text.strip() not in ("", "[]"):
        raise OptionError(f"{path}: tells no times; dialogue is .srt or JSON [[start, end], …]")
    try:
        return tuple(Dialogue((span,)).spans[0] for span in spans)
    except OptionError as exc:
        raise OptionError(f"{path}: {exc}") from exc


def _json_spans(path: Path, text: str) -> list[Span]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise OptionError(f"{path}: is not valid JSON ({exc})") from exc
    if not all(_is_span(each) for each in content):
        raise OptionError(f"{path}: must be [[start, end], …] in seconds")
    return [(float(start), float(end)) for start, end in content]


def _is_span(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


def _srt_spans(text: str) -> Iterator[Span]:
    for line in text.splitlines():
        if found := _SRT_TIMES.fullmatch(line):
            numbers = found.groups()
            yield _seconds(numbers[:4]), _seconds(numbers[4:8])


def _seconds(parts: Sequence[str]) -> float:
    hours, minutes, seconds, fraction = parts
    return 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(fraction.ljust(3, "0")) / 1000
