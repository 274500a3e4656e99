"""MIDI files: what is written can be read, and its seconds are the tempo map's."""

from pathlib import Path

import mido
import numpy as np
import pytest

from diffbgm.arranging.arrangement import arrange
from diffbgm.arranging.styles import load_style
from diffbgm.errors import CompositionError, StorageError
from diffbgm.music.midi import read_midi, write_midi
from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import TempoMap
from tests.arranging.made_roll import made_cues, made_piano_score

MAP = TempoMap((0, 7, 16, 48), (0.0, 4.2001, 9.7777, 27.123456))


def seconds_of_notes(path: Path) -> list[float]:
    """Onsets as a player finds them: by summing up the file's deltas and tempos."""
    now, onsets = 0.0, []
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(now)
    return onsets


def messages(path: Path, kind: str) -> list[mido.Message]:
    return [m for track in mido.MidiFile(path).tracks for m in track if m.type == kind]


def a_note_a_beat(beats: int) -> Score:
    return Score((Track("Clock", 0, tuple(Note(float(b), 60, 0.5, 80) for b in range(beats))),))


def test_an_arrangement_comes_back_as_it_was(tmp_path: Path):
    cues = made_cues([0.5, 0.9], [16, 32])
    score = arrange(made_piano_score(12), cues, load_style("electronic"), [1, 2])
    write_midi(score, MAP, tmp_path / "score.mid")
    assert read_midi(tmp_path / "score.mid") == score


def test_notes_sound_when_the_tempo_map_says(tmp_path: Path):
    write_midi(a_note_a_beat(48), MAP, tmp_path / "score.mid")
    np.testing.assert_allclose(
        seconds_of_notes(tmp_path / "score.mid"), MAP.seconds(np.arange(48)), atol=1e-3
    )
    assert mido.MidiFile(tmp_path / "score.mid").length == pytest.approx(MAP.duration, abs=1e-3)


def test_nothing_drifts_in_an_hour(tmp_path: Path):
    hour = TempoMap.constant(7001, 3600.0)
    write_midi(a_note_a_beat(7001), hour, tmp_path / "hour.mid")
    played = seconds_of_notes(tmp_path / "hour.mid")
    np.testing.assert_allclose(played, hour.seconds(np.arange(7001)), atol=1e-3)


def test_a_pick_up_is_a_shorter_bar(tmp_path: Path):
    write_midi(a_note_a_beat(16), MAP, tmp_path / "score.mid", first_downbeat=3)
    signatures = messages(tmp_path / "score.mid", "time_signature")
    assert [(m.numerator, m.denominator, m.time) for m in signatures] == [(3, 4, 0), (4, 4, 1536)]
    write_midi(a_note_a_beat(16), MAP, tmp_path / "score.mid")
    assert [m.numerator for m in messages(tmp_path / "score.mid", "time_signature")] == [4]


def test_drums_are_on_the_tenth_channel_and_nobody_else_is(tmp_path: Path):
    notes = (Note(0.0, 36, 1.0, 80),)
    tracks = [Track(f"Player {i}", i, notes) for i in range(20)]
    score = Score((Track("Drums", 0, notes, is_drum=True), *tracks))
    write_midi(score, MAP, tmp_path / "score.mid")
    assert read_midi(tmp_path / "score.mid") == score
    places = [
        (next(m.port for m in track if m.type == "midi_port"), m.channel)
        for track in mido.MidiFile(tmp_path / "score.mid").tracks
        for m in track
        if m.type == "program_change"
    ]
    assert places[0] == (0, 9)
    assert len(set(places)) == 21
    assert all(channel != 9 for _, channel in places[1:])


def test_a_shot_begins_at_zero_and_holds_its_own_notes(tmp_path: Path):
    path = tmp_path / "shot.mid"
    score = Score(
        (
            Track(
                "Piano",
                0,
                (
                    Note(6.0, 60, 2.0, 80),  # sounds into the shot, began before it
                    Note(7.0, 62, 1.0, 80),
                    Note(15.5, 64, 4.0, 80),  # sounds beyond the shot
                    Note(16.0, 65, 1.0, 80),
                ),
            ),
        )
    )
    start, end = MAP.seconds(7), MAP.seconds(16)
    write_midi(score, MAP, path, first_downbeat=1, start=start, end=end)
    notes = read_midi(path).track("Piano").notes
    assert notes == (Note(0.0, 62, 1.0, 80), Note(8.5, 64, 0.5, 80))
    assert mido.MidiFile(path).length == pytest.approx(end - start, abs=1e-3)
    signatures = messages(path, "time_signature")
    assert [(m.numerator, m.denominator) for m in signatures] == [(2, 4), (4, 4)]


def test_a_beat_that_meets_its_cut_a_frame_early_belongs_to_the_shot(tmp_path: Path):
    start = MAP.seconds(7) + 0.04
    write_midi(a_note_a_beat(48), MAP, tmp_path / "shot.mid", start=start, end=20.0)
    onsets = seconds_of_notes(tmp_path / "shot.mid")
    assert onsets[:2] == pytest.approx([0.0, MAP.seconds(8) - start], abs=1e-3)


def test_a_piece_between_beats_keeps_its_times(tmp_path: Path):
    write_midi(a_note_a_beat(48), MAP, tmp_path / "shot.mid", start=3.3333, end=20.0)
    inside = [t for t in MAP.seconds(np.arange(48)) if 3.3333 <= t < 20.0]
    np.testing.assert_allclose(
        seconds_of_notes(tmp_path / "shot.mid"), np.array(inside) - 3.3333, atol=1e-3
    )


def test_nothing_half_written_remains(tmp_path: Path):
    with pytest.raises(StorageError, match=r"score\.mid"):
        write_midi(a_note_a_beat(4), MAP, tmp_path / "nowhere" / "score.mid")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"RIFF", b"MThd\x00\x00\x00\x06"])
def test_what_is_no_midi_file_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(CompositionError, match=r"broken\.mid"):
        read_midi(path)


def test_markers_and_the_key_stand_where_they_are_said(tmp_path: Path):
    path, marks = tmp_path / "score.mid", [(0.0, "shot 1"), (4.2001, "shot 2"), (27.0, "hit: beat")]
    write_midi(a_note_a_beat(48), MAP, path, key_signature=10, markers=marks)
    now, found = 0.0, []
    for message in mido.MidiFile(path, charset="utf-8"):
        now += message.time
        if message.type == "marker":
            found.append((now, message.text))
    assert [text for _, text in found] == [text for _, text in marks]
    np.testing.assert_allclose([at for at, _ in found], [at for at, _ in marks], atol=1e-3)
    (key,) = messages(path, "key_signature")
    assert key.key == "Bb"
    assert [m.name for m in messages(path, "track_name")] == ["Tempo and markers", "Clock"]


def test_a_piece_has_the_markers_inside_it(tmp_path: Path):
    path = tmp_path / "piece.mid"
    marks = [(1.0, "before"), (4.2001, "first"), (8.0, "inside"), (12.0, "end")]
    write_midi(a_note_a_beat(48), MAP, path, start=4.2001, end=12.0, markers=marks)
    assert [m.text for m in messages(path, "marker")] == ["first", "inside"]
