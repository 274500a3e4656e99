"""Every message that the add-on shows has its Chinese: this lists those that have none."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from addon_modules import translations  # pyright: ignore[reportMissingImports]

from diffbgm.options import ComposeOptions, TakeOptions, public_options

ADDON = Path(__file__).parents[2] / "plugin_blender"
# Keywords and names of what Blender shows as it is written.
SHOWN_KEYWORDS = {"text", "name", "description", "title", "heading"}
NOT_SHOWN = {"Thread", "new", "Stretch"}
# Modules whose texts no person reads, and names of things in any language.
SILENT_MODULES = {"mp4", "mp4_boxes", "mp4_tracks", "otio", "package", "render_script"}
NO_WORDS = re.compile(
    r"as measured|Application Support|Bearer {}|The diffbgm authors|%s .*|\w+ \| None|(BGM|♪) .*"
)
SENTENCE = re.compile(r"(?=.*[A-Za-z]{2})\S+\s.*\S", re.DOTALL)
SHOWN_NAMES = {"bl_label", "bl_description"}
TRANSLATED_BY = {"translated", "poll_message_set", "report"}


def messages() -> set[str]:
    found = {name for option in _options() for name in (option["label"], option["description"])}
    for path in sorted(ADDON.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        found |= {text for node in ast.walk(tree) for text in _shown(node)}
        if path.stem not in SILENT_MODULES | {"translations"}:
            found |= set(_sentences(tree))
    found |= set(_stages())
    texts = {text for text in found if not NO_WORDS.fullmatch(text)}
    return {text for text in texts if re.search(r"[A-Za-z]{2}", text)}


def _options() -> Iterator[dict[str, str]]:
    """Those that the add-on has a property for."""
    kinds = set(re.findall(r'^    "(\w+)": _\w+,$', (ADDON / "forms.py").read_text(), re.MULTILINE))
    for owner in (ComposeOptions, TakeOptions):
        for option in public_options(owner):
            if option.kind in kinds and not option.film_only:
                label = option.name.replace("_", " ").title()
                yield {"label": label, "description": option.description.split("; ")[0]}


def _sentences(tree: ast.AST) -> Iterator[str]:
    """Every text of several words but docstrings, as `words.translated` knows it: what is filled
    into one is "{}"."""
    nodes = list(ast.walk(tree))
    not_alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    not_alone |= {id(p) for node in nodes if isinstance(node, ast.JoinedStr) for p in node.values}
    for node in nodes:
        text = _text_of(node) if id(node) not in not_alone else ""
        if SENTENCE.fullmatch(text):
            yield text


def _text_of(node: ast.AST) -> str:
    """What a constant or an f-string says; "" of other nodes."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) or "{}" for part in node.values)
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else ""  # type: ignore[union-attr]


def _stages() -> Iterator[str]:
    """What the library calls the stages of its work, as the add-on shows them."""
    for path in (ADDON.parent / "diffbgm").rglob("*.py"):
        for name in re.findall(r'\.stage\("(\w+)"\)', path.read_text("utf-8")):
            yield name.capitalize()


def _shown(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and any(
        _name(base) in ("Operator", "_OnShot") for base in node.bases
    ):
        yield (ast.get_docstring(node) or "").split("\n\n")[0]
    if isinstance(node, ast.Assign) and any(
        _name(target) in SHOWN_NAMES for target in node.targets
    ):
        yield from _text(node.value)
    if isinstance(node, ast.Tuple) and _is_item(node):
        yield from (_text_of(part) for part in node.elts[1:3])
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in SHOWN_KEYWORDS and _name(node.func) not in NOT_SHOWN:
                yield from _text(keyword.value)
        if _name(node.func) in TRANSLATED_BY:
            for argument in node.args:
                yield from _text(argument)


def _is_item(node: ast.Tuple) -> bool:
    """Whether it is an item of an enumeration: identifier, name, description."""
    texts = [_text_of(part) for part in node.elts]
    if len(texts) < 3:
        return False
    is_identifier = texts[0] in (texts[0].upper(), "none")
    return is_identifier and all(text[:1].isupper() for text in texts[1:3])


def _text(node: ast.AST) -> Iterator[str]:
    if text := _text_of(node):
        yield text
    if isinstance(node, ast.IfExp):
        yield from _text(node.body)
        yield from _text(node.orelse)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_every_message_has_its_chinese():
    missing = sorted(messages() - translations.CHINESE.keys())
    assert missing == [], json.dumps(missing, indent=1)


def test_no_chinese_is_left_over():
    left = translations.CHINESE.keys() - messages()
    assert sorted(text for text in left if re.search(r"[A-Za-z]", text)) == []


def test_what_is_filled_in_is_the_same_in_both_languages():
    for english, chinese in translations.CHINESE.items():
        assert english.count("{}") == len(re.findall(r"{\d*}", chinese)), english
        assert re.search(r"[一-鿿]", chinese), english


def test_what_is_filled_in_is_translated_where_it_is_shown():
    """Blender itself translates whole messages alone."""
    found = []
    for path in sorted(ADDON.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            is_report = _name(node.func) == "report" and len(node.args) == 2
            shown = [word.value for word in node.keywords if word.arg == "text"]
            for text in [*(node.args[1:] if is_report else ()), *shown]:
                parts = [part for part in ast.walk(text) if isinstance(part, ast.JoinedStr)]
                if any(SENTENCE.fullmatch(_text_of(part)) for part in parts) and not (
                    isinstance(text, ast.Call) and _name(text.func) == "translated"
                ):
                    found.append(f"{path.name}:{text.lineno}")
    assert found == []
