"""The styles and moods to suggest. Knows nothing of Blender."""

from typing import Any

# Lists that are changed in place.
styles: list[str] = []
moods: list[str] = []


def learn(info: dict[str, Any]) -> None:
    """Suggest what a server has, as its `/v1/info` says."""
    styles[:], moods[:] = info["styles"], info["moods"]
