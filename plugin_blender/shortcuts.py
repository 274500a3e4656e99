"""The add-on's shortcuts: which there are, and how they are shown to be changed."""

import rna_keymap_ui

added: list = []  # (keymap, item): what `menus` added, and removes again


def draw(layout, context) -> None:
    """The shortcuts as the user has them, which may be changed here."""
    configured = context.window_manager.keyconfigs.user
    column = layout.column()
    for keymap, item in added:
        mine = configured.keymaps.get(keymap.name)
        same = (
            each
            for each in (mine.keymap_items if mine else ())
            if each.idname == item.idname and each.properties == item.properties
        )
        user = next(same, None)
        if user is not None:
            rna_keymap_ui.draw_kmi([], configured, mine, user, column, 0)
