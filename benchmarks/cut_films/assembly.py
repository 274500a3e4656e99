"""Films of several shots with the truth about their cuts, from a seed."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import av
import numpy as np

from benchmarks.cut_films.joins import RATE, TRANSITIONS, transition
from benchmarks.cut_films.scenes import Scene
from benchmarks.cut_films.traps import TRAPS

CODECS: dict[str, dict[str, str]] = {
    "fine": {"crf": "20"},
    "low bit rate": {"crf": "38"},
    "very low bit rate": {"crf": "45", "preset": "veryfast"},
}
GRAIN = (0.0, 0.0, 8.0, 16.0)  # levels of deviation, of films in turn
_EVENTS_A_FILM = 10


@dataclass(frozen=True)
class Event:
    """What happens at frames `first` up to, not including, `end`: a cut of some kind, or a trap."""

    name: str
    first: int
    end: int
    is_cut: bool


@dataclass(frozen=True)
class MadeFilm:
    """Pictures as a decoder gives them, and what happens in them; `codec` and `grain` say how."""

    pictures: list[np.ndarray]
    events: tuple[Event, ...]
    codec: str
    grain: float


def made_films(seed: int, events: int | None = None) -> Iterator[MadeFilm]:
    """All transitions twice, as many hard cuts, all traps thrice; or the first `events` of them."""
    rng = np.random.default_rng(seed)
    names = [*TRANSITIONS * 2, *("hard",) * 2 * len(TRANSITIONS)]
    names += [trap.__name__ for trap in TRAPS] * 3
    order = list(rng.permutation(names))[:events]
    for number, start in enumerate(range(0, len(order), _EVENTS_A_FILM)):
        codec = list(CODECS)[number % len(CODECS)]
        grain = GRAIN[number % len(GRAIN)]
        pictures, happened = _film(order[start : start + _EVENTS_A_FILM], rng)
        noisy = [_grainy(picture, grain, rng) for picture in pictures]
        yield MadeFilm(list(_coded(noisy, CODECS[codec])), tuple(happened), codec, grain)


def _film(names: list[str], rng: np.random.Generator) -> tuple[list[np.ndarray], list[Event]]:
    traps = {trap.__name__: trap for trap in TRAPS}
    pictures: list[np.ndarray] = []
    events: list[Event] = []
    scene, at = Scene(int(rng.integers(2**31))), 0
    for name in names:
        before = int(rng.integers(30, 60))
        pictures += scene.frames(at, before)
        at += before
        first = len(pictures)
        if name in traps:
            # A trap is a shot of its own where it shows another place: cut to it, and away.
            length = int(rng.integers(50, 90))
            scene, at = Scene(int(rng.integers(2**31))), length
            trapped = list(traps[name](scene, 0, length, rng))
            events.append(Event("hard", first, first + 1, True))
            pictures += trapped
            events.append(Event(name, first + 1, len(pictures), False))
            events.append(Event("hard", len(pictures), len(pictures) + 1, True))
            scene, at = Scene(int(rng.integers(2**31))), 0
            continue
        following = Scene(int(rng.integers(2**31)))
        if name == "hard":
            events.append(Event(name, first, first + 1, True))
            scene, at = following, 0
            continue
        length = int(rng.integers(8, 41))
        pictures += transition(
            name, list(scene.frames(at, length)), list(following.frames(0, length))
        )
        events.append(Event(name, first, first + length, True))
        scene, at = following, length
    pictures += scene.frames(at, 45)
    return pictures, events


def _grainy(picture: np.ndarray, grain: float, rng: np.random.Generator) -> np.ndarray:
    if not grain:
        return picture
    noise = rng.normal(0, grain, (*picture.shape[:2], 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _coded(pictures: list[np.ndarray], options: dict[str, str]) -> Iterator[np.ndarray]:
    """The pictures after H.264."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as container:
        stream = container.add_stream("libx264", RATE, options={"preset": "ultrafast", **options})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory, "r") as coded:
        for frame in islice(coded.decode(video=0), len(pictures)):
            yield frame.to_ndarray(format="rgb24")
