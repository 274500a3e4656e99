"""A server process with the fake composer: `python serve_fake.py --store DIR --handshake FILE`.

Prints `ready` when clients may come, and errors as the command does: one line, exit code 1.
"""

import argparse
import resource
import sys
from pathlib import Path

from diffbgm_server import logs
from diffbgm_server.config import Config, Limits, Studio
from diffbgm_server.isolation import IsolatedComposer
from diffbgm_server.job_limits import JobLimits
from diffbgm_server.serving import serve

from diffbgm.errors import DiffBGMError
from tests.fake_composer import FakeComposer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", type=Path)
    parser.add_argument("--handshake", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--largest-file", type=int, help="bytes, as if the disc were full then")
    parser.add_argument("--event-streams", type=int, default=2)
    parser.add_argument("--job-memory", type=int, help="bytes that a job may have")
    parser.add_argument("--studio", nargs=3, metavar=("QUEUE", "DATABASE", "ARTIFACTS"))
    parser.add_argument("--silent", type=float, default=2.0, help="seconds, of a studio's worker")
    parser.add_argument("--idle", type=float, default=600.0, help="seconds, of the same")
    parser.add_argument("--worker", action="store_true", help="be one, instead of a server")
    parser.add_argument("--logs", action="store_true", help="as the command does")
    given = parser.parse_args()
    if given.logs:
        logs.configure()
    if given.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.largest_file,) * 2)
    studio = (
        Studio(*given.studio, given.silent, attempts=6, idle_seconds=given.idle)
        if given.studio
        else None
    )
    composer = IsolatedComposer(
        FakeComposer(given.store.parent / "gate"), limits=JobLimits(memory_bytes=given.job_memory)
    )
    if given.worker:
        from diffbgm_server.studio.working import work_for

        work_for(studio, composer, on_ready=lambda: print("ready", flush=True))  # noqa: T201
        return
    limits = Limits(
        queued_jobs=1000 if studio else Limits.queued_jobs,
        media_bytes=40_000_000,
        json_bytes=100_000,
        event_streams=given.event_streams,
    )
    try:
        serve(
            composer,
            Config(given.store, limits=limits, studio=studio),
            host=given.host,
            port=given.port,
            handshake_path=given.handshake,
            parent_pid=given.parent_pid,
            on_ready=lambda _: print("ready", flush=True),  # noqa: T201
        )
    except DiffBGMError as error:
        sys.exit(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
