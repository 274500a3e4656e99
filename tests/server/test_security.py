"""The token, the Host header and the headers of the answers."""

import pytest
from diffbgm_server.security import is_authorised, is_known_host, is_loopback
from diffbgm_server.services import Services
from flask import Response
from flask.testing import FlaskClient


def test_all_of_v1_asks_for_the_token(tokenless: FlaskClient) -> None:
    for rule in tokenless.application.url_map.iter_rules():
        if not rule.rule.startswith("/v1/"):
            continue
        url = rule.rule.replace("<path:path>", "mix.wav")
        for name in rule.arguments:
            url = url.replace(f"<{name}>", "0")
        for method in rule.methods or ():
            refused = tokenless.open(url, method=method)
            assert refused.status_code == 401, (method, url)
            assert refused.headers["WWW-Authenticate"] == "Bearer"
            if method != "HEAD":
                assert refused.json["error"]["code"] == "token_missing"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic TOKEN", "TOKEN", "Bearer \xff"]
)
def test_a_wrong_token_is_none(tokenless: FlaskClient, services: Services, header: str) -> None:
    header = header.replace("TOKEN", services.store.token)
    assert tokenless.get("/v1/info", headers={"Authorization": header}).status_code == 401


def test_the_token_opens(tokenless: FlaskClient, services: Services) -> None:
    header = {"Authorization": f"bearer {services.store.token}"}
    assert tokenless.get("/v1/info", headers=header).status_code == 200
    assert is_authorised("Bearer abc", "abc")
    assert not is_authorised("Bearer \udcff", "abc")


def test_what_needs_no_token_tells_nothing_secret(
    tokenless: FlaskClient, services: Services
) -> None:
    for address in ("/health", "/", "/openapi.json", "/docs/swagger", "/static/page.js"):
        answer = tokenless.get(address)
        assert answer.status_code == 200
        assert services.store.token not in answer.text
        assert str(services.store.root) not in answer.text


def test_a_rebound_name_is_refused(tokenless: FlaskClient) -> None:
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1", "a@b"):
        refused = tokenless.get("/health", headers={"Host": host})
        assert refused.status_code == 421, host
        assert refused.json["error"]["code"] == "host_unknown"
    for host in ("127.0.0.1:5000", "localhost", "[::1]:80", "192.168.1.20"):
        assert tokenless.get("/health", headers={"Host": host}).status_code == 200


def test_names_of_the_machine_are_known() -> None:
    assert is_known_host("GPU-box.local:9000", frozenset({"gpu-box.local"}))
    assert not is_known_host("gpu-box.local:9000", frozenset({"localhost"}))


def test_loopback() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("::ffff:127.0.0.9")
    assert not is_loopback("10.0.0.1") and not is_loopback(None) and not is_loopback("localhost")


def test_no_other_origin_may_read_or_frame(client: FlaskClient) -> None:
    answer = client.get("/v1/info", headers={"Origin": "http://evil.example"})
    assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
    page = client.get("/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page and "script-src 'self';" in page


def test_a_session_reads_files_and_nothing_else(
    client: FlaskClient, tokenless: FlaskClient, film: str
) -> None:
    set_cookie = client.post("/v1/session").headers["Set-Cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=Strict" in set_cookie
    cookie = set_cookie.split(";")[0]
    token = client.environ_base["HTTP_AUTHORIZATION"].split()[1]
    assert token not in cookie

    bare = tokenless.application.test_client(use_cookies=False)

    def ask(method: str, path: str, cookie: str = cookie, **headers: str) -> Response:
        return bare.open(path, method=method, headers={"Cookie": cookie, **headers})

    content = f"/v1/media/{film}/content"
    assert ask("GET", content).data == b"the film"
    part = ask("GET", content, Range="bytes=4-")
    assert (part.status_code, part.data) == (206, b"film")
    assert ask("GET", "/v1/compositions/0/files/mix.wav").status_code == 404
    name, value = cookie.split("=")
    for wrong in (f"{name}=", f"{name}={value[:-1]}", f"other={value}", "\xff", "=;="):
        assert ask("GET", content, wrong).status_code == 401
    for method, path in (
        ("GET", f"/v1/media/{film}"),
        ("DELETE", f"/v1/media/{film}"),
        ("POST", content),
        ("GET", "/v1/info"),
        ("DELETE", "/v1/compositions/0"),
        ("GET", "/v1/compositions/0/files/"),
    ):
        assert ask(method, path).status_code == 401, path
