"""The arrangement of a made piano score: playable, local, shaped by the picture, ending with it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from diffbgm.arranging.arrangement import arrange, arrange_shot, join_shots
from diffbgm.arranging.shot_cues import final_beat
from diffbgm.arranging.styles import Humanise, load_style, style_names
from diffbgm.music.harmony import Key, estimate_key
from diffbgm.music.score import Note, Score, Track
from diffbgm.sound.synthesis import find_soundfont, open_synthesizer, render_shot, stem_mixes
from diffbgm.spotting.cue_sheet import CueSheet, Hit
from tests.arranging.made_roll import made_cues, made_piano_score, moved

C = Key(0, minor=False)
ENERGIES = (0.5, 0.95, 0.1, 0.7, 0.3)
LENGTHS = (6, 9, 8, 12, 13)
CUTS = (0, 6, 15, 23, 35, 48)


def arranged(name: str, cues: CueSheet | None = None, seed: int = 1) -> Score:
    cues = cues or made_cues(ENERGIES, LENGTHS)
    return arrange(made_piano_score(12), cues, load_style(name), [seed] * len(ENERGIES))


def pitched(score: Score) -> list[Track]:
    return [track for track in score.tracks if not track.is_drum]


def hits_at(*beats: float) -> tuple[Hit, ...]:
    """At 100 beats a minute; a half beat is a half hit, anything else between beats is none."""
    kinds = {0.0: "beat", 0.5: "half"}
    return tuple(
        Hit(0, beat * 0.6, beat, beat * 0.6, 0.0, kinds.get(beat % 1, "none"), 1.0)  # type: ignore[arg-type]
        for beat in beats
    )


def shot_notes(score: Score, shot: int) -> list[tuple[str, Note]]:
    first, last = CUTS[shot], CUTS[shot + 1]
    return [
        (track.name, note)
        for track in score.tracks
        for note in track.notes
        if first <= note.start_beats < last
    ]


@pytest.mark.parametrize("name", style_names())
def test_every_part_can_be_played(name: str):
    players = {player.name: player for player in load_style(name).instruments}
    for track in pitched(arranged(name)):
        low, high = players[track.name].range
        assert track.notes == tuple(sorted(track.notes))
        assert all(low <= note.pitch <= high for note in track.notes), track.name
        assert all(1 <= note.velocity <= 127 for note in track.notes)
        assert all(note.duration_beats > 0 for note in track.notes)
        ends: dict[int, float] = {}
        for note in track.notes:
            line = 0 if players[track.name].voices == 1 else note.pitch
            assert note.start_beats >= ends.get(line, 0.0), f"{track.name} collides at {note}"
            ends[line] = note.end_beats


@pytest.mark.parametrize("name", style_names())
def test_no_note_crosses_a_cut(name: str):
    for track in arranged(name).tracks:
        for note in track.notes:
            shot = np.searchsorted(CUTS, note.start_beats, side="right") - 1
            assert note.end_beats <= CUTS[shot + 1]


@pytest.mark.parametrize("name", style_names())
def test_the_tune_is_on_top_of_the_accompaniment(name: str):
    style = load_style(name)
    score = {track.name: track.notes for track in arranged(name).tracks}
    leads = [p.name for p in style.instruments if p.role == "melody" and not p.octave]
    melody = score[leads[0]]
    for player in style.instruments:
        if player.role != "accompaniment":
            continue
        for note in score.get(player.name, ()):
            over = [
                tune
                for tune in melody
                if tune.start_beats <= note.start_beats < tune.end_beats - 0.1
                and tune.pitch < note.pitch
            ]
            assert not over, f"{player.name} {note}"


@pytest.mark.parametrize("name", style_names())
def test_a_shot_depends_on_nothing_outside_it(name: str):
    style, cues, piano_score = load_style(name), made_cues(ENERGIES, LENGTHS), made_piano_score(12)
    changed = Score(
        tuple(
            replace(
                track,
                notes=tuple(
                    moved(note, 3) if 15 <= note.start_beats < 23 else note for note in track.notes
                ),
            )
            for track in piano_score.tracks
        )
    )
    before = arrange(piano_score, cues, style, [1, 2, 3, 4, 5], C)
    after = arrange(changed, cues, style, [1, 2, 99, 4, 5], C)
    assert shot_notes(before, 2) != shot_notes(after, 2)
    for shot in (0, 1, 3, 4):
        assert shot_notes(before, shot) == shot_notes(after, shot)


def test_one_shot_alone_is_that_shot_of_the_whole():
    style, cues = load_style("cinematic"), made_cues(ENERGIES, LENGTHS)
    piano_score = made_piano_score(12)
    whole = arrange(piano_score, cues, style, [1, 2, 3, 4, 5])
    alone = arrange_shot(3, piano_score, cues, style, 4, estimate_key(piano_score))
    assert sorted(shot_notes(alone, 3)) == sorted(shot_notes(whole, 3))
    assert len(alone.tracks) == len(style.instruments) + 1


def test_the_same_seed_plays_the_same_and_another_does_not():
    assert arranged("folk_guitar") == arranged("folk_guitar")
    other = arranged("folk_guitar", seed=2)
    assert other != arranged("folk_guitar")
    assert [len(track.notes) for track in other.tracks] == [
        len(track.notes) for track in arranged("folk_guitar").tracks
    ]


@pytest.mark.parametrize("name", style_names())
def test_more_happens_where_more_moves(name: str):
    score = arranged(name)
    density = [len(shot_notes(score, i)) / LENGTHS[i] for i in range(len(LENGTHS))]
    assert spearmanr(density, ENERGIES).statistic >= 0.8


@pytest.mark.slow
def test_an_action_shot_sounds_bigger_than_a_calm_one():
    energies, style = (0.5, 0.9, 0.1, 0.7, 0.3), load_style("cinematic")
    cues, piano_score = made_cues(energies, [8] * 5, bpm=120), made_piano_score(10)
    rate, seconds = 48_000, 4
    loudness = []
    with open_synthesizer(find_soundfont(None)) as synthesizer:
        for shot in range(5):
            score = arrange_shot(shot, piano_score, cues, style, 1, C)
            span = (shot * seconds * rate, 5 * seconds * rate)
            parts = render_shot(synthesizer, score.tracks, cues.tempo_map, stem_mixes(style), span)
            energy = sum(float(np.square(part.samples, dtype=float).sum()) for part in parts)
            loudness.append(10 * math.log10(energy))
    assert spearmanr(loudness, energies).statistic >= 0.8
    assert max(loudness) - min(loudness) > 6


def test_players_enter_and_leave_at_cuts():
    score = arranged("cinematic")
    shots = {shot for shot in range(5) for name, _ in shot_notes(score, shot) if "High" in name}
    assert shots == {1, 3}


def test_bright_pictures_lie_higher_than_dark_ones():
    def register(mood: float) -> float:
        score = arranged("cinematic", made_cues(ENERGIES, LENGTHS, mood=mood))
        return float(np.mean([note.pitch for note in score.track("Strings").notes]))

    assert register(0.9) > register(0.1) + 1


def test_where_the_melody_rests_the_bridge_leads():
    piano_score = made_piano_score(12)
    silent = Score((replace(piano_score.tracks[0], notes=()), *piano_score.tracks[1:]))
    score = arrange(silent, made_cues(ENERGIES, LENGTHS), load_style("cinematic"), [1] * 5)
    assert len(score.track("Violins").notes) >= 12


def test_swing_and_errors_of_time_leave_hits_and_downbeats_alone():
    score = arranged("jazz_trio", made_cues(ENERGIES, LENGTHS, hits=hits_at(6, 15, 23.5, 35)))
    tune = score.track("Piano").notes
    starts = {note.start_beats for note in tune}
    assert {0.0, 6.0, 8.0, 16.0, 23.5, 24.0} <= {
        note.start_beats for track in score.tracks for note in track.notes
    }
    swung = [start % 1 for start in starts if 0.4 < start % 1 < 0.9 and start != 23.5]
    assert all(0.55 < fraction < 0.75 for fraction in swung)


@pytest.mark.parametrize(("cut", "begins"), [(22.7, 22.75), (23, 23), (23.3, 23.5), (23.5, 23.5)])
def test_a_shot_is_struck_within_its_picture(cut: float, begins: float):
    cues = made_cues(ENERGIES, LENGTHS, hits=hits_at(6, 15, cut, 35))
    style, piano_score = load_style("cinematic"), made_piano_score(12)
    before, after = (
        [
            note
            for track in arrange_shot(shot, piano_score, cues, style, 1, C).tracks
            for note in track.notes
        ]
        for shot in (2, 3)
    )
    assert min(note.start_beats for note in after) == max(begins, 23)
    assert max(note.start_beats for note in before) < min(begins, 23)
    assert max(note.end_beats for note in before) == max(begins, 23)


def test_errors_of_time_are_small():
    style = load_style("folk_guitar")
    straight = replace(style, swing=0.0)
    score = arrange(made_piano_score(12), made_cues(ENERGIES, LENGTHS), straight, [1] * 5)
    spread = 2 * style.humanise.timing_ms / 1000 * 100 / 60
    errors = [
        abs(note.start_beats * 4 - round(note.start_beats * 4)) / 4
        for track in score.tracks
        for note in track.notes
    ]
    assert 0 < max(errors) <= spread + 1 / 512


@pytest.mark.parametrize("name", style_names())
@pytest.mark.parametrize("beats", [1, 2, 3, 4, 5, 7, 8, 13, 16])
@pytest.mark.parametrize(("first_downbeat", "energy"), [(0, 0.1), (3, 0.6), (0, 0.95)])
def test_the_piece_ends_with_a_chord_that_rings_until_the_picture_ends(
    name: str, beats: int, first_downbeat: int, energy: float
):
    style, piano_score = load_style(name), made_piano_score(4)
    cues = made_cues([energy], [beats], min(first_downbeat, beats - 1))
    score = arrange(piano_score, cues, style, [1], C)
    close = final_beat(beats, cues.first_downbeat)
    last = [note for track in pitched(score) for note in track.notes if note.start_beats >= close]
    assert {note.start_beats for note in last} == {close}
    assert {note.pitch % 12 for note in last} == {0, 4, 7}
    assert min(last, key=lambda note: note.pitch).pitch % 12 == 0
    assert all(note.end_beats <= beats for track in score.tracks for note in track.notes)
    assert min(note.duration_beats for note in last) >= 0.75 * (beats - close)


def test_the_last_chord_stands_on_the_last_downbeat():
    assert final_beat(32, 0) == 28
    assert final_beat(33, 0) == 32
    assert final_beat(34, 3) == 31
    assert final_beat(4, 0) == 2  # one bar: something leads to the chord


def test_a_cut_under_the_last_chord_strikes_it_again():
    cues = made_cues([0.6, 0.6, 0.6], [13, 1, 2])
    score = arrange(made_piano_score(4), cues, load_style("cinematic"), [1, 2, 3], C)
    starts = {note.start_beats for track in pitched(score) for note in track.notes}
    assert {start for start in starts if start >= 12} == {12, 13, 14}


def test_the_bass_comes_to_the_tonic_from_the_dominant():
    score = arrange(made_piano_score(4), made_cues([0.6], [16]), load_style("pop_rock"), [1], C)
    bass = [note.pitch % 12 for note in score.track("Bass").notes]
    assert bass[-1] == 0
    assert 7 in bass[-5:-1]


def without_notes(piano_score: Score, first: float, last: float) -> Score:
    """The piano score with nothing struck between two beats."""
    return Score(
        tuple(
            replace(t, notes=tuple(n for n in t.notes if not first <= n.start_beats < last))
            for t in piano_score.tracks
        )
    )


@pytest.mark.parametrize("name", style_names())
def test_a_shot_without_written_notes_holds_the_home_chord(name: str):
    silent = without_notes(made_piano_score(12), 15, 23)
    score = arrange(silent, made_cues(ENERGIES, LENGTHS), load_style(name), [1] * 5, C)
    played = [note for track, note in shot_notes(score, 2) if track != "Drums"]
    assert {note.pitch % 12 for note in played} <= {0, 4, 7}
    assert len({note.pitch % 12 for note in played}) >= 2
    assert min(note.start_beats for note in played) < 16.5
    assert max(note.end_beats for note in played) > 20


@pytest.mark.parametrize("name", style_names())
def test_calm_music_is_sparse_and_not_empty(name: str):
    """A single chord in a bar, off the beat, then nothing for a bar."""
    notes = tuple(Note(8.0 * i + 1.75, p, 0.5, 60) for i in range(4) for p in (48, 55, 64))
    piano_score = Score(
        tuple(Track(n, 0, notes if n == "PIANO" else ()) for n in ("MELODY", "BRIDGE", "PIANO"))
    )
    score = arrange(piano_score, made_cues([0.03], [32]), load_style(name), [1], C)
    spans = sorted((n.start_beats, n.end_beats) for track in pitched(score) for n in track.notes)
    ends = np.maximum.accumulate([0.0, *(end for _, end in spans)])
    rests = [start - end for (start, _), end in zip(spans, ends, strict=False)]
    assert max(rests) <= 4


def piano_score_with_rest() -> Score:
    """The tune rests from beat 4 to 6, before the first cut; then it goes on."""
    piano_score = made_piano_score(12)
    tune = piano_score.tracks[0]
    rested = replace(tune, notes=tuple(n for n in tune.notes if not 4 <= n.start_beats < 6))
    return Score((rested, *piano_score.tracks[1:]))


@pytest.mark.parametrize(("energy", "notes"), [(0.1, 2), (0.5, 3), (0.9, 4)])
def test_a_pick_up_leads_into_the_first_hit_alone(energy: float, notes: int):
    energies = (energy, *ENERGIES[1:])
    cues = made_cues(energies, LENGTHS, hits=hits_at(6, 15, 23, 35))
    straight = replace(load_style("solo_piano"), humanise=Humanise(0, 0))
    seeds = [1] * 5
    score = arrange(piano_score_with_rest(), cues, straight, seeds, C)
    unmet = made_cues(energies, LENGTHS)
    plain = arrange(piano_score_with_rest(), unmet, straight, seeds, C)
    tune = [note for note in score.track("Piano melody").notes if note.start_beats < 6]
    added = [note for note in tune if note.start_beats >= 4]
    assert len(added) == notes
    assert added[-1].end_beats == 6
    pitches = [note.pitch for note in added]
    assert pitches == sorted(set(pitches))
    assert {pitch % 12 for pitch in pitches} <= C.scale
    assert added[-1].velocity > added[0].velocity
    assert not [n for n in plain.track("Piano melody").notes if 4 <= n.start_beats < 6]
    for shot in range(1, 5):
        assert shot_notes(score, shot) == shot_notes(plain, shot)


def test_a_melody_that_leads_into_the_hit_itself_is_left_alone():
    cues = made_cues(ENERGIES, LENGTHS, hits=hits_at(6, 15, 23, 35))
    style = load_style("solo_piano")
    with_hit = arrange(made_piano_score(12), cues, style, [1] * 5, C).track("Piano melody").notes
    without = arrange(made_piano_score(12), made_cues(ENERGIES, LENGTHS), style, [1] * 5, C)
    before = [n.pitch for n in with_hit if n.start_beats < 6]
    assert before == [n.pitch for n in without.track("Piano melody").notes if n.start_beats < 6]


def test_a_shot_shorter_than_a_beat_has_no_notes():
    cues = made_cues([0.5, 0.5], [8, 8])
    gap = replace(cues, shot_of_beat=np.where(cues.shot_of_beat == 1, 2, 0))
    score = arrange_shot(1, made_piano_score(4), gap, load_style("ambient"), 1, C)
    assert join_shots([score]) == Score(())
