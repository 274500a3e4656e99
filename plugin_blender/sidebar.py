"""Where the panels are, and what all of them draw with. Knows none of them."""

import textwrap

from . import compat
from .words import translated

MAIN_PANEL = "DIFFBGM_PT_generate"  # the parent of the other panels
LINE = 38  # characters of a message that fit the sidebar at its usual width


class Sidebar:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Generate BGM"


class Part(Sidebar):
    """A part of the panel; the panel itself says where there is no scene."""

    bl_parent_id = MAIN_PANEL

    @classmethod
    def poll(cls, context) -> bool:
        return compat.edited_scene(context) is not None


def draw_text(layout, text: str, icon: str) -> None:
    """Lines of their own for a long text: a label is one line."""
    column = layout.column(align=True)
    # Whole: lines of it have no translation.
    lines = [part for line in translated(text).splitlines() for part in textwrap.wrap(line, LINE)]
    for number, line in enumerate(lines):
        column.label(text=line, icon="BLANK1" if number else icon)
