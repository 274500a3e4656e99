"""What the user sets: the add-on's preferences, and a scene's options for its music."""

import random
from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from . import compat, suggestions
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


class DIFFBGM_Options(bpy.types.PropertyGroup):
    """What the music of a scene shall be like; saved with the file."""

    style: StringProperty(
        name="Style",
        description="Which instruments play, and how",
        default="cinematic",
        **compat.suggestions(lambda self, context, text: suggestions.styles),
    )
    mood: StringProperty(
        name="Mood",
        description="The mood of all shots. Empty: as the picture has it, shot by shot",
        **compat.suggestions(lambda self, context, text: suggestions.moods),
    )
    use_energy: BoolProperty(
        name="Set Energy",
        description="Set how busy the music is. Off: as the picture moves, shot by shot",
    )
    energy: FloatProperty(
        name="Energy", description="From calm to busy", default=0.5, min=0, max=1, subtype="FACTOR"
    )
    use_seed: BoolProperty(
        name="Set Seed", description="Set the seed, to get the same music again. Off: new each time"
    )
    seed: IntProperty(name="Seed", description="Same seed, same music", default=0, min=0)


def server_settings(context) -> ServerSettings:
    preferences = context.preferences.addons[__package__].preferences
    program = bpy.path.abspath(preferences.program)
    return ServerSettings(preferences.address.strip(), preferences.token.strip(), program)


def compose_options(options: DIFFBGM_Options) -> dict[str, Any]:
    """The options of a request for a composition; what is not set is left out."""
    return {"style": options.style.strip() or "cinematic", **take_options(options)}


def take_options(options: DIFFBGM_Options) -> dict[str, Any]:
    """The options of a request for a take: not the style, which is the composition's."""
    request: dict[str, Any] = {
        "seed": options.seed if options.use_seed else random.randrange(2**31),
    }
    if options.mood.strip():
        request["mood"] = options.mood.strip()
    if options.use_energy:
        request["energy"] = round(options.energy, 3)
    return request
