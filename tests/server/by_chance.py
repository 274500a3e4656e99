"""The command line of what attacks a server by chance: how often, and from which seed."""

import argparse


def counted(doc: str | None, what: str, usual: int, arguments: list[str]) -> tuple[int, int]:
    """The numbers given by `--WHAT` and `--seed`."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(f"--{what}", type=int, default=usual, dest="count")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    return given.count, given.seed
