"""Short films and songs on disc, for data sets that a person builds."""

from fractions import Fraction
from pathlib import Path

import av
import mido
import numpy as np

from tests.video.films import texture

RATE = Fraction(8)
TICKS = 480


def write_film(path: Path, shots: int, seconds_each: float = 2) -> Path:
    """Still lifes that move a little, one a shot."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", RATE)
        stream.height, stream.width, stream.pix_fmt = 54, 96, "yuv420p"
        for number in range(shots):
            picture = texture(number, (54, 96))
            for frame in range(round(seconds_each * RATE)):
                moved = av.VideoFrame.from_ndarray(np.roll(picture, frame // 2, axis=1), "rgb24")
                container.mux(stream.encode(moved))
        container.mux(stream.encode(None))
    return path


def write_song(
    path: Path,
    bars: int,
    *,
    bpm: float = 240,
    metre: tuple[int, int] | None = (4, 4),
    late_ticks: int = 0,
    second_tempo: tuple[int, float] | None = None,
) -> Path:
    """A minor, four chords a turn, a melody of quarters on top and a drum on every beat.

    `second_tempo` is (beat, bpm); with `late_ticks` every other note is late.
    """
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    conductor = [(0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))]
    if metre:
        numerator, denominator = metre
        signature = {"numerator": numerator, "denominator": denominator}
        conductor.append((0, mido.MetaMessage("time_signature", **signature)))
    if second_tempo:
        beat, faster = second_tempo
        tempo = mido.bpm2tempo(faster)
        conductor.append((beat * TICKS, mido.MetaMessage("set_tempo", tempo=tempo)))
    midi.tracks.append(_track(conductor))
    melody, chords, drums = [], [], []
    for bar in range(bars):
        root, minor = ((57, True), (53, False), (60, False), (55, False))[bar % 4]
        triad = (root, root + (3 if minor else 4), root + 7)
        for pitch in (root - 12, *triad):
            chords += _note(1, bar * 4 * TICKS, 4 * TICKS, pitch)
        for beat in range(4):
            tick = (bar * 4 + beat) * TICKS
            late = late_ticks if beat % 2 else 0
            melody += _note(0, tick + late, TICKS // 2, triad[beat % 3] + 12)
            drums += _note(9, tick, TICKS // 4, 36)
    midi.tracks.append(_track([(0, mido.MetaMessage("track_name", name="MELODY")), *melody]))
    midi.tracks.append(_track(chords))
    midi.tracks.append(_track(drums))
    midi.save(path)
    return path


def _note(channel: int, tick: int, ticks: int, pitch: int) -> list[tuple[int, mido.Message]]:
    on, off = (
        mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)
        for velocity in (80, 0)
    )
    return [(tick, on), (tick + ticks, off)]


def _track(events: list) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: (event[0], event[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    return track
