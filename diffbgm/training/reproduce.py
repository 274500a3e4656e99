"""`diffbgm reproduce`: the default weights from POP909's folders, leg by leg, in one command.

A leg is one run of `trainer`, from the weights of the leg before; `default_weights.json` lists
them. Run again, the command goes on with the first leg that is not finished, from its beginning.
"""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from diffbgm.data.prepare_pop909 import prepare_pop909
from diffbgm.errors import DiffBGMError
from diffbgm.files import replacing
from diffbgm.progress import Progress, no_progress
from diffbgm.training.config import TrainingConfig, read_config
from diffbgm.training.trainer import Report, train

Leg = dict[str, Any]
"""Fields of `TrainingConfig`, `steps` among them; all but data, out and resume."""


def default_legs() -> list[Leg]:
    """The legs that the shipped weights come from."""
    return json.loads(files("diffbgm.training").joinpath("default_weights.json").read_text())


def reproduce(
    source: Path,
    out: Path,
    device: str,
    report: Report,
    progress: Progress = no_progress,
    legs: list[Leg] | None = None,
) -> Path:
    """Prepare `source` and train all `legs` (the default's) in `out`; return the weights' path.

    `report` gets the lines of each leg as `trainer.train` writes them. DatasetError if `source`
    holds no songs, DiffBGMError if a signal stopped a leg.
    """
    data, weights = out / "pop909.npz", None
    if not data.exists():
        prepare_pop909(source, data, lambda fraction: progress("songs", fraction))
    legs = default_legs() if legs is None else legs
    for number, leg in enumerate(legs, start=1):
        config = _configure(out / f"leg_{number}", leg, data, weights)
        stage = f"leg {number} of {len(legs)}"
        if not _is_finished(config):
            shutil.rmtree(config.out, ignore_errors=True)
            train(config, device, report, lambda done, stage=stage: progress(stage, done))
        if not _is_finished(config):
            raise DiffBGMError(f"stopped in {stage}: the same command goes on with it")
        weights = Path(config.out) / "weights.safetensors"
    assert weights is not None
    with replacing(out / "default.safetensors") as unfinished:
        shutil.copyfile(weights, unfinished)
    return out / "default.safetensors"


def _configure(folder: Path, leg: Leg, data: Path, weights: Path | None) -> TrainingConfig:
    """A leg's configuration, kept beside its folder in a file that `diffbgm train` takes too."""
    content = leg | {"data": str(data), "out": str(folder)}
    if weights is not None:
        content["resume"] = str(weights)
    path = folder.with_suffix(".json")
    path.write_text(json.dumps(content, indent=1) + "\n")
    return read_config(path)


def _is_finished(config: TrainingConfig) -> bool:
    log = Path(config.out) / "log.jsonl"
    if not log.exists():
        return False
    return json.loads(log.read_text().splitlines()[-1])["step"] == config.steps
