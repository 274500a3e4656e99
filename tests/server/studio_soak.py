"""Kills a studio's workers in the middle of jobs: `python -m tests.server.studio_soak --kills 20`.

Three workers; Redis and PostgreSQL are killed once each, too. In the end every job must have ended
once, with one result. `--throughput` measures instead how many jobs that wait for a second, and
that compute, 1, 2 and 4 workers do. Prints counts and the seed.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.studio import StudioProcesses, studio_processes

WORKERS = 3


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--throughput", action="store_true")
    given = parser.parse_args(arguments)
    if given.throughput:
        for style in ("slow", "busy"):
            for workers in (1, 2, 4):
                sys.stdout.write(f"{style}, {workers} workers: {rate(workers, style):.2f} a s\n")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        studio_processes(Path(folder), WORKERS) as studio,
    ):
        counts = soak(studio, given.kills, random.Random(given.seed))
    sys.stdout.write(f"seed {given.seed}: {dict(counts)}\n")


def soak(studio: StudioProcesses, kills: int, chance: random.Random) -> Counter[str]:
    """Counts of what was done. AssertionError where a job was lost, or left two results."""
    counts, made = Counter[str](), []
    for kill in range(kills):
        made += [studio.server.submit(style="slow") for _ in range(2)]
        wait_until_in_hand(studio)
        time.sleep(chance.random())
        studio.workers.kill(chance.choice(studio.workers.running))
        counts["kills of a worker"] += 1
        if kill == kills // 3:
            studio.redis.kill()
            studio.redis.start()
            counts["kills of Redis"] += 1
        if kill == 2 * kills // 3:
            studio.postgres.kill()
            studio.postgres.start()
            counts["kills of PostgreSQL"] += 1
        studio.workers.start()
    for composition in made:
        state = studio.server.ended(composition)
        counts[state["state"]] += 1
        assert len(state["jobs"]) == 1
        folder = studio.workers.folder / "artifacts" / "compositions" / composition
        results = [path for path in folder.iterdir()] if folder.exists() else []
        assert len(results) == (state["state"] == "done"), (state, results)
    counts["jobs"] = len(made)
    return counts


def wait_until_in_hand(studio: StudioProcesses) -> None:
    """Until some worker has a job."""
    while True:
        listed = studio.server.ask("GET", "/v1/compositions?limit=100").json()["compositions"]
        if any(one["state"] == "running" for one in listed):
            return
        time.sleep(0.02)


def rate(workers: int, style: str, jobs_each: int = 8) -> float:
    """Jobs a second, from when the first one is in hand until the last one is done."""
    with (
        tempfile.TemporaryDirectory() as folder,
        studio_processes(Path(folder), workers, silent=15.0) as studio,
    ):
        studio.server.ended(studio.server.submit(style=style))
        began = time.monotonic()
        made = [studio.server.submit(style=style) for _ in range(jobs_each * workers)]
        for composition in made:
            assert studio.server.ended(composition)["state"] == "done"
        return len(made) / (time.monotonic() - began)


if __name__ == "__main__":
    main(sys.argv[1:])
