"""Small pictures of shots, for the list; Blender keeps them as icons while it runs."""

from pathlib import Path

import bpy.utils.previews

# By scene: the icons, by the first frame of the shot.
_shown: dict[str, bpy.utils.previews.ImagePreviewCollection] = {}


def show(scene: str, pictures: dict[int, Path]) -> None:
    """From now on these are the pictures of a scene's shots."""
    if old := _shown.pop(scene, None):
        bpy.utils.previews.remove(old)
    icons = _shown[scene] = bpy.utils.previews.new()
    for frame, path in pictures.items():
        icons.load(str(frame), str(path), "IMAGE")


def icon(scene: str, frame: int) -> int:
    """Blender's number of a picture; 0, which is none, where there is no picture."""
    icons = _shown.get(scene)
    return icons[str(frame)].icon_id if icons and str(frame) in icons else 0


def forget() -> None:
    for icons in _shown.values():
        bpy.utils.previews.remove(icons)
    _shown.clear()
