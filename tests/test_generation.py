"""Which bars the network sees for a new take."""

import numpy as np
import pytest
import torch

from diffbgm.generation import CONTEXT_BARS, SEEN_BARS, context_beats
from diffbgm.model.networks import KINDS, Model
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.options import Sampling


@pytest.mark.parametrize(
    ("bars", "own", "seen"),
    [
        (40, (20, 22), (13, 29)),  # as much before as after
        (40, (0, 2), (0, 16)),  # the film begins
        (40, (38, 40), (24, 40)),  # and ends
        (10, (4, 5), (0, 10)),  # a short film, all of it
        (60, (20, 40), (16, 44)),  # a long shot, with some bars either side
    ],
)
def test_one_window_around_a_shot(bars, own, seen) -> None:
    beats = np.zeros(bars * BEATS_PER_BAR, bool)
    beats[own[0] * BEATS_PER_BAR + 1 : own[1] * BEATS_PER_BAR - 1] = True
    assert context_beats(beats) == slice(seen[0] * BEATS_PER_BAR, seen[1] * BEATS_PER_BAR)
    assert seen[1] - seen[0] <= max(SEEN_BARS, own[1] - own[0] + 2 * CONTEXT_BARS)


def test_one_shot_takes_half_the_steps_of_a_film() -> None:
    ours, papers = (Model.of(None, kind, torch.device("cpu")) for kind in KINDS.values())
    assert [ours.for_one_shot(Sampling(steps)).steps for steps in (16, 11, 5)] == [8, 6, 4]
    assert ours.for_one_shot(Sampling(guidance=2.0)).guidance == 2.0
    assert papers.for_one_shot(Sampling(1000)) == Sampling(1000)
