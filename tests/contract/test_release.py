"""What the add-on and the rest say of themselves agrees."""

import ast
import json
import re
import tomllib
import zipfile

from addon_modules import package, server_process

import diffbgm
from diffbgm.arranging.styles import style_names
from diffbgm.options import MOODS, ComposeOptions, TakeOptions, public_options
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


def test_the_packaged_options_are_the_librarys(tmp_path):
    with zipfile.ZipFile(package.build(tmp_path)) as archive:
        content = json.loads(archive.read("diffbgm_blender/options.json"))
    assert content["styles"] == sorted(style_names())
    assert content["moods"] == list(MOODS)
    for of, owner in (("compose", ComposeOptions), ("take", TakeOptions)):
        assert content["options"][of] == [each.to_dict() for each in public_options(owner)]
    names = {option["name"] for option in content["options"]["compose"]}
    assert {"style", "seed", "loudness"} <= names
    assert not names & {"device", "checkpoint", "soundfont"}


def test_addon_imports_the_standard_library_and_bpy_alone():
    import sys

    for module in set(SOURCE.glob("*.py")) - {SOURCE / "package.py"}:  # which is not packaged
        names = re.findall(r"^\s*(?:import|from) (\w+)", module.read_text(), re.MULTILINE)
        blenders = {"bpy", "rna_keymap_ui", "compat", "tags"}
        foreign = set(names) - set(sys.stdlib_module_names) - blenders
        assert not foreign, f"{module.name} imports {foreign}"
