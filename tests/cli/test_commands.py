"""The command line as a person or a program calls it: in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from diffbgm import __version__
from diffbgm.arranging.styles import load_style
from diffbgm.cli.options import flag_of
from diffbgm.cli.terminal import progress_bar
from diffbgm.composing import compose
from diffbgm.errors import CancelledError
from diffbgm.options import ComposeOptions, options_of

pytestmark = pytest.mark.slow


def diffbgm(*arguments, **kwargs):
    command = [sys.executable, "-m", "diffbgm.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, **kwargs)


def failed(*arguments, code=1):
    """The one line that a failing command leaves on standard error."""
    result = diffbgm(*arguments)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("diffbgm: ")
    return line


def test_help_imports_nothing_heavy():
    code = (
        "import sys, typer.testing; from diffbgm.cli.main import app\n"
        "typer.testing.CliRunner().invoke(app, ['--help']); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    modules = set(loaded.stdout.split())
    assert "diffbgm.cli.options" in modules
    heavy = {"torch", "numpy", "av", "cv2", "scipy", "matplotlib", "opentimelineio", "flask"}
    assert not modules & {*heavy, "rich.markdown"}


def test_help_names_every_command():
    result = diffbgm("--help")
    assert result.returncode == 0
    for command in ("compose", "recompose", "serve", "analyse", "hits", "prepare", "train"):
        assert command in result.stdout
    bare = diffbgm()
    assert (bare.returncode, bare.stdout.rstrip()) == (0, result.stdout.rstrip())


def test_version():
    result = diffbgm("--version")
    assert (result.returncode, result.stdout) == (0, f"diffbgm {__version__}\n")


@pytest.mark.parametrize("command", ["compose", "recompose", "hits", "serve"])
def test_help_shows_flags_as_flags(command):
    shown = diffbgm(command, "--help", env={**os.environ, "COLUMNS": "200"}).stdout
    rows = [line for line in shown.splitlines() if "--" in line and "--help" not in line]
    assert len(rows) > 5
    assert not [row for row in rows if "<bool>" in row or "list[" in row]


def test_the_shell_completes_flags():
    words = {"COMP_WORDS": "diffbgm compose --pre", "COMP_CWORD": "2"}
    asked = {**os.environ, **words, "_DIFFBGM_COMPLETE": "complete_bash"}
    code = "import sys; from diffbgm.cli.main import main; sys.argv[0] = 'diffbgm'; main()"
    completed = subprocess.run([sys.executable, "-c", code], env=asked, capture_output=True)
    assert completed.stdout.split() == [b"--prefer-downbeats"]


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
    assert again.returncode == 2  # a contradiction
    line = failed("recompose", folder, "--shot", 1, "--take", 0, "--mood", "tense", code=2)
    assert "--mood" in line
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
    ("options", "named", "code"),
    [
        (("--pinned", "96,99"), ("frame 96", "frame 99", "unpin one"), 1),
        (("--pinned", "97"), ("frame 97", "96 or 99"), 1),
        (("--pinned", "96", "--ignored", "96"), ("frame 96", "choose one"), 2),
        (("--ignored", "1,x"), ("--ignored", "'x'"), 2),
        (("--freedom", "26"), ("--freedom", "26", "0 and 25"), 2),
        (("--cuts", "other.txt"), ("--cuts", "list.json"), 2),
        (("--style", "polka"), ("polka",), 1),
    ],
)
def test_options_for_hits_that_cannot_be_met(tmp_path, options, named, code):
    line = failed("hits", _cut_list(tmp_path, [96, 99, 500]), *options, code=code)
    assert all(part in line for part in named)


def test_hits_shows_what_compose_does(demo, tmp_path):
    options = ("--style", "lofi", "--freedom", 4, "--pinned", demo[1].cuts[0])
    feeling = ("--mood", "tense", "--energy", 0.9, "--steps", 4)
    shown = json.loads(diffbgm("hits", demo[0], *options, "--json").stdout)
    made = diffbgm("compose", demo[0], "-o", tmp_path / "music", *options, *feeling, "--json")
    composed = json.loads(made.stdout)
    assert [hit["cut_frame"] for hit in shown["hits"]] == list(demo[1].cuts)
    for name in ("hits", "tempo", "beats", "downbeats"):
        assert shown[name] == composed[name]
    assert "BPM" in diffbgm("hits", _cut_list(tmp_path, [96])).stdout


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
        (("compose", "nothing.mp4", "-o", "out", "--device", "abacus"), "abacus"),
        (("compose", "nothing.mp4", "-o", "out", "--checkpoint", "no.safetensors"), "no.safe"),
        (("compose", "nothing.mp4", "-o", "pyproject.toml"), "pyproject.toml: is a file"),
        (("compose", "nothing.mp4", "-o", "pyproject.toml/music"), "pyproject.toml: is a file"),
        (("recompose", ".", "--shot", "0"), "composition.json"),
        (("hits", "nothing.json"), "nothing.json"),
        (("prepare", "pop909", "tests", "out.npz"), "POP909"),
        (("train", "nothing.json"), "nothing.json"),
        (("import-official", "nothing.pt", "out"), "nothing.pt"),
        (("evaluate", "--data", "nothing.npz", "-o", "out"), "nothing.npz"),
        (("evaluate", "--data", "no.npz", "-o", "out", "--device", "abacus"), "abacus"),
        (("evaluate", "--data", "no.npz", "-o", "pyproject.toml"), "pyproject.toml"),
        (("serve", "--device", "abacus"), "abacus"),
        (("serve", "--checkpoint", "no.safetensors"), "no.safetensors"),
    ],
)
def test_errors_are_one_line_that_names_the_thing(arguments, named):
    assert named in failed(*arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("compose", "film.mp4"), "--out"),
        (("compose", "-o", "out"), "FILM"),
        (("compose", "film.mp4", "-o", "out", "--loud"), "--loud"),
        (("compose", "film.mp4", "-o", "out", "--energy", "much"), "--energy"),
        (("compose", "film.mp4", "-o", "out", "--energy", "7"), "--energy"),
        (("compose", "film.mp4", "-o", "out", "--mood", "blue"), "blue"),
        (("compose", "film.mp4", "-o", "out", "--bpm", "fast"), "fast"),
        (("compose", "film.mp4", "-o", "out", "--bpm", "120-80"), "--bpm 120-80"),
        (("compose", "edit.otio", "-o", "out", "--mux"), "--mux needs a film"),
        (("recompose", "music", "--shot", "0", "--takes", "99"), "--takes"),
        (("recompose", "music", "--shot", "0", "--take", "1", "--same-notes"), "--same-notes"),
        (("sing",), "sing"),
    ],
)
def test_a_wrong_command_line_is_its_own_kind_of_error(arguments, named):
    assert named in failed(*arguments, code=2)


def test_ctrl_c_says_what_was_going_on(demo, tmp_path):
    """In this process: a signal would come at a moment that a test cannot choose."""
    line = "stopped during diffusion; nothing was changed"
    with pytest.raises(CancelledError, match=line), progress_bar() as progress:
        compose(demo[0], tmp_path / "music", ComposeOptions(steps=4), _interrupt(progress))
    assert list(tmp_path.iterdir()) == []


def _interrupt(progress):
    def report(stage, fraction):
        progress(stage, fraction)
        if stage == "diffusion":
            raise KeyboardInterrupt

    return report


def test_ctrl_c_before_a_command_has_begun(tmp_path):
    code = (
        "import os, signal; from diffbgm.cli import main\n"
        "main.app = lambda **kwargs: os.kill(os.getpid(), signal.SIGINT)\n"
        "main.main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "diffbgm: stopped; nothing was changed\n")


def test_every_option_has_a_flag():
    flags = {flag_of(option) for option in options_of(ComposeOptions)}
    assert {"--freedom", "--pinned", "--under-dialogue", "--mux", "--device"} <= flags
    shown = diffbgm("compose", "--help").stdout
    assert [flag for flag in flags if flag not in shown] == []


def test_tempo_ranges(tmp_path):
    def tempos(bpm):
        content = diffbgm("hits", _cut_list(tmp_path, [96]), "--bpm", bpm, "--json").stdout
        return [point["bpm"] for point in json.loads(content)["tempo"]]

    assert all(80 * 0.94 <= bpm <= 120 * 1.06 for bpm in tempos("80-120"))
    assert all(97.5 * 0.94 <= bpm <= 97.5 * 1.06 for bpm in tempos("97.5"))
    for wrong in ("120-80", "", "1-2-3", "a-b"):
        assert "--bpm" in failed("hits", _cut_list(tmp_path, [96]), "--bpm", wrong, code=2)
