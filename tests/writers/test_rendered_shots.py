"""What shots sounded like lately."""

from pathlib import Path

import numpy as np

from diffbgm.composition import Outline
from diffbgm.sound.parts import Part, save_part
from diffbgm.writers.rendered_shots import RenderedShots, ShotSound


def noise(folder: Path, seed: int) -> ShotSound:
    """One part of a second, and where it is kept."""
    samples = np.random.default_rng(seed).uniform(-0.1, 0.1, (48_000, 2))
    part = Part.rounded("Strings", 100 * seed, samples.astype(np.float32))
    return ShotSound((save_part(part, folder / f"{seed}.flac"),), (Outline.of(part),))


def test_a_sound_comes_back_to_the_bit_and_the_oldest_goes(tmp_path: Path) -> None:
    sounds = [noise(tmp_path, seed) for seed in range(3)]
    size = max(sound.parts[0].path.stat().st_size for sound in sounds)
    kept = RenderedShots(most_bytes=2 * size)
    for seed in (0, 1):
        kept.keep(str(seed), sounds[seed])
    (part,) = sounds[0].parts
    samples = part.between(part.start, part.stop)
    part.path.unlink()
    restored = kept.restore("0", tmp_path, "again")
    assert restored is not None
    assert restored.outlines == sounds[0].outlines
    (again,) = restored.parts
    assert np.array_equal(again.between(again.start, again.stop), samples)
    kept.keep("2", sounds[2])
    assert kept.restore("1", tmp_path, "gone") is None  # asked for before 0 was
    assert kept.restore("0", tmp_path, "still") is not None
    kept.clear()
    assert kept.restore("0", tmp_path, "none") is None
