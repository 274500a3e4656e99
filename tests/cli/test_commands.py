"""The command line as a person or a program calls it: in a process of its own."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from diffbgm.arranging.styles import load_style
from diffbgm.cli.options import parse_bpm
from diffbgm.errors import OptionError

pytestmark = pytest.mark.slow


def diffbgm(*arguments, **kwargs):
    command = [sys.executable, "-m", "diffbgm.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, **kwargs)


def failed(*arguments):
    """The one line that a failing command leaves on standard error."""
    result = diffbgm(*arguments)
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("diffbgm: ")
    return line


def test_help_imports_nothing_heavy():
    code = "import sys; from diffbgm.cli.main import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    modules = set(loaded.stdout.split())
    assert not modules & {"torch", "av", "cv2", "scipy", "matplotlib", "opentimelineio", "flask"}


def test_help_names_every_command():
    result = diffbgm("--help")
    assert result.returncode == 0
    for command in ("compose", "recompose", "serve", "analyse", "hits", "prepare", "train"):
        assert command in result.stdout


def test_compose_then_recompose(demo, tmp_path):
    folder = tmp_path / "music"
    cuts = tmp_path / "cuts.txt"
    cuts.write_text("# where the sea begins, and the train\n97\n00:00:10:00\n")
    made = diffbgm(
        *("compose", demo[0], "-o", folder, "--cuts", cuts, "--steps", 4, "--seed", 5, "--json")
    )
    assert made.returncode == 0, made.stderr
    content = json.loads(made.stdout)
    assert [shot["start_frame"] for shot in content["shots"]] == [0, 97, 240]
    assert content == json.loads((folder / "composition.json").read_text())
    again = diffbgm("recompose", folder, "--shot", 1, "--mood", "tense", "--same-notes")
    assert again.returncode == 1  # a contradiction, told before anything is done
    again = diffbgm("recompose", folder, "--shot", 1, "--mood", "tense")
    assert again.returncode == 0, again.stderr
    assert "3 shots" in again.stdout


def test_hits_of_a_cut_list(tmp_path):
    cuts = tmp_path / "cuts.json"
    cuts.write_text(json.dumps({"frame_rate": [24, 1], "frames": 960, "cuts": [96, 240, 500]}))
    result = diffbgm("hits", cuts, "--freedom", 6, "--bpm", "80-160", "--json")
    content = json.loads(result.stdout)
    assert [hit["cut_frame"] for hit in content["hits"]] == [96, 240, 500]
    assert {"tempo", "beats", "downbeats", "hits", "score", "shuffled"} <= set(content)
    table = diffbgm("hits", cuts)
    assert "downbeat" in table.stdout
    assert "shuffled" in table.stdout


def test_what_hits_shows_can_be_steered(tmp_path):
    cuts = tmp_path / "cuts.json"
    listed = [96, 104, 240, 500]
    cuts.write_text(json.dumps({"frame_rate": [24, 1], "frames": 960, "cuts": listed}))
    options = ("--pinned", "104", "--ignored", "96,240", "--ignored", "500", "--style", "lofi")
    content = json.loads(diffbgm("hits", cuts, *options, "--json").stdout)
    hits = {hit["cut_frame"]: hit for hit in content["hits"]}
    assert hits[104]["kind"] in ("beat", "downbeat")
    assert [hits[frame]["weight"] for frame in listed] == [0, 1, 0, 0]
    low, high = load_style("lofi").tempo
    assert all(0.94 * low <= point["bpm"] <= 1.06 * high for point in content["tempo"])
    assert "There is no cut" in diffbgm("hits", _cut_list(tmp_path, [])).stdout


def _cut_list(folder, cuts):
    path = folder / "list.json"
    path.write_text(json.dumps({"frame_rate": [24, 1], "frames": 960, "cuts": cuts}))
    return path


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--pinned", "96,99"), ("frame 96", "frame 99", "unpin one")),
        (("--pinned", "97"), ("frame 97", "96 or 99")),
        (("--pinned", "96", "--ignored", "96"), ("frame 96", "choose one")),
        (("--ignored", "1,x"), ("--ignored", "'x'")),
        (("--freedom", "26"), ("26 %", "0 to 25")),
        (("--style", "polka"), ("polka",)),
    ],
)
def test_wishes_for_hits_that_cannot_be_met(tmp_path, options, told):
    line = failed("hits", _cut_list(tmp_path, [96, 99, 500]), *options)
    assert all(part in line for part in told)


def test_styles_say_what_they_are_for():
    content = json.loads(diffbgm("styles", "--json").stdout)
    assert len(content["styles"]) >= 10
    assert all(len(style["purpose"]) > 20 for style in content["styles"])
    assert "cinematic" in diffbgm("styles").stdout


def test_bad_soundfonts_and_styles_are_named_before_anything_is_done(demo, tmp_path):
    def refused(option, name, content):
        path = tmp_path / name
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        line = failed("compose", demo[0], "-o", tmp_path / "music", option, path)
        assert str(path) in line
        assert not (tmp_path / "music").exists()
        return line

    font = Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2").read_bytes()
    assert "is no SoundFont" in refused("--soundfont", "text.sf2", b"RIFFled text, no font")
    assert "is no SoundFont" in refused("--soundfont", "empty.sf2", b"")
    assert "cut short" in refused("--soundfont", "half.sf2", font[: len(font) // 2])
    assert "Is a directory" in refused("--soundfont", "folder.sf2", None)
    style = json.loads((STYLES / "lofi.json").read_text())
    keyed, ranged, typed = ({**style, **change} for change in WRONG)
    assert "colour: unknown key" in refused("--style", "keyed.json", json.dumps(keyed).encode())
    assert "110.0 is above 60.0" in refused("--style", "ranged.json", json.dumps(ranged).encode())
    assert "swing: " in refused("--style", "typed.json", json.dumps(typed).encode())


WRONG = ({"colour": "blue"}, {"tempo": [110, 60]}, {"swing": "0.4"})
STYLES = Path(__file__).parents[2] / "diffbgm" / "arranging" / "styles"


def test_analyse_tells_the_shots(demo):
    result = diffbgm("analyse", demo[0], "--json")
    content = json.loads(result.stdout)
    assert len(content["shots"]) == len(demo[1].cuts) + 1
    assert content["mood_source"] == "colour"
    assert len(content["motion"]) == content["frames"] == demo[1].frames


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("compose", "nothing.mp4", "-o", "out"), "nothing.mp4"),
        (("compose", "nothing.otio", "-o", "out"), "nothing.otio"),
        (("compose", "nothing.mp4", "-o", "out", "--style", "polka"), "polka"),
        (("compose", "nothing.mp4", "-o", "out", "--mood", "blue"), "blue"),
        (("compose", "nothing.mp4", "-o", "out", "--energy", "7"), "energy"),
        (("compose", "nothing.mp4", "-o", "out", "--bpm", "fast"), "fast"),
        (("compose", "nothing.mp4"), "out"),
        (("recompose", ".", "--shot", "0"), "composition.json"),
        (("hits", "nothing.json"), "nothing.json"),
        (("prepare", "pop909", "tests", "out.npz"), "POP909"),
        (("train", "nothing.json"), "nothing.json"),
        (("import-official", "nothing.pt", "out"), "nothing.pt"),
        (("evaluate", "--data", "nothing.npz", "-o", "out"), "nothing.npz"),
    ],
)
def test_errors_are_one_line_that_names_the_thing(arguments, named):
    assert named in failed(*arguments)


def test_tempo_ranges():
    assert parse_bpm("80-120") == (80, 120)
    assert parse_bpm("97.5") == (97.5, 97.5)
    for wrong in ("120-80", "", "1-2-3", "a-b"):
        with pytest.raises(OptionError):
            parse_bpm(wrong)
