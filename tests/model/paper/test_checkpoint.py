"""The public network, from its checkpoint to its predictions."""

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from diffbgm.errors import CheckpointError, OptionError, StorageError
from diffbgm.model.paper.checkpoint import expected_entries, import_official, load_official
from diffbgm.model.paper.unet import PaperConfig, PaperNetwork
from tests.model.paper.public_checkpoint import (
    GOLDEN,
    names_and_shapes,
    public_table,
    reference_inputs,
)

pytestmark = pytest.mark.slow

FULL_REFERENCE = Path(__file__).parents[4] / "shared/reference/official_eps.npz"


@pytest.fixture(scope="module")
def table() -> dict[str, torch.Tensor]:
    return public_table()


@pytest.fixture(scope="module")
def imported(table, tmp_path_factory) -> PaperNetwork:
    folder = tmp_path_factory.mktemp("official")
    torch.save({"model": table, "epoch": 100}, folder / "weights_best.pt")
    import_official(folder / "weights_best.pt", folder / "ours", w_size=4)
    network = load_official(folder / "ours")
    shutil.rmtree(folder)
    return network


@pytest.fixture(scope="module", params=[1, 2, 4], ids=lambda w_size: f"w_size {w_size}")
def prediction(request, imported) -> tuple[int, np.ndarray]:
    """The imported network's prediction for the reference inputs."""
    with torch.device("meta"):
        network = PaperNetwork(replace(imported.config, w_size=request.param)).eval()
    network.load_state_dict(imported.state_dict(), assign=True)
    with torch.inference_mode():
        return request.param, network(*reference_inputs()).numpy()


def test_keeps_the_w_size(imported) -> None:
    assert imported.config == PaperConfig(w_size=4)


def test_predicts_what_the_public_network_predicts(prediction) -> None:
    w_size, eps = prediction
    golden = np.load(GOLDEN / "official_eps_every_4th.npz")[f"eps_w{w_size}"]
    np.testing.assert_allclose(eps[:, :, ::4, ::4], golden, atol=1e-4)


@pytest.mark.skipif(
    not FULL_REFERENCE.is_file(), reason="the full reference outputs are not beside the repository"
)
def test_predicts_the_full_reference(prediction) -> None:
    w_size, eps = prediction
    np.testing.assert_allclose(eps, np.load(FULL_REFERENCE)[f"eps_w{w_size}"], atol=1e-4)


def test_expects_the_public_names_and_shapes() -> None:
    assert expected_entries(PaperConfig()) == names_and_shapes()


def test_reads_a_bare_table_in_half_precision(table, tmp_path) -> None:
    half = {name: tensor.half() for name, tensor in table.items()}
    torch.save(half, tmp_path / "bare.pt")
    import_official(tmp_path / "bare.pt", tmp_path / "new folder" / "ours.safetensors")
    network = load_official(tmp_path / "new folder" / "ours.safetensors")
    assert network.config == PaperConfig(w_size=2)
    assert network.caption_encoder.bias.dtype == torch.float32
    torch.testing.assert_close(
        network.caption_encoder.bias, table["model.caption_enc.bias"], atol=1e-3, rtol=0
    )
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["ours.safetensors"]


def test_names_every_kind_of_wrong_entry(table, tmp_path) -> None:
    bad = dict(table)
    del bad["model.caption_enc.bias"]
    bad["model.surprise"] = torch.zeros(1)
    bad["model.ldm.eps_model.out.2.bias"] = torch.zeros(3)
    bad["model.ldm.eps_model.out.0.bias"] = torch.full((64,), torch.nan)
    bad["model.ldm.eps_model.out.0.weight"] = "not a tensor"
    message = refusal({"model": bad}, tmp_path)
    assert "missing model.caption_enc.bias" in message
    assert "unexpected model.surprise" in message
    assert "model.ldm.eps_model.out.2.bias (is 3, must be 2)" in message
    assert "model.ldm.eps_model.out.0.bias (not all finite" in message
    assert "model.ldm.eps_model.out.0.weight (no dense tensor)" in message


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.1])
def test_refuses_a_schedule_that_is_none(table, wrong, tmp_path) -> None:
    bad = {**table, "model.ldm.beta": torch.full((1000,), wrong)}
    assert "beta (a noise schedule's betas lie between" in refusal({"model": bad}, tmp_path)


