"""P@K, diversity and memorisation, worked by hand."""

import numpy as np
import pytest
import scipy.spatial

from diffbgm.evaluation.piece import MeasuredPiece, from_notes
from diffbgm.evaluation.retrieval import (
    diversity,
    hand_made_features,
    nearest_training,
    precision_at_k,
    standardised,
)


def random_window(seed: int, bars: int = 8) -> MeasuredPiece:
    random = np.random.RandomState(seed)
    notes = np.stack(
        [random.randint(0, bars * 16, 60), random.randint(1, 9, 60), random.randint(40, 90, 60),
         random.randint(0, 3, 60)], axis=1,
    )  # fmt: skip
    return from_notes(str(seed), notes, bars)


def test_precision_by_hand() -> None:
    real = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    # The first is made like its own; the second like the first; the third like its own.
    generated = np.array([[2.0, 0.1], [1.0, 0.0], [1.0, 1.1]])
    assert precision_at_k(generated, real, k=1) == pytest.approx(2 / 3)
    assert precision_at_k(generated, real, k=2) == pytest.approx(2 / 3)
    assert precision_at_k(generated, real, k=3) == 1


def test_precision_of_chance_is_k_of_the_candidates() -> None:
    random = np.random.RandomState(0)
    unrelated = precision_at_k(random.randn(600, 8), random.randn(600, 8))
    assert unrelated == pytest.approx(1 / 3, abs=0.05)
    says_nothing = precision_at_k(np.ones((100, 8)), np.ones((100, 8)))
    assert says_nothing == pytest.approx(1 / 3)


def test_precision_is_seeded() -> None:
    random = np.random.RandomState(0)
    real = random.randn(200, 8)
    generated = real + 3 * random.randn(200, 8)
    scores = [precision_at_k(generated, real, seed=seed) for seed in (1, 1, 2, 3, 4)]
    assert scores[0] == scores[1]
    assert len(set(scores)) > 1
    assert min(score for score in scores if score) > 0.5


def test_precision_of_few_and_of_no_windows() -> None:
    assert precision_at_k(np.ones((1, 4)), np.ones((1, 4))) == 1
    assert precision_at_k(np.ones((0, 4)), np.ones((0, 4))) is None
    with pytest.raises(ValueError, match="generated"):
        precision_at_k(np.ones((2, 4)), np.ones((1, 4)))


def test_features_find_a_window_among_others() -> None:
    real = [random_window(seed) for seed in range(80)]
    # A semitone too low now and then, and some notes missing: still more like its own.
    generated = [from_notes("made", window.notes[3:] - np.array([0, 0, i % 2, 0]), 8)
                 for i, window in enumerate(real)]  # fmt: skip
    embedded = hand_made_features(real)
    assert embedded.shape == (80, 80)
    score = precision_at_k(
        standardised(hand_made_features(generated), embedded), standardised(embedded, embedded)
    )
    assert score is not None
    assert score > 0.9


def test_features_of_silence_are_finite() -> None:
    silence = from_notes("silence", np.zeros((0, 4), int), 8)
    assert np.isfinite(hand_made_features([silence, random_window(0)])).all()


def test_standardised_leaves_out_what_never_varies() -> None:
    real = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert standardised(np.array([[5.0, 7.0]]), real).tolist() == [[3.0]]


def test_diversity_by_hand() -> None:
    assert diversity(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])) == pytest.approx(10 / 3)
    assert diversity(np.ones((1, 3))) is None
    rows = np.random.RandomState(0).randn(40, 7)
    assert diversity(rows) == pytest.approx(scipy.spatial.distance.pdist(rows).mean())


def test_a_copy_is_found_in_any_key() -> None:
    training = [random_window(seed) for seed in range(20)]
    raised = from_notes("raised", training[7].notes + np.array([0, 0, 5, 0]), 8)
    similarity, nearest = nearest_training([raised, random_window(99)], training)
    assert similarity[0] == 1
    assert nearest[0] == 7
    assert similarity[1] < 0.2


def test_likeness_by_hand() -> None:
    known = from_notes("known", np.array([[0, 4, 60, 0], [4, 4, 64, 0], [8, 4, 67, 0]]), 8)
    half = from_notes("half", np.array([[0, 1, 60, 2], [4, 9, 64, 1], [9, 1, 67, 0]]), 8)
    similarity, _ = nearest_training([half], [known])
    assert similarity[0] == pytest.approx(2 * 2 / (3 + 3))


def test_silence_is_a_copy_of_nothing() -> None:
    silence = from_notes("silence", np.zeros((0, 4), int), 8)
    assert nearest_training([silence], [random_window(0)])[0].tolist() == [0]


def test_memorisation_needs_windows_of_one_length() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        nearest_training([random_window(0)], [random_window(1, bars=4)])
    with pytest.raises(ValueError, match="nothing"):
        nearest_training([random_window(0)], [])
