"""The report on a folder of generated and real pieces."""

import json
import sys

import mido
import numpy as np
import pytest

from diffbgm.cli.main import main
from diffbgm.errors import DatasetError
from diffbgm.evaluation.comparison import comparison_table
from diffbgm.evaluation.embeddings import Embedded
from diffbgm.evaluation.piece import MeasuredPiece, from_notes, windows
from diffbgm.evaluation.report import measure, measure_folder
from diffbgm.music.pianoroll import TRACKS

pytestmark = pytest.mark.slow


def song(seed: int, bars: int = 16) -> MeasuredPiece:
    random = np.random.RandomState(seed)
    onset = random.choice(bars * 8, 12 * bars) * 2
    pitch = 48 + random.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16], 12 * bars) + seed % 4
    notes = np.stack([onset, random.randint(1, 6, len(onset)), pitch, onset % 3], axis=1)
    return from_notes(f"{seed:03}", notes, bars)


REAL = [song(seed) for seed in range(6)]
MADE = [song(seed + 100) for seed in range(6)]


def write(piece: MeasuredPiece, folder) -> None:
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
        write(MeasuredPiece(f"{number:03}", made.notes, made.bars), tmp_path / "generated")
        write(real, tmp_path / "reference")
    return tmp_path


def test_has_every_measure_beside_real_music(folder) -> None:
    metrics = measure_folder(folder)
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
    metrics = measure_folder(folder)
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
    """One that knows everything, and one that knows nothing."""
    own = np.eye(6)
    metrics = measure(MADE, REAL, Embedded("an encoder", own, own))
    assert metrics["embedding"] == "an encoder"
    assert "an encoder" in comparison_table(metrics, "ours")
    assert metrics["precision_at_20"] == {"generated": 1, "chance": 1, "candidates": 6}
    assert metrics["diversity"]["generated"] == pytest.approx(2**0.5)


def test_reads_a_music_encoders_embeddings(folder) -> None:
    names = [f"{number:03}" for number in range(6)]
    rows = np.random.RandomState(0).randn(2, 6, 4)
    np.savez(folder / "emb.npz", names=names[::-1], generated=rows[0], reference=rows[1])
    metrics = measure_folder(folder, folder / "emb.npz")
    assert metrics["embedding"] == "emb.npz"
    expected = measure(MADE, REAL, Embedded("", rows[0, ::-1], rows[1, ::-1]))
    assert metrics["diversity"] == expected["diversity"]
    assert metrics["precision_at_20"] == expected["precision_at_20"]


def test_the_table_has_the_papers_rows_and_chance() -> None:
    known = [window for piece in REAL for window in windows(piece, 8)]
    metrics = measure(MADE, REAL, training=known)
    table = comparison_table(metrics, "ours")
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {8}
    _, _, ours, real, chance, full, *_ = rows
    assert ours[0] == "| ours"
    assert ours[1] == f"{metrics['measures']['pche']['generated']:.3f}"
    assert real[0] == "| Real music, the same songs"
    assert real[7] == "1.000 |"  # which is what was trained on
    assert chance[:5] == ["| Chance", "", "", "", "100.0 %"]  # of 12 candidates
    assert full[:5] == ["| Diff-BGM, full (as published)", "2.840", "0.601", "0.521", "44.10 %"]


def test_measures_on_the_command_line(folder, capsys, monkeypatch) -> None:
    names = [f"{number:03}" for number in range(6)]
    np.savez(folder / "emb.npz", names=names, generated=np.eye(6), reference=np.eye(6))
    monkeypatch.setattr(sys, "argv", ["diffbgm", "measure", str(folder)])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "| Real music, the same songs | " in capsys.readouterr().out
    more = ["--embeddings", str(folder / "emb.npz"), "--json"]
    monkeypatch.setattr(sys, "argv", ["diffbgm", "measure", str(folder), *more])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert json.loads(capsys.readouterr().out)["embedding"] == "emb.npz"


def test_names_a_piece_without_its_namesake(folder) -> None:
    (folder / "reference/003.mid").unlink()
    with pytest.raises(DatasetError, match=r"reference/003\.mid: is missing"):
        measure_folder(folder)


def test_names_an_empty_folder_and_a_broken_file(folder, tmp_path) -> None:
    with pytest.raises(DatasetError, match=r"generated: holds no \.mid"):
        measure_folder(tmp_path / "nowhere")
    (folder / "generated/001.mid").write_bytes(b"MThd")
    with pytest.raises(DatasetError, match=r"001\.mid"):
        measure_folder(folder)


def test_measures_need_pairs() -> None:
    with pytest.raises(ValueError, match="as many"):
        measure(MADE, REAL[:-1])
