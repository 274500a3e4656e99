"""Reads a mood from colour and motion. Knows nothing of what is shown.

Valdez and Mehrabian (1994), "Effects of color on emotions": of brightness B and saturation S,
pleasure = 0.69 B + 0.22 S and arousal = -0.31 B + 0.60 S. Both are centred here, so that an
average picture is at 0, and spread, so that the extremes of film pictures are near -1 and 1.
"""

import cv2
import numpy as np

_AVERAGE_BRIGHTNESS, _AVERAGE_SATURATION, _AVERAGE_ENERGY = 0.45, 0.35, 0.3
_PLEASURE = np.array([0.69, 0.22])
_AROUSAL = np.array([-0.31, 0.60])
_PLEASURE_SPREAD, _AROUSAL_SPREAD, _ENERGY_SPREAD = 0.35, 0.35, 0.5
_MOTION_SHARE = 0.6  # of motion in arousal; the rest is colour's


class MoodMeter:
    """Push every frame in turn, then ask for the `mood`."""

    def __init__(self) -> None:
        self._colours: list[tuple[float, float]] = []  # brightness, saturation; 0..1

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8."""
        _, saturation, value, _ = cv2.mean(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV))
        self._colours.append((value / 255, saturation / 255))

    def mood(self, energy: np.ndarray, frame_rate: float) -> np.ndarray:
        """(seconds, 3) float32: valence, arousal, tension a second, rounded up; each -1..1.

        `energy` (frames,) is the motion's. Tension lies between the other two, high where
        arousal is and valence is not (Schimmack and Grob 2000).
        """
        colours = np.array(self._colours) - (_AVERAGE_BRIGHTNESS, _AVERAGE_SATURATION)
        second = (np.arange(len(colours)) / frame_rate).astype(int)
        frames = np.bincount(second)
        shown = np.maximum.accumulate(np.where(frames, np.arange(len(frames)), 0))

        def average(values: np.ndarray) -> np.ndarray:
            return (np.bincount(second, values) / np.maximum(frames, 1))[shown]

        valence = average(colours @ _PLEASURE) / _PLEASURE_SPREAD
        colour = average(colours @ _AROUSAL) / _AROUSAL_SPREAD
        motion = (average(energy) - _AVERAGE_ENERGY) / _ENERGY_SPREAD
        arousal = (1 - _MOTION_SHARE) * colour + _MOTION_SHARE * motion
        valence, arousal = np.clip(valence, -1, 1), np.clip(arousal, -1, 1)
        return np.stack([valence, arousal, (arousal - valence) / 2], 1).astype(np.float32)
