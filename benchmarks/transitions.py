"""How well cuts and transitions are found: `python -m benchmarks.transitions [--seed 2]`.

The films are made: all 58 transitions of FFmpeg's xfade filter, hard cuts under noise, grain and
low bit rates, and what looks like a cut and is none. Seed 1 is what the detector of transitions was
fitted on (`python -m benchmarks.cut_films.fitting`); any other is new to it. PySceneDetect's
detectors, at their defaults, look at the same pictures.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from scenedetect import FrameTimecode, SceneDetector
from scenedetect.detectors import (
    AdaptiveDetector,
    ContentDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)

from benchmarks.cut_films.assembly import Event, made_films
from benchmarks.cut_films.joins import RATE
from diffbgm.video.shots import ShotDetector

Finder = Callable[[list[np.ndarray]], list[int]]

_BESIDE = 2  # frames by which a cut may be found before or after what it is
_THEIRS = (
    ContentDetector,
    AdaptiveDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)


@dataclass
class Tally:
    """What one detector found, over all films."""

    hard: Counter[str] = field(default_factory=Counter)
    gradual: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)

    def add(self, found: Iterable[int], events: Iterable[Event]) -> None:
        """Every event is found once at most; what is found besides is false."""
        left = set(found)
        for event in events:
            if not event.is_cut:
                continue
            near = [one for one in left if _lies_in(one, event)]
            kind = self.hard if event.name == "hard" else self.gradual
            kind["found" if near else "missed"] += 1
            if near:
                middle = (event.first + event.end) / 2
                left.remove(min(near, key=lambda one: abs(one - middle)))
            else:
                self.missed[event.name] += 1
        for one in left:
            within = [event.name for event in events if _lies_in(one, event)]
            self.false[within[0] if within else "nothing"] += 1

    @property
    def recall(self) -> float:
        return _share(self.hard["found"] + self.gradual["found"], self.missed.total())

    @property
    def precision(self) -> float:
        return _share(self.hard["found"] + self.gradual["found"], self.false.total())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--events", type=int, help="only so many, for a quick look")
    given = parser.parse_args(arguments)
    finders: dict[str, Finder] = {"diffbgm": _ours}
    finders |= {f"PySceneDetect {kind.__name__}": _theirs(kind) for kind in _THEIRS}
    tallies = {name: Tally() for name in finders}
    for film in made_films(given.seed, given.events):
        for name, find in finders.items():
            tallies[name].add(find(film.pictures), film.events)
    _say(f"{'detector':34} recall precision  hard  transitions")
    for name, tally in tallies.items():
        kinds = [_share(kind["found"], kind["missed"]) for kind in (tally.hard, tally.gradual)]
        _say(
            f"{name:34} {tally.recall:6.3f} {tally.precision:9.3f} {kinds[0]:5.3f} {kinds[1]:12.3f}"
        )
    _say(f"missed by diffbgm: {_counted(tallies['diffbgm'].missed)}")
    _say(f"false of diffbgm, and where: {_counted(tallies['diffbgm'].false)}")


def _ours(pictures: list[np.ndarray]) -> list[int]:
    detector = ShotDetector(float(RATE))
    for picture in pictures:
        detector.push(picture)
    return [cut.frame for cut in detector.finish()]


def _theirs(kind: type[SceneDetector]) -> Finder:
    def find(pictures: list[np.ndarray]) -> list[int]:
        detector, found = kind(), []
        for number, picture in enumerate(pictures):
            found += detector.process_frame(FrameTimecode(number, float(RATE)), picture[..., ::-1])
        found += detector.post_process(FrameTimecode(len(pictures) - 1, float(RATE)))
        return [at.frame_num for at in found]

    return find


def _lies_in(frame: int, event: Event) -> bool:
    return event.first - _BESIDE <= frame < event.end + _BESIDE


def _share(found: int, other: int) -> float:
    return found / max(1, found + other)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "none"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
