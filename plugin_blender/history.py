"""Which file is open, which scene was meant, and whether scenes still are what they were.

Undo, redo and the loading of a file may happen at any time, and what one holds of a scene is dead
then; so files and scenes carry marks, by which they are found again.
"""

import uuid
from typing import NamedTuple

import bpy

SCENE_MARK = "diffbgm_scene"

# The module's own, so that undo and the loading of files leave them alone.
_openings = [0]  # one more at every file that is loaded
_changes = [0]  # one more whenever what is held of a scene may be dead


class FileMark(NamedTuple):
    """Which .blend file is open; stays true when it is saved under another name, or reopened."""

    opening: int
    path: str

    def is_open(self) -> bool:
        return self.opening == _openings[-1] or (self.path != "" and self.path == bpy.data.filepath)


def mark_file() -> FileMark:
    """The file that is open now."""
    return FileMark(_openings[-1], bpy.data.filepath)


def mark_scene(name: str) -> str:
    """A mark by which `find_scene` finds a scene; empty where there is none of that name."""
    scene = bpy.data.scenes.get(name)
    if scene is None:
        return ""
    scene[SCENE_MARK] = scene.get(SCENE_MARK) or uuid.uuid4().hex
    return scene[SCENE_MARK]


def find_scene(name: str, mark: str):
    """A scene by its mark, for scenes are renamed, else by its name; None if it is gone."""
    named = bpy.data.scenes.get(name)
    marked = [scene for scene in bpy.data.scenes if scene.get(SCENE_MARK) == mark]
    return named if named in marked or not marked else marked[0]  # a copy has the mark, too


def age() -> int:
    """Another number means that what was held of scenes is dead."""
    return _changes[-1]


@bpy.app.handlers.persistent
def _on_load(*_) -> None:
    _openings[-1] += 1
    _changes[-1] += 1


@bpy.app.handlers.persistent
def _on_change(*_) -> None:
    _changes[-1] += 1


def _handlers():
    """Blender's lists of handlers, and ours in each."""
    handlers = bpy.app.handlers
    return (
        (handlers.load_post, _on_load),
        (handlers.undo_post, _on_change),
        (handlers.redo_post, _on_change),
    )


def register() -> None:
    for handlers, own in _handlers():
        handlers.append(own)


def unregister() -> None:
    for handlers, own in _handlers():
        handlers.remove(own)
