"""Every message that the add-on shows has its Chinese: this lists those that have none."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from addon_modules import translations

from diffbgm.options import ComposeOptions, TakeOptions, public_options

ADDON = Path(__file__).parents[2] / "plugin_blender"
# Keywords and names of what Blender shows as it is written.
SHOWN_KEYWORDS = {"text", "name", "description", "title", "heading"}
NOT_SHOWN = {"Thread", "new", "Stretch"}
SHOWN_NAMES = {"bl_label", "bl_description"}
TRANSLATED_BY = {"translated", "poll_message_set", "report"}


def messages() -> set[str]:
    found = {name for option in _options() for name in (option["label"], option["description"])}
    for path in sorted(ADDON.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        found |= {text for node in ast.walk(tree) for text in _shown(node)}
    return {text for text in found if re.search(r"[A-Za-z]{2}", text)}


def _options() -> Iterator[dict[str, str]]:
    """Those that the add-on has a property for."""
    kinds = set(re.findall(r'^    "(\w+)": _\w+,$', (ADDON / "forms.py").read_text(), re.MULTILINE))
    for owner in (ComposeOptions, TakeOptions):
        for option in public_options(owner):
            if option.kind in kinds and not option.film_only:
                label = option.name.replace("_", " ").title()
                yield {"label": label, "description": option.description.split("; ")[0]}


def _shown(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and any(
        _name(base) in ("Operator", "_OnShot") for base in node.bases
    ):
        yield (ast.get_docstring(node) or "").split("\n\n")[0]
    if isinstance(node, ast.Assign) and any(
        _name(target) in SHOWN_NAMES for target in node.targets
    ):
        yield from _text(node.value)
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "items" and isinstance(keyword.value, ast.List):
                for item in keyword.value.elts:
                    yield from (text for part in item.elts[1:] for text in _text(part))  # type: ignore[attr-defined]
            if keyword.arg in SHOWN_KEYWORDS and _name(node.func) not in NOT_SHOWN:
                yield from _text(keyword.value)
        if _name(node.func) in TRANSLATED_BY:
            for argument in node.args:
                yield from _text(argument)


def _text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from _text(node.body)
        yield from _text(node.orelse)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_every_message_has_its_chinese():
    missing = sorted(messages() - translations.CHINESE.keys())
    assert missing == [], json.dumps(missing, indent=1)


def test_no_chinese_is_left_over():
    assert sorted(translations.CHINESE.keys() - messages()) == []


def test_what_is_filled_in_is_the_same_in_both_languages():
    for english, chinese in translations.CHINESE.items():
        assert sorted(re.findall(r"{\w*}", english)) == sorted(re.findall(r"{\w*}", chinese)), (
            english
        )
        assert re.search(r"[一-鿿]", chinese), english
