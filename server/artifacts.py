"""Where films, requests and results lie; knows no rows. In the store's own folder, unless shared.

A result is worked on at a desk and published from there; which one counts, the database says.
"""

import json
import secrets
import shutil
from pathlib import Path
from typing import Any, Protocol

from diffbgm.files import replacing

from . import recovery
from .store_folder import StoreFolder
from .tables import Composition, Media


class Artifacts(Protocol):
    """Paths that are returned are of this machine, and there to be read only, but for the desk.

    Whatever is asked for and is not there is FileNotFoundError, or a path of no file.
    """

    def film(self, media: Media) -> Path: ...

    def has_film(self, media: Media) -> bool:
        """Whether it is there, and whole."""
        ...

    def keep_film(self, part: Path, media: Media) -> None:
        """Moves an upload into place."""
        ...

    def forget_film(self, media_id: str) -> None: ...

    def request(self, composition_id: str) -> dict[str, Any]: ...

    def keep_request(self, composition_id: str, document: dict[str, Any]) -> None: ...

    def forget_request(self, composition_id: str) -> None: ...

    def result(self, composition_id: str, version: str) -> Path: ...

    def has_result(self, composition_id: str, version: str) -> bool: ...

    def desk(self, composition: Composition, work: Path) -> Path:
        """The folder to work in, with the result there is; `work` is a folder for this job alone,
        which need not be there yet."""
        ...

    def publish(self, composition_id: str, desk: Path, version: str) -> str:
        """Puts what lies on the desk where all can read it; the version that it has there."""
        ...

    def retract(self, composition_id: str, version: str) -> None:
        """Takes back what was published and is not to count."""
        ...

    def settle(self, composition_id: str, version: str) -> None:
        """Clears what was left by jobs before the one of `version`, which counts now; or by one
        that failed."""
        ...

    def forget_results(self, composition_id: str) -> None: ...


class InPlace:
    """All in one store's folder. A job works in the very folder of the result, into which the
    library puts its files all at once or not at all."""

    def __init__(self, place: StoreFolder) -> None:
        self._place = place

    def film(self, media: Media) -> Path:
        return self._place.media / media.id / media.name

    def has_film(self, media: Media) -> bool:
        path = self.film(media)
        try:
            return path.is_file() and path.stat().st_size == media.size
        except OSError:
            return False

    def keep_film(self, part: Path, media: Media) -> None:
        path = self.film(media)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        part.replace(path)

    def forget_film(self, media_id: str) -> None:
        self._discard(self._place.media / media_id)

    def request(self, composition_id: str) -> dict[str, Any]:
        return json.loads(self._request_path(composition_id).read_bytes())

    def keep_request(self, composition_id: str, document: dict[str, Any]) -> None:
        with replacing(self._request_path(composition_id)) as part:
            part.write_text(json.dumps(document))

    def forget_request(self, composition_id: str) -> None:
        self._discard(self._request_path(composition_id))

    def result(self, composition_id: str, version: str) -> Path:
        del version
        return self._place.compositions / composition_id

    def has_result(self, composition_id: str, version: str) -> bool:
        return (self.result(composition_id, version) / recovery.DOCUMENT).is_file()

    def desk(self, composition: Composition, work: Path) -> Path:
        del work
        return self.result(composition.id, "")

    def publish(self, composition_id: str, desk: Path, version: str) -> str:
        return ""

    def retract(self, composition_id: str, version: str) -> None:
        """What lies in the folder is all there is of the composition: it stays."""

    def settle(self, composition_id: str, version: str) -> None:
        """Completes or takes back what a composer that crashed was writing, and removes the hidden
        folders beside it."""
        folder = self.result(composition_id, version)
        recovery.complete_publication(folder)
        for entry in folder.parent.glob(f".{composition_id}*"):
            shutil.rmtree(entry, ignore_errors=True)

    def forget_results(self, composition_id: str) -> None:
        self._discard(self.result(composition_id, ""))
        self.settle(composition_id, "")

    def _request_path(self, composition_id: str) -> Path:
        return self._place.requests / f"{composition_id}.json"

    def _discard(self, path: Path) -> None:
        """Removes a folder or file: out of sight at once, so that no kill leaves half of it."""
        hidden = self._place.work / f"removed-{secrets.token_hex(8)}"
        try:
            path.rename(hidden)
        except FileNotFoundError:
            return
        if hidden.is_dir():
            shutil.rmtree(hidden, ignore_errors=True)
        else:
            hidden.unlink(missing_ok=True)
