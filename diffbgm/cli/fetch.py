"""`python -m diffbgm.cli.fetch clip`: fetches the optional models named. For install.py."""

import sys

from diffbgm.errors import DiffBGMError
from diffbgm.video.clip import try_out
from diffbgm.video.clip_weights import fetch


def main() -> int:
    """Fetch the models named on the command line; 1 and one line where that fails."""
    for name in sys.argv[1:]:
        try:
            sys.stdout.write(f"{name}: {fetch(name, try_out)}\n")
        except DiffBGMError as exc:
            sys.stderr.write(f"install.py: {exc}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
