"""Rolls as pictures, without a drawing library."""

import numpy as np
import pytest
from PIL import Image

from diffbgm.errors import StorageError
from diffbgm.music.pianoroll import HELD
from diffbgm.music.roll_png import write_roll_png


def test_notes_stand_where_they_sound(tmp_path):
    rolls = np.zeros((2, 32, 3, 88), np.uint8)
    rolls[0, 4, 0, 87] = 90  # the highest key, struck in the fifth sixteenth
    rolls[0, 5, 0, 87] = HELD
    path = tmp_path / "rolls.png"
    write_roll_png(path, rolls)
    with Image.open(path) as image:
        assert image.size == (32 * 3, 2 * (88 * 3 + 4))
        struck, held, ground = (image.getpixel((x * 3 + 1, 1)) for x in (4, 5, 6))
    assert sum(struck) > sum(held) > sum(ground)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(StorageError, match="nowhere"):
        write_roll_png(tmp_path / "nowhere" / "rolls.png", np.zeros((1, 16, 3, 88), np.uint8))
