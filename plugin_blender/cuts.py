"""Which strip is visible at each frame, and so where the cuts of an edit are. Knows no Blender.

The rules: the topmost strip is visible; an effect shows what it changes; a dissolve shows the old
shot up to its middle, then the new one; a meta strip shows what is visible within it.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

DISSOLVES = frozenset({"CROSS", "GAMMA_CROSS", "WIPE"})


@dataclass(frozen=True)
class Film:
    """A file and the number of one of its frames."""

    path: str
    frame: int


@dataclass(frozen=True)
class Edit:
    """Frames `start` up to, not including, `end` of a scene; `cuts` are first frames of shots.

    `films` has, for every shot, the film of which it shows a piece as it is, from that piece's
    first frame on, or None where only Blender can make the picture.
    """

    scene: str
    start: int
    end: int
    rate: Fraction
    cuts: tuple[int, ...]
    films: tuple[Film | None, ...]

    @property
    def shots(self) -> list[tuple[int, int]]:
        """(first frame, first frame after) of every shot, counted from the start of the range."""
        bounds = [frame - self.start for frame in (self.start, *self.cuts, self.end)]
        return list(itertools.pairwise(bounds))

    @property
    def composited(self) -> list[tuple[int, int]]:
        """What only Blender can make, counted likewise: shots that follow on each other are one."""
        stretches: list[tuple[int, int]] = []
        for (start, end), film in zip(self.shots, self.films, strict=True):
            if film is None and stretches and stretches[-1][1] == start:
                stretches[-1] = (stretches[-1][0], end)
            elif film is None:
                stretches.append((start, end))
        return stretches

    def without_films(self) -> "Edit":
        """The same edit, all of it to be made by Blender."""
        return replace(self, films=(None,) * len(self.films))


@dataclass(frozen=True)
class Picture:
    """A strip that has a picture, from frame `start` up to, not including, `end`.

    `sources` are the strips that an effect takes in, `inside` those of a meta strip (None for
    any other), `angle` the channel that a multicam strip shows. `film` is what it shows at `start`,
    if that is a film as it is; a meta strip that `is_changed` alters what is inside.
    """

    name: str
    kind: str
    channel: int
    start: int
    end: int
    sources: tuple["Picture", ...] = ()
    inside: tuple["Picture", ...] | None = None
    angle: int | None = None
    film: Film | None = None
    is_changed: bool = False

    @property
    def middle(self) -> int:
        return (self.start + self.end) // 2


def find_cuts(pictures: Sequence[Picture], start: int, end: int) -> tuple[int, ...]:
    """First frames of every shot but the first, between `start` and `end`.

    A shot is a stretch in which one strip is visible. Frames without any picture are a shot too.
    """
    bounds = sorted({start, *(frame for frame in _bounds(pictures) if start < frame < end)})
    visible = [_visible(frame, pictures) for frame in bounds]
    changes = zip(bounds[1:], visible, visible[1:], strict=False)
    return tuple(frame for frame, before, after in changes if before != after)


def find_films(
    pictures: Sequence[Picture], shots: Iterable[tuple[int, int]]
) -> tuple[Film | None, ...]:
    """For every shot the film and its first frame, where one is visible as it is throughout."""
    bounds = set(_bounds(pictures))
    return tuple(_film(pictures, start, end, bounds) for start, end in shots)


def _film(pictures: Sequence[Picture], start: int, end: int, bounds: set[int]) -> Film | None:
    frames = [start, *(frame for frame in bounds if start < frame < end)]
    first, *others = (_film_at(frame, pictures) for frame in frames)
    ahead = zip(frames[1:], others, strict=True)
    if first is None or any(
        other != replace(first, frame=first.frame + at - start) for at, other in ahead
    ):
        return None
    return first


def _film_at(frame: int, pictures: Iterable[Picture]) -> Film | None:
    stack = _stack(frame, pictures)
    if not stack or stack[0].is_changed:
        return None
    top = stack[0]
    if top.inside is not None:
        return _film_at(frame, top.inside)
    return top.film and replace(top.film, frame=top.film.frame + frame - top.start)


def _visible(frame: int, pictures: Iterable[Picture]) -> str | None:
    """Name of the strip that is visible at a frame; names are unique within a scene."""
    for picture in _stack(frame, pictures):
        name = _shows(frame, picture, pictures)
        if name is not None:
            return name
    return None


def _stack(frame: int, pictures: Iterable[Picture]) -> list[Picture]:
    """What lies at a frame, the topmost first, without what an effect there takes in."""
    present = [picture for picture in pictures if picture.start <= frame < picture.end]
    taken_in = {source.name for picture in present for source in picture.sources}
    shown = [picture for picture in present if picture.name not in taken_in]
    return sorted(shown, key=lambda picture: picture.channel, reverse=True)


def _shows(frame: int, picture: Picture, beside: Iterable[Picture]) -> str | None:
    """The strip that this one makes visible: itself, one within it, or one that it changes."""
    if picture.inside is not None:
        return _visible(frame, picture.inside)
    if picture.angle is not None:
        return _visible(frame, [other for other in beside if other.channel == picture.angle])
    if not picture.sources:
        return picture.name
    incoming = picture.kind in DISSOLVES and frame >= picture.middle
    return _shows(frame, picture.sources[-1 if incoming else 0], beside)


def _bounds(pictures: Iterable[Picture]) -> Iterator[int]:
    """Every frame at which another strip may become visible."""
    for picture in pictures:
        yield picture.start
        yield picture.end
        if picture.kind in DISSOLVES:
            yield picture.middle
        yield from _bounds(picture.inside or ())
