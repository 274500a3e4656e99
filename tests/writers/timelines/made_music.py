"""Music without a composer: a tone for every shot, as files and as tracks of an edit."""

from pathlib import Path

import numpy as np
import soundfile

from diffbgm.timeline import Timeline
from diffbgm.writers.timelines.music import Marker, Music, tracks_of

RATE = 48_000
MARKERS = (
    Marker(0, "section A", "CYAN", {"section": "A"}),
    Marker(25, "downbeat +0.10", "GREEN", {"beat": 2.0, "frames_off": 0.1, "kind": "downbeat"}),
)


def music_for(timeline: Timeline, stems: tuple[str, ...] = ()) -> Music:
    """Its tracks, from shots/NNN.wav or stems/NAME.wav, which need not be there."""
    segments = [f"shots/{shot.index:03d}.wav" for shot in timeline.shots]
    tracks = tracks_of(timeline, segments, {name: f"stems/{name}.wav" for name in stems})
    return Music(timeline.frame_rate, tracks, MARKERS)


def write_sounds(folder: Path, music: Music) -> np.ndarray:
    """The files of its one track: noise that no two samples share; all of it, (n,)."""
    rng, parts = np.random.default_rng(1), []
    for name, samples in music.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        parts.append(rng.uniform(-0.3, 0.3, samples))
        stereo = np.stack([parts[-1], parts[-1]], axis=1)
        soundfile.write(folder / name, stereo, RATE, subtype="PCM_24")
    return np.concatenate(parts)
