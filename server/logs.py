"""Structured logs, on standard error: one event a line, as JSON unless a person reads along.

Whatever is logged while a job runs carries its composition's id, in the server's process and in
the composing one. No token is ever written.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars

_BEARER = re.compile(r"(?i)(bearer\s+|token=)[\w.~+/=-]+")
_HIDDEN = "[hidden]"
_secrets: set[str] = set()


def configure() -> None:
    """Shows what this process logs from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(is_read=sys.stderr.isatty()))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def formatter(is_read: bool) -> logging.Formatter:
    """Of the lines: for a person, or for a program."""
    last: Any = structlog.dev.ConsoleRenderer() if is_read else structlog.processors.JSONRenderer()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_tokens,
            last,
        ],
    )


def hide(secret: str) -> None:
    """Never write this text."""
    _secrets.add(secret)


def about(**context: Any) -> AbstractContextManager[Any]:
    """Inside, every event of this thread carries these."""
    return bound_contextvars(**context)


def context() -> dict[str, Any]:
    """What events carry now, to be handed to another process."""
    return get_contextvars()


def _without_tokens(logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {
        key: _hidden(value) if isinstance(value, str) else value for key, value in event.items()
    }


def _hidden(text: str) -> str:
    for secret in _secrets:
        text = text.replace(secret, _HIDDEN)
    return _BEARER.sub(rf"\1{_HIDDEN}", text)
