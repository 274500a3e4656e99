"""What a film's own features are made of, for a data set that a person builds. Knows no notes.

With CLIP's weights installed these are its embeddings of the picture and of captions; without
them our streams stand in, as when the paper's network composes, and the source says so. Widths are
those of BGM909, whose own extractors were others: CLIP2Video for the picture, BERT for captions.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffbgm.errors import CheckpointError
from diffbgm.model.paper.roll import to_tokens, widened
from diffbgm.music.conditions import as_sustained
from diffbgm.music.tempo_map import TempoMap
from diffbgm.spotting.cue_sheet import measure_conditions
from diffbgm.spotting.hit_points import Spotting, SpottingOptions
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.video.captions import caption_film, installed_coca
from diffbgm.video.clip import Clip, embed_frames, installed_clip

VISUAL_WIDTH, LANGUAGE_WIDTH = 512, 768
RATE = 2
"""Pictures a second that CLIP sees: about one a beat."""


@dataclass(frozen=True)
class FilmFeatures:
    """A row a moment: `visual` (N, 512), `language` (N, 768), float32; `captions` (N,) or none."""

    visual: np.ndarray
    language: np.ndarray
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Extractor:
    """Makes features with what is installed: both networks may be missing."""

    clip: Clip | None
    coca: Clip | None

    @classmethod
    def installed(cls) -> "Extractor":
        """With the weights that are on this machine."""
        return cls(installed_clip(), installed_coca())

    @property
    def sources(self) -> dict[str, str]:
        """What `visual` and `language` are, and what is missing, in words for a person."""
        if self.clip is None:
            return {
                "visual": "the dynamic stream (motion and cuts), repeated over the width",
                "language": "the semantic stream (mood by colour and motion), repeated over the "
                "width; no captions",
                "missing": "CLIP's picture and caption features: python install.py clip",
            }
        writer = "CoCa's captions" if self.coca else "the nearest captions of a bank"
        missing = "" if self.coca else "; captions of its own: python install.py coca"
        return {
            "visual": f"CLIP's embedding of the picture, {RATE} a second",
            "language": f"CLIP's embedding of {writer}, repeated over the width",
            "missing": f"the paper's own extractors, CLIP2Video and BERT{missing}",
        }

    def extract(self, film: Path, analysis: VideoAnalysis, edges: np.ndarray) -> FilmFeatures:
        """The features of a film between each two of the times `edges` (N + 1,) in seconds, from 0.

        Raises FilmError, CheckpointError.
        """
        if self.clip is None:
            return _streams(analysis, edges)
        if self.clip.width != VISUAL_WIDTH:
            raise CheckpointError(
                f"{self.clip.folder}: makes features {self.clip.width} wide; a data set of this "
                f"layout needs {VISUAL_WIDTH}: python install.py clip fetches such a model"
            )
        image_embeddings = embed_frames(film, RATE, self.clip)
        captions = caption_film(film, RATE, self.clip, self.coca).texts
        middles = (edges[:-1] + edges[1:]) / 2
        rows = np.minimum((middles * RATE).astype(int), len(image_embeddings) - 1)
        texts = sorted(set(captions))
        caption_embeddings = dict(zip(texts, self.clip.embed_texts(texts), strict=True))
        language = np.stack([caption_embeddings[captions[row]] for row in rows])
        nearest = tuple(captions[row] for row in rows)
        return FilmFeatures(image_embeddings[rows], widened(language, LANGUAGE_WIDTH), nearest)


def _streams(analysis: VideoAnalysis, edges: np.ndarray) -> FilmFeatures:
    """The paper's features of a film where CLIP is not installed: see `model.paper.roll`."""
    tempo_map = TempoMap(tuple(range(len(edges))), tuple(edges.tolist()))
    cues = measure_conditions(analysis, Spotting(tempo_map, (), 0), SpottingOptions())
    visual = to_tokens(as_sustained(cues.dynamic), VISUAL_WIDTH)
    return FilmFeatures(visual, to_tokens(cues.semantic, LANGUAGE_WIDTH), ())
