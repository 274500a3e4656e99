"""waitress as this API wants it: refusals before the body is stored, and every one in JSON.

waitress takes a whole request in, on disc where it is large, before the application sees it.
"""

import json
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask
from waitress.utilities import Error, RequestEntityTooLarge

from diffbgm.errors import StorageError

from .config import Limits
from .errors import error_body
from .security import is_authorised

_STRANGERS_BYTES = 64 * 1024
_CODES = {507: StorageError.code, 401: "token_missing"}


class _NoSpace(Error):
    code = 507
    reason = "Insufficient Storage"


class _NoToken(Error):
    code = 401
    reason = "Unauthorized"


class _Sink:
    """Takes the place of a refused body's buffer, so that the client hears the refusal."""

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


def channel_class(token: str, limits: Limits) -> type[HTTPChannel]:
    """A channel that takes large bodies only for uploads, and only from who has the token."""

    class Parser(HTTPRequestParser):
        refusal: Error | None = None
        body_rcv: Any
        path: str

        def received(self, data: bytes) -> int:
            try:
                consumed = super().received(data)
            except OSError as error:
                self._refuse(_NoSpace(f"The server cannot store the upload: {error.strerror}."))
                consumed = super().received(data)
            if self.body_rcv is not None and self.refusal is None:
                self._check()
            if self.completed and self.refusal is not None:
                self.error = self.refusal
            return consumed

        def _check(self) -> None:
            size = max(self.content_length, self.body_bytes_received)
            is_stranger = not is_authorised(self.headers.get("AUTHORIZATION", ""), token)
            limit = limits.media_bytes if self.path == "/v1/media" else limits.json_bytes
            if is_stranger and size > _STRANGERS_BYTES:
                self._refuse(_NoToken("Send the server's token before so large a body."))
            elif size > limit:
                self._refuse(RequestEntityTooLarge(f"The body may have {limit} bytes at most."))

        def _refuse(self, refusal: Error) -> None:
            self.refusal = refusal
            with suppress(OSError):
                self.body_rcv.getbuf().close()
            self.body_rcv.buf = _Sink()
            if self.expect_continue:  # The client waits to be told before it sends.
                self.expect_continue, self.completed = False, True

    class Channel(HTTPChannel):
        parser_class: Any = Parser
        error_task_class: Any = _JsonErrorTask

    return Channel
