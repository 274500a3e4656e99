import os
from pathlib import Path

import numpy as np
import pytest

from diffbgm.errors import CompositionError, StorageError
from diffbgm.sound.parts import Part, SoundPart, save_part
from diffbgm.sound.sample_files import write_samples
from tests.full_disc import disc_with_room_for
from tests.sound.made_sound import all_parts, tones


def samples_of(part: SoundPart) -> np.ndarray:
    return part.between(part.start, part.stop)


@pytest.mark.parametrize(
    "part", [*all_parts()[:3], Part("Silence", 7, np.zeros((0, 2), np.float32))]
)
def test_a_part_comes_back_to_the_bit(part: Part, tmp_path: Path) -> None:
    stored = save_part(part, tmp_path / "part.flac")
    assert (stored.stem, stored.start, stored.stop) == (part.stem, part.start, part.stop)
    assert samples_of(stored).dtype == np.float32
    assert np.array_equal(part.samples, samples_of(stored))
    first, last = part.start + len(part.samples) // 3, part.stop - len(part.samples) // 4
    assert np.array_equal(part.between(first, last), stored.between(first, last))


def test_parts_beyond_full_scale_come_back_too(tmp_path: Path) -> None:
    loud = tones(0, "Piano", level=9.0)
    assert np.abs(loud.samples).max() > 4
    assert np.array_equal(samples_of(save_part(loud, tmp_path / "loud.flac")), loud.samples)


def test_parts_take_less_room_than_their_wav(tmp_path: Path) -> None:
    parts = all_parts()
    for number, part in enumerate(parts):
        save_part(part, tmp_path / f"{number}.flac")
    samples = sum(part.samples.size for part in parts)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 0.8 * 3 * samples


def test_damaged_or_missing_parts_are_named(tmp_path: Path) -> None:
    path = tmp_path / "half.flac"
    stored = save_part(all_parts()[-1], path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(CompositionError, match=r"half\.flac: .* missing or damaged; try again"):
        samples_of(stored)
    path.unlink()
    with pytest.raises(CompositionError, match=r"half\.flac: .* missing or damaged; try again"):
        samples_of(stored)


@pytest.mark.parametrize("room", [0, 60, 5000, 100_000])
def test_a_full_disc_leaves_nothing_half_written(tmp_path: Path, room: int) -> None:
    with disc_with_room_for(room), pytest.raises(StorageError, match=r"part\.flac"):
        save_part(all_parts()[0], tmp_path / "part.flac")
    with disc_with_room_for(room), pytest.raises(StorageError, match=r"mix\.wav"):
        write_samples(tmp_path / "mix.wav", all_parts()[0].samples)
    assert os.listdir(tmp_path) == []


def test_a_file_that_was_there_outlives_a_full_disc(tmp_path: Path) -> None:
    path = tmp_path / "part.flac"
    save_part(tones(0, "Bass"), path)
    before = path.read_bytes()
    with disc_with_room_for(5000), pytest.raises(StorageError):
        save_part(all_parts()[0], path)
    assert path.read_bytes() == before
