"""XML documents of editors, of which everything is kept: comments, document type, order."""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from diffbgm.errors import TimelineError

Element = etree._Element

_WORDS = "text"  # the tag of Final Cut's titles that holds styled words, and nothing else


def parsed(text: bytes) -> Element:
    """The root of a document. Nothing outside it is read, and no entity is expanded."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False
    )
    try:
        return etree.fromstring(text, parser)
    except etree.XMLSyntaxError as exc:
        raise TimelineError(f"is no valid XML ({exc})") from exc


def serialised(root: Element, *, is_new: bool = False, doctype: str | None = None) -> bytes:
    """The whole document, declared as it was; a new one with a line for every element."""
    tree = root.getroottree()
    if is_new:
        etree.indent(tree)
        for words in root.iter(_WORDS):  # blanks would be seen
            words.text = None
            for each in words:
                each.tail = None
    declared: Any = {"standalone": tree.docinfo.standalone, "doctype": doctype}  # None: not there
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True, **declared)


def text_of(element: Element) -> str:
    """An element as the text of another one."""
    return etree.tostring(element, encoding="unicode")


def made(tag: str, *children: Element, text: str | None = None, **attributes: str) -> Element:
    """An element; a trailing _ in the name of an attribute is left out (`in_`, `id_`)."""
    element = etree.Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    element.text = text
    element.extend(children)
    return element


def added(parent: Element, *children: Element, before: Iterable[str] = ()) -> None:
    """Put children at the end of the parent, or where the first child with a tag of `before`
    stands, each on a line of its own."""
    tags = set(before)
    place = next((at for at, child in enumerate(parent) if child.tag in tags), len(parent))
    indent = _indent_of(parent)
    for offset, child in enumerate(children):
        child.tail = indent
        parent.insert(place + offset, child)
    if children and place + len(children) == len(parent) and place > 0:
        children_before = parent[place - 1]
        children[-1].tail, children_before.tail = children_before.tail, indent


def removed(elements: Iterable[Element]) -> bool:
    """Take elements out of the document, without what they hold; whether there were any."""
    listed = list(elements)
    for each in listed:
        parent, before = each.getparent(), each.getprevious()
        if parent is None:
            continue
        if each.getnext() is None and before is not None:
            before.tail = each.tail  # the line on which the parent ends
        parent.remove(each)
    return bool(listed)


def _indent_of(parent: Element) -> str:
    """What stands before the parent's first child: a new line and blanks, or nothing."""
    return parent.text if parent.text and re.fullmatch(r"\s+", parent.text) else ""


def used_names(root: Element, attribute: str = "id") -> set[str]:
    """All values of an attribute in the document, which new ones must differ from."""
    return {value for each in root.iter() if (value := each.get(attribute)) is not None}
