"""What all tests share: the demo film, the data beside the repository, and no skips in CI."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

import tests.addon  # noqa: F401, so that the add-on's modules import as addon_modules
from diffbgm.demo import film as demo_film

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
# Drawing the demo film takes longer than what most tests do with it.
SLOW_FIXTURES = {"demo"}


@pytest.fixture(scope="session", autouse=True)
def _own_user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the programs that they start, out of the user's own folders."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, demo_film.Truth]:
    """The demo film, made once a session, and what is known of it."""
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    return path, demo_film.make(path)


@pytest.fixture(scope="session")
def bunny() -> Path:
    """5.3 s of Big Buck Bunny, 1280x720 at 25 fps, one shot."""
    return _shared("big_buck_bunny_5s.mp4")


@pytest.fixture(scope="session")
def pop909_archive() -> Path:
    """POP909 as a tar archive: MIDI and annotations of 857 songs."""
    return _shared("pop909.tar.xz")


def _shared(name: str) -> Path:
    path = SHARED_DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for a slow fixture is slow; files with slow tests come first, so that where files
    run side by side none of them is begun last."""
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI all that the tests need is installed, so a skipped test is a failed one."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that asks to be skipped."""
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"Nothing may be skipped in CI: {reason}"
