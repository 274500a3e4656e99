"""`python -m diffbgm.cli` is `diffbgm`."""

from diffbgm.cli.main import main

if __name__ == "__main__":
    main()
