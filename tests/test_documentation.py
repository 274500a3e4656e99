"""The documentation is true: what it names is there, and what is there is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OF_USERS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "diffbgm/checkpoints/README.md")
DOCUMENTS = [
    *(ROOT / name for name in OF_USERS),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# A dated log: what it says was true on its day.
LOGS = {ROOT / "docs" / "experiments.md"}
# Where a path in the text may begin: the reader knows which part is spoken of.
BASES = (".", "docs", "diffbgm", "server", "plugin_blender", "tests")
SOURCE = re.compile(r"`([\w./-]+\.(?:py|md|toml|tsv|sh|html|js|css))`")
FOLDER = re.compile(r"`((?:diffbgm|server|plugin_blender|tests|docs|benchmarks)/[\w./-]*/)`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
MADE_BY_A_USER = {"report.html", "demo/report.html"}


@pytest.fixture(scope="module")
def names() -> set[str]:
    """The names of all files of the sources."""
    rooms = (ROOT / room for room in ("diffbgm", "server", "plugin_blender", "tests", "docs"))
    return {path.name for room in rooms for path in room.rglob("*.*")} | {
        path.name for path in ROOT.iterdir()
    }


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if each not in LOGS], ids=lambda path: path.name
)
def test_every_source_that_is_named_is_there(document: Path, names: set[str]):
    text = document.read_text()
    named = {*SOURCE.findall(text), *FOLDER.findall(text)} - MADE_BY_A_USER
    assert [each for each in named if each not in names and not _found(each, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path):
    targets = [each for each in LINK.findall(document.read_text()) if "://" not in each]
    assert [each for each in targets if not (document.parent / each).exists()] == []


def _found(named: str, document: Path) -> bool:
    return (
        any((ROOT / base / named).exists() for base in BASES) or (document.parent / named).exists()
    )


def test_every_room_of_the_library_is_in_the_table():
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("## Rooms")[1].split("\n## ")[0]
    named = {Path(room).stem for room in re.findall(r"`([\w/.]+)`", table)}
    rooms = {
        path.stem
        for path in (ROOT / "diffbgm").iterdir()
        if path.suffix in ("", ".py") and not path.name.startswith("__")
    }
    assert rooms - named == {"checkpoints"}


def test_the_glossary_has_at_most_forty_terms_in_order():
    glossary = (ROOT / "docs" / "architecture.md").read_text().split("## Glossary")[1]
    terms = re.findall(r"^\| ([^|]+?) \|", glossary, re.MULTILINE)[1:]
    assert len(terms) <= 40
    assert terms == sorted(terms, key=str.lower)


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


def test_every_command_of_install_is_in_its_help():
    import install

    assert [name for name in install.COMMANDS if f"install.py {name} " not in install.__doc__] == []