def test_refuses_a_schedule_that_was_damaged_later(imported, tmp_path) -> None:
    weights = {**imported.state_dict(), "beta": torch.zeros(1000)}
    header = {"format": "diffbgm-paper-unet-1", "network": json.dumps(asdict(PaperConfig()))}
    save_file(weights, tmp_path / "ours.safetensors", header)
    with pytest.raises(CheckpointError, match=r"ours\.safetensors: .*wrong beta"):
        load_official(tmp_path / "ours.safetensors")


def test_counts_what_it_does_not_name(tmp_path) -> None:
    message = refusal({"model": {"encoder.weight": torch.zeros(2, 2)}}, tmp_path)
    assert "and 559 more; unexpected encoder.weight" in message


@pytest.mark.parametrize("content", [[1, 2], {"model": None}, {1: torch.zeros(1)}, torch.ones(2)])
def test_refuses_what_is_no_table(content, tmp_path) -> None:
    assert "no table of named weights" in refusal(content, tmp_path)


class Hostile:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self):
        return os.mkdir, (str(self.witness),)


def test_executes_nothing(tmp_path) -> None:
    witness = tmp_path / "executed"
    message = refusal({"model": Hostile(witness)}, tmp_path)
    assert "nothing in it was executed" in message
    assert not witness.exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_refuses_a_truncated_checkpoint(share, tmp_path) -> None:
    torch.save({"model": {"a": torch.zeros(10000)}}, tmp_path / "whole.pt")
    data = (tmp_path / "whole.pt").read_bytes()
    source = tmp_path / "cut.pt"
    source.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match=r"cut\.pt"):
        import_official(source, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize("data", [b"GIF89a" * 50, b"\x80\x02}q\x00.", b"\x80\x04N.", b"PK\x03\x04"])
def test_refuses_other_files(data, tmp_path) -> None:
    (tmp_path / "picture.pt").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"picture\.pt"):
        import_official(tmp_path / "picture.pt", tmp_path / "ours")


def test_refuses_a_missing_checkpoint_and_a_folder(tmp_path) -> None:
    for source in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(CheckpointError, match="no such file"):
            import_official(source, tmp_path / "ours")


@pytest.mark.parametrize("w_size", [0, 3, -1, 64])
def test_refuses_an_impossible_w_size(w_size, tmp_path) -> None:
    with pytest.raises(OptionError, match=str(w_size)):
        import_official(tmp_path / "any.pt", tmp_path / "ours", w_size=w_size)


def test_leaves_the_public_checkpoint_and_no_half_written_file(table, tmp_path) -> None:
    source = tmp_path / "weights_best.pt"
    torch.save({"model": table}, source)
    with pytest.raises(StorageError, match="the public checkpoint itself"):
        import_official(source, source)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        import_official(source, tmp_path / "file" / "ours")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        import_official(source, tmp_path / "folder")
    assert {path.name for path in tmp_path.iterdir()} == {source.name, "file", "folder"}


def test_loads_only_what_it_wrote(tmp_path) -> None:
    path = tmp_path / "ours.safetensors"
    with pytest.raises(CheckpointError, match="no such file"):
        load_official(path)
    path.write_bytes(b"no safetensors")
    with pytest.raises(CheckpointError, match="no safetensors file, or damaged"):
        load_official(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="another network"):
        load_official(path)
    whole = json.dumps(asdict(PaperConfig()))
    for network, fault in [
        ('{"depth": 3}', "unknown or missing keys: .*depth"),
        ("{", "configuration is damaged"),
        ("[]", "configuration is damaged"),
        (whole.replace("64", "63"), "configuration is damaged"),
        (whole.replace("[2, 3]", "5"), "configuration is damaged"),
        (whole, "missing beta"),
    ]:
        header = {"format": "diffbgm-paper-unet-1", "network": network}
        save_file({"a": torch.zeros(1)}, path, header)
        with pytest.raises(CheckpointError, match=fault):
            load_official(path)


def refusal(content: object, folder: Path) -> str:
    """What import_official says of a checkpoint with this content; nothing is written."""
    torch.save(content, folder / "bad.pt")
    with pytest.raises(CheckpointError) as caught:
        import_official(folder / "bad.pt", folder / "ours")
    assert not (folder / "ours").exists()
    message = str(caught.value)
    assert message.startswith(str(folder / "bad.pt"))
    assert "\n" not in message
    return message
