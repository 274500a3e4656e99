import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from diffbgm.demo import film
from diffbgm.errors import StorageError

pytestmark = pytest.mark.slow


def test_it_is_what_editors_and_browsers_play(demo):
    path, truth = demo
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (1280, 720)
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == truth.frame_rate == Fraction(24000, 1001)
        assert stream.frames == truth.frames
        assert 24 <= float(truth.frames / truth.frame_rate) <= 30


def test_its_truth_is_that_of_the_pictures(demo):
    path, truth = demo
    with av.open(str(path)) as container:
        small = [
            frame.reformat(64, 36, "rgb24").to_ndarray().astype(float)
            for frame in container.decode(video=0)
        ]
    change = np.array(
        [np.abs(after - before).mean() for before, after in itertools.pairwise(small)]
    )
    hard = [cut for cut in truth.cuts if not truth.dissolve[0] <= cut < truth.dissolve[1]]
    assert sorted(np.argsort(change)[-len(hard) :] + 1) == hard


def test_shots_are_many_and_of_unequal_length():
    truth = film.truth()
    lengths = np.diff([0, *truth.cuts, truth.frames])
    assert len(lengths) >= 7
    assert len(set(lengths)) == len(lengths)
    assert truth.dissolve[0] < truth.cuts[0] < truth.dissolve[1]


def test_where_it_cannot_be_written_nothing_remains(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        film.make(tmp_path / "no folder" / "demo.mp4")
    assert list(tmp_path.iterdir()) == []
