"""How well speech is found in film sound.

python benchmarks/speech.py POP909 [--fit] [--rounds 2] [--kinds KIND ...]

Scenes of 40 s: sentences of espeak-ng in many voices over silence, music (songs of POP909, played
by instruments of a SoundFont) and noises, at several levels, and the same without any speech.
Prints recall and precision by time, and how much of the scenes without speech is taken for it.
--fit first finds the weights of `diffbgm.video.speech` on songs and voices that the measurement
does not use, and prints them. Needs the program espeak-ng.
"""

import argparse
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile
from scipy.optimize import minimize
from scipy.signal import lfilter, resample_poly

from diffbgm.sound.soundfont import find_soundfont
from diffbgm.video import speech
from diffbgm.video.speech import RATE

SECONDS = 40
LENGTH = SECONDS * RATE
# (voices, variants, first song) to fit on and to measure with.
FITTED = (("en", "de", "fr", "it", "ru"), ("m1", "m4", "f2", "f5", "Andy", "linda"), 0)
MEASURED = (("en-us", "es", "pl", "pt"), ("m3", "m7", "f1", "f4", "Michael", "Alicia"), 300)
SENTENCES = (
    "The train left an hour ago, and nobody told us about it.",
    "Wait for me.",
    "I have never seen anything like this in my whole life, have you?",
    "Listen. There is somebody at the door, and he does not look happy at all.",
    "Yes, of course.",
    "We could go home now, or we could stay and find out what happens next.",
)
# What songs are played by: soft and percussive, some that sing or slide.
LEADS = (0, 4, 11, 24, 30, 40, 42, 52, 53, 56, 60, 65, 68, 71, 73, 75, 81, 85, 104, 108)
PADS = (0, 5, 16, 19, 24, 46, 48, 50, 52, 61, 88, 89, 92, 95)
NOISES = ("white", "pink", "wind", "engine", "rain", "steps", "waves", "siren")
KINDS = ("silence", "music", "drums", *NOISES)
SNR_DB = (20.0, 12.0, 6.0)  # of speech over what is behind it, while it is spoken


