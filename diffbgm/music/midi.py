"""Standard MIDI files of scores, with the tempo map in them. Knows neither styles nor sound."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
from mido.midifiles.meta import KeySignatureError

from diffbgm.errors import CompositionError
from diffbgm.files import replacing
from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap

# The fine grid of arranged notes (`music.voices`), so that a file holds exactly what a score does.
TICKS_PER_BEAT = 512
DRUM_CHANNEL = 9
CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
# A tempo is a whole number of microseconds a beat. Set this often, each time so as to make
# up for the rounding before, it never strays by more than half of these microseconds.
BEATS_PER_TEMPO = 64
# A beat that meets a cut may fall a frame before it.
EARLY_SECONDS = 0.05
# Of the major scale on each pitch class, as MIDI's key signatures are called.
_KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_CONDUCTOR = "Tempo and markers"


def write_midi(
    score: Score,
    tempo_map: TempoMap,
    path: Path,
    *,
    first_downbeat: int = 0,
    start: float = 0.0,
    end: float | None = None,
    key_signature: int | None = None,
    markers: Iterable[tuple[float, str]] = (),
) -> None:
    """Write the score, or the piece of it between two times in seconds, as a type 1 MIDI file.

    In a piece the notes are those that begin in it, let go at its end; its start is time zero
    (what begins up to EARLY_SECONDS before, because its beat meets the cut a frame early, too).
    Bars are 4/4; what comes before the first downbeat is a shorter bar. `key_signature` is the
    pitch class of its major scale; `markers` are texts at seconds of the whole score. Times differ
    from the tempo map's by less than a millisecond however long the score is. StorageError where
    the file cannot be written; nothing half-written remains.
    """
    span = _TickSpan(tempo_map, start, tempo_map.duration if end is None else end)
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    said = [*_key(key_signature), *_markers(span, markers)]
    midi.tracks.append(_conductor(span, first_downbeat, said))
    places = iter(range(len(score.tracks)))
    for track in score.tracks:
        place = 0 if track.is_drum else next(places)
        midi.tracks.append(_midi_track(track, span, place))
    with replacing(path) as unfinished:
        midi.save(unfinished)


def read_midi(path: Path) -> Score:
    """The score in a MIDI file, in its own beats. CompositionError if it is none."""
    try:
        midi = mido.MidiFile(path, charset="utf-8")
    except (OSError, EOFError, ValueError, KeySignatureError) as exc:
        raise CompositionError(f"{path}: no MIDI file that can be read: {exc}") from exc
    tracks = (_read_track(track, midi.ticks_per_beat) for track in midi.tracks)
    return Score(tuple(track for track in tracks if track))


class _TickSpan:
    """The ticks between two times of the tempo map; tick 0 is the first of them."""

    def __init__(self, tempo_map: TempoMap, start: float, end: float) -> None:
        if not start < end:
            raise ValueError(f"a span from {start} to {end} s is empty")
        self.tempo_map = tempo_map
        self.start, self.end = start, end
        self.origin = round(tempo_map.beat(start) * TICKS_PER_BEAT)
        self.length = max(1, self.tick(tempo_map.beat(end)))

    def tick(self, beat: float) -> int:
        return round(beat * TICKS_PER_BEAT) - self.origin

    def holds(self, note: Note) -> bool:
        early = EARLY_SECONDS if self.start > 0 else 0.0
        begin = self.tempo_map.seconds(note.start_beats)
        return self.start - early <= begin < self.end and self.tick(note.end_beats) > 0

    def tempos(self) -> Iterable[tuple[int, int]]:
        """Ticks and the microseconds a beat from there on."""
        edges = self._tempo_edges()
        now, tempo = self.start, 0
        for tick, following in pairwise(edges):
            beats = (following - tick) / TICKS_PER_BEAT
            target = self.tempo_map.seconds((self.origin + following) / TICKS_PER_BEAT)
            before, tempo = tempo, round((target - now) * 1e6 / beats)
            now += tempo * beats / 1e6
            if tempo != before:
                yield tick, tempo

    def _tempo_edges(self) -> list[int]:
        """Ticks of the control points inside, and of steps between them."""
        points = [self.tick(beat) for beat in self.tempo_map.control_beats]
        edges = {0, self.length, *(tick for tick in points if 0 < tick < self.length)}
        steps = range(0, self.length, BEATS_PER_TEMPO * TICKS_PER_BEAT)
        return sorted(edges | set(steps))


def _conductor(
    span: _TickSpan, first_downbeat: int, said: Sequence[tuple[int, Any]]
) -> mido.MidiTrack:
    events: list[tuple[int, Any]] = [(0, mido.MetaMessage("track_name", name=_CONDUCTOR))]
    events += [(tick, mido.MetaMessage("set_tempo", tempo=t)) for tick, t in span.tempos()]
    sixteenth = TICKS_PER_BEAT // 4
    pick_up = span.tick(first_downbeat) % (BEATS_PER_BAR * TICKS_PER_BEAT)
    if pick_up >= sixteenth:
        length = Fraction(round(pick_up / sixteenth), 16)
        denominator = max(4, length.denominator)
        numerator = int(length * denominator)
        events.append((0, _time_signature(numerator, denominator)))
    bars_from = pick_up if pick_up >= sixteenth else 0
    if bars_from < span.length:
        events.append((bars_from, _time_signature(BEATS_PER_BAR, 4)))
    return _track_of([*events, *said], span.length)


def _key(key_signature: int | None) -> list[tuple[int, Any]]:
    if key_signature is None:
        return []
    return [(0, mido.MetaMessage("key_signature", key=_KEYS[key_signature]))]


def _markers(span: _TickSpan, markers: Iterable[tuple[float, str]]) -> list[tuple[int, Any]]:
    """Those inside the span, at the nearest tick."""
    inside = ((seconds, text) for seconds, text in markers if span.start <= seconds < span.end)
    return [
        (
            max(span.tick(float(span.tempo_map.beat(seconds))), 0),
            mido.MetaMessage("marker", text=text),
        )
        for seconds, text in inside
    ]


def _time_signature(numerator: int, denominator: int) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)


def _midi_track(track: Track, span: _TickSpan, place: int) -> mido.MidiTrack:
    """The `place`-th pitched track has a channel of its own; past 15, on the next MIDI port."""
    port, index = divmod(place, len(CHANNELS))
    channel = DRUM_CHANNEL if track.is_drum else CHANNELS[index]
    events = [
        (0, mido.MetaMessage("track_name", name=track.name)),
        (0, mido.MetaMessage("midi_port", port=port)),
        (0, mido.Message("program_change", channel=channel, program=track.program)),
    ]
    for note in filter(span.holds, track.notes):
        on = max(span.tick(note.start_beats), 0)
        off = max(min(span.tick(note.end_beats), span.length), on + 1)
        for tick, velocity in ((on, note.velocity), (off, 0)):
            kind = "note_on" if velocity else "note_off"
            message = mido.Message(kind, channel=channel, note=note.pitch, velocity=velocity)
            events.append((tick, message))
    return _track_of(events, span.length)


def _track_of(events: Sequence[tuple[int, Any]], length: int) -> mido.MidiTrack:
    """Events by tick as a track; at one tick notes end before others begin."""
    in_order = sorted(events, key=lambda event: (event[0], event[1].type == "note_on"))
    track, now = mido.MidiTrack(), 0
    for tick, message in in_order:
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(length - now, 0)))
    return track


def _read_track(messages: mido.MidiTrack, ticks_per_beat: int) -> Track | None:
    """The notes of a MIDI track; None if it has none and no program."""
    name, program, channel, now = "", None, 0, 0
    sounding: dict[int, tuple[int, int]] = {}
    notes = []
    for message in messages:
        now += message.time
        if message.type == "track_name":
            name = message.name
        elif message.type == "program_change":
            program, channel = message.program, message.channel
        elif message.type in ("note_on", "note_off"):
            channel = message.channel
            if message.note in sounding:
                begin, velocity = sounding.pop(message.note)
                length = (now - begin) / ticks_per_beat
                notes.append(Note(begin / ticks_per_beat, message.note, length, velocity))
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = now, message.velocity
    if program is None and not notes:
        return None
    return Track(name, program or 0, tuple(sorted(notes)), channel == DRUM_CHANNEL)
