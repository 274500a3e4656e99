"""What melt, the renderer of Kdenlive and Shotcut, makes of a project's sound."""

import subprocess
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import soundfile

RATE = 48_000
TRIES = 20
# Seconds: when all is written, melt sees it within one.
STUCK = 2.5
LIMIT = 120


def rendered(project: Path, frames: int | None = None) -> np.ndarray:
    """(n, 2) float64 at 48 kHz, of all the project or its first frames; the file lies beside it."""
    out = project.with_suffix(".wav")
    until = [] if frames is None else [f"out={frames - 1}"]
    sound = ("acodec=pcm_s16le", f"ar={RATE}", "ac=2", "vn=1", "real_time=0")
    command = ["melt", "-quiet", str(project), *until, "-consumer", f"avformat:{out}", *sound]
    for _ in range(TRIES):
        out.unlink(missing_ok=True)
        if _ends(command, out):
            break
    else:
        raise AssertionError(f"melt did not come to the end of {project}")
    samples, rate = soundfile.read(out)
    assert rate == RATE
    return samples


def _ends(command: list[str], out: Path) -> bool:
    """False where it is stuck: the thread that writes looks whether it is to run, and ends at once
    where it is quicker than the one that says so, which then waits for ever."""
    melt = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
    )
    try:
        begun = worked = monotonic()
        spent = 0
        while melt.poll() is None:
            now = monotonic()
            assert now - begun < LIMIT, f"{' '.join(command)} takes too long"
            before, spent = spent, _processor_time(melt.pid)
            if spent > before or not out.exists():
                worked = now
            elif now - worked > STUCK:
                return False
            sleep(0.05)
    finally:
        melt.kill()
        melt.wait()
    assert melt.returncode == 0, f"{' '.join(command)} gave {melt.returncode}"
    return True


def _processor_time(process: int) -> int:
    """In ticks, of all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
