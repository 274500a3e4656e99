"""What is declared and what is built: dependencies as imported, a wheel with all that is needed."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import diffbgm

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"diffbgm", "diffbgm_server"}
# Asked for by name and installed without what it drags in: see the test about compilers.
OPTIONAL = {"tinysoundfont"}
# OpenTimelineIO finds its adapters as entry points.
PLUGINS = {
    "otio-cmx3600-adapter",
    "otio-fcp-adapter",
    "otio-fcpx-xml-adapter",
    "otio-kdenlive-adapter",
    "otio-aaf-adapter",
}

# SQLAlchemy imports its driver by the database's address; redis wants the other on old Pythons.
BY_OTHERS = {"psycopg", "async-timeout"}

# Calls that name a module: what is in its folder may be all that is wanted of it.
_LOOKS_FOR = ("import_module", "find_spec")


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 normalises it, without its version or extras."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name)[0]).lower()


def imports(path: Path) -> Iterator[str]:
    """Top-level names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_LOOKS_FOR):
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                yield argument.value.partition(".")[0]


def imported_distributions() -> set[str]:
    """Distributions that hold what library and server import, but for the standard library."""
    files = [*(ROOT / "diffbgm").rglob("*.py"), *(ROOT / "server").rglob("*.py")]
    names = {name for file in files for name in imports(file)}
    holders = importlib.metadata.packages_distributions()
    foreign = names - OURS - set(sys.stdlib_module_names) - OPTIONAL
    return {canonical(_holder(name, holders.get(name, []))) for name in foreign}


def _holder(module: str, distributions: list[str]) -> str:
    """The one that is declared, where several install the same module (two OpenCV, say)."""
    declared = [each for each in distributions if canonical(each) in _declared()]
    return (declared or distributions or [f"nobody's {module}"])[0]


def _declared() -> set[str]:
    extras = PROJECT["optional-dependencies"].values()
    listed = [*PROJECT["dependencies"], *(each for extra in extras for each in extra)]
    return {canonical(each) for each in listed}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    assert imported_distributions() | PLUGINS | BY_OTHERS == _declared()


def test_no_dependency_needs_a_compiler():
    """tinysoundfont asks for pyaudio, which has no wheels for Linux."""
    assert not {"tinysoundfont", "pyaudio"} & _declared()


def test_the_version_has_one_source():
    assert PROJECT["dynamic"] == ["version"]
    assert importlib.metadata.version("diffbgm") == diffbgm.__version__


BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "diffbgm", "server")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the project, built without network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *build, str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_library_and_server(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    rooms = {"diffbgm": ROOT / "diffbgm", "diffbgm_server": ROOT / "server"}
    expected = {
        f"{name}/{path.relative_to(folder).as_posix()}"
        for name, folder in rooms.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected
    assert "diffbgm/py.typed" in packed


@pytest.mark.slow
def test_the_wheel_tells_the_version_and_what_it_needs(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/METADATA")]
        text = archive.read(name).decode()
    assert f"\nVersion: {diffbgm.__version__}\n" in text
    required = re.findall(r"^Requires-Dist: (.+)$", text, re.MULTILINE)
    assert {canonical(each) for each in required} == _declared()
