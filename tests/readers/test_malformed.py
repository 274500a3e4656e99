"""Broken edits: what is said names the file and what to do, and nothing of a library's inside."""

import random
import re
from pathlib import Path

import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline_cuts
from diffbgm.writers.timelines import FORMATS
from diffbgm.writers.timelines.conversion import converted
from tests.writers.timelines.made_edits import made_edit, read_made_edit

INSIDE = re.compile(
    r"Traceback|RationalTime\(|Fraction|float:|codec|object at|\b_\w+|\w\(\)|<class"
)
NUMBERS = ("", "-1", "0", "abc", "1e400", "nan", "9" * 20, "1/0s", "-5/25s", " ")


def broken(text: bytes, rng: random.Random) -> bytes:
    """Cut off, with a piece missing, with other bytes, or with another number."""
    at = rng.randrange(len(text))
    match rng.randrange(4):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at + rng.randrange(300) :]
        case 2:
            return text[:at] + rng.randbytes(3) + text[at + 3 :]
        case _:
            number = rng.choice(list(re.finditer(rb"-?\d+(\.\d+)?", text)))
            other = rng.choice(NUMBERS).encode()
            return text[: number.start()] + other + text[number.end() :]


@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_edit_is_read_or_refused_in_plain_words(tmp_path: Path, name):
    timeline = read_made_edit(tmp_path)
    whole = converted(made_edit(tmp_path), timeline.frame_rate, 100, timeline.document)
    text = FORMATS[name].fresh(whole)
    path, rng = tmp_path / f"broken{FORMATS[name].suffix}", random.Random(1)
    refused = set()
    for _ in range(60):
        path.write_bytes(broken(text, rng))
        try:
            read_timeline_cuts(path, 25)
        except TimelineError as exc:
            refused.add(str(exc).replace(str(path), "FILE"))
    assert refused
    assert all(said.startswith("FILE: ") for said in refused)
    assert [said for said in refused if INSIDE.search(said)] == []
