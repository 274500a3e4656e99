import os
from pathlib import Path

import numpy as np
import pytest

from diffbgm.errors import CompositionError, StorageError
from diffbgm.sound.parts import Part, SoundPart, load_parts, save_parts
from diffbgm.sound.sample_files import write_samples
from tests.full_disc import disc_with_room_for
from tests.sound.made_sound import all_parts, tones


def samples_of(part: SoundPart) -> np.ndarray:
    return part.between(part.start, part.stop)


def test_parts_come_back_to_the_bit(tmp_path: Path) -> None:
    parts = [*all_parts()[:3], Part("Silence", 7, np.zeros((0, 2), np.float32))]
    save_parts(parts, tmp_path / "take.flac")
    again = load_parts(tmp_path / "take.flac")
    assert [(part.stem, part.start) for part in again] == [(p.stem, p.start) for p in parts]
    for part, loaded in zip(parts, again, strict=True):
        assert samples_of(loaded).dtype == np.float32
        assert np.array_equal(part.samples, samples_of(loaded))
        first, last = part.start + len(part.samples) // 3, part.stop - len(part.samples) // 4
        assert np.array_equal(part.between(first, last), loaded.between(first, last))


def test_parts_beyond_full_scale_come_back_too(tmp_path: Path) -> None:
    loud = tones(0, "Piano", level=9.0)
    assert np.abs(loud.samples).max() > 4
    save_parts([loud], tmp_path / "loud.flac")
    assert np.array_equal(samples_of(load_parts(tmp_path / "loud.flac")[0]), loud.samples)


def test_a_shot_of_silence_has_no_parts(tmp_path: Path) -> None:
    save_parts([], tmp_path / "silence.flac")
    assert load_parts(tmp_path / "silence.flac") == ()


def test_parts_take_less_room_than_their_wav(tmp_path: Path) -> None:
    parts = all_parts()
    save_parts(parts, tmp_path / "take.flac")
    samples = sum(part.samples.size for part in parts)
    assert (tmp_path / "take.flac").stat().st_size < 0.8 * 3 * samples


def test_damaged_or_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(CompositionError, match=r"gone\.flac"):
        load_parts(tmp_path / "gone.flac")
    path = tmp_path / "half.flac"
    save_parts(all_parts(), path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(CompositionError, match=r"half\.flac: .* missing or damaged; try again"):
        samples_of(load_parts(path)[-1])


@pytest.mark.parametrize("room", [0, 60, 5000, 100_000])
def test_a_full_disc_leaves_nothing_half_written(tmp_path: Path, room: int) -> None:
    with disc_with_room_for(room), pytest.raises(StorageError, match=r"take\.flac"):
        save_parts(all_parts(), tmp_path / "take.flac")
    with disc_with_room_for(room), pytest.raises(StorageError, match=r"mix\.wav"):
        write_samples(tmp_path / "mix.wav", all_parts()[0].samples)
    assert os.listdir(tmp_path) == []


def test_a_file_that_was_there_outlives_a_full_disc(tmp_path: Path) -> None:
    path = tmp_path / "take.flac"
    save_parts([tones(0, "Bass")], path)
    before = path.read_bytes()
    with disc_with_room_for(5000), pytest.raises(StorageError):
        save_parts(all_parts(), path)
    assert path.read_bytes() == before
