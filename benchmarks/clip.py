"""What batches and the cache save CLIP: `python benchmarks/clip.py [MODEL] [--pictures N]`.

MODEL is an architecture of open_clip, ViT-B-32 by default, with random weights: they take as long
as trained ones; or a folder that holds a model, as `install.py clip` leaves it. Times are seconds
of processor, which other work on the machine does not change.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from diffbgm.video.clip import BATCH, Clip
from diffbgm.video.clip_network import import_open_clip
from diffbgm.video.clip_weights import CONFIG, WEIGHTS
from diffbgm.video.embeddings import EmbeddingCache


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="ViT-B-32")
    parser.add_argument("--pictures", type=int, default=2 * BATCH)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        clip = _model(chosen.model, Path(folder))
        count = chosen.pictures
        rng = np.random.default_rng(0)
        pictures = list(rng.integers(0, 255, (count, clip.side, clip.side * 16 // 9, 3), "u1"))
        clip.embed_pictures(pictures[:1])
        single = _timed(lambda: [clip.embed_pictures([picture]) for picture in pictures])
        batched = _timed(lambda: clip.embed_pictures(pictures))
        _say(
            f"{count} pictures: one by one {single:.2f} s, {BATCH} at once {batched:.2f} s: "
            f"{single / batched:.2f} x as fast, {count / batched:.1f} pictures a second"
        )
        texts = [f"a film still of number {number}" for number in range(count)]
        first = _timed(lambda: clip.embed_texts(texts))
        again = _timed(lambda: clip.embed_texts(texts))
        _say(f"{count} texts: {first:.2f} s, from the cache {again * 1000:.1f} ms")


def _model(name: str, folder: Path) -> Clip:
    """The model; what it needs is kept in `folder`."""
    cache = EmbeddingCache(folder / "cache")
    if not Path(name).is_dir():
        _write_random_model(folder, name)
    return Clip(Path(name) if Path(name).is_dir() else folder, "cpu", cache)


def _write_random_model(folder: Path, name: str) -> None:
    open_clip = import_open_clip()
    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {}}
    (folder / CONFIG).write_text(json.dumps(config))
    save_file(open_clip.create_model(name).state_dict(), folder / WEIGHTS[0])


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
