"""What is counted on songs, on songs that one can count by hand."""

import json

import numpy as np

from diffbgm.data.chord_statistics import LEAST_COUNT, ChordedSong, count_chords
from diffbgm.data.harte import NO_CHORD, chord_row
from diffbgm.data.melody_intervals import GAPS, RANGE, WIDEST, fit_intervals
from diffbgm.data.prepared import load_prepared
from diffbgm.data.song_statistics import statistics, write_statistics
from tests.training.made_set import write_set


def song(*names: str, key: int = 0, valence: float = 0.1, times: int = LEAST_COUNT) -> ChordedSong:
    """A chord each half bar, over and over; phrases of four bars."""
    rows = [chord_row(name) if name != "N" else NO_CHORD for name in names for _ in range(2)]
    chord = np.tile(np.stack(rows), (times, 1))
    beats = len(chord)
    semantic = np.tile([valence, 0.5, 0.9], (beats, 1))
    return ChordedSong(chord, np.full(beats, key), semantic, np.arange(beats) % 16 == 0)


def test_chords_are_counted_as_in_c_major():
    table = count_chords([song("D", "D", "G:maj7/3", "N", key=2)])
    assert table["chords"] == {"C": 2 * LEAST_COUNT, "Fmaj7": LEAST_COUNT}
    assert table["in_bar"] == {"C": {"C": LEAST_COUNT}}
    assert table["over_bar_line"] == {"C": {"Fmaj7": LEAST_COUNT}}
    assert table["valence"]["C"] == {"0": 2 * LEAST_COUNT}
    assert table["tension"]["Fmaj7"] == {"3": LEAST_COUNT}


def test_where_phrases_and_songs_end():
    table = count_chords([song(*["C"] * 7, "G")])
    assert table["phrase_end"] == {"G": LEAST_COUNT}
    assert table["to_next_phrase"] == {"G": {"C": LEAST_COUNT - 1}}
    assert table["song_end"] == {"G": 1}


def test_rare_chords_are_left_out_and_odd_ones_count_as_their_like():
    table = count_chords([song("C:6"), song("B:dim", times=2)])
    assert table["chords"] == {"C": LEAST_COUNT}


def notes(*pitches: int, gap: int = 4) -> np.ndarray:
    rows = [(gap * place, gap, pitch, 90, 0) for place, pitch in enumerate(pitches)]
    return np.array([*rows, (0, 4, 30, 90, 2)])


def test_what_follows_more_often_than_by_chance_is_above_0():
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    table = fit_intervals([notes(*(scale + scale[::-1]) * 8)] * 5)
    ratio = np.array(table["log_ratio"])
    assert ratio.shape == (len(GAPS) + 1, 2 * WIDEST + 1)
    up_to_a_beat = ratio[GAPS.index(4)]
    assert up_to_a_beat[WIDEST + 2] > 1 > -1 > up_to_a_beat[WIDEST + 7]
    assert not ratio[GAPS.index(8), WIDEST - 12 : WIDEST + 13].any()
    assert RANGE[0] <= ratio.min()


def test_the_tables_lie_where_they_are_read(tmp_path):
    prepared = load_prepared(write_set(tmp_path / "made.npz"))
    for folder in ("model", "spotting"):
        (tmp_path / folder).mkdir()
    write_statistics(prepared, tmp_path)
    for place, table in statistics(prepared).items():
        assert json.loads((tmp_path / place).read_text()) == table
