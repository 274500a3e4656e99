"""Background music for film cuts: the names that a program needs. Importing it costs nothing.

    import diffbgm

    music = diffbgm.compose("film.mp4", "music", diffbgm.ComposeOptions(style="ambient"))

What is named here is loaded when it is first asked for (PEP 562); docs/api.md describes it.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffbgm import errors
    from diffbgm.composing import compose, recompose, select_take
    from diffbgm.composition import Composition, load_composition
    from diffbgm.errors import DiffBGMError
    from diffbgm.options import ComposeOptions, RefitOptions, TakeOptions
    from diffbgm.preview import analyse, preview_hits
    from diffbgm.readers.cut_lists import CutList, read_cut_list
    from diffbgm.readers.edits import read_timeline
    from diffbgm.refitting import ShotChange, preview_refit, refit
    from diffbgm.spotting.hit_points import Hit, Spotting
    from diffbgm.timeline import CutHints, MediaSpan, Shot, Timeline
    from diffbgm.video.analysis import VideoAnalysis
    from diffbgm.writers.exporting import export_timeline

__version__ = "0.1.0"

__all__ = [
    "ComposeOptions",
    "Composition",
    "CutHints",
    "CutList",
    "DiffBGMError",
    "Hit",
    "MediaSpan",
    "RefitOptions",
    "Shot",
    "ShotChange",
    "Spotting",
    "TakeOptions",
    "Timeline",
    "VideoAnalysis",
    "analyse",
    "compose",
    "errors",
    "export_timeline",
    "load_composition",
    "preview_hits",
    "preview_refit",
    "read_cut_list",
    "read_timeline",
    "recompose",
    "refit",
    "select_take",
]

_NAMES_OF_MODULE = {
    "composing": ("compose", "recompose", "select_take"),
    "composition": ("Composition", "load_composition"),
    "errors": ("DiffBGMError",),
    "options": ("ComposeOptions", "RefitOptions", "TakeOptions"),
    "preview": ("analyse", "preview_hits"),
    "readers.cut_lists": ("CutList", "read_cut_list"),
    "readers.edits": ("read_timeline",),
    "spotting.hit_points": ("Hit", "Spotting"),
    "refitting": ("ShotChange", "preview_refit", "refit"),
    "timeline": ("CutHints", "MediaSpan", "Shot", "Timeline"),
    "video.analysis": ("VideoAnalysis",),
    "writers.exporting": ("export_timeline",),
}
_MODULE_OF_NAME = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}

# Before torch loads OpenMP: threads that wait shall sleep. Where they spin, a machine that is busy
# with something else (an editor, a render) makes the network fifty times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("diffbgm.errors")
    if name not in _MODULE_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"diffbgm.{_MODULE_OF_NAME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
