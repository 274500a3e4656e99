"""Files of weights: safetensors, whose header says what they are. Executes nothing.

Knows no network: whoever loads one says what must be in the file.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from diffbgm.errors import CheckpointError

_NAMED_AT_MOST = 3
_LONGEST_REASON = 120


def read_format(path: Path) -> str:
    """What the header names as its format; CheckpointError if the file is missing or damaged."""
    try:
        with safe_open(str(path), framework="pt") as file:
            return (file.metadata() or {}).get("format", "unnamed")
    except (SafetensorError, OSError) as exc:
        raise _unreadable(path, exc) from exc


def read_weights(path: Path, wanted_format: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The network's configuration, as JSON has it, and its weights.

    CheckpointError if the file is missing, damaged, or of another format.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as exc:
        raise _unreadable(path, exc) from exc
    if header.get("format") != wanted_format:
        raise another_network(path, header.get("format", "unnamed"))
    try:
        config = json.loads(header["network"])
    except (KeyError, ValueError, RecursionError) as exc:
        raise damaged_configuration(path, repr(exc)) from exc
    if not isinstance(config, dict):
        raise damaged_configuration(path, "no JSON object")
    return config, weights


def another_network(path: Path, found: str) -> CheckpointError:
    """The error for a file of weights whose format nobody here reads."""
    return CheckpointError(
        f"{path}: holds weights of another network (format {_short(found)}); "
        "use a file that `diffbgm train` or `diffbgm import-official` made"
    )


def damaged_configuration(path: Path, reason: object) -> CheckpointError:
    """The error for a file whose header describes no network."""
    return CheckpointError(f"{path}: its configuration is damaged ({_short(str(reason))})")


def check_entries(
    table: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]], path: Path, network: str
) -> None:
    """CheckpointError that names what is missing, extra, misshapen, or no finite numbers."""
    faults = [
        *_named("missing", (name for name in expected if name not in table)),
        *_named("unexpected", (name for name in table if name not in expected)),
        *_named("wrong", (fault for name in expected if (fault := _fault(name, table, expected)))),
    ]
    if faults:
        raise CheckpointError(f"{path}: not {network}; " + "; ".join(faults))


@contextmanager
def blueprint() -> Iterator[None]:
    """Networks that are made inside have shapes and no numbers, and take no memory."""
    with torch.device("meta"), _Undrawn():
        yield


class _Undrawn(TorchFunctionMode):
    """Draws no initial weights: drawing what has no numbers loads torch's compiler, for seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)


def shapes(table: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shape of every entry."""
    return {name: tuple(tensor.shape) for name, tensor in table.items()}


def _unreadable(path: Path, exc: Exception) -> CheckpointError:
    if not path.is_file():
        return CheckpointError(f"{path}: no such file; name a .safetensors file of weights")
    return CheckpointError(
        f"{path}: no safetensors file, or damaged ({_short(str(exc))}); "
        "a public checkpoint (.pt) becomes one by `diffbgm import-official`"
    )


def _short(reason: str) -> str:
    return " ".join(reason.split())[:_LONGEST_REASON]


def _fault(name: str, table: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> str:
    """What is wrong with one entry, or nothing; an entry that is not there is not wrong."""
    if name not in table:
        return ""
    entry = table[name]
    if not isinstance(entry, Tensor) or entry.layout != torch.strided or entry.is_quantized:
        return f"{name} (no dense tensor)"
    if tuple(entry.shape) != expected[name]:
        return f"{name} (is {_times(entry.shape)}, must be {_times(expected[name])})"
    if not entry.is_floating_point() or not torch.isfinite(entry).all():
        return f"{name} (not all finite floating-point numbers)"
    return ""


def _named(kind: str, found: Iterable[str]) -> list[str]:
    """One phrase that names the first few, and counts the rest; none if there are none."""
    names = list(found)
    rest = len(names) - _NAMED_AT_MOST
    more = f" and {rest} more" if rest > 0 else ""
    return [f"{kind} {', '.join(map(_short, names[:_NAMED_AT_MOST]))}{more}"] if names else []


def _times(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape)) or "a single number"
