"""Making notes playable: ranges, voices, lengths, collisions. Knows neither styles nor picture."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from diffbgm.music.score import Note

# Times of arranged notes are whole multiples of this, a power of two: sums are exact.
GRID_BEATS = 1 / 512
SHORTEST_BEATS = 1 / 16
PLUCKED_BEATS = 0.45
# Below this pitch (C3) the bass has the room to itself.
LOW_REGISTER = 48
LONGEST_BREATH_BEATS = 2.0


def fold(notes: Sequence[Note], limits: tuple[int, int], octave: int = 0) -> list[Note]:
    """The notes within `limits`, `octave` octaves away, moved by octaves alone.

    All move together as far as that brings them into the range, which keeps the contour; those
    still outside are brought in one by one.
    """
    if not notes:
        return []
    low, high = limits

    def strain(octaves: int) -> float:
        outside = sum(not low <= note.pitch + 12 * octaves <= high for note in notes)
        return outside / len(notes) + 0.05 * abs(octaves - octave)

    shift = 12 * min(range(octave - 4, octave + 5), key=strain)
    return [replace(note, pitch=_into(note.pitch + shift, low, high)) for note in notes]


def _into(pitch: int, low: int, high: int) -> int:
    if pitch < low:
        return pitch + 12 * -((pitch - low) // 12)
    return pitch - 12 * -((high - pitch) // 12) if pitch > high else pitch


def limit_voices(notes: Sequence[Note], voices: int) -> list[Note]:
    """At most `voices` notes struck at once: the highest, then the lowest, then from above.

    One voice is a melody: each note ends where the next begins.
    """
    kept = []
    for chord in _by_onset(notes):
        from_above = sorted(chord, key=lambda note: -note.pitch)
        wanted = from_above[:1] + from_above[:0:-1][:1] + from_above[1:-1]
        kept += sorted(wanted[:voices])
    return one_by_one(kept) if voices == 1 else kept


def one_by_one(notes: Iterable[Note]) -> list[Note]:
    """A single voice: each note ends where the next begins, a simultaneous one is dropped."""
    line: list[Note] = []
    for note in sorted(notes):
        if line and note.start_beats - line[-1].start_beats < SHORTEST_BEATS:
            continue
        if line:
            line[-1] = _until(line[-1], note.start_beats)
        line.append(note)
    return line


def without_collisions(notes: Iterable[Note]) -> list[Note]:
    """No pitch is struck while it sounds: the earlier note ends there, or takes in the later."""
    kept: dict[int, list[Note]] = {}
    for note in sorted(notes):
        line = kept.setdefault(note.pitch, [])
        last = line[-1] if line else None
        if last and note.start_beats - last.start_beats < SHORTEST_BEATS:
            end = max(last.end_beats, note.end_beats)
            louder = max(last.velocity, note.velocity)
            line[-1] = replace(last, duration_beats=end - last.start_beats, velocity=louder)
            continue
        if last:
            line[-1] = _until(last, note.start_beats)
        line.append(note)
    return sorted(note for line in kept.values() for note in line)


def below(notes: Iterable[Note], melody: Sequence[Note], lowest: int) -> list[Note]:
    """The notes kept under a melody, octaves lower where they reach it; none under `lowest`."""
    kept = []
    for note in notes:
        ceiling = _top(melody, note.start_beats)
        pitch = note.pitch
        while ceiling and pitch >= ceiling:
            pitch -= 12
        if pitch >= lowest:
            kept.append(replace(note, pitch=pitch))
    return kept


def thin_low(notes: Iterable[Note], lowest: int) -> list[Note]:
    """No mud: nothing under `lowest`, and no close intervals in the low register."""
    kept = []
    for chord in _by_onset(note for note in notes if note.pitch >= lowest):
        for note in sorted(chord, key=lambda note: note.pitch):
            if kept and kept[-1].start_beats == note.start_beats:
                gap = note.pitch - kept[-1].pitch
                if gap < (5 if kept[-1].pitch < LOW_REGISTER else 1):
                    continue
            kept.append(note)
    return kept


def legato(notes: Sequence[Note]) -> list[Note]:
    """Each note lasts until the next onset, across rests of up to two beats."""
    onsets = sorted({note.start_beats for note in notes})
    following = dict(pairwise(onsets))

    def length(note: Note) -> float:
        gap = following.get(note.start_beats, note.end_beats) - note.end_beats
        return note.duration_beats + (gap if gap <= LONGEST_BREATH_BEATS else 0.0)

    return _with_lengths(notes, length)


def pedalled(notes: Sequence[Note], changes: Sequence[float]) -> list[Note]:
    """Each note rings until the harmony changes at the next of `changes` (beats, rising)."""

    def length(note: Note) -> float:
        lift = next((change for change in changes if change > note.start_beats), 0.0)
        return max(note.duration_beats, lift - note.start_beats)

    return _with_lengths(notes, length)


def plucked(notes: Sequence[Note]) -> list[Note]:
    """Short notes."""
    return _with_lengths(notes, lambda note: min(note.duration_beats, PLUCKED_BEATS))


def within(notes: Iterable[Note], start: float, end: float) -> list[Note]:
    """The notes struck from `start` on and before `end`, let go by `end`, on the fine grid."""
    kept = []
    for note in notes:
        if not start <= note.start_beats < end:
            continue
        begin = min(_on_grid(note.start_beats), end - SHORTEST_BEATS)
        stop = min(max(_on_grid(note.end_beats), begin + SHORTEST_BEATS), end)
        kept.append(replace(note, start_beats=begin, duration_beats=stop - begin))
    return kept


def _with_lengths(notes: Sequence[Note], length: Callable[[Note], float]) -> list[Note]:
    return [replace(note, duration_beats=length(note)) for note in notes]


def _until(note: Note, end: float) -> Note:
    return replace(note, duration_beats=min(note.duration_beats, end - note.start_beats))


def _top(melody: Sequence[Note], beat: float) -> int | None:
    sounding = [n.pitch for n in melody if n.start_beats <= beat < n.end_beats]
    return max(sounding, default=None)


def _by_onset(notes: Iterable[Note]) -> list[list[Note]]:
    in_order = sorted(notes)
    return [list(chord) for _, chord in groupby(in_order, key=lambda note: note.start_beats)]


def _on_grid(beats: float) -> float:
    return round(beats / GRID_BEATS) * GRID_BEATS
