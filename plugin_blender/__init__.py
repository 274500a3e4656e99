"""Generate BGM: background music that fits the cuts, as strips in Blender's video sequencer."""

import bpy

from . import (
    beat_markers,
    finding,
    forms,
    generating,
    history,
    jobs,
    manual,
    menus,
    operators,
    panels,
    preferences,
    refitting,
    shot_panel,
    shot_properties,
    stem_operators,
    take_operators,
    take_panels,
    thumbnails,
    translations,
)

bl_info = {
    "name": "Generate BGM",
    "author": "The diffbgm authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Video Sequencer > Sidebar > Generate BGM",
    "description": "Background music that fits the cuts of your edit",
    "category": "Sequencer",
}

# Of every scene: options of its music and of takes, and its cuts.
PROPERTIES = "diffbgm", "diffbgm_take", "diffbgm_shots"

_CLASSES = (
    preferences.DIFFBGM_Preferences,
    preferences.DIFFBGM_ComposeOptions,
    preferences.DIFFBGM_TakeOptions,
    shot_properties.DIFFBGM_Cut,
    shot_properties.DIFFBGM_Shots,
    generating.DIFFBGM_OT_generate,
    finding.DIFFBGM_OT_find_shots,
    finding.DIFFBGM_OT_add_cut,
    finding.DIFFBGM_OT_remove_cut,
    operators.DIFFBGM_OT_regenerate_shot,
    operators.DIFFBGM_OT_place_again,
    operators.DIFFBGM_OT_cancel,
    refitting.DIFFBGM_OT_refit,
    take_operators.DIFFBGM_OT_choose_take,
    take_operators.DIFFBGM_OT_mark_take,
    take_operators.DIFFBGM_OT_lock_shot,
    beat_markers.DIFFBGM_OT_show_beats,
    beat_markers.DIFFBGM_OT_clear_beats,
    stem_operators.DIFFBGM_OT_show_stems,
    stem_operators.DIFFBGM_OT_hide_stems,
    operators.DIFFBGM_OT_show_log,
    operators.DIFFBGM_OT_preferences,
    manual.DIFFBGM_OT_help,
    manual.DIFFBGM_OT_report_bug,
    operators.DIFFBGM_OT_choose_style,
    operators.DIFFBGM_OT_remove_muted,
    operators.DIFFBGM_OT_start_server,
    panels.DIFFBGM_PT_generate,
    panels.DIFFBGM_PT_more_options,
    shot_panel.DIFFBGM_UL_shots,
    shot_panel.DIFFBGM_PT_shots,
    take_panels.DIFFBGM_PT_shot,
    take_panels.DIFFBGM_PT_more_shot_options,
    take_panels.DIFFBGM_PT_beats,
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    menus.register()
    manual.register()
    bpy.app.translations.register(__name__, translations.table(forms.descriptions()))
    groups = (
        preferences.DIFFBGM_ComposeOptions,
        preferences.DIFFBGM_TakeOptions,
        shot_properties.DIFFBGM_Shots,
    )
    for name, group in zip(PROPERTIES, groups, strict=True):
        setattr(bpy.types.Scene, name, bpy.props.PointerProperty(type=group))
    history.register()


def unregister() -> None:
    jobs.stop_all()
    menus.unregister()
    manual.unregister()
    bpy.app.translations.unregister(__name__)
    shot_properties.stop()
    thumbnails.forget()
    history.unregister()
    for name in PROPERTIES:
        delattr(bpy.types.Scene, name)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
