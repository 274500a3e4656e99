"""Keys and the rhythm of their channel made to agree; see `temporal` for what the rhythm is.

The network judges cell by cell. Where it is sure that something is struck but not what, every key
alone looks unlikely and the note would be lost; here the rhythm has the last word.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from diffbgm.music.pianoroll import KEYS, TRACKS

MOST_SHIFT = 8.0  # in logits
# A held key is believed from a lower probability on than a struck one: else long notes break.
HELD_PROBABILITY = 0.4
MOST_CORRECTION = 1.5  # in logits, each time
_NEVER = 1e-9
_RARELY = 1e-3
_LEAST_KEYS = 1e-4
MELODY = TRACKS.index("MELODY")


def follow_rhythm(logits: Tensor) -> Tensor:
    """Logits (..., COLUMNS) whose keys agree with their rhythm; that itself stays.

    All keys of a row are shifted alike, up until as many are expected as the rhythm is probable,
    or down until it is no more probable that any is on.
    """
    keys, rhythm = logits[..., :KEYS], F.logsigmoid(logits[..., KEYS:])
    expected = torch.sigmoid(keys).sum(dim=-1, keepdim=True)
    any_on = -torch.expm1(F.logsigmoid(-keys).sum(dim=-1, keepdim=True))
    up = (rhythm - torch.log(expected + _NEVER)).clamp(0, MOST_SHIFT)
    down = (rhythm - torch.log(any_on + _NEVER)).clamp(-MOST_SHIFT, 0)
    return torch.cat([keys + up + down, logits[..., KEYS:]], dim=-1)


def with_polyphony(logits: Tensor, of: Tensor) -> Tensor:
    """Logits (..., COLUMNS) that expect about as many keys where the rhythm is on as those `of` do.

    Guidance makes all keys of a row more likely that fit: it is to say which, not how many. Two
    steps go most of the way; all of it costs obedience to the density that is asked for.
    """
    keys, rhythm = logits[..., :KEYS], torch.sigmoid(logits[..., KEYS:])
    expected = torch.sigmoid(of[..., :KEYS]).sum(dim=-1, keepdim=True)
    wanted = expected / (torch.sigmoid(of[..., KEYS:]) + _RARELY) * rhythm
    for _ in range(2):
        found = torch.sigmoid(keys).sum(dim=-1, keepdim=True)
        shift = torch.log((wanted + _LEAST_KEYS) / (found + _LEAST_KEYS))
        keys = keys + shift.clamp(-MOST_CORRECTION, MOST_CORRECTION)
    return torch.cat([keys, logits[..., KEYS:]], dim=-1)


def struck_keys(onset: Tensor) -> Tensor:
    """Which keys (S, T, 3, 88) logits of onsets (S, T, 3, COLUMNS) strike.

    Where the rhythm is on the likely ones, the likeliest at least, and elsewhere none; the
    melody is one voice.
    """
    keys, rhythm = onset[..., :KEYS], onset[..., KEYS:]
    likeliest = keys == keys.amax(dim=-1, keepdim=True)
    likely = keys > 0
    likely[..., MELODY, :] = False
    return (rhythm > 0) & (likely | likeliest)


def held_keys(sustain: Tensor, struck: Tensor) -> Tensor:
    """Which keys (S, T, 3, 88) logits of sustains (S, T, 3, COLUMNS) hold, if they sound.

    The melody is one voice: whatever key it has is held while its rhythm says so and nothing new
    is `struck` (S, T, 3, 88).
    """
    held = torch.sigmoid(sustain[..., :KEYS]) > HELD_PROBABILITY
    goes_on = (sustain[..., MELODY, KEYS] > 0) & ~struck[..., MELODY, :].any(dim=-1)
    held[..., MELODY, :] = goes_on[..., None]
    return held
