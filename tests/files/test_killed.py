"""Killed at any moment, a publication leaves the old files or the new ones, never a mixture.

A child process ends itself at its n-th call into the file system, for every n there is.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.files.publications import contents, publish

KILLER = """
import json, os, shutil, sys, tempfile
from pathlib import Path
from diffbgm.files import publishing as module
from tests.files import publications

HOOKED = ("open", "os.", "shutil.")
steps, last = 0, None

def step():
    global steps
    if last is not None and os.getpid() == child:
        if steps == last:
            os._exit(9)
        steps += 1

def audit(event, arguments):
    if event.startswith(HOOKED):
        step()

def counted(function):
    def call(*arguments, **options):
        step()
        result = function(*arguments, **options)
        step()
        return result
    return call

start, old, new, base = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
child = None
sys.addaudithook(audit)
for name in ("write", "fsync", "replace", "rename", "close"):
    setattr(os, name, counted(getattr(os, name)))
outcomes = []
for moment in range(5000):
    folder = base / str(moment)
    if start.exists():
        shutil.copytree(start, folder)
    pid = os.fork()
    if pid == 0:
        child, steps, last = os.getpid(), 0, moment
        publications.publish(folder, new)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    outcomes.append(code)
    if code == 0:
        break
print(json.dumps(outcomes))
"""


def killed_everywhere(start: Path, new: str, base: Path) -> list[int]:
    """Exit codes of publications of `new`, each killed one step later; the last was not killed."""
    base.mkdir()
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(start), "", new, str(base)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize(
    ("old", "new"), [(None, "first"), ("first", "next"), ("next", "empty"), ("first", "first")]
)
def test_the_folder_is_old_or_new_at_every_step(tmp_path: Path, old: str | None, new: str) -> None:
    from diffbgm.files.publishing import recover

    start = tmp_path / "start"
    if old:
        publish(start, old)
        (start / "shots" / "of the director.txt").write_text("louder")
        (start / "notes.txt").write_text("faster")
    before = contents(start) if old else {}
    outcomes = killed_everywhere(start, new, tmp_path / "killed")
    assert outcomes[-1] == 0
    assert set(outcomes[:-1]) == {9}
    after = contents(tmp_path / "killed" / str(len(outcomes) - 1))
    assert after != before or old == new
    found = []
    for moment in range(len(outcomes)):
        folder = tmp_path / "killed" / str(moment)
        recover(folder)
        found.append(contents(folder))
        assert not (folder / ".diffbgm").exists()
    assert all(state in (before, after) for state in found)
    first_new = found.index(after)
    assert all(state == after for state in found[first_new:]), "no way back after the switch"
    assert len(found) > 100
    assert before == after or 0 < first_new < len(found) - 20
