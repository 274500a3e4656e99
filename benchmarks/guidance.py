"""Guidance of each condition stream by itself: what it buys in obedience, what it costs in purity.

python benchmarks/guidance.py PREPARED.npz [--pieces 8] [--steps 16] [--checkpoint FILE]

Pieces of 16 bars on test songs' own conditions, the same seeds in every row. Obedience is the rank
correlation, over all beats, of what was asked for with what is measured of the piece.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from diffbgm.evaluation import harmony, piece, rhythm
from diffbgm.evaluation.songs import SongSet, Window, read_set
from diffbgm.model.checkpoint import default_checkpoint, load_network
from diffbgm.model.denoiser import GUIDED_TIMES
from diffbgm.model.diffusion import log_snr_at
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.sampling import sample
from diffbgm.model.temporal import Conditions, Prediction, TimeTokenNetwork
from diffbgm.music.conditions import SEMANTIC, of_roll
from diffbgm.music.pianoroll import to_notes
from diffbgm.options import Sampling

ROWS = [(1.0, 1.0), (1.5, 1.5), (2.0, 1.0), (1.0, 2.0), (2.0, 2.0)]
DENSITY = 0


class GuidedByStream(nn.Module):
    """A network whose logits are led away from its unconditional prediction, stream by stream.

    logits = u + d (dynamic - u) + s (both - dynamic), u unconditional; Brooks et al. 2023, eq. 3.
    """

    def __init__(self, network: TimeTokenNetwork, dynamic: float, semantic: float) -> None:
        super().__init__()
        self.network = network
        self.config = network.config
        self.calibration = network.calibration
        self.strengths = dynamic, semantic
        ends = torch.tensor(GUIDED_TIMES)
        self.most, self.least = log_snr_at(ends).tolist()

    def forward(
        self,
        noisy: Tensor,
        estimate: Tensor,
        known: Tensor,
        log_snr: Tensor,
        conditions: Conditions,
    ) -> Prediction:
        both = self.network(noisy, estimate, known, log_snr, conditions)
        if self.strengths == (1.0, 1.0) or not self.least < float(log_snr[0]) < self.most:
            return both
        without = replace(conditions, has_semantic=torch.zeros_like(conditions.has_semantic))
        dynamic = self.network(noisy, estimate, known, log_snr, without).logits
        unconditional = self.network(
            noisy, estimate, known, log_snr, conditions.unconditional()
        ).logits
        by_dynamic, by_semantic = self.strengths
        logits = (
            unconditional
            + by_dynamic * (dynamic - unconditional)
            + by_semantic * (both.logits - dynamic)
        )
        return Prediction(logits, both.velocity)


def asked(found: SongSet, window: Window) -> PieceConditions:
    rows = found.beats(window)
    prepared = found.prepared
    return PieceConditions(
        prepared.dynamic[rows].astype(np.float32),
        prepared.semantic[rows].astype(np.float32),
        np.cumsum(prepared.phrase_start[rows]),
        int(np.bincount(prepared.key_signature[rows]).argmax()),
    )


def row(
    network: TimeTokenNetwork,
    pieces: list[PieceConditions],
    strengths: tuple[float, float],
    steps: int,
) -> str:
    guided = GuidedByStream(network, *strengths)
    options = Sampling(steps, guidance=1.0)
    rolls = [sample(guided, one, [seed], options)[0] for seed, one in enumerate(pieces)]  # pyright: ignore[reportArgumentType]
    of_rolls = [of_roll(roll, np.zeros(0, int)) for roll in rolls]
    measured = [piece.from_notes("", to_notes(roll)[:, [0, 1, 2, 4]]) for roll in rolls]
    density = rhythm.rank_correlation(
        np.concatenate([one.dynamic[:, DENSITY] for one in pieces]),
        np.concatenate([dynamic[:, DENSITY] for dynamic, _ in of_rolls]),
    )
    moods = [
        rhythm.rank_correlation(
            np.concatenate([one.semantic[:, column] for one in pieces]),
            np.concatenate([semantic[:, column] for _, semantic in of_rolls]),
        )
        for column in range(len(SEMANTIC))
    ]
    others = [
        np.mean([value for one in measured if (value := metric(one)) is not None])
        for metric in (harmony.pche, harmony.notes_in_key, rhythm.grooving_similarity)
    ]
    cells = [f"{value:g}" for value in strengths]
    # There is no correlation with what is the same everywhere.
    values = (density, *moods, *others)
    cells += ["" if value is None else f"{value:.3f}" for value in values]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--pieces", type=int, default=8)
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint())
    parser.add_argument("--steps", type=int, default=Sampling.steps)
    chosen = parser.parse_args(arguments)
    network = load_network(chosen.checkpoint, torch.device("cpu"))
    found = read_set(chosen.data, "test")
    pieces = [asked(found, window) for window in found.windows(chosen.pieces)]
    moods = " | ".join(SEMANTIC)
    write(f"| dynamic | semantic | density | {moods} | PCHE | in key | GPS |")
    write("|---" * (6 + len(SEMANTIC)) + "|")
    for strengths in ROWS:
        write(row(network, pieces, strengths, chosen.steps))


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
