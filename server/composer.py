"""What the server asks of a composer, and the one that asks the library. Knows no HTTP.

A composer works on folders; what it made is read from the folder's `composition.json`.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from diffbgm.devices import choose_device
from diffbgm.options import ComposeOptions, RefitOptions, Sampling, TakeOptions
from diffbgm.progress import Progress

if TYPE_CHECKING:
    from diffbgm.timeline import Timeline

Options = TypeVar("Options", ComposeOptions, RefitOptions, TakeOptions)

_FILMS = ".films.json"


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

    def refit(
        self, source: Path, old: Path, folder: Path, options: RefitOptions, progress: Progress
    ) -> None: ...

    def recompose(
        self, folder: Path, shot: int, options: TakeOptions, progress: Progress
    ) -> None: ...

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None: ...

    def unload(self) -> None: ...


def write_edit(source: Path, document: dict[str, Any], films: dict[str, str]) -> None:
    """Writes an edit for `read_edit`, and beside it the files that its names mean."""
    source.write_text(json.dumps(document))
    source.with_suffix(_FILMS).write_text(json.dumps(films))


def read_edit(source: Path) -> "Timeline":
    """The edit that `write_edit` wrote; it opens none but the files that were listed."""
    from diffbgm.readers.edit_films import listed
    from diffbgm.readers.edits import read_timeline

    return read_timeline(source, listed(json.loads(source.with_suffix(_FILMS).read_text())))


@dataclass(frozen=True)
class LibraryComposer:
    """diffbgm itself, imported when first used; what a client may not choose is chosen here."""

    device: str = "auto"
    checkpoint: Path | None = None
    soundfont: Path | None = None

    def styles(self) -> tuple[str, ...]:
        from diffbgm.arranging.styles import style_names

        return tuple(style_names())

    def describe(self, progress: Progress) -> Description:
        """Loads what composing needs. Raises CheckpointError, OptionError."""
        progress("loading", 0.0)
        # composing is imported for its own sake: it brings in what takes long.
        from diffbgm import composing, generation  # noqa: F401

        checkpoint = generation.resolve_checkpoint(self.checkpoint)
        generation.load(checkpoint, self.device)
        model = generation.describe_model(checkpoint, Sampling())
        return Description(choose_device(self.device), model)

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None:
        from diffbgm import composing

        edit = read_edit(source) if source.suffix == ".otio" else source
        composing.compose(edit, folder, self._equipped(options), progress)

    def refit(
        self, source: Path, old: Path, folder: Path, options: RefitOptions, progress: Progress
    ) -> None:
        from diffbgm import refitting

        refitting.refit(old, read_edit(source), self._equipped(options), progress, folder)

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        from diffbgm import composing

        composing.recompose(folder, shot, self._equipped(options), progress)

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        from diffbgm import composing

        composing.select_take(folder, shot, take, progress)

    def unload(self) -> None:
        from diffbgm import generation
        from diffbgm.sound import synthesizers
        from diffbgm.video import clip_network
        from diffbgm.writers.rendered_shots import rendered_shots

        generation.unload()
        synthesizers.unload()
        rendered_shots.clear()
        clip_network.unload()

    def _equipped(self, options: Options) -> Options:
        return replace(
            options, device=self.device, checkpoint=self.checkpoint, soundfont=self.soundfont
        )
