"""The report on a folder of generated and real pieces."""

import json

import mido
import numpy as np
import pytest

from diffbgm.errors import DatasetError
from diffbgm.evaluation.comparison import comparison_table
from diffbgm.evaluation.piece import Piece, from_notes, windows
from diffbgm.evaluation.report import Encoder, evaluate_folder, measure
from diffbgm.music.pianoroll import TRACKS


def song(seed: int, bars: int = 16) -> Piece:
    random = np.random.RandomState(seed)
    onset = random.choice(bars * 8, 12 * bars) * 2
    pitch = 48 + random.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16], 12 * bars) + seed % 4
    notes = np.stack([onset, random.randint(1, 6, len(onset)), pitch, onset % 3], axis=1)
    return from_notes(f"{seed:03}", notes, bars)


REAL = [song(seed) for seed in range(6)]
MADE = [song(seed + 100) for seed in range(6)]


def write(piece: Piece, folder) -> None:
    folder.mkdir(exist_ok=True)
    midi = mido.MidiFile(ticks_per_beat=480)
    for index, name in enumerate(TRACKS):
        own = piece.notes[piece.track == index]
        events = [(at, "note_on", pitch) for at, _, pitch, _ in own.tolist()]
        events += [(at + length, "note_off", pitch) for at, length, pitch, _ in own.tolist()]
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        now = 0
        for at, kind, pitch in sorted(events, key=lambda event: (event[0], event[1] == "note_on")):
            track.append(mido.Message(kind, note=pitch, time=120 * (at - now)))
            now = at
        midi.tracks.append(track)
    midi.save(folder / f"{piece.name}.mid")


@pytest.fixture
def folder(tmp_path):
    for number, (made, real) in enumerate(zip(MADE, REAL, strict=True)):
        write(Piece(f"{number:03}", made.notes, made.bars), tmp_path / "generated")
        write(real, tmp_path / "reference")
    return tmp_path


def test_writes_every_measure_beside_real_music(folder) -> None:
    metrics = evaluate_folder(folder)
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    assert metrics["pieces"] == 6
    assert metrics["embedding"] == "hand-made features"
    for name in ("pche", "gps", "notes_in_key", "empty_bars", "stuck_notes", "crowded", "si 3-8 s"):
        row = metrics["measures"][name]
        assert row["distance"] == pytest.approx(abs(row["generated"] - row["reference"]))
        assert row["real_against_real"] is not None
    assert 0.5 < metrics["overlapping_area"]["generated"]["mean"] <= 1
    assert metrics["precision_at_20"]["candidates"] == 12
    assert metrics["memorisation"] is None


def test_real_music_against_itself_is_perfect() -> None:
    metrics = measure(REAL, REAL, training=[w for piece in REAL for w in windows(piece, 8)])
    assert all(row["distance"] == 0 for row in metrics["measures"].values())
    assert metrics["overlapping_area"]["generated"]["mean"] == pytest.approx(1)
    assert metrics["density_rank_correlation"] == pytest.approx(1)
    assert metrics["precision_at_20"]["generated"] == 1
    assert metrics["memorisation"]["generated"] == {"mean": 1, "most": 1}
    assert metrics["diversity"]["generated"] == metrics["diversity"]["reference"]


def test_generated_silence_is_measured_without_nan(folder) -> None:
    for path in (folder / "generated").iterdir():
        mido.MidiFile(tracks=[mido.MidiTrack()]).save(path)
    metrics = evaluate_folder(folder)
    assert metrics["measures"]["empty_bars"]["generated"] == 1
    assert metrics["measures"]["pche"]["generated"] is None
    assert metrics["measures"]["pche"]["distance"] is None
    assert metrics["density_rank_correlation"] is None
    assert "none" in comparison_table(metrics, "silence")


def test_one_short_piece_is_enough() -> None:
    metrics = measure([song(0, bars=2)], [song(1, bars=2)])
    assert metrics["measures"]["pche"]["real_against_real"] is None
    assert metrics["precision_at_20"]["chance"] == 1


def test_a_music_encoder_can_be_put_in() -> None:
    def embed(pieces) -> np.ndarray:
        return np.stack([np.bincount(piece.pitch, minlength=128) for piece in pieces]).astype(float)

    metrics = measure(MADE, REAL, Encoder("pitch counts", embed))
    assert metrics["embedding"] == "pitch counts"
    assert "pitch counts" in comparison_table(metrics, "ours")


def test_the_table_has_the_papers_rows_and_chance() -> None:
    table = comparison_table(measure(MADE, REAL), "ours")
    assert "| ours | " in table
    assert "| Diff-BGM, full (as published) | 2.840 | 0.601 | 0.521 | 44.1 % |" in table
    assert "| Chance |" in table
    widths = {line.count("|") for line in table.splitlines() if line.startswith("|")}
    assert widths == {6}


def test_names_a_piece_without_its_namesake(folder) -> None:
    (folder / "reference/003.mid").unlink()
    with pytest.raises(DatasetError, match=r"reference/003\.mid: is missing"):
        evaluate_folder(folder)
    assert not (folder / "metrics.json").exists()


def test_names_an_empty_folder_and_a_broken_file(folder, tmp_path) -> None:
    with pytest.raises(DatasetError, match=r"generated: holds no \.mid"):
        evaluate_folder(tmp_path / "nowhere")
    (folder / "generated/001.mid").write_bytes(b"MThd")
    with pytest.raises(DatasetError, match=r"001\.mid"):
        evaluate_folder(folder)


def test_measures_need_pairs() -> None:
    with pytest.raises(ValueError, match="as many"):
        measure(MADE, REAL[:-1])
