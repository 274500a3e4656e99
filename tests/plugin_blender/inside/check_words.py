"""The add-on speaks the user's language, also where values are filled in."""

import bpy
from addon import forms, manual, translations, words

# ruff: noqa: RUF001 (Chinese has commas of its own)


def check_chinese_is_blenders_own():
    view = bpy.context.preferences.view
    language = "zh_HANS" if bpy.app.version >= (4, 0) else "zh_CN"
    try:
        view.language, view.use_translate_interface = language, True
    except TypeError:
        return  # this Blender was built without languages
    try:
        spoken = bpy.app.translations.pgettext_iface
        if bpy.app.translations.locale != language:
            return  # its languages are not installed
        assert spoken("Regenerate Shot") == "重新生成镜头"
        assert words.translated("Shot 3 has a new take") == "镜头 3 有了新版本"
        inner = words.translated("No strip lies in the preview range: set it, or select strips")
        assert inner == "预览范围内没有片段：请重新设置，或选择片段"
        assert words.translated("Diffusion, -0:12") == "生成音符，剩余 0:12"
        assert words.translated("Regenerate shot 2") == "重新生成镜头 2"
        for text in (*translations.CHINESE, *forms.descriptions()):
            assert spoken(text) != text, text
    finally:
        view.language = "en_US"


def check_english_is_as_it_is():
    for text in ("Shot 3 has a new take", "{} and 100 %", ""):
        assert words.translated(text) == text


def check_help_comes_along():
    assert "Generate BGM" in manual.PAGE.read_text("utf-8")
    assert bpy.ops.diffbgm.help() == {"FINISHED"}
    prefix, pages = manual.links()
    assert prefix.startswith("file:") and {page for _, page in pages} == {manual.PAGE.name}
    assert f"Blender: {bpy.app.version_string}" in manual.bug_report()
