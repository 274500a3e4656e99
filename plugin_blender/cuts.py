"""Where an edit may have cuts, and which stretches of it show a film as it is. Knows no Blender.

The rules: where any strip with a picture begins or ends there may be a cut: whether there is one,
the picture decides. The topmost strip is visible; an effect shows what it changes; a dissolve may
cut in its middle; a meta strip shows what is visible within it, a multicam strip its angle.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

DISSOLVES = frozenset({"CROSS", "GAMMA_CROSS", "WIPE"})


@dataclass(frozen=True)
class Film:
    """A file and the number of one of its frames; `strip` names one that shows it."""

    path: str
    frame: int
    strip: str = field(default="", compare=False)


@dataclass(frozen=True)
class Edit:
    """Frames `start` up to, not including, `end` of a scene; at `candidates` there may be cuts.

    `films` has, for every stretch between them, the film of which it shows a piece as it is, from
    that piece's first frame on, or None where only Blender can make the picture; `bases` has the
    name of the strip whose picture it shows before all others, or "".
    """

    scene: str
    start: int
    end: int
    rate: Fraction
    candidates: tuple[int, ...]
    films: tuple[Film | None, ...]
    bases: tuple[str, ...] = ()

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """(first frame, first frame after) between candidates, from the start of the range."""
        bounds = [frame - self.start for frame in (self.start, *self.candidates, self.end)]
        return list(itertools.pairwise(bounds))

    @property
    def composited(self) -> list[tuple[int, int]]:
        """What only Blender can make, counted likewise: each stretch is a film of its own, and so
        the same one again, to the byte, as long as nothing changes in it."""
        return [
            stretch
            for stretch, film in zip(self.stretches, self.films, strict=True)
            if film is None
        ]

    def without(self, paths: Iterable[str]) -> "Edit":
        """The same edit, what shows these films to be made by Blender."""
        left_out = set(paths)
        films = (None if film and film.path in left_out else film for film in self.films)
        return replace(self, films=tuple(films))


@dataclass(frozen=True)
class Picture:
    """A strip that has a picture, from frame `start` up to, not including, `end`.

    `sources` are the strips that an effect takes in, `inside` those of a meta strip (None for
    any other); `angles` has the channels that a multicam strip shows, each with the first frame at
    which it does. At `marks` its picture may change. `film` is what it shows at `start`, if that is
    a film as it is; a meta or multicam strip that `is_changed` alters what it shows.
    """

    name: str
    kind: str
    channel: int
    start: int
    end: int
    sources: tuple["Picture", ...] = ()
    inside: tuple["Picture", ...] | None = None
    angles: tuple[tuple[int, int], ...] = ()
    marks: tuple[int, ...] = ()
    film: Film | None = None
    is_changed: bool = False

    @property
    def middle(self) -> int:
        return (self.start + self.end) // 2

    def angle(self, frame: int) -> int:
        """The channel that a multicam strip shows."""
        return next((channel for first, channel in reversed(self.angles) if first <= frame), 0)


def find_candidates(pictures: Iterable[Picture], start: int, end: int) -> tuple[int, ...]:
    """Frames between `start` and `end` at which the picture may change, in order."""
    return tuple(sorted({frame for frame in _bounds(pictures) if start < frame < end}))


def find_films(
    pictures: Sequence[Picture], stretches: Iterable[tuple[int, int]]
) -> tuple[Film | None, ...]:
    """For every stretch, in which no strip begins or ends, the film it shows as it is."""
    present = _Sweep(pictures)
    return tuple(_film_at(start, present.at(start)) for start, _ in stretches)


def find_bases(
    pictures: Sequence[Picture], stretches: Iterable[tuple[int, int]]
) -> tuple[str, ...]:
    """For every stretch, the strip that it is a part of: what begins last, of that the lowest; a
    watermark begins long before. Empty where nothing is shown."""
    present = _Sweep(pictures)
    return tuple(_base(present.at(start)) for start, _ in stretches)


def _base(pictures: Iterable[Picture]) -> str:
    own = (picture for picture in pictures if not picture.sources)
    base = max(own, key=lambda picture: (picture.start, -picture.channel), default=None)
    return base.name if base else ""


class _Sweep:
    """The pictures at a frame, asked for frames that rise: each picture is looked at once."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._waiting = sorted(pictures, key=lambda picture: picture.start, reverse=True)
        self._present: list[Picture] = []

    def at(self, frame: int) -> list[Picture]:
        while self._waiting and self._waiting[-1].start <= frame:
            self._present.append(self._waiting.pop())
        self._present = [picture for picture in self._present if picture.end > frame]
        return self._present


def _film_at(frame: int, pictures: Sequence[Picture]) -> Film | None:
    stack = _stack(frame, pictures)
    if not stack or stack[0].is_changed:
        return None
    top = stack[0]
    if top.inside is not None:
        return _film_at(frame, top.inside)
    if top.angles:
        return _film_at(frame, [each for each in pictures if each.channel == top.angle(frame)])
    return top.film and replace(top.film, frame=top.film.frame + frame - top.start)


def _stack(frame: int, pictures: Iterable[Picture]) -> list[Picture]:
    """What lies at a frame, the topmost first, without what an effect there takes in."""
    present = [picture for picture in pictures if picture.start <= frame < picture.end]
    taken_in = {source.name for picture in present for source in picture.sources}
    shown = [picture for picture in present if picture.name not in taken_in]
    return sorted(shown, key=lambda picture: picture.channel, reverse=True)


def _bounds(pictures: Iterable[Picture]) -> Iterator[int]:
    """Every frame at which another picture may become visible."""
    for picture in pictures:
        yield picture.start
        yield picture.end
        yield from picture.marks
        if picture.kind in DISSOLVES:
            yield picture.middle
        yield from (first for first, _ in picture.angles)
        inner = _bounds(picture.inside or ())
        yield from (frame for frame in inner if picture.start < frame < picture.end)
