"""Where an agent may read and write: some folders, what is below them, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diffbgm.errors import InputError, TimelineError

if TYPE_CHECKING:
    from diffbgm.composition import Composition
    from diffbgm.readers.edit_films import FilmName, Locate


class FolderError(InputError):
    """A path outside the folders that the agent may use."""

    code = "folder_forbidden"


@dataclass(frozen=True)
class Folders:
    """`allowed` are resolved; names of an agent that are not absolute begin in the first."""

    allowed: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Folders":
        """FolderError for one that is not there."""
        for path in paths:
            if not path.is_dir():
                raise FolderError(f"{path} is no folder; --allow takes folders that are there")
        return cls(tuple(path.resolve() for path in paths))

    def path(self, name: str) -> Path:
        """The file or folder that an agent means. FolderError where it lies outside.

        Links are followed first, so that none leads out.
        """
        try:
            path = (self.allowed[0] / name).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise FolderError(f"{name!r} is no path: {error}") from error
        if not any(path.is_relative_to(folder) for folder in self.allowed):
            places = ", ".join(map(str, self.allowed))
            raise FolderError(f"{name} lies outside the folders that may be used: {places}")
        return path

    def media_of(self, edit: Path) -> "Locate":
        """Finds the media of an edit as the library does, and opens none that lies outside."""
        from diffbgm.readers.media_files import MediaFiles, Wanted

        media = MediaFiles(edit)

        def locate(film: "FilmName") -> Path:
            found = media.find(Wanted(film))
            if found is None:
                raise TimelineError(f"the film {film.text[:200]!r} is not there; relink it")
            return self.path(str(found))

        return locate

    def require(self, composition: "Composition") -> None:
        """FolderError where what a composition was made from lies outside."""
        source, options = composition.source, composition.options
        media = [shot["media"] for shot in source["shots"]]
        named = [source["film"], *media, options["checkpoint"], options["soundfont"]]
        styles = [shot["style"] for shot in composition.shots]
        named += [style for style in (options["style"], *styles) if style.endswith(".json")]
        for name in filter(None, named):
            self.path(name)
