"""Overlapping windows: cut out of a piece and put together again."""

import numpy as np
import torch

from diffbgm.model.windows import Windows, keep_given, window_starts


def test_windows_overlap_by_half_and_the_last_is_flush():
    assert window_starts(16, 16) == [0]
    assert window_starts(17, 16) == [0, 1]
    assert window_starts(40, 16) == [0, 8, 16, 24]


def test_what_is_cut_out_and_put_together_is_the_piece():
    """Of every take, however many windows go at once; conditions are cut at the same bars."""
    windows = Windows(5, 2, torch.device("cpu"))
    piece = torch.randn(3, 6, 5 * 16, 7)
    total = torch.zeros_like(piece)
    for batch in windows.batches(takes=3, at_once=4):
        assert len(batch.takes) <= 4
        windows.add(total, batch, windows.cut(piece, batch))
    torch.testing.assert_close(windows.mean(total), piece)
    beats = windows.of_beats(np.arange(20))
    assert beats[:, 0].tolist() == [4 * start for start in windows.starts]
    assert beats.shape == (len(windows), 8)


def test_the_nearer_to_a_windows_middle_the_more_it_says():
    windows = Windows(3, 2, torch.device("cpu"))  # bars 0 and 1, and bars 1 and 2
    total = torch.zeros(1, 1, 48, 1)
    (batch,) = windows.batches(takes=1, at_once=2)
    windows.add(total, batch, torch.stack([torch.zeros(1, 32, 1), torch.ones(1, 32, 1)]))
    said = windows.mean(total)[0, 0, :, 0]
    assert said[:16].max() == 0
    assert said[32:].min() == 1
    assert (said[17:32] > said[16:31]).all()


def test_what_is_given_stays():
    rolls, given = np.zeros((2, 4, 3, 88)), np.ones((4, 3, 88))
    known = np.zeros((3, 4), bool)
    known[1, 2] = True
    kept = keep_given(rolls, given, known)
    assert kept[:, 2, 1].all()
    assert kept.sum() == 2 * 88
    assert keep_given(rolls, None, None) is rolls
