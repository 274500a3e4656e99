"""What melt, the renderer of Kdenlive and Shotcut, makes of a project's sound."""

import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

RATE = 48_000


def rendered(project: Path) -> np.ndarray:
    """(n, 2) float64 at 48 kHz; the file lies beside the project."""
    out = project.with_suffix(".wav")
    sound = ("acodec=pcm_s16le", f"ar={RATE}", "ac=2", "vn=1")
    command = ["melt", str(project), "-consumer", f"avformat:{out}", *sound, "real_time=0"]
    for seconds in (20, 40, 80, 160):  # now and then its threads wait for each other for ever
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
            )
            break
    else:
        raise AssertionError(f"melt did not come to the end of {project}")
    samples, rate = soundfile.read(out)
    assert rate == RATE
    return samples
