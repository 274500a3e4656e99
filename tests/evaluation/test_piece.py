"""Pieces: from scores and files, cut into windows, drawn as rolls."""

import mido
import numpy as np
import pytest

from diffbgm.errors import DatasetError
from diffbgm.evaluation.piece import (
    from_notes,
    lengthened,
    onset_roll,
    onsets_per_bar,
    onsets_per_beat,
    piece_of_score,
    read_piece,
    sounding_roll,
    windows,
)
from diffbgm.music.score import Note, Score, Track


def test_a_score_becomes_sixteenths_and_other_tracks_stay_out() -> None:
    score = Score(
        (
            Track("PIANO", 0, (Note(1.5, 48, 2.0, 70),)),
            Track("MELODY", 0, (Note(0.25, 72, 0.1, 90),)),
            Track("DRUMS", 0, (Note(0.0, 36, 1.0, 90),), is_drum=True),
        )
    )
    piece = piece_of_score("song", score)
    assert piece.notes.tolist() == [[1, 1, 72, 0], [6, 8, 48, 2]]
    assert piece.bars == 1


def test_notes_end_with_the_last_bar() -> None:
    piece = from_notes("cut", np.array([[10, 20, 60, 0], [16, 4, 62, 0], [-2, 4, 64, 0]]), bars=1)
    assert piece.notes.tolist() == [[10, 6, 60, 0]]


def test_windows_follow_one_another_and_leave_no_part_window() -> None:
    piece = from_notes("song", np.array([[0, 4, 60, 0], [30, 6, 64, 1], [40, 1, 67, 2]]), bars=5)
    first, second = windows(piece, 2)
    assert first.notes.tolist() == [[0, 4, 60, 0], [30, 2, 64, 1]]
    assert second.notes.tolist() == [[8, 1, 67, 2]]
    assert (first.bars, second.name) == (2, "song:1")


def test_a_short_piece_is_its_own_window() -> None:
    piece = from_notes("short", np.array([[0, 4, 60, 0]]))
    assert list(windows(piece, 8)) == [piece]
    assert lengthened(piece, 8).bars == 8
    assert lengthened(piece, 0).bars == 1


def test_rolls_by_hand() -> None:
    piece = from_notes("two", np.array([[0, 3, 60, 0], [2, 2, 60, 1], [5, 1, 61, 0]]))
    assert np.argwhere(onset_roll(piece)).tolist() == [[0, 60], [2, 60], [5, 61]]
    assert sounding_roll(piece)[:, 60].nonzero()[0].tolist() == [0, 1, 2, 3]
    assert onsets_per_beat(piece).tolist() == [2, 1, 0, 0]
    assert onsets_per_bar(piece).tolist() == [3]


def test_reads_what_a_midi_file_holds(tmp_path) -> None:
    write(tmp_path / "song.mid", "MELODY", [(60, 0, 480), (62, 120, 240)])
    piece = read_piece(tmp_path / "song.mid")
    assert piece.name == "song"
    assert piece.notes.tolist() == [[0, 4, 60, 0], [5, 2, 62, 0]]


def test_an_empty_file_is_an_empty_piece(tmp_path) -> None:
    mido.MidiFile(tracks=[mido.MidiTrack()]).save(tmp_path / "silence.mid")
    piece = read_piece(tmp_path / "silence.mid")
    assert (len(piece.notes), piece.bars) == (0, 0)


def test_names_a_file_that_is_no_piece(tmp_path) -> None:
    (tmp_path / "text.mid").write_text("la la la")
    with pytest.raises(DatasetError, match=r"text\.mid"):
        read_piece(tmp_path / "text.mid")
    write(tmp_path / "other.mid", "Violin", [(60, 0, 480)])
    with pytest.raises(DatasetError, match=r"other\.mid: none of its tracks is named MELODY"):
        read_piece(tmp_path / "other.mid")


def write(path, name: str, notes: list[tuple[int, int, int]]) -> None:
    """A MIDI file of notes (pitch, ticks of rest before it, ticks of duration), 480 a beat."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    for pitch, rest, duration in notes:
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=rest))
        track.append(mido.Message("note_off", note=pitch, time=duration))
    mido.MidiFile(tracks=[track]).save(path)
