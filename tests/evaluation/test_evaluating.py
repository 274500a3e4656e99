import json

import pytest

from diffbgm.data.prepare import to_prepared
from diffbgm.errors import DatasetError
from diffbgm.evaluation.evaluating import evaluate
from diffbgm.model.checkpoint import save_weights
from diffbgm.music.midi import read_midi
from tests.model.small_network import SMALL, small_network
from tests.training.made_set import section


@pytest.fixture
def prepared(tmp_path):
    path = tmp_path / "made.npz"
    to_prepared([section("9001", bars=40), section("9002", bars=20)]).save(path)
    return path


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "small.safetensors"
    save_weights(path, SMALL, small_network().state_dict())
    return path


def test_pieces_and_their_references_are_written_and_measured(prepared, weights, tmp_path):
    songs = tmp_path / "songs.txt"
    songs.write_text("9001\n9002\n")
    out = tmp_path / "out"
    metrics = evaluate(prepared, str(songs), out, pieces=3, checkpoint=weights)
    names = [
        sorted(path.name for path in (out / kind).iterdir()) for kind in ("generated", "reference")
    ]
    assert names[0] == names[1]
    assert len(names[0]) == 3
    assert json.loads((out / "metrics.json").read_text()) == metrics
    score = read_midi(out / "reference" / names[1][0])
    assert {track.name for track in score.tracks} == {"MELODY", "BRIDGE", "PIANO"}
    starts = [note.start_beats for track in score.tracks for note in track.notes]
    assert 0 <= min(starts) < max(starts) < 64
    assert all(start * 4 % 1 == 0 for start in starts)


def test_songs_that_are_not_there(prepared, weights, tmp_path):
    with pytest.raises(DatasetError, match="16 bars"):
        evaluate(prepared, "test", tmp_path / "out", checkpoint=weights)
