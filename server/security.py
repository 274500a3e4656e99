"""Who may ask: the Host header, the token, the headers of every answer. Knows no route's work."""

import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from flask import Flask, Response, request

from .errors import ApiError

# What a session may ask for: files, whose addresses players and pictures are given.
_FILES = re.compile(
    r"/v1/(compositions/[^/]+/(files/.+|stems\.zip$|timeline\.\w+$)|media/[^/]+/content$)"
)
# No script, picture or connection of another origin, and no framing.
_POLICY_OF_REPORTS = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY = (
    "default-src 'none'; script-src 'self'{inline}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# What proxies say of whom they ask for.
_PASSED_ON = {"forwarded", "x-forwarded-for", "x-real-ip", "via"}


def install(app: Flask, token: str, hosts: frozenset[str]) -> None:
    """Checks every request to `app`: its Host against `hosts`, and its token where one is due."""

    @app.before_request
    def check() -> None:
        if not is_known_host(request.headers.get("Host", ""), hosts):
            raise ApiError(
                421, "host_unknown", "This server does not answer to that name; use its address."
            )
        if needs_token(request.path) and not may_ask(
            request.method,
            request.path,
            request.headers.get("Authorization", ""),
            request.headers.get("Cookie", ""),
            token,
        ):
            raise ApiError(
                401,
                "token_missing",
                "Send the server's token as 'Authorization: Bearer TOKEN'; the handshake file "
                "has it.",
            )

    @app.after_request
    def add_headers(response: Response) -> Response:
        # The page of the API's documentation (Swagger UI) starts from a script inside it.
        inline = " 'unsafe-inline'" if request.path.startswith("/docs") else ""
        policy = _POLICY.format(inline=inline)
        if request.path.endswith(
            "/files/report.html"
        ):  # It is whole in itself, and connects to nothing.
            policy = _POLICY_OF_REPORTS
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-cache")
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def needs_token(path: str) -> bool:
    """Whether what lies there is for those alone who know the token."""
    return path.startswith("/v1/") or path == "/metrics"


def is_authorised(header: str, token: str) -> bool:
    """Whether an Authorization header carries `token`; takes the same time for every wrong one."""
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), token.encode()
    )


def may_ask(method: str, path: str, authorization: str, cookies: str, token: str) -> bool:
    """Whether a request under /v1 shows the token, or asks for a file and shows the session."""
    if is_authorised(authorization, token):
        return True
    is_of_a_file = method in ("GET", "HEAD") and _FILES.match(path) is not None
    return is_of_a_file and has_session(cookies, token)


def has_session(header: str, token: str) -> bool:
    """Whether a Cookie header carries the session of `token`."""
    name, value = session_of(token)
    try:
        given = SimpleCookie(header).get(name)
    except CookieError:
        return False
    return given is not None and hmac.compare_digest(given.value.encode(), value.encode())


def session_of(token: str) -> tuple[str, str]:
    """The name and the value of the cookie for players and pictures; neither tells the token.

    Cookies know no ports: the name is another for every store, so that two servers on one machine
    do not take each other's.
    """
    name, value = (
        hmac.new(token.encode(), purpose, hashlib.sha256).hexdigest()
        for purpose in (b"session name", b"session")
    )
    return f"diffbgm-{name[:12]}", value


def is_known_host(header: str, names: frozenset[str]) -> bool:
    """Whether a Host header is an address or one of our names.

    A page of a foreign site whose name was rebound to our address sends that name: refused.
    """
    try:
        host = urlsplit(f"//{header}").hostname or ""
        return host in names or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_loopback(address: str | None) -> bool:
    """Whether a client's address is of this machine."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def is_local(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request was sent on this machine, and not passed on by a proxy on it."""
    return is_loopback(address) and not _PASSED_ON & {name.lower() for name in headers}


def own_names(host: str) -> frozenset[str]:
    """The names under which a server bound to `host` may be asked."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), machine, f"{machine}.local"})
