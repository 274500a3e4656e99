"""A short soak; `python -m tests.server.soak` does the long one."""

from pathlib import Path

import pytest

from tests.server.soak import soak


@pytest.mark.slow
def test_kills_at_random_lose_nothing(tmp_path: Path) -> None:
    counts = soak(tmp_path, kills=5, seed=2)
    assert counts["kills of the server"] + counts["kills of the composer"] == 5
    assert counts["starts"] > 1
