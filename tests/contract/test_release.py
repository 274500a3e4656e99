"""What the add-on and the rest say of themselves agrees."""

import ast
import re
import tomllib

from addon_modules import server_process, suggestions

import diffbgm
from diffbgm.arranging.styles import style_names
from diffbgm.options import MOODS
from tests.addon import SOURCE


def test_versions_agree():
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text())
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    bl_info = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "bl_info"
    )
    assert manifest["version"] == diffbgm.__version__
    assert manifest["version"] == server_process.VERSION
    assert ".".join(map(str, bl_info["version"])) == manifest["version"]


def test_suggestions_are_what_the_library_suggestions():
    assert sorted(suggestions.styles) == sorted(style_names())
    assert sorted(suggestions.moods) == sorted(MOODS)


def test_addon_imports_the_standard_library_and_bpy_alone():
    import sys

    for module in SOURCE.glob("*.py"):
        names = re.findall(r"^\s*(?:import|from) (\w+)", module.read_text(), re.MULTILINE)
        foreign = set(names) - set(sys.stdlib_module_names) - {"bpy", "compat", "tags"}
        assert not foreign, f"{module.name} imports {foreign}"
