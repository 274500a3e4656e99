"""Which shots show the same place or person again, by how alike their pictures are.

With CLIP by what is shown; else by the colours of the whole picture, which find a shot that goes on
after another one, and miss the same place in another framing or light. Knows no music.
"""

import numpy as np

from diffbgm.timeline import Timeline
from diffbgm.video.analysis import VideoAnalysis

# Of a shot's mean embedding and another's (a cosine), and of two histograms (what they share).
SAME_MEANING = 0.86
SAME_COLOURS = 0.82
_LEVELS = 8  # of each of red, green and blue
_DARK = 0.5  # an exponent: dark pictures differ in dark colours


def places(analysis: VideoAnalysis) -> np.ndarray:
    """Of each shot (S,) the first shot that shows what it shows, or itself."""
    embeddings = analysis.image_embeddings
    if embeddings is None:
        alike, least = _shared_colours(analysis.thumbnails), SAME_COLOURS
    else:
        means = _of_shots(embeddings, analysis.timeline)
        alike, least = means @ means.T, SAME_MEANING
    found = np.arange(len(alike))
    for shot in range(len(alike)):
        firsts = [other for other in range(shot) if found[other] == other]
        best = max(firsts, key=lambda other: alike[shot, other], default=shot)
        if alike[shot, best] >= least:
            found[shot] = best
    return found


def _of_shots(embeddings: np.ndarray, timeline: Timeline) -> np.ndarray:
    """Means of the rows a second (N, width) over each shot, of length 1: (S, width)."""
    edges = [(timeline.time(s.start_frame), timeline.time(s.end_frame)) for s in timeline.shots]
    last = len(embeddings) - 1
    spans = [(min(int(start), last), max(int(start) + 1, int(end))) for start, end in edges]
    means = np.stack([embeddings[first:stop].mean(axis=0) for first, stop in spans])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def _shared_colours(pictures: np.ndarray) -> np.ndarray:
    """How much the histograms of pictures (S, height, width, 3) have in common, 0..1: (S, S).

    Neighbouring colours count as half the same, so that a little more light changes little.
    """
    histograms = np.stack([_histogram(picture) for picture in pictures])
    return np.stack([np.minimum(one, histograms).sum(axis=1) for one in histograms])


def _histogram(picture: np.ndarray) -> np.ndarray:
    spread = (picture.reshape(-1, 3) / 256) ** _DARK
    flat = (spread * _LEVELS).astype(int) @ [_LEVELS**2, _LEVELS, 1]
    counts = np.bincount(flat, minlength=_LEVELS**3).reshape((_LEVELS,) * 3) / len(flat)
    for axis in range(3):
        along = np.moveaxis(counts, axis, 0)
        padded = np.pad(along, [(1, 1), (0, 0), (0, 0)])
        counts = np.moveaxis(along / 2 + (padded[:-2] + padded[2:]) / 4, 0, axis)
    return counts.ravel() / counts.sum()
