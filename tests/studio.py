"""A studio on this machine: a real Redis, a real PostgreSQL, and workers as processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.server_process import HERE, ServerProcess, server_process

_WAIT_SECONDS = 600


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def _until(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while not ready():
        assert time.monotonic() < end, f"{what} does not come up"
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Redis:
    """Keeps nothing on the disc, so that a kill loses all its messages."""

    port: int = field(default_factory=_free_port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        command = ["/usr/bin/redis-server", *options, "--dir", tempfile.gettempdir()]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _until(lambda: _answers(self.port), "Redis")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Postgres:
    """In `folder`, which it gets for itself; run by the user postgres where we are root."""

    folder: Path
    port: int = field(default_factory=_free_port)

    @property
    def url(self) -> str:
        return f"postgresql://diffbgm@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        made = self._begin("initdb", "--no-sync", "-D", str(self.folder), "-U", "diffbgm")
        assert made.wait() == 0

    def start(self) -> None:
        """Once more where processes of one that was killed hold its memory for a moment still."""
        ready = [_postgres() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self._process = self._serve()

        def is_ready() -> bool:
            if self._process.poll() is not None:
                self._process = self._serve()
            return subprocess.run(ready).returncode == 0

        _until(is_ready, "PostgreSQL")

    def kill(self) -> None:
        """kill -9 of the server itself, which takes all of its own processes with it."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)  # Clients or not.
        self._process.wait()

    def _serve(self) -> subprocess.Popen[bytes]:
        place = ["-D", str(self.folder), "-k", str(self.folder)]
        listen = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port)]
        return self._begin("postgres", *place, *listen, "-c", "fsync=off")

    def _begin(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """It refuses to be run by root."""
        user = "postgres" if os.geteuid() == 0 else None
        return subprocess.Popen(
            [_postgres() / program, *arguments],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _postgres() -> Path:
    """Debian keeps the programs of every version in a folder of its own."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass
class Workers:
    """Worker processes with the fake composer; `folder` is where the file `gate` may be."""

    folder: Path
    studio: list[str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """One more, that takes jobs by now."""
        worker = self.begin(*options)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        return worker

    def begin(self, *options: str) -> subprocess.Popen[str]:
        """One more, without waiting."""
        store = ["--store", str(self.folder / "store")]
        with (self.folder / "workers.log").open("a") as log:
            worker = subprocess.Popen(
                [
                    sys.executable,
                    str(HERE / "serve_fake.py"),
                    "--worker",
                    *store,
                    *self.studio,
                    *options,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"},
            )
        self.running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[str]) -> None:
        worker.kill()
        worker.communicate()
        self.running.remove(worker)

    def stop(self) -> None:
        for worker in self.running:
            worker.terminate()
        for worker in self.running:
            worker.communicate(timeout=_WAIT_SECONDS)


@dataclass
class StudioProcesses:
    redis: Redis
    postgres: Postgres
    workers: Workers
    server: ServerProcess


@contextmanager
def databases() -> Iterator[tuple[Redis, Postgres]]:
    """Both, as long as the block lasts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        (Path(folder) / "postgres").mkdir(mode=0o700)
        redis, postgres = Redis(), Postgres(Path(folder) / "postgres")
        postgres.make()
        postgres.start()
        redis.start()
        try:
            yield redis, postgres
        finally:
            redis.kill()
            postgres.stop()


@contextmanager
def studio_processes(
    folder: Path, workers: int, artifacts: str = "", silent: float = 2.0
) -> Iterator[StudioProcesses]:
    """A server and so many workers, whose silence is noticed after `silent` seconds."""
    with databases() as (redis, postgres), ExitStack() as stack:
        shared = [redis.url, postgres.url, artifacts or str(folder / "artifacts")]
        options = ["--studio", *shared, "--silent", str(silent)]
        own = Workers(folder, options)
        stack.callback(own.stop)
        server = stack.enter_context(server_process(folder, *options))
        begun = [own.begin() for _ in range(workers)]
        for worker in begun:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", (folder / "workers.log").read_text()
        yield StudioProcesses(redis, postgres, own, server)
