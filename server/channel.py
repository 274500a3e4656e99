"""waitress as this API wants it: refusals before the body is stored, and every one in JSON.

Uploads go straight to the store's disc, and event streams hold no thread: once its head is
written, a stream is handed to the pump. waitress takes a whole request in before the application
sees it.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

from diffbgm.errors import StorageError

from . import security
from .config import Limits
from .errors import error_body
from .events import HAND_OVER, Stream
from .media import Upload
from .pump import Pump

_STRANGERS_BYTES = 64 * 1024
_CODES = {507: StorageError.code, 401: "token_missing"}
_UPLOADS = "/v1/media"
# What a watcher who does not read may leave in our memory.
_MOST_UNREAD = 1024 * 1024


class _NoSpace(Error):
    code = 507
    reason = "Insufficient Storage"


class _NoToken(Error):
    code = 401
    reason = "Unauthorized"


class _Sink:
    """Takes the place of a refused body's buffer, so that the client receives the refusal."""

    def append(self, data: bytes) -> None:
        del data

    def __len__(self) -> int:
        return 0

    def close(self) -> None:
        pass


class _JsonErrorTask(ErrorTask):
    """waitress' own refusals, in the API's form."""

    request: Any
    response_headers: Any

    def execute(self) -> None:
        error = self.request.error
        code = _CODES.get(error.code) or error.reason.lower().replace(" ", "_")
        body = json.dumps(error_body(code, str(error.body))).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _HandedOver(BaseException):
    """Leaves waitress' service of a request before that ends it: the pump goes on."""


class _Task(WSGITask):
    """A request; one that is answered by a stream of events is handed over to the pump."""

    channel: Any
    _stream: Stream | None = None

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ[HAND_OVER] = self._take_over
        return environ

    def _take_over(self, stream: Stream) -> None:
        self._stream = stream

    def service(self) -> None:
        try:
            super().service()
        except BaseException:
            if self._stream is not None:
                self._stream.close()
            raise
        if self._stream is not None:
            self.channel.hand_over(self._stream, self.chunked_response)
            raise _HandedOver

    def finish(self) -> None:
        if self._stream is None:
            super().finish()
        elif not self.wrote_header:
            self.write(b"")


class _Watcher:
    """A client of a stream, as the pump sees it."""

    def __init__(self, channel: Any, stream: Stream, is_chunked: bool) -> None:
        self._channel = channel
        self._stream = stream
        self._is_chunked = is_chunked

    def tell_news(self) -> bool:
        """Sends what there is; false when that was the last."""
        if not self._channel.connected or self._channel.total_outbufs_len > _MOST_UNREAD:
            self.end()
            return False
        try:
            if news := self._stream.news():
                self._channel.write_soon(self._framed(news))
        except ClientDisconnected:
            self._stream.is_over = True
        if self._stream.is_over:
            self.end()
        return not self._stream.is_over

    def end(self) -> None:
        if self._is_chunked:
            with suppress(ClientDisconnected):
                self._channel.write_soon(b"0\r\n\r\n")
        self._stream.close()
        self._channel.end_stream()

    def _framed(self, news: bytes) -> bytes:
        return b"%X\r\n%s\r\n" % (len(news), news) if self._is_chunked else news


@dataclass(frozen=True)
class Rules:
    """What clients may send: large bodies only with the `token`, films into the folder `work`."""

    token: str
    limits: Limits
    work: Path


class _Parser(HTTPRequestParser):
    """A request on its way in."""

    refusal: Error | None = None
    body_rcv: Any
    path: str
    command: Any
    is_authorised = False
    is_known = False

    def __init__(self, rules: Rules, adjustments: Any) -> None:
        super().__init__(adjustments)
        self._rules = rules

    def received(self, data: bytes) -> int:
        begins = not self.headers_finished
        try:
            consumed = super().received(data)
            if begins and self.headers_finished and not self.error:
                self._begin()
        except OSError as error:
            self._refuse(_NoSpace(f"The server cannot store the upload: {error.strerror}."))
            consumed = super().received(data)
        if self.body_rcv is not None and self.refusal is None:
            self._check()
        if self.completed and self.refusal is not None:
            self.error = self.refusal
        return consumed

    def _begin(self) -> None:
        """The head is here, and nothing of the body."""
        self.is_authorised = security.is_authorised(
            self.headers.get("AUTHORIZATION", ""), self._rules.token
        )
        has_session = security.has_session(self.headers.get("COOKIE", ""), self._rules.token)
        self.is_known = self.is_authorised or has_session
        is_upload = (self.command, getattr(self, "path", "")) == ("POST", _UPLOADS)
        if self.body_rcv is not None and is_upload and self.is_authorised:
            self.body_rcv.getbuf().close()
            self.body_rcv.buf = Upload(self._rules.work)

    def _check(self) -> None:
        size = max(self.content_length, self.body_bytes_received)
        limits = self._rules.limits
        limit = limits.media_bytes if self.path == _UPLOADS else limits.json_bytes
        if not self.is_authorised and size > _STRANGERS_BYTES:
            self._refuse(_NoToken("Send the server's token before so large a body."))
        elif size > limit:
            self._refuse(RequestEntityTooLarge(f"The body may have {limit} bytes at most."))

    def _refuse(self, refusal: Error) -> None:
        self.refusal = refusal
        with suppress(OSError):
            self.body_rcv.getbuf().close()
        self.body_rcv.buf = _Sink()
        if self.expect_continue:  # The client waits for an answer before it sends.
            self.expect_continue, self.completed = False, True


class Channel(HTTPChannel):
    """One connection."""

    pump: Pump
    requests_lock: Any
    task_class: Any = _Task
    error_task_class: Any = _JsonErrorTask
    request: Any
    _stream: Stream | None = None
    is_known = False  # has shown the token, or a session
    began: float | None = None  # when the head of the request in reading began to come

    def received(self, data: bytes) -> bool:
        taken = super().received(data)
        request: Any = self.request
        if request is None or request.headers_finished:
            self.began = None
        elif self.began is None:
            self.began = self.last_activity
        waiting: list[Any] = [request, *self.requests]
        if any(one.is_known for one in waiting if one is not None):
            self.is_known = True
        return taken

    def service(self) -> None:
        with suppress(_HandedOver):
            super().service()

    def hand_over(self, stream: Stream, is_chunked: bool) -> None:
        self._stream = stream
        self.pump.add(_Watcher(self, stream, is_chunked))

    def end_stream(self) -> None:
        with self.requests_lock:
            self.close_when_flushed = True
            for request in self.requests:
                request.close()
            self.requests = []
        if self.connected:
            self.server.pull_trigger()

    def handle_close(self) -> None:
        super().handle_close()
        if self.request is not None:  # Nothing of half an upload stays.
            self.request.close()
        if self._stream is not None:  # At once, so that the next client may have it.
            self._stream.close()


def channel_class(rules: Rules, pump: Pump) -> type[Channel]:
    """Connections of a server with these rules; their event streams go to `pump`."""
    return type("Channel", (Channel,), {"parser_class": partial(_Parser, rules), "pump": pump})
