"""Notes to sound: one shot's own notes become parts of stems. Knows neither pictures nor loudness.

A shot's parts depend on its notes, the tempo map and the SoundFont alone, to the bit.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from diffbgm.arranging.styles import Style
from diffbgm.music.score import Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.progress import Advance, no_advance
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.reverb import reverberation
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesizers import Player, Synthesizer, open_synthesizer

__all__ = [
    "StemMix",
    "find_soundfont",
    "note_samples",
    "open_synthesizer",
    "render_notes",
    "render_shot",
    "stem_mixes",
]

BLOCK = 64  # samples: FluidSynth starts and ends notes on a grid this fine
MAX_TAIL = 6.0  # seconds that an instrument may ring after its last note ended
# Notes that begin in one stretch of a shot are one part: a shot of any length fits in memory.
STRETCH = 60 * SAMPLE_RATE
_CUT_OFF = 0.5  # seconds of fade where it would ring longer
_SILENCE = 2**-15  # -90 dB: one step of 16 bits
_TAIL_CHUNK = 64 * BLOCK
_AT_ONCE = min(4, os.cpu_count() or 1)  # stems
# How much is kept of what left and right of a recording differ in. Two microphones far apart leave
# next to nothing in common, and half of it is lost where somebody listens with one loudspeaker.
WIDTH = 0.5
SHELF_HZ = 2500.0


@dataclass(frozen=True)
class StemMix:
    """The fader `level_db`, the balance `pan` -1 (left) to 1, the share `reverb_send` 0 to 1.

    `brightness_db` lifts what lies above SHELF_HZ."""

    level_db: float = 0.0
    pan: float = 0.0
    reverb_send: float = 0.0
    brightness_db: float = 0.0


def stem_mixes(style: Style) -> dict[str, StemMix]:
    """The mix of every track that `style` can write, by the track's name."""
    mixes = {
        player.name: StemMix(player.level_db, player.pan, player.reverb, player.brightness)
        for player in style.instruments
    }
    if (drums := style.drums) is not None:
        mixes["Drums"] = StemMix(drums.level_db, drums.pan, drums.reverb)
    return mixes


def check_instruments(synthesizer: Synthesizer, style: Style) -> None:
    """SoundFontError if the SoundFont lacks an instrument of the style."""
    for player in style.instruments:
        synthesizer.require(player.program, is_drum=False)


def render_shot(
    synthesizer: Synthesizer,
    tracks: Iterable[Track],
    tempo_map: TempoMap,
    mixes: Mapping[str, StemMix],
    span: tuple[int, int],
    advance: Advance = no_advance,
) -> tuple[Part, ...]:
    """The parts of one shot, for each of its `tracks` one for every STRETCH in which notes begin.

    `tracks` hold the shot's own notes only. `span` is the shot's first sample, before which
    nothing sounds (a note that lies before it begins there), and the sample at which the film
    ends, after which nothing does. Tails ring until silence, at most MAX_TAIL and the reverb.
    """
    tracks = tuple(tracks)
    played = note_samples(tracks, tempo_map, span[0])
    return tuple(render_notes(synthesizer, tracks, played, mixes, span, advance))


def note_samples(
    tracks: Iterable[Track], tempo_map: TempoMap, first: int
) -> tuple[np.ndarray, ...]:
    """Where the notes of each track begin and end (n, 2), in samples from the shot's `first`."""
    beats = [[(note.start_beats, note.end_beats) for note in track.notes] for track in tracks]
    times = [tempo_map.seconds(notes) if notes else np.zeros((0, 2)) for notes in beats]
    return tuple(np.maximum(np.rint(each * SAMPLE_RATE).astype(int) - first, 0) for each in times)


