"""What a changed edit takes over of a composition: conditions, harmony, cells, takes and spans.

Whatever is carried is the same to the bit, but for where it lies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from diffbgm.composition import ScoredFilm, Take
from diffbgm.dialogue import Dialogue, Interval
from diffbgm.music.chord_plan import HALF_BAR_BEATS
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT
from diffbgm.music.score import Note
from diffbgm.options import ComposeOptions
from diffbgm.refitting.matching import ShotChange, match_shots, now_at, same_shots
from diffbgm.refitting.retiming import Retiming
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.sound.synthesis import note_samples
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.film_plan import plan_around
from diffbgm.spotting.hit_points import frame_at
from diffbgm.timeline import Timeline


def with_overrides(after: Timeline, before: Timeline, changes: Sequence[ShotChange]) -> Timeline:
    """The edit with the overrides that its shots had, where it says nothing of its own."""
    shots = list(after.shots)
    for change in changes:
        if change.shot is not None and change.before is not None:
            new, old = shots[change.shot], before.shots[change.before]
            mood = old.mood if new.mood is None else new.mood
            energy = old.energy if new.energy is None else new.energy
            shots[change.shot] = replace(new, mood=mood, energy=energy)
    return replace(after, shots=tuple(shots))


def moved_options(options: ComposeOptions, before: Timeline, after: Timeline) -> ComposeOptions:
    """The music's options, for the edit: cuts and spans where they are now, nothing of a film."""
    words = {
        name: tuple(
            sorted(
                {now for frame in getattr(options, name) for now in now_at(frame, before, after)}
            )
        )
        for name in ("pinned", "ignored", "added", "dropped")
    }
    spans = options.dialogue
    if spans is not None:
        spoken = Dialogue.joined(spans, before.seconds)
        same = same_shots(match_shots(before, after))
        spans = tuple(carried_spans(spoken, before, after, same))
    asked = {
        now
        for moment in options.asked_hits
        for now in now_at(frame_at(moment, before.frame_rate), before, after)
    }
    moments = tuple(str(frame) for frame in sorted(asked))
    return replace(options, cuts=None, mux=False, dialogue=spans, asked_hits=moments, **words)


def carried_spans(
    dialogue: Dialogue, before: Timeline, after: Timeline, same: Mapping[int, int]
) -> list[Interval]:
    """Where somebody speaks in the shots that show what they showed, as these lie now."""
    spans = []
    for new, old in sorted(same.items()):
        begin, end = (
            before.time(frame)
            for frame in (before.shots[old].start_frame, before.shots[old].end_frame)
        )
        by = after.time(after.shots[new].start_frame) - begin
        spans += [
            (max(first, begin) + by, min(last, end) + by)
            for first, last in dialogue.spans
            if first < end and last > begin
        ]
    return spans


def carried_cues(
    measured: CueSheet, old: CueSheet, retiming: Retiming, seed: int, places: np.ndarray
) -> CueSheet:
    """The cue sheet of the edit: what was measured, under new beats; under old ones, the rows and
    chords that were there. New chords are drawn to fit the old; `places` (S,) numbers what each
    shot shows."""
    own = retiming.old_beats >= 0
    rows = retiming.old_beats[own]
    dynamic, semantic = measured.dynamic.copy(), measured.semantic.copy()
    dynamic[own], semantic[own] = old.dynamic[rows], old.semantic[rows]
    cues = replace(
        measured,
        dynamic=dynamic,
        semantic=semantic,
        shot_of_beat=_owners(measured.shot_of_beat, retiming),
    )
    if old.plan is None:
        return cues
    before, _ = cues.bar_padding
    given = {
        (before + beat) // HALF_BAR_BEATS: old.planned_chord(int(source))
        for beat, source in enumerate(retiming.old_beats)
        if source >= 0 and (before + beat) % HALF_BAR_BEATS == 0
    }
    plan = plan_around(cues, old.plan.key_signature, given, seed, places)
    return replace(cues, plan=plan)


def _owners(measured: np.ndarray, retiming: Retiming) -> np.ndarray:
    """(B,) whose each beat is: a new one belongs to a shot that brought no beats of its own."""
    owners = retiming.shot_of_beat.copy()
    for first, last in stretches(np.flatnonzero(owners < 0)):
        before = owners[first - 1] if first else -1
        after = owners[last] if last < len(owners) else measured.max() + 1
        owners[first:last] = np.clip(measured[first:last], before + 1, after - 1)
    return owners


def stretches(beats: np.ndarray) -> list[tuple[int, int]]:
    """First beat and beat after of each stretch without a gap."""
    groups = np.split(beats, np.flatnonzero(np.diff(beats) > 1) + 1)
    return [(int(group[0]), int(group[-1]) + 1) for group in groups if len(group)]


def carried_roll(old: ScoredFilm, retiming: Retiming) -> np.ndarray:
    """(4 B, 3, 88): the cells of old beats where they are now, empty under new ones."""
    cells = old.roll.reshape(-1, SIXTEENTHS_PER_BEAT, *old.roll.shape[1:])
    roll = np.zeros((len(retiming.old_beats), *cells.shape[1:]), cells.dtype)
    own = retiming.old_beats >= 0
    roll[own] = cells[retiming.old_beats[own]]
    return roll.reshape(-1, *old.roll.shape[1:])


def moved_take(old: ScoredFilm, take: Take, shot: int, beats: int) -> Take:
    """A take of a shot, later by whole beats. It is played as it was: its notes have in samples the
    distances that they had."""
    tracks = take.score.tracks
    first = first_sample(old.timeline, shot)
    played = take.played or note_samples(tracks, old.cues.tempo_map, first)
    moved = tuple(
        replace(track, notes=tuple(_later(note, beats) for note in track.notes)) for track in tracks
    )
    return replace(take, score=replace(take.score, tracks=moved), played=played)


def _later(note: Note, beats: int) -> Note:
    return replace(note, start_beats=note.start_beats + beats)


def first_sample(timeline: Timeline, shot: int) -> int:
    return timeline.sample(timeline.shots[shot].start_frame, SAMPLE_RATE)


def length(timeline: Timeline) -> int:
    """In samples."""
    return timeline.sample(timeline.frames, SAMPLE_RATE)
