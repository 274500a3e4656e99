"""The processes of a run that torchrun started; without it there is one. Knows no training."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Processes:
    """This process: its rank among `count`, and the device it works on. Rank 0 alone writes."""

    rank: int
    count: int
    device: torch.device

    @property
    def writes(self) -> bool:
        return self.rank == 0

    def share(self, network: nn.Module) -> nn.Module:
        """The network as it is trained here: with gradients averaged over all processes."""
        if self.count == 1:
            return network
        # Buffers are constants, and validation on one process must not wait for the others.
        return DistributedDataParallel(network, broadcast_buffers=False)

    def highest(self, *values: float) -> list[float]:
        """Of each value the highest that any process gave: what all of them then agree on."""
        if self.count == 1:
            return list(values)
        together = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(together, dist.ReduceOp.MAX)
        return together.tolist()


def alone(device: torch.device) -> Processes:
    return Processes(0, 1, device)


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """This process among those that torchrun started, each with a GPU of its own on `cuda`."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield alone(torch.device(device))
        return
    own = torch.device(device)
    if own.type == "cuda":
        own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(own)
    dist.init_process_group("nccl" if own.type == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), own)
    finally:
        dist.destroy_process_group()


class StopSignals:
    """Whether SIGTERM or SIGINT came, while it is entered. A second one acts as it always does."""

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> "StopSignals":
        self._before = {number: signal.getsignal(number) for number in _STOPPING}
        for number in _STOPPING:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, *_: object) -> None:
        self.came = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGTERM, signal.SIGINT)
