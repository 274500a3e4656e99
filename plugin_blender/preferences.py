"""What the user sets: the add-on's preferences, and a scene's options for its music."""

import bpy
from bpy.props import StringProperty

from . import forms, shortcuts, shot_properties
from .server_process import ServerSettings


class DIFFBGM_Preferences(bpy.types.AddonPreferences):
    """Where the music server is. All empty: the one that the installer put on this machine."""

    bl_idname = __package__ or ""

    address: StringProperty(
        name="Server Address",
        description="A music server on another machine, such as http://192.168.1.5:8765. "
        "Empty: one on this machine, started when it is needed",
    )
    token: StringProperty(
        name="Token",
        description="What the server at that address asks for; it prints it when it starts",
        subtype="PASSWORD",
    )
    program: StringProperty(
        name="Program",
        description="The diffbgm program that starts a server on this machine. "
        "Empty: the one that `python install.py` set up",
        subtype="FILE_PATH",
    )

    def draw(self, context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "address")
        if self.address:
            layout.prop(self, "token")
        else:
            layout.prop(self, "program")
        layout.label(text="Shortcuts")
        shortcuts.draw(layout, context)


class DIFFBGM_ComposeOptions(bpy.types.PropertyGroup):
    """What the music of a scene shall be like; saved with the file."""

    __annotations__ = forms.properties("compose", shot_properties.ask)


class DIFFBGM_TakeOptions(bpy.types.PropertyGroup):
    """What a shot's next take shall be like; saved with the file."""

    __annotations__ = forms.properties("take")


def server_settings(context) -> ServerSettings:
    preferences = context.preferences.addons[__package__].preferences
    program = bpy.path.abspath(preferences.program)
    return ServerSettings(preferences.address.strip(), preferences.token.strip(), program)
