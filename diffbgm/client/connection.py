"""Requests to one server, and its refusals as errors. Knows no route."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from diffbgm.client.errors import ServerRefusedError, ServerUnreachableError
from diffbgm.errors import DiffBGMError

_BLOCK = 1 << 18  # bytes


class Connection:
    """A server by its address; `timeout` is how many seconds an answer may take."""

    def __init__(self, address: str, token: str, timeout: float) -> None:
        self.address = address.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = _Token(token)
        # A proxy cannot reach this machine's own addresses.
        self._proxies = {"http": "", "https": ""} if _is_loopback(self.address) else None

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def blocks(self, answer: requests.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_content(_BLOCK)
        except requests.RequestException as error:  # An OSError, too, and no fault of the disc.
            raise self._unreachable(error) from error

    def json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with self.answer(method, path, **request) as answer:
            try:
                content = answer.json()
            except ValueError:
                content = None
        if not isinstance(content, dict):
            raise self._stranger()
        return content

    @contextmanager
    def answer(self, method: str, path: str, **request: Any) -> Iterator[requests.Response]:
        """The one place that touches the network."""
        try:
            with self._session.request(
                method,
                self.address + path,
                timeout=self._timeout,
                proxies=self._proxies,
                **request,
            ) as answer:
                if answer.status_code >= 400:
                    raise self._refusal(answer)
                yield answer
        except (requests.RequestException, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ServerUnreachableError:
        return ServerUnreachableError(f"no answer from the server at {self.address}: {error}")

    def _refusal(self, answer: requests.Response) -> DiffBGMError:
        with suppress(ValueError, KeyError, TypeError):
            error = answer.json()["error"]
            return ServerRefusedError(answer.status_code, error["code"], error["message"])
        return self._stranger()

    def _stranger(self) -> ServerUnreachableError:
        return ServerUnreachableError(f"what answers at {self.address} is no diffbgm server")


class _Token(AuthBase):
    """Signs requests; a .netrc of the user's does not come in between."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
