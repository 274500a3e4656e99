"""How much goes through a network at once: less, and then on the processor, where a GPU has no
memory left. Knows no piece."""

from dataclasses import dataclass

import torch

# Windows at once where as many as usual were too many.
FEW_WINDOWS = 2


@dataclass
class Room:
    """Of one job. `windows` are those that may go through at once, None as many as usual."""

    device: torch.device
    windows: int | None = None

    @property
    def is_least(self) -> bool:
        """Whether there is nothing left to try."""
        return self.device.type == "cpu"

    def shrink(self) -> None:
        """Few windows first, then the processor."""
        if self.windows is None:
            self.windows = FEW_WINDOWS
        else:
            self.device, self.windows = torch.device("cpu"), None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def told(self, asked: torch.device) -> dict[str, str]:
        """What a composition says of it; nothing where all went as usual on that device."""
        if self.device != asked:
            return {"memory": f"{asked.type} had not enough: sampled on the processor"}
        if self.windows is not None:
            return {"memory": f"{asked.type} had not enough: {self.windows} windows at a time"}
        return {}


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU had not enough of it: torch has several errors for that."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)
