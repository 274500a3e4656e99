"""A film and its music, with all that it takes to make another take. Knows no file's format."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.composition.document import Composition
from diffbgm.composition.measured import load_analysis
from diffbgm.composition.origin import Origin
from diffbgm.composition.source import timeline_of
from diffbgm.composition.takes import Take, load_take
from diffbgm.errors import CompositionError
from diffbgm.options import ComposeOptions
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.shot_chords import with_names
from diffbgm.timeline import Timeline
from diffbgm.video.analysis import VideoAnalysis


@dataclass(frozen=True)
class ScoredFilm:
    """A film and its music. `takes` holds the take of each shot that is in the mix, `numbers`
    which one that is and how many there are. `gain_db` is chosen once, with the first mix.
    """

    analysis: VideoAnalysis
    cues: CueSheet
    takes: tuple[Take, ...]
    numbers: tuple[tuple[int, int], ...]
    options: ComposeOptions
    film: Path | None
    model: dict[str, Any]
    sound: dict[str, Any]
    origin: Origin
    gain_db: float | None = None

    @property
    def timeline(self) -> Timeline:
        return self.analysis.timeline

    @property
    def roll(self) -> np.ndarray:
        """The whole roll (4 B, 3, 88)."""
        return np.concatenate([take.roll for take in self.takes])

    def with_take(self, shot: int, take: Take, number: int, of: int) -> "ScoredFilm":
        """The film with another take of one shot in the mix."""
        dynamic, semantic = self.cues.dynamic.copy(), self.cues.semantic.copy()
        own = self.cues.shot_of_beat == shot
        dynamic[own], semantic[own] = take.dynamic, take.semantic
        cues = replace(self.cues, dynamic=dynamic, semantic=semantic)
        return replace(
            self,
            cues=with_names(cues, shot, take.chords),
            takes=(*self.takes[:shot], take, *self.takes[shot + 1 :]),
            numbers=(*self.numbers[:shot], (number, of), *self.numbers[shot + 1 :]),
        )


def load_scored_film(composition: Composition) -> ScoredFilm:
    """All that a composition is made of, read back to the bit."""
    folder = composition.folder
    content = composition.to_dict()
    shots = composition.shots
    try:
        analysis = load_analysis(folder, timeline_of(content))
        options = ComposeOptions.from_dict(composition.options)
        cues = CueSheet.from_dict(content)
        film = composition.source["film"]
    except OSError as exc:
        place = exc.filename or folder
        raise CompositionError(f"{place} cannot be read: {exc.strerror}; compose again") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise CompositionError(f"{folder} is damaged; compose again") from exc
    return ScoredFilm(
        analysis,
        cues,
        _load_takes(folder, shots),
        tuple((shot["take"], shot["takes"]) for shot in shots),
        options,
        Path(film) if film else None,
        composition.model,
        composition.sound,
        composition.origin,
        composition.loudness["gain_db"],
    )


def _load_takes(folder: Path, shots: list[dict[str, Any]]) -> tuple[Take, ...]:
    """The take of every shot that is in the mix."""
    return tuple(load_take(folder, shot["index"], shot["take"]) for shot in shots)
