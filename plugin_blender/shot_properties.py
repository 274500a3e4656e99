"""The shots of a scene as a person wants them: kept with the file. Knows no server and no panel."""

import contextlib

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    IntProperty,
    StringProperty,
)

from . import compat, forms, live_hits
from .ranges import NoPictureError, picture_range

hits = live_hits.LiveHits()
_REDRAW_SECONDS = 0.1

WORDS = (
    ("KEEP", "Keep", "Where the picture shows a cut, the music may meet it", "CHECKMARK", 0),
    ("PIN", "Pin", "A beat must meet this cut", "PINNED", 1),
    ("DROP", "Drop", "No shot begins here", "CANCEL", 2),
)


_writing: list[bool] = []  # not empty while the program, not a person, changes the list


def ask(context) -> None:
    """Has the hits found again for the options as they are now."""
    scene = compat.edited_scene(context)
    if scene is not None and hits.knows(scene.name) and not _writing:
        with contextlib.suppress(forms.FormError):  # told when it matters
            hits.ask(scene.name, options_of(scene))
        redraw_until_answered()


def redraw_until_answered() -> None:
    """The panel shows an answer as soon as it is there."""
    if not bpy.app.timers.is_registered(_redraw):
        bpy.app.timers.register(_redraw, first_interval=_REDRAW_SECONDS)


def _redraw() -> float | None:
    is_asking = hits.is_asking()  # before the redraw, so that the last answer is drawn, too
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()
    return _REDRAW_SECONDS if is_asking else None


def stop() -> None:
    """The add-on is being switched off."""
    hits.forget()
    if bpy.app.timers.is_registered(_redraw):
        bpy.app.timers.unregister(_redraw)


def options_of(scene) -> dict:
    """What a request says: the options of the panel, and a person's word on cuts."""
    return {**forms.request(scene.diffbgm, "compose"), **scene.diffbgm_shots.request(scene)}


def _go_there(shots, context) -> None:
    """The playhead follows the list, as the picture there is what one wants to see."""
    if 0 <= shots.index < len(shots.cuts):
        shots.id_data.frame_current = shots.cuts[shots.index].frame


class DIFFBGM_Cut(bpy.types.PropertyGroup):
    """The first frame of a shot, or of what was taken for one."""

    frame: IntProperty(name="Frame", description="First frame of the shot, in the scene")
    word: EnumProperty(
        name="Cut",
        description="What this cut is to the music",
        items=WORDS,
        update=lambda cut, context: ask(context),
    )
    is_added: BoolProperty(name="Added", description="Added by hand: the picture need not change")
    source: StringProperty(name="Found By", description="Who says that there is a cut")


class DIFFBGM_Shots(bpy.types.PropertyGroup):
    """The cuts of a scene, in order."""

    cuts: CollectionProperty(type=DIFFBGM_Cut)
    index: IntProperty(name="Shot", description="Go to this cut", update=_go_there)

    def request(self, scene) -> dict[str, list[int]]:
        """What is said of cuts in the range to be scored, counted from its first frame."""
        try:
            start, end, _ = picture_range(scene)
        except NoPictureError:
            return {}
        inside = [cut for cut in self.cuts if start < cut.frame < end]
        said = {
            "added": [c.frame - start for c in inside if c.is_added and c.word != "DROP"],
            "dropped": [c.frame - start for c in inside if c.word == "DROP"],
            "pinned": [c.frame - start for c in inside if c.word == "PIN"],
        }
        # A pinned cut stays one whatever the picture does.
        said["added"] = sorted({*said["added"], *said["pinned"]})
        return {name: frames for name, frames in said.items() if frames}

    def fill(self, start: int, end: int, found: dict[int, str]) -> None:
        """The cuts that were found between two frames, by who says so; a person's word stays."""
        kept = [
            (cut.frame, cut.word, cut.is_added, cut.source)
            for cut in self.cuts
            if not start < cut.frame < end or cut.word != "KEEP" or cut.is_added
        ]
        known = {frame for frame, *_ in kept}
        new = [(frame, "KEEP", False, found[frame]) for frame in found if frame not in known]
        self._write(sorted(kept + new))

    def add(self, frame: int) -> bool:
        """A cut by hand; whether there was none."""
        if any(cut.frame == frame for cut in self.cuts):
            return False
        rows = [(cut.frame, cut.word, cut.is_added, cut.source) for cut in self.cuts]
        self._write(sorted([*rows, (frame, "KEEP", True, "added")]))
        self.index = next(n for n, cut in enumerate(self.cuts) if cut.frame == frame)
        return True

    def remove_added(self, frame: int) -> None:
        """A cut that was added by hand is gone again."""
        rows = [(cut.frame, cut.word, cut.is_added, cut.source) for cut in self.cuts]
        self._write([row for row in rows if row[0] != frame or not row[2]])

    def _write(self, rows: list) -> None:
        _writing.append(True)
        try:
            self.cuts.clear()
            for row in rows:
                cut = self.cuts.add()
                cut.frame, cut.word, cut.is_added, cut.source = row
        finally:
            _writing.pop()
