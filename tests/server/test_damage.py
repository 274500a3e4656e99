"""Some of what `python -m tests.server.damage` sends two thousand of."""

from pathlib import Path

import pytest

from tests.server.damage import send


@pytest.mark.slow
def test_damaged_films_timelines_and_requests_do_no_harm(tmp_path: Path) -> None:
    counts = send(tmp_path, count=45, seed=5)
    assert counts.total() == 45
    kinds = {what.split(":")[0] for what in counts}
    assert kinds == {"film", "timeline", "request"}
    assert any("failed" in what or "422" in what for what in counts)
