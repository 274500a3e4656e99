"""From noise to a roll by the default network: denoised step by step, and notes read off it.

Knows no windows and no guidance (`denoiser` has them) and no solver's arithmetic (`solver`).
"""

import numpy as np

from diffbgm.model.denoiser import RollEstimate, TimeTokenDenoiser
from diffbgm.model.diffusion import noise_levels
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.rhythm import held_keys, struck_keys
from diffbgm.model.solver import SeededNoise, solve
from diffbgm.model.temporal import Prediction, TimeTokenNetwork
from diffbgm.model.windows import keep_given
from diffbgm.music.pianoroll import HELD, SIXTEENTHS_PER_BEAT, TRACKS
from diffbgm.options import Sampling
from diffbgm.progress import Advance, LastWord, no_advance, offer_sketch


def sample(
    network: TimeTokenNetwork,
    piece: PieceConditions,
    seeds: list[int],
    options: Sampling,
    given: np.ndarray | None = None,
    known: np.ndarray | None = None,
    progress: Advance = no_advance,
    windows: int | None = None,
) -> np.ndarray:
    """Rolls (len(seeds), 4 B, 3, 88), one a seed; see `music.pianoroll` for the values.

    Where `known` (3, 4 B) is true, the roll `given` (4 B, 3, 88) stays as it is. `windows` go
    through the network at once, as many as are quick there if that is None.
    """
    said = LastWord(progress)
    denoiser = TimeTokenDenoiser(
        network, piece, len(seeds), options.guidance, given, known, said.again, windows
    )
    noise = SeededNoise(seeds, denoiser.shape, denoiser.device)
    log_snr = noise_levels(options.steps, denoiser.device)
    x = denoiser.start(noise(), log_snr[0])
    sixteenths = len(piece.dynamic) * SIXTEENTHS_PER_BEAT

    def sketch(estimate: RollEstimate) -> None:
        offer_sketch(lambda: _to_rolls(estimate.prediction)[0, :sixteenths])

    prediction = solve(denoiser, x, log_snr, noise, said, sketch).prediction
    rolls = _to_rolls(prediction)[:, :sixteenths]
    return keep_given(rolls, given, known)


def _to_rolls(prediction: Prediction) -> np.ndarray:
    """Rolls (S, T, 3, 88) of logits and velocities; held keys that nothing struck are let go."""
    onset, sustain = prediction.logits.transpose(1, 2).split(len(TRACKS), dim=2)
    struck = struck_keys(onset)
    held = held_keys(sustain, struck).cpu().numpy()
    velocity = (
        (prediction.velocity * 127).clamp(1, 127).round().byte().transpose(1, 2).cpu().numpy()
    )
    struck = struck.cpu().numpy()
    rolls = np.where(struck, velocity, 0)
    sounding = np.zeros_like(struck[:, 0])
    for sixteenth in range(rolls.shape[1]):
        sounding = struck[:, sixteenth] | (held[:, sixteenth] & sounding)
        rolls[:, sixteenth][sounding & ~struck[:, sixteenth]] = HELD
    return rolls
