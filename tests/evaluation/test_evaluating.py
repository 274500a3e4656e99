"""The whole of `diffbgm evaluate`, with a tiny network."""

import json

import pytest

from diffbgm.data.prepare_pop909 import prepare_sections
from diffbgm.errors import DatasetError
from diffbgm.evaluation.evaluating import evaluate
from diffbgm.model.checkpoint import save_weights
from diffbgm.music.midi import read_midi
from tests.model.small_network import SMALL, small_network
from tests.training.made_set import section

pytestmark = pytest.mark.slow


@pytest.fixture
def prepared(tmp_path):
    path = tmp_path / "made.npz"
    songs = [section("9001", bars=40), section("9002", bars=20), section("9003", bars=16)]
    prepare_sections(songs).save(path)
    return path


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "small.safetensors"
    save_weights(path, SMALL, small_network().state_dict())
    return path


def names(folder, suffix=".mid"):
    return sorted(path.stem for path in folder.iterdir() if path.suffix == suffix)


def test_pieces_and_their_references_are_written_and_measured(prepared, weights, tmp_path):
    songs = tmp_path / "songs.txt"
    songs.write_text("9001\n9002\n")
    out = tmp_path / "out"
    (out / "generated").mkdir(parents=True)
    (out / "generated/of_an_earlier_run.mid").touch()
    stages = []
    metrics = evaluate(
        prepared,
        str(songs),
        out,
        pieces=3,
        checkpoint=weights,
        progress=lambda stage, fraction: stages.append(stage),
    )
    assert names(out / "generated") == names(out / "reference")
    assert names(out / "pictures", ".png") == names(out / "generated")
    assert len(names(out / "generated")) == 3
    assert len(names(out / "calm_to_tense")) == 2
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert metrics["model"]["name"] == "small"
    assert metrics["calm_to_tense"]["generated"]["pieces"] == 2
    assert metrics["memorisation"]["reference"]["most"] <= 1  # sought in 9003 alone
    rows = [goal["measure"] for goal in metrics["goals"]]
    near = {f"{name}, distance" for name in ("melodic range", "chord changes")}
    assert near | {"phrases that end with a rest"} <= set(rows)
    assert "notes in the best of 24 keys, distance" in rows
    assert len(rows) == len(set(rows))
    assert 0 <= metrics["asked_chords"]["generated"] <= 1
    assert list(dict.fromkeys(stages)) == ["pieces", "calm to tense", "measures"]
    score = read_midi(out / "reference" / f"{names(out / 'reference')[0]}.mid")
    assert {track.name for track in score.tracks} == {"MELODY", "BRIDGE", "PIANO"}
    starts = [note.start_beats for track in score.tracks for note in track.notes]
    assert 0 <= min(starts) < max(starts) < 64
    assert all(start * 4 % 1 == 0 for start in starts)


def test_songs_that_are_not_there(prepared, weights, tmp_path):
    with pytest.raises(DatasetError, match="none of the 40 songs"):
        evaluate(prepared, "test", tmp_path / "out", checkpoint=weights)
    assert not (tmp_path / "out").exists()
