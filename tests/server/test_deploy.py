"""The files of deploy/ work with the real programs: nginx, systemd, a container engine."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from diffbgm.client import Client, ServerRefusedError
from tests.server_process import server_process

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
ENGINE = shutil.which("podman") or shutil.which("docker")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextmanager
def nginx(folder: Path, server: str) -> Iterator[str]:
    """Our site in a real nginx, before `server`; its address."""
    port, name = free_port(), "localhost"
    key, certificate = folder / "site.key", folder / "site.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", certificate, "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    site = (DEPLOY / "nginx.conf").read_text()
    for ours, theirs in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "http://127.0.0.1:8765": server,
        "/etc/ssl/music.example.org.pem": str(certificate),
        "/etc/ssl/music.example.org.key": str(key),
        "music.example.org": name,
    }.items():
        assert ours in site
        site = site.replace(ours, theirs)
    kinds = "client_body", "proxy", "fastcgi", "uwsgi", "scgi"
    temporary = "".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'log'};"
        f"events {{}} http {{ access_log off; {temporary} {site} }}"
    )
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"https://{name}:{port}"
        finally:
            process.terminate()
            process.wait(60)


def test_a_film_is_composed_through_nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "site.pem"))
    (tmp_path / "film.mp4").write_bytes(b"the film" * 500_000)  # More than nginx takes by itself.
    with server_process(tmp_path) as server:
        token = server.handshake["token"]
        with (
            nginx(tmp_path, server.handshake["address"]) as address,
            Client(address, token) as client,
        ):
            stages = []
            asked = client.compose(tmp_path / "film.mp4", style="cinematic")
            music = client.wait(asked, lambda stage, _: stages.append(stage))
            client.download(music["id"], "mix.wav", tmp_path / "mix.wav")
            clip = {
                "OTIO_SCHEMA": "ExternalReference.1",
                "target_url": str(tmp_path / "film.mp4"),
            }
            track = {
                "OTIO_SCHEMA": "Track.1",
                "children": [{"OTIO_SCHEMA": "Clip.1", "media_reference": clip}],
            }
            stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
            with pytest.raises(ServerRefusedError, match="was not uploaded"):
                client.compose({"OTIO_SCHEMA": "Timeline.1", "tracks": stack})
            with pytest.raises(ServerRefusedError):
                Client(address, "wrong").info()
    assert stages
    assert (tmp_path / "mix.wav").read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("name", ["diffbgm.service", "diffbgm-worker.service"])
def test_systemd_accepts_the_unit(tmp_path: Path, name: str):
    unit = (DEPLOY / name).read_text()
    program = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit)
    (tmp_path / name).write_text(program)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)]
    result = subprocess.run(command, capture_output=True, text=True)
    complaints = [line for line in result.stderr.splitlines() if name in line]
    assert complaints == []


def test_unit_and_container_call_the_command_as_it_is():
    from typer.testing import CliRunner

    from diffbgm.cli.main import app

    help_text = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    worker_help = CliRunner().invoke(app, ["worker", "--help"], env={"COLUMNS": "200"}).output
    assert "--metrics-port" in worker_help
    assert "worker --metrics-port" in (DEPLOY / "diffbgm-worker.service").read_text()
    for name in ("diffbgm.service", "Containerfile"):
        text = (DEPLOY / name).read_text()
        flags = set(re.findall(r"--(?:host|port|store|handshake)\b", text))
        assert {"--port", "--store", "--handshake"} <= flags
        assert [flag for flag in flags if flag not in help_text] == []
    copied = re.findall(r"^COPY (.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for names in copied for name in names.split())


def has_engine() -> bool:
    return (
        ENGINE is not None and subprocess.run([ENGINE, "info"], capture_output=True).returncode == 0
    )


def container_is_built_and_answers():
    engine, port = str(ENGINE), free_port()
    build = [engine, "build", "-f", str(DEPLOY / "Containerfile"), "-t", "diffbgm-test", str(ROOT)]
    subprocess.run(build, check=True)
    run = [engine, "run", "--rm", "--detach", "-p", f"127.0.0.1:{port}:8765", "diffbgm-test"]
    container = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        client = Client(f"http://127.0.0.1:{port}")
        for _ in range(120):
            try:
                assert client.health()["name"] == "diffbgm"
                break
            except Exception:
                time.sleep(0.5)
        else:
            pytest.fail("the container does not answer")
    finally:
        subprocess.run([engine, "kill", container], capture_output=True)


# Few machines run a container engine, and nothing is skipped in CI.
if has_engine():
    test_the_container_is_built_and_answers = container_is_built_and_answers


def test_every_figure_is_documented(client):
    text = (ROOT / "docs" / "deploy.md").read_text()
    families = text_string_to_metric_families(client.get("/metrics").text)
    names = {family.name for family in families}
    assert len(names) > 5
    assert [name for name in names if name not in text] == []
