"""Music that was fetched in this session, so that takes are exchanged at once. Knows no Blender."""

from .work import Music

_known: dict[tuple[str, tuple[int, ...]], Music] = {}
_wishes: dict[str, int] = {}  # of takes of a composition, how many there were


def keep(music: Music) -> None:
    _known[music.composition, music.takes] = music


def find(composition: str, takes: tuple[int, ...]) -> Music | None:
    """The music with these takes in its mix, if it was here."""
    return _known.get((composition, takes))


def next_wish(composition: str) -> int:
    """The number of a person's wish for another take, for `is_latest`."""
    _wishes[composition] = _wishes.get(composition, 0) + 1
    return _wishes[composition]


def is_latest(composition: str, wish: int) -> bool:
    """Whether no later wish has come meanwhile."""
    return _wishes.get(composition) == wish
