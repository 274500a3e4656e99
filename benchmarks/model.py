"""How fast the network samples, beside the paper's network under its own sampler; asserts nothing.

python benchmarks/model.py [--threads 2] [--bars 32] [--repeats 2] [--checkpoint FILE]

Both run one after the other in this process, on the same cores. The paper's sampler takes 1000
steps of two passes each (it is guided); a few of them are timed and multiplied, in float32, as it
samples, and in bfloat16 where ours runs so. Its weights are random: what a pass costs does not
depend on them. Where there is a GPU, the music of a film of three minutes is sampled there too.
"""

import argparse
import contextlib
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from diffbgm.model.checkpoint import default_checkpoint
from diffbgm.model.networks import Model, load_model
from diffbgm.model.paper import ddpm
from diffbgm.model.paper.config import TOKENS, PaperConfig
from diffbgm.model.paper.unet import ROLL_SHAPE, PaperNetwork
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.precision import fast_bfloat16
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.options import Sampling

PAPER_BARS = 8  # of a window
TIMED_STEPS = 1
GOAL_RATIO, GOAL_SECONDS = 2000, 4.0

FILM_BARS = 90  # three minutes at 120 beats a minute
GOAL_FILM_SECONDS = 2.0
# Dense bfloat16, as their makers give it.
PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of processors: on a busy machine the latter say more."""

    wall: float
    processors: float

    @classmethod
    def now(cls) -> "Took":
        return cls(time.perf_counter(), time.process_time())

    def since(self, earlier: "Took") -> "Took":
        return Took(self.wall - earlier.wall, self.processors - earlier.processors)

    def times(self, count: int) -> "Took":
        return Took(self.wall * count, self.processors * count)

    def __str__(self) -> str:
        return f"{self.wall:10.2f} s ({self.processors:.2f} s of processors)"


class EnoughError(Exception):
    """As many steps as are timed are done."""


def piece(bars: int) -> PieceConditions:
    """Conditions as a film has them: their values do not change what sampling costs."""
    rng, beats = np.random.default_rng(0), bars * BEATS_PER_BAR
    dynamic, semantic = rng.random((beats, 6)), rng.random((beats, 3))
    return PieceConditions(dynamic, semantic, np.arange(beats) // 12, 0)


def sample(model: Model, bars: int, repeats: int) -> tuple["Took", float]:
    """The best of some whole calls, and the operations of the call that warms up."""
    with FlopCounterMode(display=False) as counter:
        model.sample(piece(bars), [0], Sampling())
    ticks = [Took.now()]
    for _ in range(repeats):
        model.sample(piece(bars), [0], Sampling())
        ticks.append(Took.now())
    return best(ticks), float(counter.get_total_flops())


def paper_takes(device: torch.device, windows: int, in_bfloat16: bool) -> "Took":
    """The paper's whole sampler over the same bars, from the best of a few of its steps."""
    torch.manual_seed(0)
    network = PaperNetwork(PaperConfig()).to(device).eval()
    visual = torch.randn(windows, TOKENS, network.config.token_width, device=device)
    language = torch.randn(windows, TOKENS, network.config.language_width, device=device)
    shape = (windows, *ROLL_SHAPE)

    def guided(x: Tensor, step: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16):
            conditional = network(x, step, visual, language)
            unconditional = network(x, step, -torch.ones_like(visual), -torch.ones_like(language))
        return unconditional + 5 * (conditional - unconditional)

    def noise() -> Tensor:
        return torch.randn(shape, device=device)

    ticks = []

    def count(_: float) -> None:
        ticks.append(Took.now())
        if len(ticks) > TIMED_STEPS:  # the first one warms up
            raise EnoughError

    schedule = network.schedule()
    with contextlib.suppress(EnoughError):
        ddpm.draw(guided, schedule, noise, schedule.steps, progress=count)
    return best(ticks).times(schedule.steps)


def best(ticks: list["Took"]) -> "Took":
    """The shortest time between two ticks."""
    times = [later.since(earlier) for earlier, later in pairwise(ticks)]
    return min(times, key=lambda time_taken: time_taken.wall)


def on_cpu(checkpoint: Path, bars: int, repeats: int) -> None:
    device = torch.device("cpu")
    model = load_model(checkpoint, device)
    precision = "bfloat16" if fast_bfloat16(device) else "float32"
    write(f"{bars} bars on a CPU, {torch.get_num_threads()} threads, {precision}")
    own, flops = sample(model, bars, repeats)
    write(f"  {checkpoint.stem}: whole call, {Sampling().steps} steps, guided: {own}")
    write(f"  {flops / 1e9:.0f} GFLOP, {flops / own.processors / 1e9:.0f} GFLOP/s of a processor")
    write(f"  the paper's network, {TIMED_STEPS} of 1000 guided steps timed and multiplied:")
    for in_bfloat16 in (False, True) if fast_bfloat16(device) else (False,):
        papers = paper_takes(device, -(-bars // PAPER_BARS), in_bfloat16)
        write(f"    {'bfloat16' if in_bfloat16 else 'float32'}: {papers}")
        write(
            f"    we are {papers.wall / own.wall:.0f} times faster by the clock, "
            f"{papers.processors / own.processors:.0f} by processors"
        )
    write(f"  goals: {GOAL_RATIO} times, {GOAL_SECONDS:g} s")


def on_gpu(checkpoint: Path) -> None:
    device = torch.device("cuda")
    own, flops = sample(load_model(checkpoint, device), FILM_BARS, repeats=5)
    name = torch.cuda.get_device_name()
    peak = next((peak for known, peak in PEAK_FLOPS.items() if known in name), None)
    write(f"three minutes ({FILM_BARS} bars) on {name}")
    write(f"  {own.wall:.2f} s (goal {GOAL_FILM_SECONDS:g} s)")
    write(f"  {flops / own.wall / 1e12:.2f} TFLOP/s")
    if peak:
        share = 100 * flops / own.wall / peak
        write(f"  {share:.1f} % of {peak / 1e12:.0f} TFLOP/s (bfloat16, dense)")


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint())
    parser.add_argument("--bars", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=2)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    on_cpu(chosen.checkpoint, chosen.bars, chosen.repeats)
    if torch.cuda.is_available():
        on_gpu(chosen.checkpoint)


if __name__ == "__main__":
    main()