def render_notes(
    synthesizer: Synthesizer,
    tracks: Iterable[Track],
    played: Iterable[np.ndarray],
    mixes: Mapping[str, StemMix],
    span: tuple[int, int],
    advance: Advance = no_advance,
) -> Iterator[Part]:
    """As `render_shot`, one after the other, of notes whose times are known: see `note_samples`."""
    stretches = [
        stretch
        for track, samples in zip(tracks, played, strict=True)
        for stretch in _stretches(track, samples)
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # playing needs no interpreter
        for begin in range(0, len(stretches), _AT_ONCE):
            together = stretches[begin : begin + _AT_ONCE]
            for track, _ in together:
                synthesizer.load(track.program, track.is_drum)
            # Nobody plays while a caller has the word: it may never ask for more.
            rendered = [
                pool.submit(_render_stretch, synthesizer, *stretch, mixes[stretch[0].name], span)
                for stretch in together
            ]
            wait(rendered)
            for number, part in enumerate(rendered, start=begin + 1):
                yield part.result()
                advance(number / len(stretches))


def _stretches(track: Track, samples: np.ndarray) -> Iterator[tuple[Track, np.ndarray]]:
    """The notes of a track by the STRETCH in which they begin, and where they begin and end."""
    number_of = (samples[:, 0] // STRETCH).tolist()
    order = sorted(range(len(track.notes)), key=number_of.__getitem__)
    for _, which in groupby(order, number_of.__getitem__):
        own = list(which)
        yield replace(track, notes=tuple(track.notes[each] for each in own)), samples[own]


def _render_stretch(
    synthesizer: Synthesizer,
    track: Track,
    samples: np.ndarray,
    mix: StemMix,
    span: tuple[int, int],
) -> Part:
    first, film_end = span
    start = first + int(samples[:, 0].min())
    samples = samples + first
    blocks = np.rint((samples - start) / BLOCK).astype(int)
    with synthesizer.player(track.program, track.is_drum) as player:
        dry = _play(player, _events(track, blocks), film_end - start)
    return Part.rounded(track.name, start, _mixed(dry, mix)[: film_end - start])


def _events(track: Track, blocks: np.ndarray) -> list[tuple[int, int, int]]:
    """(block, velocity or 0 for the end, pitch) in order: ends come before the starts they meet.

    A note ends where the next of its pitch begins, so that the next is not ended in its place.
    """
    events = []
    next_start: dict[int, int] = {}
    by_start = sorted(
        zip(blocks.tolist(), track.notes, strict=True), key=lambda pair: pair[0][0], reverse=True
    )
    for (start, end), note in by_start:
        if start == next_start.get(note.pitch):
            continue
        end = min(max(end, start + 1), next_start.get(note.pitch, end + 1))
        next_start[note.pitch] = start
        events += [(start, note.velocity, note.pitch), (end, 0, note.pitch)]
    return sorted(events)


def _play(player: Player, events: list[tuple[int, int, int]], limit: int) -> np.ndarray:
    """(n, 2) float32 until silence; `limit` or a little more at most."""
    chunks, now = [], 0
    for block, velocity, pitch in events:
        sample = block * BLOCK
        if sample >= limit:
            break
        if sample > now:
            chunks.append(player.render(sample - now))
            now = sample
        if velocity:
            player.note_on(pitch, velocity)
        else:
            player.note_off(pitch)
    return np.concatenate([*chunks, *_tail(player, limit - now)])


def _tail(player: Player, limit: int) -> Iterator[np.ndarray]:
    """What rings on when all notes have ended, until silence, faded out where that takes long."""
    longest = round(MAX_TAIL * SAMPLE_RATE)
    fade = round(_CUT_OFF * SAMPLE_RATE)
    for begin in range(0, min(limit, longest), _TAIL_CHUNK):
        chunk = player.render(_TAIL_CHUNK)
        if begin + _TAIL_CHUNK > longest - fade:
            left = longest - begin - np.arange(_TAIL_CHUNK)
            chunk *= np.clip(left / fade, 0, 1).astype(np.float32)[:, None]
        yield chunk
        if np.abs(chunk).max() < _SILENCE:
            return


def _mixed(dry: np.ndarray, mix: StemMix) -> np.ndarray:
    """`dry` with its tone, width, level, balance and reverb, its silent end taken off."""
    dry = narrowed(_brighter(dry, mix.brightness_db), WIDTH)
    level = 10 ** (mix.level_db / 20)
    # A balance of constant power, 1 in the middle; instruments recorded in stereo stay stereo.
    angle = (mix.pan + 1) * np.pi / 4
    samples = np.empty_like(dry)
    for channel, share in enumerate((np.cos(angle), np.sin(angle))):
        samples[:, channel] = dry[:, channel] * np.float32(level * np.sqrt(2) * share)
    if mix.reverb_send > 0:
        wet = reverberation(samples)
        wet *= np.float32(mix.reverb_send)
        wet[: len(samples)] += samples
        samples = wet
    loud = np.flatnonzero(np.maximum(np.abs(samples[:, 0]), np.abs(samples[:, 1])) >= _SILENCE)
    return np.ascontiguousarray(samples[: loud[-1] + 1] if len(loud) else samples[:0])


def narrowed(samples: np.ndarray, width: float) -> np.ndarray:
    """(n, 2) samples with the share `width` of what left and right differ in."""
    middle = samples.mean(axis=1, keepdims=True)
    return middle + np.float32(width) * (samples - middle)


def _brighter(samples: np.ndarray, gain_db: float) -> np.ndarray:
    """(n, 2) float32 through a shelf of 12 dB an octave from SHELF_HZ up."""
    if gain_db == 0:
        return samples
    from pyloudnorm import IIRfilter
    from scipy.signal import lfilter

    shelf = IIRfilter(gain_db, 1 / np.sqrt(2), SHELF_HZ, SAMPLE_RATE, "high_shelf")
    filtered: Any = lfilter(shelf.b, shelf.a, samples, axis=0)
    return filtered.astype(np.float32)
