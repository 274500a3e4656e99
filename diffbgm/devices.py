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


def leave_processors_free() -> None:
    """Let torch use half of the processors from here on.

    They come in pairs that share one core, and the editor needs some. Where threads outnumber
    free cores, they wait for each other at every layer.
    """
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
