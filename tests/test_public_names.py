"""What `import diffbgm` offers: every name is there, and none costs anything before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import diffbgm

SOURCE = Path(diffbgm.__file__)


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", diffbgm.__all__)
def test_every_public_name_is_there(name):
    assert getattr(diffbgm, name) is not None


def test_type_checkers_see_the_same_names():
    tree = ast.parse(SOURCE.read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    imported = [alias.name for node in ast.walk(block) if isinstance(node, ast.ImportFrom)
                for alias in node.names]  # fmt: skip
    assert sorted(imported) == sorted(diffbgm.__all__)


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import diffbgm; print(*set(sys.modules) - before)"
    )
    imported = {name.partition(".")[0] for name in run(code).split()}
    assert imported - set(sys.stdlib_module_names) == {"diffbgm"}


def test_options_and_errors_need_no_network_of_neurons():
    code = "import sys, diffbgm; diffbgm.ComposeOptions(), diffbgm.errors; print(*sys.modules)"
    assert not {"torch", "numpy", "av", "cv2", "scipy"} & set(run(code).split())


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'compost'"):
        _ = diffbgm.compost  # pyright: ignore[reportAttributeAccessIssue]
    assert set(diffbgm.__all__) <= set(dir(diffbgm))


def test_the_marker_for_type_checkers_lies_beside():
    assert SOURCE.with_name("py.typed").is_file()
