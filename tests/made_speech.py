"""Films in which somebody speaks, at known times: sentences of the program espeak-ng."""

import io
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

RATE = 48_000
SENTENCES = (
    ("en-us", "The train left an hour ago, and nobody told us about it."),
    ("en+f2", "Listen. There is somebody at the door, and he does not look happy at all."),
    ("de+m3", "Ich habe so etwas in meinem ganzen Leben noch nicht gesehen."),
)


def say(voice: str, text: str) -> np.ndarray:
    """(n,) at RATE, from the first sound to the last."""
    if not shutil.which("espeak-ng"):
        pytest.skip("needs the program espeak-ng (of that name in Debian)")
    command = ["espeak-ng", "-v", voice, "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(made))
    samples = resample_poly(samples, RATE * 100 // rate, 100)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def speech(starts: Sequence[float], seconds: float) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """(n,) at RATE: a sentence from each of `starts` on, and the spans that they fill."""
    samples, spans = np.zeros(round(seconds * RATE)), []
    for start, (voice, text) in zip(starts, SENTENCES, strict=False):
        said = say(voice, text)
        first = round(start * RATE)
        samples[first : first + len(said)] += said[: len(samples) - first]
        spans.append((start, start + len(said) / RATE))
    return samples, spans


def noise(kind: str, seconds: float) -> np.ndarray:
    """(n,) at RATE, RMS 1: "white", or "wind", which rises and falls."""
    rng = np.random.default_rng(0)
    samples = rng.normal(size=round(seconds * RATE))
    if kind == "wind":
        spectrum = np.fft.rfft(samples) / (1 + np.arange(len(samples) // 2 + 1))
        gusts = 1 + np.sin(np.arange(len(samples)) / RATE * 1.7)
        samples = np.fft.irfft(spectrum, len(samples)) * gusts
    return samples / samples.std()


def with_sound(film: Path, sound: np.ndarray, path: Path) -> Path:
    """The picture of `film` with `sound` (n,) at RATE as AAC, in `path`."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        audio = target.add_stream("aac", rate=RATE, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                target.mux(packet)
        for first in range(0, len(sound), RATE):
            block = sound[first : first + RATE].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(block[None], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            target.mux(audio.encode(frame))
        target.mux(audio.encode(None))
    return path


def agreement(
    found: Sequence[Sequence[float]], known: Sequence[Sequence[float]]
) -> tuple[float, float]:
    """Recall and precision, by time."""
    both = sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in found for b in known)
    lengths = [sum(end - start for start, end in spans) for spans in (known, found)]
    return both / max(lengths[0], 1e-9), both / max(lengths[1], 1e-9)
