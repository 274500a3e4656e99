"""Makes official_eps_every_4th.npz and official_state_dict.tsv from the full reference outputs.

    python tests/golden/make_official_eps.py FOLDER

FOLDER holds official_eps.npz, what the public Diff-BGM network predicts for weights and inputs
that anyone can make again (`tests/model/paper/public_checkpoint.py` makes them), and
official_state_dict.tsv, its names and shapes. Every fourth sixteenth and pitch is kept: enough to
tell any other network apart, and small.
"""

import shutil
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    here, folder = Path(__file__).parent, Path(sys.argv[1])
    full = np.load(folder / "official_eps.npz")
    kept = {name: full[name][:, :, ::4, ::4] for name in sorted(full)}
    np.savez_compressed(here / "official_eps_every_4th.npz", **kept)
    shutil.copyfile(folder / "official_state_dict.tsv", here / "official_state_dict.tsv")


if __name__ == "__main__":
    main()
