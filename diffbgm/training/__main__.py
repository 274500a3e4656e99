"""Train on a machine that has torch, numpy and safetensors alone, or by torchrun on several GPUs.

python -m diffbgm.training CONFIG [--device cuda]
torchrun --nproc-per-node N -m diffbgm.training CONFIG
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from diffbgm.errors import DiffBGMError
from diffbgm.training import read_config, train


def main() -> int:
    """Exit code 0, or 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m diffbgm.training")
    parser.add_argument("config", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    try:
        train(read_config(arguments.config), arguments.device, _print)
    except DiffBGMError as exc:
        sys.stderr.write(f"diffbgm: {exc}\n")
        return 1
    return 0


def _print(line: dict) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


sys.exit(main())
