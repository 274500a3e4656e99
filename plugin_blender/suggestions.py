"""The styles and moods to suggest. Knows nothing of Blender."""

from typing import Any

# What a server of this version has, until one was asked. Lists that are changed in place.
styles = [
    "ambient",
    "chiptune",
    "choir",
    "cinematic",
    "corporate",
    "electronic",
    "folk_guitar",
    "jazz_trio",
    "lofi",
    "music_box",
    "orchestral_action",
    "pop_rock",
    "solo_piano",
]
moods = [
    "calm",
    "dark",
    "dreamy",
    "energetic",
    "epic",
    "happy",
    "neutral",
    "romantic",
    "sad",
    "tense",
]


def learn(info: dict[str, Any]) -> None:
    """Suggest what a server suggestions, as its `/v1/info` says."""
    styles[:], moods[:] = info["styles"], info["moods"]
