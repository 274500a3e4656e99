"""One reverb for all stems: a convolution with a made impulse response. Knows no instruments.

The same reverb serves both synthesizers, and its tail is finite: after `TAIL_SAMPLES` it is silent.
"""

from functools import cache
from typing import Any

import numpy as np

from diffbgm.sound.parts import SAMPLE_RATE

PRE_DELAY = 0.018  # seconds
# Upper edge of a band in Hz, and the seconds in which it decays by 60 dB: highs die first.
_BANDS = ((400.0, 1.9), (2000.0, 1.7), (6000.0, 1.2), (16000.0, 0.6))
_LOWEST = 140.0  # Hz; below, a reverb only makes mud
_LENGTH = 1.8  # seconds
_WIDTH = 0.5  # of what left and right differ in, so that it stays as loud in mono
_SEED = 1962  # decides the reverb's grain, nothing else
TAIL_SAMPLES = round(_LENGTH * SAMPLE_RATE) - 1
_FFT = 2**18
_CHUNK = _FFT - TAIL_SAMPLES


def reverberation(samples: np.ndarray) -> np.ndarray:
    """The reverb's answer to (n, 2) float32: (n + TAIL_SAMPLES, 2), about as loud as what went in.

    Overlap-add as in scipy.signal.oaconvolve, but the response is transformed only once: three
    times as fast.
    """
    from scipy.fft import irfft, rfft

    answer = np.zeros((2, len(samples) + TAIL_SAMPLES), np.float32)
    mono = (samples[:, 0] + samples[:, 1]) / 2
    for start in range(0, len(mono), _CHUNK):
        chunk = mono[start : start + _CHUNK]
        wet: Any = irfft(rfft(chunk, _FFT) * _spectrum(), _FFT)
        answer[:, start : start + len(chunk) + TAIL_SAMPLES] += wet[:, : len(chunk) + TAIL_SAMPLES]
    return answer.T


@cache
def _spectrum() -> np.ndarray:
    """(2, _FFT / 2 + 1) complex64."""
    from scipy.fft import rfft

    spectrum: Any = rfft(np.ascontiguousarray(impulse_response().T), _FFT)
    return spectrum


@cache
def impulse_response() -> np.ndarray:
    """(TAIL_SAMPLES + 1, 2) float32 of unit energy a channel: decaying noise, by bands."""
    from scipy.signal import butter, sosfilt

    samples = TAIL_SAMPLES + 1
    time = np.arange(samples) / SAMPLE_RATE - PRE_DELAY
    noise = np.random.default_rng(_SEED).standard_normal((samples, 2))
    middle = noise.mean(axis=1, keepdims=True)
    noise = middle + _WIDTH * (noise - middle)
    response = np.zeros((samples, 2))
    lower = _LOWEST
    for upper, decay in _BANDS:
        band = butter(2, (lower, upper), "bandpass", fs=SAMPLE_RATE, output="sos")
        envelope = np.where(time >= 0, 10 ** (-3 * time / decay), 0.0)
        response += sosfilt(band, noise, axis=0) * envelope[:, None]
        lower = upper
    response *= _edges(time)[:, None]
    return (response / np.sqrt((response**2).sum(axis=0))).astype(np.float32)


def _edges(time: np.ndarray) -> np.ndarray:
    """A soft start of 6 ms, and silence at the very end."""
    return np.clip(time / 0.006, 0, 1) * np.clip((time[-1] - time) / 0.3, 0, 1)
