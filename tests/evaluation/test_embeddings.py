"""Embeddings of pieces: counted, or read from a music encoder's file."""

import numpy as np
import pytest

from diffbgm.errors import DatasetError
from diffbgm.evaluation.embeddings import eights, hand_made, read_embeddings
from diffbgm.evaluation.piece import MeasuredPiece, from_notes
from diffbgm.evaluation.retrieval import precision_at_k


def piece(name: str, bars: int = 16) -> MeasuredPiece:
    random = np.random.RandomState(int(name))
    notes = np.stack(
        [random.randint(0, bars * 16, 90), random.randint(1, 9, 90), random.randint(40, 90, 90),
         random.randint(0, 3, 90)], axis=1,
    )  # fmt: skip
    return from_notes(name, notes, bars)


PIECES = [piece(str(number)) for number in range(4)]
NAMES = [one.name for one in PIECES]
ROWS = np.random.RandomState(0).randn(4, 3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "emb.npz"


def test_pieces_are_counted_in_windows_of_8_bars() -> None:
    assert [window.bars for window in eights([piece("1", 16), piece("2", 20), piece("3", 4)])] == (
        [8, 8, 8, 8, 8]
    )
    embedded = hand_made(PIECES, PIECES)
    assert embedded.name == "hand-made features"
    assert embedded.generated.shape == embedded.reference.shape
    assert len(embedded.generated) == 8
    assert precision_at_k(embedded.generated, embedded.reference, k=1) == 1


def test_rows_are_found_by_name_in_the_order_of_the_pieces(path) -> None:
    names = [*NAMES[::-1], "another"]
    rows = np.concatenate([ROWS[::-1], np.zeros((1, 3))])
    np.savez(path, names=names, generated=rows, reference=2 * rows)
    embedded = read_embeddings(path, PIECES)
    assert embedded.name == "emb.npz"
    assert np.array_equal(embedded.generated, ROWS)
    assert np.array_equal(embedded.reference, 2 * ROWS)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"names": NAMES[:3], "generated": ROWS[:3], "reference": ROWS[:3]}, "no row for 3"),
        ({"names": [*NAMES[:3], NAMES[0]]}, "twice"),
        ({"names": [1, 2, 3, 4]}, "as text"),
        ({"generated": ROWS[:3]}, "generated must have a row for each of the 4 names"),
        ({"reference": ROWS[:, :2]}, "generated is 3 wide and reference 2"),
        ({"reference": np.full((4, 3), np.nan)}, "no finite number"),
        ({"reference": np.array([["a"] * 3] * 4)}, "no finite number"),
    ],
)
def test_names_what_is_wrong(path, changes, fault) -> None:
    np.savez(path, **{"names": NAMES, "generated": ROWS, "reference": ROWS, **changes})
    with pytest.raises(DatasetError, match=fault) as caught:
        read_embeddings(path, PIECES)
    assert str(caught.value).startswith(str(path))


def test_refuses_other_files_and_executes_nothing(path) -> None:
    with pytest.raises(DatasetError, match=r"emb\.npz: is missing"):
        read_embeddings(path, PIECES)
    path.write_text("embeddings")
    with pytest.raises(DatasetError, match=r"emb\.npz"):
        read_embeddings(path, PIECES)
    np.savez(path, names=NAMES)
    with pytest.raises(DatasetError, match="has no generated, reference"):
        read_embeddings(path, PIECES)
