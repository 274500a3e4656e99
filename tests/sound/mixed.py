"""A mix made block by block, put together again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from diffbgm.dialogue import Interval
from diffbgm.sound.mixing import Loudness, Mix, master, mastered, measure_loudness
from diffbgm.sound.parts import SoundPart
from diffbgm.sound.sample_files import blocks


@dataclass(frozen=True)
class Mixed:
    """`curve` is all that was done to the mix; `stems` add up to `samples`."""

    gain_db: float
    curve: np.ndarray
    stems: Mapping[str, np.ndarray]

    @property
    def samples(self) -> np.ndarray:
        silence = np.zeros((len(self.curve), 2), np.float32)
        return sum(self.stems.values(), start=silence)

    @property
    def loudness(self) -> Loudness:
        return measure_loudness(self.samples, len(self.curve))


def mixed(
    parts: Sequence[SoundPart],
    boundaries: Sequence[int],
    gain_db: float | None = None,
    target_lufs: float = -16.0,
    silent_from: int | None = None,
    spans: Sequence[Interval] = (),
    depth_db: float = -8.0,
) -> Mixed:
    length = boundaries[-1]
    silent = length - 1 if silent_from is None else silent_from
    mix = Mix(parts, boundaries, silent, spans, depth_db)
    with TemporaryDirectory() as folder:
        mastering = master(mix, Path(folder), gain_db, target_lufs)
    spanned = list(blocks(0, length))
    curve = np.concatenate([mastering.curve(*span) for span in spanned])
    stems = {
        name: np.concatenate([mastered(mix.stem(name, *s), curve[slice(*s)]) for s in spanned])
        for name in mix.stems
    }
    return Mixed(mastering.gain_db, curve, stems)
