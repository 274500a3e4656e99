"""Finds where somebody speaks in a film's sound. Knows no films and no music of ours.

Voices, unlike instruments and most noise, glide: their partials hardly ever stand still for a
third of a second, and they come and go with the syllables. Six measures of that, each by frames,
are weighed by a logistic regression:

sustained  the share of the energy that stands still (the median over time, as in harmonic and
           percussive separation: Fitzgerald 2010; Driedger, Müller and Disch 2014)
syllables  how much what neither stands still nor is a stroke comes and goes (Scheirer and
           Slaney 1997 use the modulation at 4 Hz)
change     how fast the spectrum changes
glide      how often the pitch found in the cepstrum (Noll 1967) moves by a little
depth      the share of what moves that lies below 1 kHz (logarithm): little of it in birds
voiced     how clear that pitch is: noises have none, a siren is no row of partials

The weights are made, and the whole is measured, by benchmarks/speech.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

RATE = 16_000  # samples a second that are analysed
Interval = tuple[float, float]

_WINDOW, HOP = 1024, 256
_FRAMES_PER_SECOND = RATE / HOP
_BINS = 256  # up to 4 kHz
_VOICE = slice(13, _BINS)  # from 200 Hz on
_VOWELS = slice(8, 128)  # 125 to 2000 Hz
_DEEP = slice(8, 64)  # 125 to 1000 Hz
_PITCHES = np.arange(20, 100)  # quefrencies of 80 to 400 Hz, where a bin is 15.6 Hz
_STILL_FRAMES, _STROKE_BINS = 21, 17  # a third of a second, 270 Hz
_FLOOR = 1e-5  # of energy: where it is silent, nothing is measured
_CHUNK, _MARGIN = round(60 * _FRAMES_PER_SECOND), round(4 * _FRAMES_PER_SECOND)
_LOUD, _LOUD_PERCENTILE = 0.1, 95  # the level (RMS) that the loud parts are brought to

WEIGHTS = np.array([-7.88, 6.72, 11.35, 7.01, 4.9, 38.13])
BIAS = -13.55

# From scores to spans: started above the first, kept above the second.
_BEGIN, _KEEP = 0.8, 0.3
_SHORTEST = 0.5  # seconds: less is no speech
_PAUSE = 0.6  # seconds: less is a breath
_SMEARED = 0.4  # seconds by which the measures' averages may make a span too long on each side
_QUIET = 0.1  # of a span's loud parts: at its ends what is quieter is none of it
_EDGE = 0.1  # seconds that every span is made longer on both sides


class Sound(Protocol):
    """(n,) or (n, 1) samples at RATE, of any level, that are there one slice at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


def find_speech(samples: Sound) -> list[Interval]:
    """Spans (start, end) in seconds in which somebody speaks, in order, apart from each other."""
    if not any(block.any() for block in _rows(samples, HOP)):
        return []
    probability = 1 / (1 + np.exp(-score(measures(samples))))
    return _spans(probability, _levels(samples, HOP))


def score(measured: np.ndarray) -> np.ndarray:
    """(frames,) the logarithm of the odds that somebody speaks, from (frames, 6) measures."""
    return measured @ WEIGHTS + BIAS


def measures(samples: Sound) -> np.ndarray:
    """(frames, 6): sustained, syllables, change, glide, depth and voiced, a row every HOP."""
    level = _loud_level(samples)
    parts = [_measures(part)[kept] for part, kept in _chunks(samples, _LOUD / level)]
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Spectra:
    """A part of a sound: `magnitude`, what of it stands `still`, and the energy of what `moves`,
    neither still nor a stroke, all (frames, _BINS); the voice's whole `energy` (frames,)."""

    magnitude: np.ndarray
    still: np.ndarray
    moving: np.ndarray
    energy: np.ndarray

    @classmethod
    def of(cls, magnitude: np.ndarray) -> "_Spectra":
        from scipy.ndimage import median_filter

        still = median_filter(magnitude, (_STILL_FRAMES, 1))
        stroke = median_filter(magnitude, (1, _STROKE_BINS))
        moves = (magnitude > 2 * still) & (magnitude > 1.6 * stroke)
        energy = (magnitude[:, _VOICE] ** 2).sum(axis=1) + _FLOOR
        return cls(magnitude, still, magnitude**2 * moves, energy)


def _measures(magnitude: np.ndarray) -> np.ndarray:
    spectra = _Spectra.of(magnitude)
    each = (_sustained, _syllables, _change, _glide, _depth, _voiced)
    return np.stack([measure(spectra) for measure in each], axis=1)


def _sustained(spectra: _Spectra) -> np.ndarray:
    still = np.minimum(spectra.magnitude, spectra.still)[:, _VOICE]
    return _mean((still**2).sum(axis=1) / spectra.energy, 0.5)


def _syllables(spectra: _Spectra) -> np.ndarray:
    moving = spectra.moving[:, _VOICE].sum(axis=1)
    return _deviation(np.log10(moving / _mean(spectra.energy, 2.0) + 1e-3), 1.0)


def _change(spectra: _Spectra) -> np.ndarray:
    level = _level(_mean(spectra.energy, 4.0))
    loudness = np.log1p(3 * spectra.magnitude[:, _VOWELS] / level)
    step = np.abs(loudness[2:] - loudness[:-2]).mean(axis=1)
    return _mean(np.pad(step, 1), 0.5)


