"""The number format that networks run in on a device. Knows no network."""

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there."""
    if device.type == "cpu":
        return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    return device.type == "cuda"


def autocast(device: torch.device) -> torch.autocast:
    """A context in which a network runs in bfloat16 where that is faster, else in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=fast_bfloat16(device))
