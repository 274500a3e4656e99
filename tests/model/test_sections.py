"""A long piece is sampled in sections, a short one as if there were none."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from diffbgm.model.denoiser import TimeTokenDenoiser
from diffbgm.model.diffusion import alpha_sigma, log_snr_at, to_channels
from diffbgm.model.sampling import sample
from diffbgm.model.sections import CONTEXT_BARS, sample_in_sections, sections
from diffbgm.music.pianoroll import from_notes
from diffbgm.options import Sampling
from tests.model.small_network import eager_network, piece

QUICK = Sampling(steps=4, guidance=1.5)
PHRASES = tuple(range(0, 100, 8))


@pytest.mark.parametrize("bars", [1, 40, 41, 79, 100, 1000])
def test_sections_cover_a_piece_and_begin_with_phrases(bars):
    spans = sections(range(0, bars, 8), bars, 40)
    assert [bar for span in spans for bar in span] == list(range(bars))
    assert max(len(span) for span in spans) <= 40
    assert all(span.start % 8 == 0 for span in spans)
    assert len(spans) <= -(-bars // 40) + 1


def test_without_a_phrase_to_begin_with_a_section_begins_anywhere():
    assert sections([0], 100, 40) == [range(0, 33), range(33, 66), range(66, 100)]


def test_a_piece_of_one_section_is_sampled_as_without():
    network, conditions = eager_network(), replace(piece(64), theme=np.arange(16) % 4 - 1)
    (whole,) = sample(network, conditions, [3], QUICK)
    roll = sample_in_sections(partial(sample, network), conditions, (0,), 3, QUICK, most_bars=16)
    assert np.array_equal(roll, whole)


def test_a_section_knows_the_bars_before_it_and_the_themes_that_it_shows_again():
    calls = []

    def pretend(section, seeds, options, given, known, progress):
        """Every section has a key of its own from its first bar on."""
        length = 4 * len(section.dynamic)
        calls.append((section, seeds, known))
        roll = from_notes(
            np.array([[at, 16, 60 + len(calls), 90, 0] for at in range(0, length, 16)]), length
        )
        progress(1.0)
        return np.where(known.T[..., None], given, roll)[None] if known is not None else roll[None]

    fractions = []
    conditions = replace(piece(4 * 100), theme=np.arange(100) % 50)
    roll = sample_in_sections(pretend, conditions, PHRASES, 7, QUICK, fractions.append, 40)
    spans = sections(PHRASES, 100, 40)
    for number, (span, (section, _, known)) in enumerate(zip(spans, calls, strict=True)):
        context = CONTEXT_BARS if number else 0
        assert len(section.dynamic) == 4 * (len(span) + context)
        assert np.array_equal(
            section.dynamic[4 * context :], conditions.dynamic[4 * span.start : 4 * span.stop]
        )
        assert (0 if known is None else known.sum()) == 3 * 16 * context
        first = roll.reshape(100, 16, 3, 88)[span.start]
        assert first[0, 0, 60 + number + 1 - 21]
        shown = [bar for bar in conditions.theme[span.start : span.stop]]
        again = [label for label, bar in enumerate(sorted(set(shown))) if bar in range(span.start)]
        assert sorted(section.recalled) == again
        for label, bar in section.recalled.items():
            assert np.array_equal(bar, roll.reshape(100, 16, 3, 88)[sorted(set(shown))[label]])
    assert len({call[1][0] for call in calls}) == len(calls)
    assert calls[0][1] == [7]
    assert fractions == [span.stop / 100 for span in spans]


def test_what_sounded_before_leads_the_bars_that_show_it_again_until_its_outline_stands():
    bar = from_notes(np.array([[0, 4, 60, 90, 0], [8, 4, 64, 90, 0]]), 16)
    theme = np.array([-1, 0, -1, 0])
    conditions = replace(piece(16), theme=theme, recalled={0: bar})
    denoiser = TimeTokenDenoiser(eager_network(), conditions, 1, 1.5)
    noise = torch.randn(1, *denoiser.shape)
    early, late = (log_snr_at(torch.tensor([time])) for time in (0.6, 0.2))
    denoiser.start(noise, early)
    x = denoiser.constrain(torch.zeros_like(noise), early, early)
    alpha, sigma = alpha_sigma(early)
    wanted = alpha * to_channels(torch.from_numpy(bar)[None]) + sigma * noise[:, :, 16:32]
    assert torch.equal(x[:, :, 16:32], wanted)
    assert torch.equal(x[:, :, 48:], wanted)
    assert not x[:, :, :16].any()
    assert not denoiser.constrain(torch.zeros_like(noise), late, late).any()


@pytest.mark.slow
def test_sections_join_and_are_music():
    roll = sample_in_sections(
        partial(sample, eager_network()), piece(4 * 60), range(0, 60, 4), 1, QUICK, most_bars=20
    )
    assert roll.shape == (960, 3, 88)
    assert (roll.reshape(60, -1) > 0).any(axis=1).all()
