"""A bucket as S3 has them, as far as files are put, got, listed and removed; in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_SINCE = "Mon, 30 Nov 2026 12:00:00 GMT"


class _Handler(BaseHTTPRequestHandler):
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        self.objects[self._key()] = self._body()
        self._answer(200)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "list-type" in asked:
            self._answer(200, self._listed(asked.get("prefix", [""])[0]).encode())
        elif self._key() in self.objects:
            self._answer(200, self.objects[self._key()])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Removes many at once."""
        keys = [
            each.text or "" for each in ElementTree.fromstring(self._body()).findall(".//{*}Key")
        ]
        for key in keys:
            self.objects.pop(key, None)
        gone = [f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys]
        self._answer(200, f"<DeleteResult>{''.join(gone)}</DeleteResult>".encode())

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204)

    def _listed(self, prefix: str) -> str:
        rests = [(key, key[len(prefix) :]) for key in self.objects if key.startswith(prefix)]
        files = [(key, self.objects[key]) for key, rest in rests if "/" not in rest]
        folders = {prefix + rest.partition("/")[0] + "/" for _, rest in rests if "/" in rest}
        return "".join(
            [
                "<ListBucketResult><IsTruncated>false</IsTruncated>",
                *(
                    f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size><ETag>e</ETag>"
                    "<LastModified>2026-11-30T12:00:00.000Z</LastModified></Contents>"
                    for key, content in files
                ),
                *(
                    f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>"
                    for each in folders
                ),
                "</ListBucketResult>",
            ]
        )

    def _key(self) -> str:
        """What comes after the bucket's name."""
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (("ETag", '"e"'), ("Last-Modified", _SINCE)):
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[dict[str, str]]:
    """What the environment says of it: the bucket `films`, inside the block."""
    handler = type("Handler", (_Handler,), {"objects": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "name",
                "AWS_SECRET_ACCESS_KEY": "secret",
            }
        finally:
            server.shutdown()
            thread.join()
