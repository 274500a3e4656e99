"""Where a composition comes from is said beside it, and in composition.json."""

import json
import struct
from pathlib import Path

import pytest

import diffbgm
from diffbgm.composing import compose, recompose
from diffbgm.composition import load_composition
from diffbgm.composition.origin import origin_of, with_soundfont
from diffbgm.options import ComposeOptions, TakeOptions
from diffbgm.sound.soundfont import _bundled, describe_soundfont, find_soundfont
from diffbgm.writers.licence import write_licence
from tests.data.made_films import write_film

MODEL = {"name": "mine", "sha256": "1" * 64}
VERSION_1 = Path(__file__).parents[1] / "golden" / "version_1"


def soundfont(path: Path, texts: dict[bytes, bytes]) -> Path:
    """A file that begins as SoundFonts do, with these texts in its INFO list."""
    even = {kind: text + b"\0" * (2 - len(text) % 2) for kind, text in texts.items()}
    info = b"INFO" + b"".join(k + struct.pack("<I", len(t)) + t for k, t in even.items())
    body = b"sfbk" + b"LIST" + struct.pack("<I", len(info)) + info
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_a_soundfont_says_what_it_is(tmp_path: Path):
    texts = {
        b"INAM": b"Mine",
        b"ICOP": b"\xa9 2020 me",
        b"ICMT": b"Use it under licence CC0.",
    }
    assert describe_soundfont(soundfont(tmp_path / "mine.sf2", texts)) == {
        "file": "mine.sf2",
        "name": "Mine",
        "copyright": "© 2020 me",
        "licence": "Use it under licence CC0.",
    }


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0sfbkLIST\xff\xff\xff\x7fINFO"])
def test_what_says_nothing_is_not_guessed(tmp_path: Path, content: bytes):
    (tmp_path / "silent.sf2").write_bytes(content)
    nothing = dict.fromkeys(("name", "copyright", "licence"))
    assert describe_soundfont(tmp_path / "silent.sf2") == {"file": "silent.sf2", **nothing}


def test_the_soundfont_that_comes_with_the_packages_is_known():
    assert describe_soundfont(_bundled())["licence"] == "GPL-2.0"


def test_weights_of_ones_own_are_stated_beside_them(tmp_path: Path):
    font = soundfont(tmp_path / "mine.sf2", {b"INAM": b"Mine"})
    weights = tmp_path / "mine.safetensors"
    origin = origin_of(weights, MODEL, font, 7, "colour")
    assert (origin["model"]["licence"], origin["model"]["data"]) == (None, [])
    data = [{"name": "My songs", "licence": "CC0", "address": "https://example.org"}]
    weights.with_suffix(".json").write_text(json.dumps({"licence": "CC-BY", "data": data}))
    origin = origin_of(weights, MODEL, font, 7, "clip")
    write_licence(origin, tmp_path / "LICENSE.txt")
    text = (tmp_path / "LICENSE.txt").read_text()
    for words in ("mine", "1" * 64, "CC-BY", "My songs: CC0", "Mine (mine.sf2)", "Seed", "CLIP"):
        assert words in text
    assert "Licence        not stated" in text
    other = soundfont(tmp_path / "other.sf2", {b"INAM": b"Other"})
    assert with_soundfont(origin, font) == origin
    assert [each["name"] for each in with_soundfont(origin, other)["soundfonts"]] == [
        "Mine",
        "Other",
    ]


def test_older_compositions_say_what_is_known_of_them(tmp_path: Path):
    composition = load_composition(VERSION_1)
    assert composition.origin["model"]["sha256"] == composition.model["sha256"]
    assert composition.origin["model"]["licence"] is None
    write_licence(composition.origin, tmp_path / "LICENSE.txt")
    assert "version not recorded" in (tmp_path / "LICENSE.txt").read_text()


@pytest.mark.slow
def test_a_composition_says_where_it_comes_from(tmp_path: Path):
    film = write_film(tmp_path / "film.mp4", 2, 1.5)
    made = compose(film, tmp_path / "music", ComposeOptions(steps=4, seed=11, style="solo_piano"))
    text = (made.folder / "LICENSE.txt").read_text()
    font = describe_soundfont(find_soundfont())
    assert made.origin["soundfonts"] == [font]
    assert made.origin["program"]["version"] == diffbgm.__version__
    assert "POP909" in made.origin["model"]["data"][0]["name"]
    for words in ("POP909", made.model["sha256"], diffbgm.__version__, font["file"] or "", "11"):
        assert words in text
    again = recompose(made.folder, 1, TakeOptions(notes="same", soundfont=_bundled()))
    assert again.origin["soundfonts"] == [font, describe_soundfont(_bundled())]
    assert "TimGM6mb" in (made.folder / "LICENSE.txt").read_text()
    assert again.files["LICENSE.txt"] != made.files["LICENSE.txt"]
