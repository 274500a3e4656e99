"""`diffbgm train CONFIG`: train a network on a prepared set, on a CPU, a GPU, or several.

Needs torch, numpy and safetensors alone, so that it runs on a bare machine:
`python -m diffbgm.training CONFIG`, or `torchrun --nproc-per-node N -m diffbgm.training CONFIG`.
"""

from diffbgm.training.config import TrainingConfig, read_config
from diffbgm.training.trainer import Trainer, train

__all__ = ["Trainer", "TrainingConfig", "read_config", "train"]
