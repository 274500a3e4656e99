"""Every error as `{"error": {"code", "message"}}` with its status. The one place that maps them."""

import errno
import logging
from typing import Any

from flask import Flask, Response, jsonify
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from diffbgm.errors import (
    CancelledError,
    DiffBGMError,
    InputError,
    StorageError,
    StoreInUseError,
)

logger = logging.getLogger(__name__)

_STATUS_OF = {InputError: 422, StorageError: 507, StoreInUseError: 409, CancelledError: 409}
_STORAGE_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
}


class ApiError(Exception):
    """A refusal that only HTTP knows: its status, a stable code, one clear line."""

    def __init__(
        self, status: int, code: str, message: str, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after  # seconds


def error_body(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def validation_response(error: ValidationError) -> Response:
    """422 that names the first fields that are wrong, without repeating what was sent."""
    faults = [
        f"{'.'.join(str(part)[:80] for part in fault['loc']) or 'request'}: {fault['msg'][:200]}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
    return _response(422, "request_invalid", "; ".join(faults[:3]) + more)


def install(app: Flask) -> None:
    """Makes every error of `app` leave as JSON."""
    app.register_error_handler(ApiError, _refusal)
    app.register_error_handler(DiffBGMError, _library_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OSError, _system_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected_error)


def _response(status: int, code: str, message: str) -> Response:
    response = jsonify(error_body(code, message))
    response.status_code = status
    return response


def _refusal(error: ApiError) -> Response:
    response = _response(error.status, error.code, str(error))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _library_error(error: DiffBGMError) -> Response:
    status = next((_STATUS_OF[kind] for kind in type(error).__mro__ if kind in _STATUS_OF), 500)
    return _response(status, error.code, str(error))


def _http_error(error: HTTPException) -> Any:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    response = error.get_response()  # Keeps headers such as Allow and Content-Range.
    body = jsonify(error_body(error.name.lower().replace(" ", "_"), error.description or ""))
    response.set_data(body.get_data())  # type: ignore[attr-defined]
    response.content_type = "application/json"
    return response


def _system_error(error: OSError) -> Response:
    if error.errno in _STORAGE_ERRNOS:
        logger.error("storage: %s", error)
        return _response(507, StorageError.code, f"The server cannot write: {error.strerror}.")
    return _unexpected_error(error)


def _database_error(error: OperationalError) -> Response:
    logger.error("store: %s", error)
    return _response(507, StorageError.code, f"The server's store refuses: {error.orig}.")


def _unexpected_error(error: Exception) -> Response:
    logger.error("unexpected error", exc_info=error)
    return _response(500, "internal_error", "The server failed; its log says why.")
