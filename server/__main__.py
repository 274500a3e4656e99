"""`python -m diffbgm_server` is `diffbgm serve`."""

import sys

from diffbgm.cli.main import main

if __name__ == "__main__":
    sys.argv.insert(1, "serve")
    main()
