"""A run of several processes, as torchrun starts it."""

import json
import os
import subprocess
import sys

import pytest

from diffbgm.training.processes import joined
from tests.training.made_set import small_run, write_set

pytestmark = pytest.mark.slow

# What every rank runs: a few steps, then it writes what its weights are.
RANK = """
import json, sys
from pathlib import Path
from diffbgm.training import Trainer, read_config
from diffbgm.training.processes import joined

with joined("cpu") as processes:
    trainer = Trainer(read_config(Path(sys.argv[1])), processes)
    lines = []
    trainer.run(lines.append, lambda fraction: None)
    weights = [float(weight.double().sum()) for weight in trainer.objective.network.parameters()]
    own = trainer.objective.windows.draw(4).roll.nonzero().double().sum()
    result = {"weights": weights, "lines": len(lines), "steps": trainer.step, "drew": float(own)}
    Path(sys.argv[2], f"rank{processes.rank}.json").write_text(json.dumps(result))
"""


@pytest.fixture
def config(tmp_path):
    run = small_run(write_set(tmp_path / "made.npz"), tmp_path / "run", steps=4)
    path = tmp_path / "config.json"
    content = {**vars(run), "network": run.network.to_dict()}
    path.write_text(json.dumps(content))
    return path


def run_module(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=1200,
    )


def test_two_processes_agree_and_one_writes(config, tmp_path):
    script = tmp_path / "rank.py"
    script.write_text(RANK)
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node=2")
    ended = run_module(*torchrun, str(script), str(config), str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    first, second = (json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    assert (first["steps"], second["steps"]) == (4, 4)
    assert (first["lines"], second["lines"]) == (1, 0)
    assert first["drew"] != second["drew"]  # each process sees windows of its own
    assert len((tmp_path / "run/log.jsonl").read_text().splitlines()) == 1


def test_the_module_runs_by_itself(config, tmp_path):
    ended = run_module("diffbgm.training", str(config), "--device", "cpu")
    assert ended.returncode == 0, ended.stderr
    (line,) = (json.loads(row) for row in ended.stdout.splitlines())
    assert line["step"] == 4
    assert (tmp_path / "run/weights.safetensors").exists()
    config.write_text("{}")
    ended = run_module("diffbgm.training", str(config))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [f"diffbgm: {config} lacks data, out"]


def test_without_torchrun_there_is_one_process():
    with joined("cpu") as processes:
        assert processes.writes
        assert processes.highest(0.5, True) == [0.5, True]
