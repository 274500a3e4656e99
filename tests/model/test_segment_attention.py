import math

import pytest
import torch

from diffbgm.model.feature_selector import PAPER_LOG_SNR, FeatureSelector
from diffbgm.model.segment_attention import TOKEN_WIDTH, SegmentCrossAttention, attention_bias

SEGMENT = torch.tensor([[0, 0, 0, 1, 1, 2, 2, 2]])  # eight beats of three shots


def attended(dynamic, segments=True):
    """What 32 sixteenths of music get from dynamic tokens (1, 8, TOKEN_WIDTH)."""
    torch.manual_seed(0)
    attention = SegmentCrossAttention(16, 4, FeatureSelector("both"))
    music = torch.randn(1, 32, 16)
    semantic = torch.zeros(1, 8, TOKEN_WIDTH)
    bias = attention_bias(SEGMENT, 4, segments)
    return attention(music, dynamic, semantic, bias, torch.zeros(1))


def test_music_hears_its_own_segment_alone():
    tokens = torch.randn(1, 8, TOKEN_WIDTH)
    changed = tokens.clone()
    changed[:, 3:5] += 1
    moved = (attended(tokens) - attended(changed)).abs().amax(dim=(0, 2)) > 1e-6
    assert moved.tolist() == [False] * 12 + [True] * 8 + [False] * 12


def test_without_segments_every_beat_is_heard_everywhere():
    tokens = torch.randn(1, 8, TOKEN_WIDTH)
    changed = tokens.clone()
    changed[:, 3:5] += 1
    assert ((attended(tokens, False) - attended(changed, False)).abs().amax(dim=(0, 2)) > 0).all()


def test_the_bias_falls_with_distance_and_more_so_in_the_first_heads():
    bias = attention_bias(torch.zeros(1, 4, dtype=torch.long), 4, True)
    assert bias.shape == (1, 4, 16, 4)
    first, last = bias[0, 0, 0], bias[0, -1, 0]
    assert first.tolist() == [0, -4, -8, -12]
    assert last.tolist() == [0, 0, 0, 0]


def test_other_segments_are_out_of_hearing():
    bias = attention_bias(SEGMENT, 4, True)
    assert bias[0, 0, 0, 3] == -math.inf


def test_the_papers_selector_switches_streams_once():
    selector = FeatureSelector("threshold")
    noisy, clean = selector(torch.tensor([PAPER_LOG_SNR - 0.1, PAPER_LOG_SNR + 0.1]))
    assert noisy.tolist() == [0, 1]  # semantic while noisy
    assert clean.tolist() == [1, 0]  # dynamic at the end


def test_the_learned_selector_starts_in_the_papers_order():
    dynamic, semantic = FeatureSelector("learned")(torch.tensor([-8.0, 8.0])).T
    assert dynamic[0] < dynamic[1]
    assert semantic[0] > semantic[1]


@pytest.mark.parametrize(
    ("name", "weights"),
    [("both", {(1.0, 1.0)}), ("dynamic_only", {(1.0, 0.0)}), ("random", {(1.0, 0.0), (0.0, 1.0)})],
)
def test_the_ablations(name, weights):
    torch.manual_seed(0)
    assert {tuple(row) for row in FeatureSelector(name)(torch.zeros(50)).tolist()} == weights
