"""Overlapping windows: cut out of a piece and put together again."""

import numpy as np
import torch

from diffbgm.model.windows import Windows, keep_given, window_starts


def test_windows_overlap_by_half_and_the_last_is_flush():
    assert window_starts(16, 16) == [0]
    assert window_starts(17, 16) == [0, 1]
    assert window_starts(40, 16) == [0, 8, 16, 24]


def test_the_average_of_windows_of_a_piece_is_the_piece():
    """Of every take, however many windows go at once, and of every tensor that is predicted."""
    windows = Windows(5, 2, torch.device("cpu"))
    piece = torch.randn(3, 6, 5 * 16, 7)

    def predict(batch):
        assert len(batch.takes) <= 4
        cut = windows.cut(piece, batch)
        return cut, cut[:, :2, :, :1]

    whole, part = windows.average(3, 4, predict)
    torch.testing.assert_close(whole, piece)
    torch.testing.assert_close(part, piece[:, :2, :, :1])


def test_conditions_are_cut_at_the_same_bars():
    windows = Windows(5, 2, torch.device("cpu"))
    beats = windows.of_beats(np.arange(20))
    assert beats[:, 0].tolist() == [4 * start for start in windows.starts]
    assert beats.shape == (len(windows), 8)


def test_a_piece_shorter_than_a_window_fills_one():
    windows = Windows(1, 2, torch.device("cpu"))
    assert (len(windows), windows.sixteenths) == (1, 32)
    assert windows.of_beats(np.arange(4)).tolist() == [[0, 1, 2, 3, 3, 3, 3, 3]]


def test_a_prediction_weighs_more_near_the_middle_of_its_window():
    windows = Windows(3, 2, torch.device("cpu"))  # bars 0 and 1, and bars 1 and 2
    (average,) = windows.average(
        1, 2, lambda batch: [torch.stack([torch.zeros(1, 32, 1), torch.ones(1, 32, 1)])]
    )
    average = average[0, 0, :, 0]
    assert average[:16].max() == 0
    assert average[32:].min() == 1
    assert (average[17:32] > average[16:31]).all()


def test_what_is_given_stays():
    rolls, given = np.zeros((2, 4, 3, 88)), np.ones((4, 3, 88))
    known = np.zeros((3, 4), bool)
    known[1, 2] = True
    kept = keep_given(rolls, given, known)
    assert kept[:, 2, 1].all()
    assert kept.sum() == 2 * 88
    assert keep_given(rolls, None, None) is rolls
