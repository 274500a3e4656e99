"""Short equal runs of candidate networks: patches, selectors, segments; a row of numbers each.

python benchmarks/candidates.py PREPARED.npz [--steps 700] [--only NAME ...]

All rows take the same steps over the same windows with the same noise; the networks are small, so
that a row takes minutes on a processor. What is compared is the validation loss per noise level.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from diffbgm.model.config import NetworkConfig
from diffbgm.model.segment_attention import attention_bias
from diffbgm.model.temporal import (
    CHANNELS,
    COLUMNS,
    OFF_BIAS,
    Conditions,
    Prediction,
    TimeTokenNetwork,
)
from diffbgm.model.temporal import _rotary as rotary  # the same positions as the product's
from diffbgm.model.temporal import _sinusoids as sinusoids
from diffbgm.music.pianoroll import BEATS_PER_BAR, KEYS, SIXTEENTHS_PER_BEAT, TRACKS
from diffbgm.training import Trainer, TrainingConfig
from diffbgm.training.presets import PRESETS, Preset
from diffbgm.training.processes import alone
from diffbgm.training.time_tokens import TimeTokenObjective

SMALL = NetworkConfig(width=96, layers=3, heads=4, bar_heads=0, local_channels=8, window_bars=4)
# Wider, so that a forward pass costs what that of SMALL does.
PATCHES = replace(SMALL, width=112)
BATCH = 6

STRIP_KEYS = 11
STRIPS = KEYS // STRIP_KEYS


class PatchNetwork(TimeTokenNetwork):
    """Patches of one beat by 11 keys as tokens, folded and unfolded by one linear layer each."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        cells = SIXTEENTHS_PER_BEAT * STRIP_KEYS
        self.read, self.output = nn.Identity(), nn.Identity()
        self.fold = nn.Linear((2 * CHANNELS + len(TRACKS)) * cells, config.width)
        self.in_bar = nn.Parameter(torch.randn(BEATS_PER_BAR, STRIPS, config.width) * 0.02)
        self.unfold = nn.Linear(config.width, (CHANNELS + len(TRACKS)) * cells)
        self.read_rhythm = nn.Linear(2 * CHANNELS * SIXTEENTHS_PER_BEAT, config.width)
        self.rhythm_output = nn.Linear(config.width, CHANNELS * SIXTEENTHS_PER_BEAT)

    def forward(
        self,
        noisy: Tensor,
        estimate: Tensor,
        known: Tensor,
        log_snr: Tensor,
        conditions: Conditions,
    ) -> Prediction:
        mask = known[..., None].expand(-1, -1, -1, KEYS)
        both = torch.cat([noisy, estimate], dim=1)
        cells = torch.cat([both[..., :KEYS], mask], dim=1)
        cells = cells.unflatten(2, (-1, SIXTEENTHS_PER_BEAT)).unflatten(4, (STRIPS, STRIP_KEYS))
        beats = cells.shape[2]
        tokens = self.fold(cells.permute(0, 2, 4, 1, 3, 5).flatten(3))  # (B, N, strips, width)
        place = self.in_bar.repeat(beats // BEATS_PER_BAR, 1, 1)
        rhythm = both[..., KEYS].unflatten(2, (-1, SIXTEENTHS_PER_BEAT)).transpose(1, 2)
        place = place + self.read_rhythm(rhythm.flatten(2))[:, :, None]
        tokens = (tokens + place).flatten(1, 2)
        level = self.noise_level(sinusoids(log_snr)) + self.key_signature(conditions.key_signature)
        dynamic = self.dynamic(conditions.dynamic, conditions.has_dynamic)
        semantic = self.semantic(conditions.semantic, conditions.has_semantic)
        bias = attention_bias(conditions.segment, self.config.heads, self.config.segments)
        bias = bias[:, :, ::SIXTEENTHS_PER_BEAT].repeat_interleave(STRIPS, dim=2)
        positions = rotary(beats, self.config.width // self.config.heads, tokens.device)
        positions = tuple(part.repeat_interleave(STRIPS, dim=0) for part in positions)
        for block in self.blocks:
            tokens = block(
                tokens, level, dynamic, semantic, bias.to(tokens.dtype), log_snr, positions
            )
        tokens = self.norm(tokens).unflatten(1, (beats, STRIPS))
        rhythm = self.rhythm_output(tokens.mean(dim=2)).unflatten(2, (CHANNELS, -1))
        rhythm = rhythm.transpose(1, 2).flatten(2)[..., None].float()  # (B, 6, T, 1)
        prediction = self.unfold(tokens)
        prediction = prediction.unflatten(3, (-1, SIXTEENTHS_PER_BEAT, STRIP_KEYS))
        out = prediction.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3).float()
        logits = torch.cat([out[:, :CHANNELS] - OFF_BIAS, rhythm], dim=-1)
        return Prediction(logits, torch.sigmoid(out[:, CHANNELS:]))


class BlockNetwork(TimeTokenNetwork):
    """Segments are equal blocks of `block_beats`, as in the paper, not phrases or shots."""

    block_beats = 4

    def forward(
        self,
        noisy: Tensor,
        estimate: Tensor,
        known: Tensor,
        log_snr: Tensor,
        conditions: Conditions,
    ) -> Prediction:
        beats = torch.arange(conditions.segment.shape[1], device=conditions.segment.device)
        blocks = (beats // self.block_beats).expand(len(conditions.segment), -1)
        return super().forward(noisy, estimate, known, log_snr, replace(conditions, segment=blocks))


class TwoBars(BlockNetwork):
    block_beats = 8


@dataclass(frozen=True)
class Candidate:
    """A row: a kind of network and its configuration."""

    kind: type[TimeTokenNetwork] = TimeTokenNetwork
    config: NetworkConfig = SMALL


CANDIDATES = {
    "time tokens, selector learned, segments are phrases": Candidate(),
    "patches of a beat by 11 keys": Candidate(PatchNetwork, PATCHES),
    "selector of the paper (threshold)": Candidate(config=replace(SMALL, selector="threshold")),
    "selector off (both streams always)": Candidate(config=replace(SMALL, selector="both")),
    "selector random": Candidate(config=replace(SMALL, selector="random")),
    "dynamic stream only": Candidate(config=replace(SMALL, selector="dynamic_only")),
    "two heads compare bars": Candidate(config=replace(SMALL, bar_heads=2)),
    "segments off": Candidate(config=replace(SMALL, segments=False)),
    "segments are blocks of 2 bars": Candidate(TwoBars),
    "segments are blocks of 1 bar": Candidate(BlockNetwork),
}


class CandidateObjective(TimeTokenObjective):
    """The time-token objective with another network in it; all candidates share the windows."""

    def __init__(self, shared: TimeTokenObjective, candidate: Candidate, seed: int) -> None:
        self.config, self.device = candidate.config, shared.device
        self.windows, self.validation = shared.windows, shared.validation
        self.windows.generator.manual_seed(seed)
        torch.manual_seed(seed)
        self.network = candidate.kind(candidate.config)


def gigaflops(objective: TimeTokenObjective) -> float:
    """Of one forward pass over one window."""
    batch = objective.validation.at(torch.zeros(1, dtype=torch.long))
    roll = torch.zeros(1, CHANNELS, batch.roll.shape[1], COLUMNS)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        objective.network(roll, roll, batch.known, torch.zeros(1), batch.conditions)
    return counter.get_total_flops() / 1e9


def run(shared: TimeTokenObjective, name: str, steps: int) -> str:
    """Train one candidate; its row of the table."""
    objective = CandidateObjective(shared, CANDIDATES[name], seed=0)
    PRESETS["candidate"] = Preset(NetworkConfig.from_dict, lambda *_: objective)
    settings = {"data": "", "out": "", "steps": steps, "batch_windows": BATCH, "ema_decay": 0.98}
    trainer = Trainer(TrainingConfig(preset="candidate", **settings), alone(objective.device))
    begin = time.process_time()
    for step in range(steps):
        trainer.train_step(step / steps)
    spent = (time.process_time() - begin) / steps
    parameters = sum(weight.numel() for weight in objective.network.parameters())
    losses = trainer.validate()
    cells = [f"{parameters / 1e6:.2f}", f"{gigaflops(objective):.2f}", f"{spent:.3f}"]
    cells += [f"{value:.5f}" for value in losses.values()]
    cells.append(f"{sum(losses.values()) / len(losses):.5f}")
    return f"| {name} | {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--only", nargs="*", default=list(CANDIDATES))
    chosen = parser.parse_args(arguments)
    levels = " | ".join(f"t = {level}" for level in (0.1, 0.3, 0.5, 0.7, 0.9))
    write(f"| candidate | M parameters | GFLOP | CPU s a step | {levels} | mean |")
    write("|---" * 10 + "|")
    shared = TimeTokenObjective(SMALL, chosen.data, torch.device("cpu"), seed=0)
    for name in chosen.only:
        write(run(shared, name, chosen.steps))


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
