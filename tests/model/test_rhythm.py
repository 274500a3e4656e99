"""Keys that follow the rhythm of their channel."""

import pytest
import torch

from diffbgm.model.rhythm import MELODY, follow_rhythm, held_keys, struck_keys, with_polyphony
from diffbgm.model.temporal import COLUMNS
from diffbgm.music.pianoroll import KEYS, TRACKS

BRIDGE = TRACKS.index("BRIDGE")


def row(rhythm, likely=(), logit=-6.0):
    """Logits (COLUMNS,): some keys at `logit`, the others off, and the rhythm."""
    logits = torch.full((COLUMNS,), -20.0)
    logits[list(likely)] = logit
    logits[KEYS] = rhythm
    return logits


def probabilities(logits):
    return torch.sigmoid(follow_rhythm(logits)[:KEYS])


def test_a_sure_rhythm_makes_an_unsure_note_likely():
    """Two keys at one in four hundred each share what the rhythm is sure of."""
    followed = probabilities(row(8.0, likely=[40, 47]))
    assert followed.sum() == pytest.approx(1, abs=0.35)
    assert followed[40] == followed[47]
    assert followed[40] > 0.3


def test_a_rest_silences_keys():
    assert probabilities(row(-5.0, likely=[40], logit=2.0)).sum() < 0.1


@pytest.mark.parametrize("likely", [[40], [40, 44, 47]])
def test_what_agrees_stays(likely):
    """A sure note or chord on a sure rhythm, and a rest on a rest."""
    logits = row(6.0, likely, logit=6.0)
    torch.testing.assert_close(follow_rhythm(logits), logits, atol=0.01, rtol=0)
    rest = row(-30.0)
    assert follow_rhythm(rest)[:KEYS].max() < -18


def test_the_rhythm_itself_stays():
    logits = torch.randn(2, 6, 32, COLUMNS)
    assert torch.equal(follow_rhythm(logits)[..., KEYS:], logits[..., KEYS:])


def test_struck_are_the_likely_keys_where_the_rhythm_says_so():
    """Three sixteenths: nothing likely, two likely keys, two likely keys against the rhythm."""
    onset = torch.full((1, 3, len(TRACKS), COLUMNS), -2.0)
    onset[0, 0, :, 40] = -1
    onset[0, 1:, :, 30] = 1
    onset[0, 1:, :, 34] = 2
    onset[0, :2, :, KEYS] = 1

    def struck(track):
        return [keys.nonzero().flatten().tolist() for keys in struck_keys(onset)[0, :, track]]

    assert struck(BRIDGE) == [[40], [30, 34], []]
    assert struck(MELODY) == [[40], [34], []]


def test_the_melody_is_held_while_its_rhythm_says_so_and_until_the_next_note():
    sustain = torch.full((1, 4, len(TRACKS), COLUMNS), -3.0)
    sustain[0, 1:, :, KEYS] = 3
    sustain[0, 1, BRIDGE, 40] = 1
    struck = torch.zeros(1, 4, len(TRACKS), KEYS, dtype=torch.bool)
    struck[0, [0, 2], MELODY, 45] = True
    held = held_keys(sustain, struck)
    assert held[0, :, MELODY, 45].tolist() == [False, True, False, True]
    assert held[0, :, BRIDGE].nonzero().tolist() == [[1, 40]]


def test_guidance_says_which_keys_and_not_how_many():
    conditional = row(3.0, likely=[40, 44, 47], logit=0.0)
    guided = row(4.0, likely=[40, 44, 47], logit=1.5)
    guided[44] = -2.0
    kept = with_polyphony(guided, conditional)
    expected = [float(torch.sigmoid(logits[:KEYS]).sum()) for logits in (conditional, kept, guided)]
    assert expected[0] < expected[1] < expected[2]
    sparse = row(3.0, likely=[40, 44], logit=-3.0)
    assert torch.sigmoid(with_polyphony(row(3.0, [40, 44], -1.0), sparse)[:KEYS]).sum() == (
        pytest.approx(float(torch.sigmoid(sparse[:KEYS]).sum()), rel=0.05)
    )
    assert kept[40] > conditional[40] == conditional[44] > kept[44]
    assert kept[KEYS] == guided[KEYS]
