"""The paper's network, measured on songs with films."""

import json
import sys

import pytest
import torch

from diffbgm.cli.main import main
from diffbgm.data.prepare_bgm909 import prepare_bgm909
from diffbgm.errors import DatasetError, OptionError
from diffbgm.evaluation.evaluating import evaluate
from diffbgm.model.checkpoint import default_checkpoint
from diffbgm.model.paper.checkpoint import save_official
from diffbgm.model.paper.config import PaperConfig
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.music.midi import read_midi
from tests.data.made_pairs import write_pair
from tests.model.paper.small_paper import save_small_paper

pytestmark = pytest.mark.slow

SMALL = PaperConfig(
    channels=32, multipliers=(1, 1, 1, 1), attention_levels=(2, 3), residual_blocks=1
)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Songs of 20 bars: 001 and 003 train, 002 validates."""
    folder = tmp_path_factory.mktemp("pairs")
    for song in ("001", "002", "003"):
        write_pair(folder / "set", song, bars=20)
    prepare_bgm909(folder / "set", folder / "bgm909.npz")
    return folder / "bgm909.npz"


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "paper.safetensors"
    save_official(path, SMALL, PaperNetwork(SMALL).state_dict())
    return path


def test_segments_of_8_bars_are_made_for_the_films_features(pairs, weights, tmp_path, monkeypatch):
    songs, out = tmp_path / "songs.txt", tmp_path / "out"
    songs.write_text("001\n042\n")
    options = ["--songs", str(songs), "--pieces", "2", "--checkpoint", str(weights)]
    command = ["diffbgm", "evaluate", "--data", str(pairs), "-o", str(out), *options]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit, match="0"):
        main()
    names = sorted(path.name for path in (out / "generated").iterdir())
    assert names == sorted(path.name for path in (out / "reference").iterdir())
    assert names == ["001_00000.mid", "001_00128.mid"]
    metrics = json.loads((out / "metrics.json").read_text())
    assert (metrics["pieces"], metrics["bars"]) == (2, 16)
    assert metrics["model"]["network"] == "Diff-BGM U-Net"
    assert metrics["memorisation"]["reference"]["most"] < 1  # sought in 003 alone
    assert metrics["songs_left_out"] == {"042": "not in the set"}
    real = read_midi(out / "reference" / names[1])
    assert {track.name for track in real.tracks} == {"MELODY", "BRIDGE", "PIANO"}
    assert max(note.start_beats for track in real.tracks for note in track.notes) < 32


def test_needs_a_network_that_hears_films(pairs, tmp_path):
    with pytest.raises(OptionError, match="takes no features of films"):
        evaluate(pairs, "train", tmp_path / "out", checkpoint=default_checkpoint())
    other = save_small_paper(tmp_path / "small.safetensors")
    with pytest.raises(OptionError, match="takes features 16 and 24 wide, this set's are 512 and"):
        evaluate(pairs, "train", tmp_path / "out", checkpoint=other)
    assert not (tmp_path / "out").exists()


def test_names_songs_that_are_not_there(pairs, weights, tmp_path):
    with pytest.raises(DatasetError, match="none of the songs of test"):
        evaluate(pairs, "test", tmp_path / "out", checkpoint=weights)
    with pytest.raises(OptionError, match="no_file"):
        evaluate(pairs, "no_file", tmp_path / "out", checkpoint=weights)
