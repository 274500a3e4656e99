"""FluidSynth through pyfluidsynth, and what of it pyfluidsynth does not bind. Plays nothing."""

import ctypes
import io
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from typing import Any

CHANNEL = (("channel", ctypes.c_int, 1),)
POINTER = ("pointer", ctypes.c_void_p, 1)
WRITE_FLOAT = (
    ("length", ctypes.c_int, 1),
    ("left", ctypes.c_void_p, 1),
    ("left_offset", ctypes.c_int, 1),
    ("left_increment", ctypes.c_int, 1),
    ("right", ctypes.c_void_p, 1),
    ("right_offset", ctypes.c_int, 1),
    ("right_increment", ctypes.c_int, 1),
)


@cache
def fluidsynth_is_installed() -> bool:
    """Whether pyfluidsynth finds libfluidsynth."""
    try:
        library()
    except ImportError:
        return False
    return True


@cache
def library() -> Any:
    """pyfluidsynth, with FluidSynth's messages turned off: its return values say enough."""
    with redirect_stdout(io.StringIO()):  # where CI is set, it prints where it found the library
        fluidsynth: Any = import_module("fluidsynth")
    silence = fluidsynth.cfunc(
        "fluid_set_log_function",
        ctypes.c_void_p,
        ("level", ctypes.c_int, 1),
        ("function", ctypes.c_void_p, 1),
        ("data", ctypes.c_void_p, 1),
    )
    for level in range(5):
        silence(level, None, None)
    return fluidsynth


@cache
def synth_function(name: str, *arguments: tuple[str, Any, int]) -> Any:
    """A function of FluidSynth's synth that pyfluidsynth does not bind."""
    synth = ("synth", ctypes.c_void_p, 1)
    return library().cfunc(f"fluid_synth_{name}", ctypes.c_int, synth, *arguments)


def fluid_version() -> str:
    """Of the library, as "2.3.1"."""
    numbers = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    library().fluid_version(*numbers)
    return ".".join(str(number.value) for number in numbers)