@dataclass(frozen=True)
class Scene:
    """Sound (LENGTH,) at RATE and whether somebody speaks, a value a frame of `speech`."""

    kind: str
    samples: np.ndarray
    spoken: np.ndarray


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("songs", type=Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    chosen = parser.parse_args(arguments)
    songs = sorted(chosen.songs.rglob("[0-9][0-9][0-9].mid"))
    if chosen.fit:
        fit([*scenes(songs, FITTED, chosen.kinds, seed=1, rounds=chosen.rounds + 1)])
    report([*scenes(songs, MEASURED, chosen.kinds, seed=2, rounds=chosen.rounds)])


def report(made: list[Scene]) -> None:
    for kind in dict.fromkeys(scene.kind for scene in made):
        both = [(s.spoken, found_in(s)) for s in made if s.kind == kind]
        spoken, found = (np.concatenate(part) for part in zip(*both, strict=True))
        hits = (spoken & found).sum()
        recall, precision = hits / max(spoken.sum(), 1), hits / max(found.sum(), 1)
        with_speech = f"recall {recall:5.1%}  precision {precision:5.1%}"
        without_speech = f"taken for speech {found.mean():5.1%}"
        sys.stdout.write(f"{kind:24} {with_speech if spoken.any() else without_speech}\n")


def found_in(scene: Scene) -> np.ndarray:
    times = (np.arange(len(scene.spoken)) + 0.5) * speech.HOP / RATE
    found = np.zeros(len(times), bool)
    for start, end in speech.find_speech(scene.samples):
        found |= (times >= start) & (times < end)
    return found


def fit(made: list[Scene]) -> None:
    """Print the weights of the logistic regression; use them."""
    columns = [speech.measures(scene.samples)[::8] for scene in made]
    labels = [scene.spoken[::8][: len(c)] for scene, c in zip(made, columns, strict=True)]
    x, y = np.concatenate(columns), np.concatenate(labels).astype(float)
    x, y = x[: len(y)], y[: len(x)]
    mean, spread = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = z @ weights
        return float((np.logaddexp(0, odds) - y * odds).sum()), z.T @ (1 / (1 + np.exp(-odds)) - y)

    weights = minimize(loss, np.zeros(z.shape[1]), jac=True).x
    speech.WEIGHTS = weights[:-1] / spread
    speech.BIAS = float(weights[-1] - (weights[:-1] * mean / spread).sum())
    sys.stdout.write(f"WEIGHTS = {np.round(speech.WEIGHTS, 2).tolist()}\n")
    sys.stdout.write(f"BIAS = {speech.BIAS:.2f}\n")


def scenes(
    songs: list[Path], cast: tuple, kinds: Sequence[str], seed: int, rounds: int
) -> Iterator[Scene]:
    voices, variants, first_song = cast
    rng = np.random.default_rng(seed)
    for turn in range(rounds):
        for kind in kinds:
            song = songs[(first_song + turn * len(KINDS) + KINDS.index(kind)) % len(songs)]
            behind = background(kind, song, rng)
            yield Scene(f"{kind}, no speech", behind, np.zeros(LENGTH // speech.HOP, bool))
            for snr in SNR_DB if kind != "silence" else SNR_DB[:1]:
                voice = f"{rng.choice(voices)}+{rng.choice(variants)}"
                talk, spoken = dialogue(voice, rng)
                samples = talk + behind * level(talk[np.repeat(spoken, speech.HOP)], behind, snr)
                yield Scene(f"{kind}, {snr:.0f} dB" if kind != "silence" else kind, samples, spoken)


def level(talk: np.ndarray, behind: np.ndarray, snr_db: float) -> float:
    """The gain of `behind` that leaves `talk` so many dB above it."""
    power = float((behind**2).mean())
    return float(np.sqrt((talk**2).mean() / power * 10 ** (-snr_db / 10))) if power else 0.0


def dialogue(voice: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    talk, spoken = np.zeros(LENGTH), np.zeros(LENGTH // speech.HOP, bool)
    now = rng.uniform(1, 4)
    while now < SECONDS - 2:
        sentence = say(str(rng.choice(SENTENCES)), voice, int(rng.integers(35, 65)))
        first = round(now * RATE)
        sentence = sentence[: LENGTH - first] * rng.uniform(0.7, 1)
        talk[first : first + len(sentence)] = sentence
        spoken[first // speech.HOP : (first + len(sentence)) // speech.HOP] = True
        now += len(sentence) / RATE + rng.uniform(0.3, 6)
    return talk, spoken


def say(text: str, voice: str, pitch: int) -> np.ndarray:
    """A sentence of espeak-ng at RATE, silence around it taken off."""
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", "165", "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(made))
    samples = resample_poly(samples, RATE, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def background(kind: str, song: Path, rng: np.random.Generator) -> np.ndarray:
    if kind == "silence":
        return np.zeros(LENGTH)
    made = noise(kind, rng) if kind in NOISES else music(song, kind == "drums", rng)
    return made / max(np.abs(made).max(), 1e-9) * 0.5


def music(path: Path, has_drums: bool, rng: np.random.Generator) -> np.ndarray:
    """From 30 s of a song on, its melody and its piano on instruments drawn by lot."""
    midi = pretty_midi.PrettyMIDI(str(path))
    for instrument in midi.instruments:
        instrument.program = int(rng.choice(PADS if instrument.name == "PIANO" else LEADS))
    if has_drums:
        drums = pretty_midi.Instrument(0, is_drum=True)
        for count, start in enumerate(np.arange(0, 40 + SECONDS, 0.25)):
            for pitch in ((36, 42), (42,), (38, 42), (46,))[count % 4]:
                drums.notes.append(pretty_midi.Note(90, pitch, start, start + 0.1))
        midi.instruments.append(drums)
    with redirect_stdout(io.StringIO()):
        samples = midi.fluidsynth(fs=RATE, synthesizer=str(find_soundfont()))
    samples = samples[30 * RATE :][:LENGTH]
    return np.pad(samples, (0, LENGTH - len(samples)))


def noise(kind: str, rng: np.random.Generator) -> np.ndarray:
    white, time = rng.normal(size=LENGTH), np.arange(LENGTH) / RATE
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.arange(LENGTH // 2 + 1) + 1), LENGTH)
    slow = np.interp(time, np.arange(0, SECONDS + 1, 0.7), rng.uniform(0.1, 1, 59))
    match kind:
        case "wind":
            return lfilter([1], [1, -0.98], white) * slow
        case "engine":
            phase = np.cumsum(40 + 30 * slow) / RATE
            return sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 20)) + 0.3 * pink
        case "rain":
            drops = (rng.random(LENGTH) < 0.01) * rng.exponential(1, LENGTH)
            return lfilter([1], [1, -1.2, 0.8], drops) + 0.1 * white
        case "steps":
            beats = np.zeros(LENGTH)
            beats[(np.arange(0.3, SECONDS, 0.55) * RATE).astype(int)] = 1
            burst = rng.normal(size=RATE // 5) * np.exp(-np.arange(RATE // 5) / 500)
            return np.convolve(beats, burst)[:LENGTH] + 0.02 * pink / pink.std()
        case "waves":
            return pink * (1 + np.sin(2 * np.pi * time / 7)) ** 2
        case "siren":
            pitch = 900 + 300 * np.sin(2 * np.pi * time / 3)
            return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + 0.2 * pink / pink.std()
        case "pink":
            return pink
    return white


if __name__ == "__main__":
    main()
