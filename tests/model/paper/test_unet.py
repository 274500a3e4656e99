"""The paper's network, small."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diffbgm.errors import CheckpointError
from diffbgm.model.paper.attention import BlockAttention
from diffbgm.model.paper.config import PaperConfig, TokenSelector
from diffbgm.model.paper.unet import PaperNetwork, step_embedding

pytestmark = pytest.mark.slow


def small(w_size: int = 2, selector: TokenSelector = "threshold") -> PaperNetwork:
    torch.manual_seed(0)
    config = PaperConfig(
        channels=32, multipliers=(1, 1), attention_levels=(1,), token_width=16, language_width=24,
        residual_blocks=1, w_size=w_size, selector=selector,
    )  # fmt: skip
    return PaperNetwork(config).eval()


def inputs(batch: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = ((batch, 2, 32, 32), (batch, 32, 16), (batch, 32, 24))
    x, visual, language = (torch.randn(shape, generator=generator) for shape in shapes)
    return x, visual, language


def test_has_the_published_size() -> None:
    with torch.device("meta"):
        network = PaperNetwork(PaperConfig())
    millions = sum(weight.numel() for weight in network.unet.parameters()) / 1e6
    assert round(millions, 1) == 41.1


def test_language_rules_above_step_200_and_the_picture_from_there_down() -> None:
    network = small()
    x, visual, language = inputs()
    for step, language_rules in ((999, True), (201, True), (200, False), (0, False)):
        at = torch.tensor([step])
        before = network(x, at, visual, language)
        assert torch.equal(before, network(x, at, visual, language + 1)) != language_rules
        assert torch.equal(before, network(x, at, visual + 1, language)) == language_rules


def ruling(network: PaperNetwork, step: int) -> str:
    """Which of the streams a step attends to."""
    x, visual, language = inputs()
    at = torch.tensor([step])
    before = network(x, at, visual, language)
    hears_visual = not torch.equal(before, network(x, at, visual + 1, language))
    hears_language = not torch.equal(before, network(x, at, visual, language + 1))
    return "visual" * hears_visual + "language" * hears_language


def test_ablations_of_the_selector() -> None:
    steps = (999, 800, 600, 400, 200, 0)
    assert {ruling(small(selector="visual_only"), step) for step in steps} == {"visual"}
    assert {ruling(small(selector="both"), step) for step in steps} == {"visuallanguage"}
    drawn = [ruling(small(selector="random"), step) for step in steps]
    assert set(drawn) == {"visual", "language"}
    assert drawn == [ruling(small(selector="random"), step) for step in steps]


def test_the_selector_works_per_item_of_a_batch() -> None:
    network = small()
    x, visual, language = inputs(batch=2)
    both = network(x, torch.tensor([900, 100]), visual, language)
    for item, step in enumerate((900, 100)):
        one = slice(item, item + 1)
        alone = network(x[one], torch.tensor([step]), visual[one], language[one])
        torch.testing.assert_close(both[one], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("w_size", [1, 2, 4])
def test_attention_is_that_of_a_block_diagonal_mask(w_size) -> None:
    torch.manual_seed(0)
    attention = BlockAttention(width=8, context_width=6, heads=2, w_size=w_size)
    x, context = torch.randn(3, 16, 8), torch.randn(3, 32, 6)

    def heads(projected: torch.Tensor) -> torch.Tensor:
        return projected.unflatten(-1, (2, 4)).transpose(1, 2)

    query_block = torch.arange(16) // (16 // w_size)
    token_block = torch.arange(32) // (32 // w_size)
    masked = F.scaled_dot_product_attention(
        heads(attention.to_q(x)),
        heads(attention.to_k(context)),
        heads(attention.to_v(context)),
        attn_mask=query_block[:, None] == token_block,
    )
    expected = attention.to_out(masked.transpose(1, 2).flatten(2))
    torch.testing.assert_close(attention(x, context), expected)


def test_a_token_reaches_its_own_span_of_time_alone() -> None:
    torch.manual_seed(0)
    attention = BlockAttention(width=8, context_width=6, heads=2, w_size=4)
    x, context = torch.randn(1, 16, 8), torch.randn(1, 32, 6)
    changed = context.clone()
    changed[:, 9] += 1  # of 32 tokens, the tenth: in the second of four blocks
    moved = (attention(x, context) != attention(x, changed)).any(dim=2)[0]
    assert moved.nonzero().flatten().tolist() == [4, 5, 6, 7]


def test_step_embedding_by_hand() -> None:
    embedding = step_embedding(torch.tensor([0, 3]), 4).numpy()
    slow = 3 / 100  # the second of two frequencies: 10000 ** -(1 / 2)
    expected = [[1, 1, 0, 0], [np.cos(3), np.cos(slow), np.sin(3), np.sin(slow)]]
    np.testing.assert_allclose(embedding, expected, atol=1e-6)


def test_learns() -> None:
    network = small().train()
    x, visual, language = inputs(batch=2)
    loss = network(x, torch.tensor([500, 20]), visual, language).square().mean()
    loss.backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("w_size", [0, 3, 5, -2, 32, 2.0, True])
def test_blocks_must_divide_the_tokens(w_size) -> None:
    with pytest.raises(ValueError, match="w_size"):
        PaperConfig(w_size=w_size)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"selector": "language_only"}, "selector is one of threshold, visual_only, random, both"),
        ({"selector_step": 1000}, "selector_step is a step, 0 to 999"),
        ({"channels": 48}, "channels is a multiple of 32"),
        ({"multipliers": []}, "1 to 6 levels"),
        ({"multipliers": [1, 0]}, "whole numbers above 0"),
        ({"attention_levels": [4]}, "attention_levels lie between 0 and 3"),
        ({"heads": 3}, "heads must divide the width 256"),
        ({"token_width": "wide"}, "whole numbers above 0"),
        ({"multipliers": 4}, "cannot be made so"),
        ({"widths": 1}, "the paper's network has no widths"),
    ],
)
def test_what_makes_no_network_is_named(content, message) -> None:
    with pytest.raises(CheckpointError, match=message):
        PaperConfig.from_dict(content)


def test_a_configuration_comes_back_from_json() -> None:
    config = PaperConfig(channels=32, multipliers=(1, 2), attention_levels=(1,), selector="both")
    assert PaperConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
