"""An edit with what editors put into one: two pictures' tracks, speech, a dissolve, markers."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import Timeline
from tests.readers.made_media import make_medium

RATE = Fraction(25)
schema, time = otio.schema, otio.opentime


def span(start: float, frames: float, rate: float = 25) -> otio.opentime.TimeRange:
    return time.TimeRange(time.RationalTime(start, rate), time.RationalTime(frames, rate))


def clip(folder: Path, name: str, start: float, frames: float, **more) -> otio.schema.Clip:
    """A clip of `folder`/NAME.mp4, a medium of four seconds."""
    url = (folder / f"{name}.mp4").as_uri()
    reference = schema.ExternalReference(url, span(0, 100))
    return schema.Clip(name, reference, span(start, frames), **more)


def made_edit(folder: Path) -> otio.schema.Timeline:
    """Shots at 0, 25, 50, 75, to 100; a clip over the second of them, speech under all."""
    for name in "ab":
        make_medium(folder / f"{name}.mp4", RATE, 4)
    edit = schema.Timeline("cut 3", global_start_time=time.RationalTime(90_000, 25))
    main, over = schema.Track("V1", kind="Video"), schema.Track("V2", kind="Video")
    fast = schema.LinearTimeWarp(time_scalar=2.0)
    main.extend(
        [
            clip(folder, "a", 0, 50, metadata={"editor": {"note": "keep"}}),
            clip(folder, "b", 10, 25),
            clip(folder, "a", 40, 25, effects=[fast]),
        ]
    )
    over.extend([schema.Gap(source_range=span(0, 25)), clip(folder, "b", 60, 25)])
    speech = schema.Track("Dialogue", kind="Audio")
    speech.append(clip(folder, "a", 0, 100))
    edit.tracks.extend([main, over, speech])
    edit.tracks.markers.append(schema.Marker("check this", span(30, 1), "PINK"))
    return edit


def made_full_edit(folder: Path) -> otio.schema.Timeline:
    """100 frames with what conversions must not lose: dissolves of pictures and sound, a title, a
    colour, a reversed clip, a clip and a track that are disabled, markers."""
    for name in "ab":
        make_medium(folder / f"{name}.mp4", RATE, 4)
    edit = schema.Timeline("full", global_start_time=time.RationalTime(0, 25))
    main, over, off = (schema.Track(name, kind="Video") for name in ("V1", "V2", "V3"))
    backwards = schema.LinearTimeWarp(time_scalar=-1.0)
    main.extend([clip(folder, "a", 10, 40), _dissolve(5), clip(folder, "b", 20, 30)])
    main.append(clip(folder, "a", 40, 30, effects=[backwards]))
    words = schema.GeneratorReference("t", "Text", parameters={"text": "Words <of> a title"})
    orange = schema.GeneratorReference("c", "SolidColor", parameters={"color": "#ff8000"})
    over.append(schema.Gap(source_range=span(0, 10)))
    over.append(schema.Clip("My title", words, span(0, 20)))
    over.append(schema.Gap(source_range=span(0, 20)))
    over.append(schema.Clip("orange", orange, span(0, 10)))
    over.append(clip(folder, "b", 0, 20))
    over[-1].enabled = False
    off.append(clip(folder, "b", 0, 100))
    off.enabled = False
    speech = schema.Track("Dialogue", kind="Audio")
    speech.append(schema.Gap(source_range=span(0, 10)))
    speech.extend([clip(folder, "a", 10, 40), _dissolve(4), clip(folder, "b", 10, 50)])
    edit.tracks.extend([main, over, off, speech])
    edit.tracks.markers.append(schema.Marker("check this", span(30, 5), "RED"))
    edit.tracks.markers[0].comment = "twice"
    edit.tracks.markers.append(schema.Marker("hit", span(60, 1), "GREEN"))
    edit.tracks.markers.append(schema.Marker("hit pinned", span(80, 1), "BLUE"))
    return edit


def _dissolve(half: int) -> otio.schema.Transition:
    around = time.RationalTime(half, 25)
    return schema.Transition("Cross Dissolve", "SMPTE_Dissolve", around, around)


def read_made_edit(folder: Path, suffix: str = ".otio") -> Timeline:
    """The edit as a file of `folder`, read."""
    path = folder / f"edit{suffix}"
    otio.adapters.write_to_file(made_edit(folder), str(path))
    return read_timeline(path)
