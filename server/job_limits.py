"""What one job may take of the machine, where the system can hold a process to it."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

if sys.platform != "win32":
    import resource

GIB = 1024**3


@dataclass(frozen=True)
class JobLimits:
    """`memory_bytes` beyond what the warm process has, `cpu_seconds` of all processors together.

    A job that wants more memory gets MemoryError; one that wants more time is ended by SIGXCPU.
    """

    memory_bytes: int | None = 8 * GIB
    cpu_seconds: int | None = 12 * 3600


@contextlib.contextmanager
def within(limits: JobLimits) -> Iterator[None]:
    """Holds this process to `limits` in the block. No limits on Windows."""
    if sys.platform == "win32":
        yield
        return
    process = psutil.Process()
    memory, times = process.memory_info().vms, process.cpu_times()
    with (
        _soft_limit(resource.RLIMIT_AS, memory, limits.memory_bytes),
        _soft_limit(resource.RLIMIT_CPU, int(times.user + times.system) + 1, limits.cpu_seconds),
    ):
        yield


@contextlib.contextmanager
def _soft_limit(kind: int, used: int, more: int | None) -> Iterator[None]:
    before, hard = resource.getrlimit(kind)
    if more is not None:
        wanted = used + more if hard == resource.RLIM_INFINITY else min(used + more, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS does not know every limit.
            resource.setrlimit(kind, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (before, hard))
