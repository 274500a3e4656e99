"""A public checkpoint, imported, composes a film; whatever else is given as weights is refused."""

import json
import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from diffbgm.cli.main import main
from diffbgm.composing import compose, recompose
from diffbgm.composition import Composition, load_composition, load_scored_film, load_take
from diffbgm.model.paper.checkpoint import FORMAT, save_official
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.options import ComposeOptions, TakeOptions
from tests.model.paper.public_checkpoint import public_table
from tests.model.paper.small_paper import SMALL_PAPER, save_small_paper
from tests.video.films import shifted, texture
from tests.video.small_clip import CLIP, WIDTH, save_model

pytestmark = pytest.mark.slow


def diffbgm(*arguments: object) -> int:
    """The exit code of the command line, called in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        patch.setattr(sys, "argv", ["diffbgm", *map(str, arguments)])
        main()
    return left.value.code


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Six seconds in three shots, the middle one of them moving."""
    path = tmp_path_factory.mktemp("film") / "short.mp4"
    still, moving, last = (texture(seed) for seed in range(3))
    moved = [shifted(moving, 3 * frame) for frame in range(40)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 24)
        stream.height, stream.width = still.shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in [*[still] * 48, *moved, *[last] * 56]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def composed(film, tmp_path_factory) -> Composition:
    """By the public network, of the published size, with weights that are drawn."""
    folder = tmp_path_factory.mktemp("public")
    torch.save({"model": public_table()}, folder / "weights_best.pt")
    weights = folder / "paper.safetensors"
    assert diffbgm("import-official", folder / "weights_best.pt", weights) == 0
    (folder / "weights_best.pt").unlink()
    assert diffbgm("compose", film, "-o", folder / "music", "--checkpoint", weights, "--steps", 4,
                   "--style", "solo_piano") == 0  # fmt: skip
    return load_composition(folder / "music")


class TestCompose:
    def test_says_which_network_made_it(self, composed):
        assert composed.model["network"] == "Diff-BGM U-Net"
        assert composed.model["name"] == "paper"
        assert len(composed.model["sha256"]) == 64
        assert composed.model["steps"] == 4
        assert composed.model["guidance"] == 1  # the option's 1.6 is not for this network
        assert composed.model["visual_features"] == "dynamic stream"
        assert composed.model["language_features"] == "semantic stream"

    def test_every_shot_has_music(self, composed):
        assert len(composed.shots) == 3
        for shot in composed.shots:
            assert (composed.folder / shot["audio"]).stat().st_size > 1000
        roll = load_scored_film(composed).roll
        assert roll.shape == (4 * (len(composed.beats) - 1), 3, 88)
        assert roll.any()

    def test_a_new_take_of_a_shot_leaves_the_others_to_the_bit(self, composed):
        before = load_scored_film(composed)
        files = {shot["midi"]: (composed.folder / shot["midi"]).read_bytes()
                 for shot in composed.shots}  # fmt: skip
        assert diffbgm("recompose", composed.folder, "--shot", 1, "--takes", 2) == 0
        after = load_composition(composed.folder)
        assert [shot["takes"] for shot in after.shots] == [1, 3, 1]
        assert [shot["take"] for shot in after.shots] == [0, 1, 0]
        takes = [load_take(composed.folder, 1, number).roll.tobytes() for number in range(3)]
        assert len(set(takes)) == 3
        for shot, (old, new) in enumerate(
            zip(before.takes, load_scored_film(after).takes, strict=True)
        ):
            assert np.array_equal(old.roll, new.roll) == (shot != 1)
            assert (old.score == new.score) == (shot != 1)
        for shot in (0, 2):
            name = after.shots[shot]["midi"]
            assert (composed.folder / name).read_bytes() == files[name]


def test_what_clip_sees_is_told_in_the_first_take_and_in_new_ones(film, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    save_model(tmp_path / "data/diffbgm/clip/clip", CLIP)
    config = replace(SMALL_PAPER, token_width=WIDTH)
    weights = tmp_path / "paper.safetensors"
    save_official(weights, config, PaperNetwork(config).state_dict())
    composed = compose(film, tmp_path / "music", ComposeOptions(steps=4, checkpoint=weights))
    assert composed.model["visual_features"] == "CLIP embeddings of the picture"
    assert composed.model["language_features"] == "CLIP embeddings of the nearest captions"
    analysis = load_scored_film(composed).analysis
    assert analysis.image_embeddings is not None
    assert analysis.caption_embeddings is not None
    assert analysis.image_embeddings.shape == analysis.caption_embeddings.shape == (6, WIDTH)
    after = recompose(composed.folder, 2, TakeOptions(seed=1))
    assert after.shots[2]["take"] == 1
    assert after.shots[:2] == composed.shots[:2]


class Hostile:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self):
        return os.mkdir, (str(self.witness),)


def hostile(path: Path) -> None:
    torch.save({"model": Hostile(path.with_name("executed"))}, path)


def hostile_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Hostile(path.with_name("executed"))))


def changed(**entries) -> object:
    """Writes the small network with some entries changed, or taken out where they are None."""

    def write(path: Path) -> None:
        weights = load_file(save_small_paper(path)) | entries
        header = {"format": FORMAT, "network": json.dumps(SMALL_PAPER.to_dict())}
        save_file({n: w for n, w in weights.items() if w is not None}, path, header)

    return write


def truncated(path: Path) -> None:
    data = save_small_paper(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def of_another_network(path: Path) -> None:
    save_file({"encoder.weight": torch.zeros(2)}, path, {"format": "pt"})


BAD = {
    "a hostile checkpoint": (hostile, "no safetensors file"),
    "a hostile pickle": (hostile_pickle, "no safetensors file"),
    "a public checkpoint": (
        lambda path: torch.save({"a": torch.zeros(1)}, path),
        "import-official",
    ),
    "a text": (lambda path: path.write_text("weights"), "no safetensors file"),
    "nothing": (lambda path: path.write_bytes(b""), "no safetensors file"),
    "half a file": (truncated, "damaged"),
    "another network": (of_another_network, "another network"),
    "a missing entry": (changed(beta=None), "missing beta"),
    "an extra entry": (changed(more=torch.zeros(1)), "unexpected more"),
    "a misshapen entry": (changed(beta=torch.zeros(3)), "beta (is 3, must be 1000)"),
    "a schedule that is none": (changed(beta=torch.zeros(1000)), "wrong beta"),
    "no numbers": (
        changed(**{"caption_encoder.bias": torch.full((16,), torch.nan)}),
        "caption_encoder.bias (not all finite",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_weights_are_named_and_refused(kind, film, tmp_path, capsys) -> None:
    write, named = BAD[kind]
    bad = tmp_path / "bad.safetensors"
    write(bad)
    assert diffbgm("compose", film, "-o", tmp_path / "music", "--checkpoint", bad) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert str(bad) in line
    assert named in line
    assert list(tmp_path.iterdir()) == [bad]  # nothing written, nothing executed


def test_a_hostile_checkpoint_is_not_imported(tmp_path, capsys) -> None:
    hostile(tmp_path / "weights_best.pt")
    assert diffbgm("import-official", tmp_path / "weights_best.pt", tmp_path / "ours") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "nothing in it was executed" in line
    assert [path.name for path in tmp_path.iterdir()] == ["weights_best.pt"]
