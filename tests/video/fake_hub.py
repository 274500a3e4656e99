"""A server on this machine that speaks as much of the Hugging Face hub as fetching files takes."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

COMMIT = "0" * 40


@dataclass
class Hub:
    """The `files` of one repository; a GET of one that is `broken` ends after half of it."""

    repository: str
    files: dict[str, bytes]
    address: str = ""
    broken: set[str] = field(default_factory=set)
    fetched: list[str] = field(default_factory=list)

    def listing(self) -> bytes:
        files = [{"rfilename": name} for name in self.files]
        listing = {"id": self.repository, "sha": COMMIT, "siblings": files}
        return json.dumps(listing).encode()


@contextmanager
def serving(repository: str, files: dict[str, bytes]) -> Iterator[Hub]:
    """The hub, until the block ends."""
    hub = Hub(repository, files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            path = self.path.partition("?")[0]
            if path == f"/api/models/{repository}":
                self._send(hub.listing(), with_body)
                return
            name = path.rpartition("/")[2]
            if name not in hub.files:
                self.send_error(404)
                return
            hub.fetched += [name] * with_body
            self._send(hub.files[name], with_body, name in hub.broken)

        def _send(self, body: bytes, with_body: bool, broken: bool = False) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(body[: len(body) // 2] if broken else body)
                self.close_connection = broken

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
