"""Where the optional CLIP and CoCa weights lie, and how they get there. Loads no network.

A model is a folder in open_clip's own layout: `open_clip_config.json` (the architecture and how
pictures are prepared) beside its weights. `python -m diffbgm.cli.fetch clip` fetches one.
"""

import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from diffbgm.errors import CheckpointError, StorageError

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""Names of the weights, of which a folder holds one; the first is preferred."""


@dataclass(frozen=True)
class Source:
    """A model as it is published on the Hugging Face hub, in `repository`."""

    name: str
    repository: str
    licence: str
    gigabytes: float


SOURCES = {
    source.name: source
    for source in (
        Source("clip", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "MIT", 0.6),
        Source("coca", "laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k", "MIT", 1.0),
    )
}

Check = Callable[[Path], None]


def models_folder() -> Path:
    """The folder of the user's own data that holds all models."""
    return user_data_path("diffbgm", appauthor=False) / "clip"


def installed(name: str) -> Path | None:
    """The folder of the model `name`; None without its files, or without open_clip to run them."""
    folder = models_folder() / name
    present = (folder / CONFIG).is_file() and weights_of(folder) is not None
    return folder if present and importlib.util.find_spec("open_clip") else None


def weights_of(folder: Path) -> Path | None:
    """The file of weights in the folder of a model; None if there is none."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def model_config(folder: Path) -> dict:
    """The architecture that a model's folder describes; CheckpointError if that is damaged."""
    try:
        content = json.loads((folder / CONFIG).read_text("utf-8"))
        config = content["model_cfg"]
        if isinstance(config["embed_dim"], int) and config["vision_cfg"] and config["text_cfg"]:
            return config
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise damaged(folder / CONFIG, exc) from exc
    raise damaged(folder / CONFIG, "it describes no architecture")


def damaged(file: Path, reason: object) -> CheckpointError:
    """The error that names a file of a model which cannot be used, and what to do."""
    words = " ".join(str(reason).split())[:200] or type(reason).__name__
    name = "coca" if file.parent.name.startswith("coca") else "clip"
    return CheckpointError(
        f"{file}: is damaged or of another model ({words}); delete its folder, "
        f"then python install.py {name} fetches it again"
    )


def fetch(name: str, check: Check) -> Path:
    """Fetch a model from the hub, unless it is there; returns its folder.

    What arrives lies under another name until all is whole and `check(folder)` has tried it; after
    an interruption the files that were whole are kept. StorageError without network or space,
    CheckpointError from `check`.
    """
    folder = models_folder() / name
    if installed(name):
        return folder
    unfinished = folder.with_name(f"{name}.unfinished")
    try:
        _download(SOURCES[name].repository, unfinished, folder)
        shutil.rmtree(unfinished / ".cache")  # the hub's own bookkeeping
        _try_out(unfinished, check)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except OSError as exc:
        raise StorageError(f"{folder}: cannot be written ({exc.strerror or exc})") from exc
    return folder


def _download(repository: str, into: Path, folder: Path) -> None:
    """Both files of a model; what is there already as it is published is not fetched again."""
    from httpx2 import HTTPError  # what huggingface_hub speaks with
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        # Asked first, as this fails at once without network, where downloads try again and again.
        published = HfApi().model_info(repository, timeout=20)
        names = {file.rfilename for file in published.siblings or ()}
        for name in (CONFIG, next(name for name in WEIGHTS if name in names)):
            hf_hub_download(repository, name, revision=published.sha, local_dir=into)
    except (HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled) as exc:
        raise StorageError(
            f"no network: {repository} cannot be fetched from the Hugging Face hub; connect, then "
            f"try again, or put its {CONFIG} and {WEIGHTS[0]} into {folder} by hand"
        ) from exc


def _try_out(folder: Path, check: Check) -> None:
    try:
        check(folder)
    except CheckpointError:
        shutil.rmtree(folder)
        raise
