"""What a scene remembers of each composition in it: beats, takes, the edit. Knows no `bpy` module.

It is kept as JSON in a custom property of the scene: saved, undone and redone with it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from .changes import Stretch

SCENE_KEY = "diffbgm_pieces"
FAVOURITE, DELETED = "favourite", "deleted"


@dataclass
class Piece:
    """Frames count from the start of the range that was scored.

    `beats`, `downbeats` and `hits` are frames; `shots` has first frame and frame after of each,
    `stretches` the edit that it was written for. `takes` says how many each
    shot has, `seeds` those in the mix, `before` which take was in the mix before, `marks` what a
    person thinks of takes, both by shot, the latter by "shot/take". `stems` are their paths.
    """

    beats: list[int]
    downbeats: list[int]
    hits: list[int]
    shots: list[list[int]]
    takes: list[int]
    seeds: list[int]
    stems: list[str] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)

    def take_beside(self, shot: int, take: int, step: int) -> int | None:
        """The next take of a shot, round and round, that is not deleted; None without another."""
        count = self.takes[shot]
        for number in range(1, count):
            other = (take + step * number) % count
            if self.marks.get(f"{shot}/{other}") != DELETED:
                return other
        return None

    def take_to_compare(self, shot: int, take: int) -> int | None:
        """The take that was in the mix before; without one, the one before it."""
        before = self.before.get(str(shot), take)
        known = before != take and before < self.takes[shot]
        if known and self.marks.get(f"{shot}/{before}") != DELETED:
            return before
        return self.take_beside(shot, take, -1)


def piece_of(result: dict[str, Any], old: Piece | None = None) -> Piece:
    """What to remember of composition.json; marks and edit of the `old` piece stay."""
    rate = result["frame_rate"][0] / result["frame_rate"][1]

    def frames(seconds: list[float]) -> list[int]:
        return [round(one * rate) for one in seconds]

    shots = result["shots"]
    return Piece(
        frames(result["beats"][:-1]),
        frames(result["downbeats"]),
        [hit["cut_frame"] for hit in result["hits"] if hit["kind"] != "none"],
        [[shot["start_frame"], shot["end_frame"]] for shot in shots],
        [shot["takes"] for shot in shots],
        [shot["seed"] for shot in shots],
        stem_paths(result),
        old.before if old else {},
        old.marks if old else {},
        old.stretches if old else [],
    )


def stem_paths(result: dict[str, Any]) -> list[str]:
    """The files of the stems that a composition.json records, in order."""
    return sorted(path for path in result.get("files", {}) if path.startswith("stems/"))


def remember(scene, composition: str, piece: Piece) -> None:
    pieces = _stored(scene)
    pieces[composition] = asdict(piece)
    scene[SCENE_KEY] = json.dumps(pieces)


def piece(scene, composition: str) -> Piece | None:
    """What the scene remembers of a composition; None if it is not known, or damaged."""
    try:
        found = Piece(**_stored(scene)[composition])
        found.stretches = [Stretch(*each) for each in found.stretches]
    except (KeyError, TypeError):
        return None
    return found


def _stored(scene) -> dict[str, Any]:
    try:
        content = json.loads(scene.get(SCENE_KEY, "{}"))
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
