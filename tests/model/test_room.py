"""A GPU without memory: once more with few windows at a time, then on the processor, and told."""

from typing import Any

import numpy as np
import pytest
import torch

from diffbgm.model import checkpoint
from diffbgm.model.networks import KINDS, Kind, Model
from diffbgm.model.room import FEW_WINDOWS
from diffbgm.model.sampling import sample
from diffbgm.options import Sampling
from tests.model.small_network import eager_network, piece

GPU = torch.device("cuda")
QUICK = Sampling(steps=4, guidance=1.5)
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
IN_USE = RuntimeError("CUDA error: out of memory")


class FakeNetwork:
    """Is wherever it is put."""

    device: torch.device

    def to(self, device: torch.device) -> "FakeNetwork":
        self.device = device
        return self


def model_with(most: int | None, error: RuntimeError) -> tuple[Model, list[Any]]:
    """A model on a GPU that has room for so many windows, and a list of what is tried."""
    tried: list[Any] = []

    def sample(network: FakeNetwork, *_: Any, windows: int | None = None, **__: Any) -> np.ndarray:
        tried.append((network.device.type, windows))
        if network.device.type == "cuda" and (most is None or (windows or 16) > most):
            raise error
        return np.zeros((1, 64, 3, 88), np.uint8)

    return Model.of(FakeNetwork(), Kind("fake", lambda *_: None, sample, True), GPU), tried


def test_all_goes_through_where_there_is_room():
    model, tried = model_with(16, FULL)
    model.sample(piece(16), [1], QUICK)
    assert (tried, model.memory) == ([("cuda", None)], {})


@pytest.mark.parametrize("error", [FULL, IN_USE])
def test_few_windows_are_tried_and_then_the_processor(error: RuntimeError):
    model, tried = model_with(FEW_WINDOWS, error)
    model.sample(piece(16), [1], QUICK)
    model.sample(piece(16), [2], QUICK)
    assert tried == [("cuda", None), ("cuda", 2), ("cuda", 2)]
    assert model.memory == {"memory": "cuda had not enough: 2 windows at a time"}

    model, tried = model_with(None, error)
    assert model.sample(piece(16), [1], QUICK).shape == (1, 64, 3, 88)
    assert tried == [("cuda", None), ("cuda", 2), ("cpu", None)]
    assert model.memory == {"memory": "cuda had not enough: sampled on the processor"}


def test_the_next_job_tries_the_gpu_again():
    model, tried = model_with(None, FULL)
    model.sample(piece(16), [1], QUICK)
    again = model.afresh()
    assert again.memory == {}
    again.sample(piece(16), [1], QUICK)
    assert tried[3] == ("cuda", None)


def test_other_errors_are_not_taken_for_it():
    model, tried = model_with(None, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        model.sample(piece(16), [1], QUICK)
    assert len(tried) == 1


def test_no_more_windows_go_through_the_network_than_may():
    network, seen = eager_network(), []
    network.register_forward_pre_hook(lambda _, arguments: seen.append(len(arguments[0])))
    whole = sample(network, piece(48), [1], QUICK)
    usual = max(seen)
    seen.clear()
    few = sample(network, piece(48), [1], QUICK, windows=FEW_WINDOWS)
    assert (usual, max(seen)) == (4, FEW_WINDOWS)
    assert few.shape == whole.shape


def test_a_network_that_cannot_be_loaded_there_is_loaded_on_the_processor(
    monkeypatch: pytest.MonkeyPatch,
):
    kind, asked = KINDS[checkpoint.FORMAT], []

    def load(path: Any, device: torch.device) -> torch.nn.Module:
        asked.append(device.type)
        if device == GPU:
            raise IN_USE
        return kind.load(path, device)

    monkeypatch.setitem(KINDS, checkpoint.FORMAT, Kind(kind.name, load, kind.sample, kind.guided))
    from diffbgm.model.networks import load_model

    model = load_model(checkpoint.default_checkpoint(), GPU)
    assert (asked, model.device) == (["cuda", "cpu"], GPU)
