"""Old beats stay where their pictures are; new ones fill what is between."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from diffbgm.refitting.matching import match_shots, same_shots
from diffbgm.refitting.retiming import retime
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import cut_weights, measure_hits, spot_cuts
from tests.refitting.made_edits import RATE, edit

FILM = Path("film.mp4")
# At 120 beats a minute and 24 frames a second a beat is 12 frames.
PIECES = [(0, 96), (96, 144), (144, 240), (240, 300), (300, 384)]
BEFORE = edit(FILM, PIECES)


def cue_sheet() -> CueSheet:
    spotting = spot_cuts(RATE, BEFORE.frames, BEFORE.cuts)
    starts = [BEFORE.time(shot.start_frame) for shot in BEFORE.shots]
    middle = spotting.tempo_map.beat_seconds[:-1] + 0.1
    owners = np.searchsorted(starts, middle, side="right") - 1
    rows = np.zeros((len(owners), 6))
    return CueSheet(spotting, rows, rows[:, :3], owners)


CUES = cue_sheet()


def retimed(pieces):
    after = edit(FILM, pieces)
    weights = cut_weights(RATE, after.frames, after.cuts, None)
    same = same_shots(match_shots(BEFORE, after))
    return after, retime(CUES, BEFORE, after, same, 0.06, weights)


def assert_old_beats_stay(after, retiming):
    """Every beat of a shot that is carried is as long after the shot's start as it was."""
    new, old = retiming.spotting.tempo_map.beat_seconds, CUES.tempo_map.beat_seconds
    for beat, source in enumerate(retiming.old_beats):
        if source >= 0:
            shot = int(retiming.shot_of_beat[beat])
            start = after.time(after.shots[shot].start_frame)
            was = BEFORE.time(BEFORE.shots[retiming.same[shot]].start_frame)
            assert new[beat] - start == pytest.approx(old[source] - was, abs=1.01 / 24)


def test_the_same_edit_has_the_same_beats():
    _, retiming = retimed(PIECES)
    assert np.allclose(retiming.spotting.tempo_map.beat_seconds, CUES.tempo_map.beat_seconds)
    assert retiming.spotting.first_downbeat == CUES.first_downbeat
    assert retiming.old_beats.tolist() == list(range(CUES.tempo_map.beats))
    assert [hit.kind for hit in retiming.spotting.hits] == [hit.kind for hit in CUES.hits]


@pytest.mark.parametrize(
    "pieces",
    [
        [*PIECES[:1], (96, 130), *PIECES[2:]],
        [PIECES[2], PIECES[0], PIECES[1], *PIECES[3:]],
        [*PIECES[:1], *PIECES[2:]],
        [*PIECES[:2], (500, 577), *PIECES[2:]],
        [(600, 631), *PIECES, (700, 760)],
        PIECES[1:4],
    ],
    ids=["shorter", "swapped", "deleted", "new", "around", "ends gone"],
)
def test_what_stayed_keeps_its_beats(pieces):
    after, retiming = retimed(pieces)
    tempo_map = retiming.spotting.tempo_map
    assert tempo_map.duration == pytest.approx(after.seconds)
    assert len(retiming.old_beats) == tempo_map.beats
    assert (retiming.old_beats >= 0).sum() >= 12
    assert_old_beats_stay(after, retiming)
    # No beat is out of proportion.
    lengths = np.diff(tempo_map.beat_seconds)
    usual = np.diff(CUES.tempo_map.beat_seconds).mean()
    assert 0.4 * usual < lengths.min() and lengths.max() < 2 * usual


def test_new_beats_meet_the_cuts_between_them_and_keep_the_bars():
    # Four new seconds, cut where no beat of the old tempo falls.
    _, retiming = retimed([*PIECES[:2], (500, 553), (600, 655), *PIECES[2:]])
    kinds = {hit.cut_frame: hit.kind for hit in retiming.spotting.hits}
    assert kinds[197] in ("beat", "downbeat")
    old = {hit.cut_frame: hit.kind for hit in CUES.hits}
    assert kinds[144 + 108] == old[144]


def test_a_shot_without_a_beat_brings_none():
    after, retiming = retimed([(0, 96), (500, 503), *PIECES[1:]])
    assert 1 not in retiming.shot_of_beat
    assert_old_beats_stay(after, retiming)


def test_shots_of_other_beats_are_given_up():
    # What is left between the two is too short and too long for a beat: the shorter one goes.
    pieces = [(0, 96), (144, 240)]
    after = edit(FILM, pieces)
    late = CueSheet(CUES.spotting, CUES.dynamic, CUES.semantic, CUES.shot_of_beat.copy())
    late.shot_of_beat[8] = 0  # the first shot's last beat reaches far into the second
    late.shot_of_beat[9] = 0
    weights = cut_weights(RATE, after.frames, after.cuts, None)
    retiming = retime(late, BEFORE, after, {0: 0, 1: 2}, 0.06, weights)
    assert len(retiming.same) == 1
    assert retiming.spotting.tempo_map.duration == pytest.approx(float(Fraction(192, 24)))


def test_new_beats_go_by_hits_that_are_asked_for():
    """Between two shots that stay, in a long one that is new."""
    after = edit(FILM, [(0, 96), (1000, 1240), (240, 300)])
    same = same_shots(match_shots(BEFORE, after))
    weights = cut_weights(RATE, after.frames, after.cuts, None)
    asked = (96 + 101, 96 + 157)
    spotting = retime(CUES, BEFORE, after, same, 0.06, weights, asked).spotting
    assert [hit.cut_frame for hit in spotting.asked_hits] == list(asked)
    without = retime(CUES, BEFORE, after, same, 0.06, weights).spotting.tempo_map
    missed = measure_hits(without, 0, RATE, asked, [1, 1])
    assert sum(hit.kind in ("beat", "downbeat") for hit in spotting.asked_hits) > sum(
        hit.kind in ("beat", "downbeat") for hit in missed
    )
