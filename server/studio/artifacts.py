"""Films, requests and results where all machines of a studio reach them: a folder, or a bucket.

Every job publishes a version of its own, under `compositions/ID/VERSION`, and the database names
the one that counts; so nobody ever reads what is half written, nor writes where another one reads.
"""

import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

import fsspec
import obstore.exceptions
import obstore.fsspec
from fsspec.implementations.local import LocalFileSystem

from diffbgm.errors import OptionError, StorageError

from ..recovery import DOCUMENT
from ..store_folder import size_of
from ..tables import Composition, Media

# A result is here as a whole once this is written in its copy.
_WHOLE = ".whole"
# So many bytes of copies stay, besides those that were used within the last hour.
_MOST_COPIED, _IN_USE_SECONDS = 20_000_000_000, 3600.0


class Shared:
    """`url` as fsspec has it: a path, or `s3://BUCKET/PREFIX`. What lies in no folder of this
    machine is copied into `cache` to be read."""

    def __init__(self, url: str, cache: Path) -> None:
        self._url = url
        try:
            obstore.fsspec.register("s3")  # The quicker one of those that fsspec may go by.
            self._files, self._root = fsspec.url_to_fs(url)
            self._is_here = isinstance(self._files, LocalFileSystem)
            if self._is_here:
                Path(self._root).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._ask("ls", self._root, refresh=True)
        except (ImportError, ValueError) as error:
            raise OptionError(f"{url} cannot be used for artifacts: {error}.") from error
        except FileNotFoundError:  # A prefix in which nothing is yet.
            pass
        except OSError as error:
            raise StorageError(f"{url} cannot be read: {error}.") from error
        self._cache = cache

    def film(self, media: Media) -> Path:
        name = f"media/{media.id}/{media.name}"
        if self._is_here:
            return Path(self._at(name))
        copy = self._cache / name
        if not (copy.is_file() and copy.stat().st_size == media.size):
            self._let_old_copies_go()
            self._fetch(self._at(name), copy)
        os.utime(copy.parent)
        return copy

    def has_film(self, media: Media) -> bool:
        try:
            found = self._ask("info", self._at(f"media/{media.id}/{media.name}"))
        except FileNotFoundError:
            return False
        return found["size"] == media.size

    def keep_film(self, part: Path, media: Media) -> None:
        self._put(part, self._at(f"media/{media.id}/{media.name}"))
        part.unlink()

    def forget_film(self, media_id: str) -> None:
        self._forget(f"media/{media_id}")

    def request(self, composition_id: str) -> dict[str, Any]:
        return json.loads(self._ask("cat_file", self._at(f"requests/{composition_id}.json")))

    def keep_request(self, composition_id: str, document: dict[str, Any]) -> None:
        name = self._at(f"requests/{composition_id}.json")
        self._make_room(name)
        self._ask("pipe_file", name, json.dumps(document).encode())

    def forget_request(self, composition_id: str) -> None:
        self._forget(f"requests/{composition_id}.json")

    def result(self, composition_id: str, version: str) -> Path:
        name = f"compositions/{composition_id}/{version or 'none'}"
        if self._is_here:
            return Path(self._at(name))
        copy = self._cache / name
        if version and not (copy / _WHOLE).exists():
            self._let_old_copies_go()
            self._fetch_all(self._at(name), copy)
            (copy / _WHOLE).touch()
        if version:
            os.utime(copy.parent)
        return copy

    def has_result(self, composition_id: str, version: str) -> bool:
        name = f"compositions/{composition_id}/{version}/{DOCUMENT}"
        return bool(version) and self._ask("exists", self._at(name))

    def desk(self, composition: Composition, work: Path) -> Path:
        work.mkdir(exist_ok=True)
        desk = work / "result"
        if composition.version:
            shutil.copytree(self.result(composition.id, composition.version), desk)
            (desk / _WHOLE).unlink(missing_ok=True)
        return desk

    def publish(self, composition_id: str, desk: Path, version: str) -> str:
        target = self._at(f"compositions/{composition_id}/{version}")
        for path in sorted(desk.rglob("*")):
            if path.is_file():
                self._put(path, f"{target}/{path.relative_to(desk).as_posix()}")
        return version

    def retract(self, composition_id: str, version: str) -> None:
        if version:
            self._forget(f"compositions/{composition_id}/{version}")

    def settle(self, composition_id: str, version: str) -> None:
        """Removes the versions of this job's and earlier jobs' other starts; a later job, which
        another machine may have in hand by now, keeps its own."""
        for name in self._names(f"compositions/{composition_id}") if version else ():
            if name != version and _job_of(name) <= _job_of(version):
                self._forget(f"compositions/{composition_id}/{name}")

    def forget_results(self, composition_id: str) -> None:
        self._forget(f"compositions/{composition_id}")

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """One of fsspec's. Raises FileNotFoundError, OSError, and StorageError of a bucket."""
        try:
            return getattr(self._files, method)(*arguments, **options)
        except obstore.exceptions.BaseError as error:
            why = str(error).partition("\n")[0]
            raise StorageError(f"{self._url} does not answer: {why}") from error

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _names(self, folder: str) -> list[str]:
        try:
            found = self._ask("ls", self._at(folder), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return [name.rstrip("/").rsplit("/", 1)[-1] for name in found]

    def _make_room(self, name: str) -> None:
        if self._is_here:
            Path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _put(self, path: Path, name: str) -> None:
        self._make_room(name)
        self._ask("put_file", str(path), name)

    def _fetch(self, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{secrets.token_hex(4)}-{target.name}")
        self._ask("get_file", name, str(part))
        part.replace(target)

    def _fetch_all(self, name: str, folder: Path) -> None:
        for each in self._ask("find", name):
            self._fetch(each, folder / each[len(name) + 1 :])

    def _let_old_copies_go(self) -> None:
        """Those used longest ago."""
        used = {copy: copy.stat().st_mtime for copy in self._cache.glob("*/*")}
        kept = 0
        for copy in sorted(used, key=lambda copy: -used[copy]):
            kept += size_of(copy)
            if kept > _MOST_COPIED and time.time() - used[copy] > _IN_USE_SECONDS:
                shutil.rmtree(copy, ignore_errors=True)

    def _forget(self, name: str) -> None:
        copy = self._cache / name
        if copy.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
        try:
            self._ask("rm", self._at(name), recursive=True)
        except FileNotFoundError:
            return


def _job_of(version: str) -> int:
    return int(version.partition("-")[0])
