"""Where networks run: which device, and on how many of its processors. Knows no network."""

import os

from diffbgm.errors import OptionError


def choose_device(name: str) -> str:
    """ "auto" is the GPU where there is one; OptionError if a named device cannot be used."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as exc:
        raise OptionError(f"device {name!r} cannot be used here; try cpu or auto") from exc
    return name


def use_cores() -> None:
    """Let torch use every core once from here on.

    Processors may come in pairs that share one core; where threads outnumber free cores, they wait
    for each other at every layer.
    """
    import psutil
    import torch

    processors = os.cpu_count() or 1
    torch.set_num_threads(min(processors, psutil.cpu_count(logical=False) or processors))
