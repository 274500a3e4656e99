"""Arrays from damaged files."""

import random

import numpy as np
import pytest

from diffbgm.files.arrays import read_arrays


@pytest.fixture
def path(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", numbers=np.arange(99), words=np.array("[1, 2]"))
    return tmp_path / "a.npz"


def test_what_was_written_is_read(path):
    arrays = read_arrays(path)
    assert arrays["numbers"].tolist() == list(range(99))
    assert str(arrays["words"]) == "[1, 2]"


def test_damage_is_a_value_error(path):
    good, rng = path.read_bytes(), random.Random(909)
    refused = 0
    for _ in range(400):
        damaged = bytearray(good[: rng.choice([len(good), rng.randrange(len(good))])])
        for _ in range(min(len(damaged), rng.randrange(4))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            read_arrays(path)
        except ValueError:
            refused += 1
    assert refused > 200


def test_one_array_alone_is_none_of_ours(path):
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(ValueError, match="is damaged"):
        read_arrays(path)


def test_objects_are_not_executed(path):
    np.savez(path, objects=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path)