def _glide(spectra: _Spectra) -> np.ndarray:
    pitch = np.log(_PITCHES[_cepstrum(spectra).argmax(axis=1)])
    step = np.abs(np.diff(pitch, prepend=pitch[0]))
    return _mean((step > 0.004) & (step < 0.08), 0.5)


def _voiced(spectra: _Spectra) -> np.ndarray:
    return _mean(_cepstrum(spectra).max(axis=1), 0.5)


def _cepstrum(spectra: _Spectra) -> np.ndarray:
    """(frames, _PITCHES) of what does not stand still."""
    moving = np.maximum(spectra.magnitude - spectra.still, 0)
    levels = np.log1p(30 * moving / _level(spectra.energy))
    levels = np.pad(levels - levels.mean(axis=1, keepdims=True), ((0, 0), (0, 1)))
    return np.fft.irfft(levels, axis=1)[:, _PITCHES]


def _depth(spectra: _Spectra) -> np.ndarray:
    low, all_of_it = (
        _mean(spectra.moving[:, band].sum(axis=1), 0.5) + _FLOOR / 10
        for band in (_DEEP, slice(_DEEP.start, _BINS))
    )
    return np.log10(low / all_of_it + 0.02)


def _level(energy: np.ndarray) -> np.ndarray:
    """(frames, 1) the magnitude of a bin of the voice's band, on average."""
    return np.sqrt(energy / (_VOICE.stop - _VOICE.start))[:, None]


def _loud_level(samples: Sound) -> float:
    """The RMS of the loud tenths of a second."""
    return float(np.percentile(_levels(samples, RATE // 10), _LOUD_PERCENTILE)) or 1.0


def _chunks(samples: Sound, gain: float) -> Iterator[tuple[np.ndarray, slice]]:
    """Magnitudes (frames, _BINS) of parts of a minute and what lies around them, with which
    of their frames are the part's own."""
    frames = len(samples) // HOP + 2
    window = (np.hanning(_WINDOW) * gain).astype(np.float32)
    for first in range(0, frames, _CHUNK):
        begin, end = max(0, first - _MARGIN), min(frames, first + _CHUNK + _MARGIN)
        place = begin * HOP - _WINDOW // 2
        part = _between(samples, place, place + (end - begin - 1) * HOP + _WINDOW)
        windows = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::HOP]
        spectrum = np.abs(np.fft.rfft(windows * window, axis=1)[:, :_BINS])
        yield spectrum.astype(np.float32), slice(first - begin, first - begin + _CHUNK)


def _between(samples: Sound, first: int, last: int) -> np.ndarray:
    """(last - first,) samples, zeros where there are none."""
    inside = samples[max(first, 0) : min(last, len(samples))].reshape(-1)
    before = max(0, -first)
    return np.pad(inside, (before, last - first - before - len(inside)))


def _rows(samples: Sound, length: int) -> Iterator[np.ndarray]:
    """(rows, length): the samples in rows, a minute or so at a time; zeros after the last."""
    step = max(1, 60 * RATE // length) * length
    for first in range(0, len(samples), step):
        stop = min(first + step, len(samples) + -len(samples) % length)
        yield _between(samples, first, stop).reshape(-1, length)


def _levels(samples: Sound, length: int) -> np.ndarray:
    """The level (RMS) of every so many samples."""
    rows = _rows(samples, length)
    return np.concatenate([np.sqrt((each**2).mean(axis=1)) for each in rows])


def _mean(values: np.ndarray, seconds: float) -> np.ndarray:
    """The moving average over so many seconds."""
    from scipy.ndimage import uniform_filter1d

    size = round(seconds * _FRAMES_PER_SECOND)
    return uniform_filter1d(np.asarray(values, np.float64), size, mode="nearest")


def _deviation(values: np.ndarray, seconds: float) -> np.ndarray:
    """The moving standard deviation over so many seconds."""
    mean = _mean(values, seconds)
    return np.sqrt(np.maximum(_mean(values**2, seconds) - mean**2, 0))


def _spans(probability: np.ndarray, envelope: np.ndarray) -> list[Interval]:
    """What is likely, with hysteresis; breaths are bridged, what is too short is left out."""
    spans: list[Interval] = []
    seconds = len(envelope) / _FRAMES_PER_SECOND
    for start, end in _runs(probability[: len(envelope)] > _KEEP):
        if probability[start:end].max() <= _BEGIN:
            continue
        first, last = _trimmed(start, end, envelope)
        begin = max(0.0, first / _FRAMES_PER_SECOND - _EDGE)
        finish = min(seconds, last / _FRAMES_PER_SECOND + _EDGE)
        if spans and begin - spans[-1][1] < _PAUSE:
            begin = spans.pop()[0]
        spans.append((begin, finish))
    return [(begin, end) for begin, end in spans if end - begin >= _SHORTEST + 2 * _EDGE]


def _trimmed(start: int, end: int, envelope: np.ndarray) -> tuple[int, int]:
    """The frames from `start` to `end` without quiet ones at the ends, as far as those smear."""
    loud = envelope[start:end] > _QUIET * np.percentile(envelope[start:end], 90)
    reach = round(_SMEARED * _FRAMES_PER_SECOND)
    first, last = int(np.argmax(loud)), int(np.argmax(loud[::-1]))
    return start + min(first, reach), end - min(last, reach)


def _runs(true: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last but one index of every run of True."""
    edges = np.flatnonzero(np.diff(np.pad(true.astype(int), 1)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
