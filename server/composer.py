"""What the server asks of a composer, and the one that asks the library. Knows no HTTP.

A composer works on folders; what it made is read from the folder's `composition.json`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from diffbgm.options import ComposeOptions, TakeOptions

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Description:
    """What composes: `device` as torch names it, `model` as in composition.json."""

    device: str
    model: dict[str, Any]


class Composer(Protocol):
    """Errors are DiffBGMError; what `progress(stage, fraction)` raises passes through.

    `styles` must be quick; `describe` may load the network.
    """

    def styles(self) -> tuple[str, ...]: ...

    def describe(self, progress: Progress) -> Description: ...

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None: ...

    def recompose(
        self, folder: Path, shot: int, options: TakeOptions, progress: Progress
    ) -> None: ...

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None: ...

    def unload(self) -> None: ...


@dataclass(frozen=True)
class LibraryComposer:
    """diffbgm itself, imported when first used; what a client may not choose is chosen here."""

    device: str = "auto"
    checkpoint: Path | None = None
    soundfont: Path | None = None

    def styles(self) -> tuple[str, ...]:
        from diffbgm.music.styles import style_names

        return tuple(style_names())
