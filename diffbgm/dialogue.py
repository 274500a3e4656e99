"""Where somebody speaks in a film: spans of seconds. Knows neither sound, files nor music."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from diffbgm.errors import OptionError

Interval = tuple[float, float]

# Gaps shorter than this are bridged: music that comes back for a moment disturbs.
SHORTEST_GAP = 1.5


@dataclass(frozen=True)
class Dialogue:
    """Spans (start, end) in seconds in which somebody speaks, in order and apart from each other.

    OptionError for any others.
    """

    spans: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        for span in self.spans:
            if not (all(map(isfinite, span)) and 0 <= span[0] < span[1]):
                raise OptionError(
                    f"dialogue must be spans [start, end] in seconds, start before end, "
                    f"not {[*span]}"
                )
        for before, span in pairwise(self.spans):
            if span[0] < before[1]:
                raise OptionError(
                    f"dialogue must be in order: {[*span]} begins before {[*before]} ends"
                )

    @classmethod
    def joined(cls, spans: Sequence[Interval], seconds: float) -> "Dialogue":
        """`spans` of any order within a film of that length, overlaps and short gaps bridged.

        OptionError if there are some and none of them lies in the film.
        """
        result: list[Interval] = []
        for start, end in sorted(Dialogue((span,)).spans[0] for span in spans):
            if result and start - result[-1][1] < SHORTEST_GAP:
                result[-1] = (result[-1][0], min(max(result[-1][1], end), seconds))
            elif start < seconds:
                result.append((start, min(end, seconds)))
        if spans and not result:
            first = min(start for start, _ in spans)
            raise OptionError(
                f"the dialogue begins at {first:.1f} s, after the film's end ({seconds:.1f} s); "
                "is it that of another film?"
            )
        return cls(tuple(result))

    def overlap(self, start: float, end: float) -> float:
        """How many of the seconds from `start` to `end` are spoken in."""
        return sum(max(0.0, min(end, span[1]) - max(start, span[0])) for span in self.spans)
