"""One edit of three shots in the form of every editor, with a film that is there."""

import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio

from tests.data.made_films import texture
from tests.fake_composer import EDGES, RATE

FRAMES = EDGES[-1]


def write_film(path: Path) -> Path:
    """As long as the edit."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", Fraction(RATE))
        stream.height, stream.width, stream.pix_fmt = 54, 96, "yuv420p"
        picture = texture(1, (54, 96))
        for frame in range(FRAMES):
            moved = np.roll(picture, frame, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        container.mux(stream.encode(None))
    return path


def timeline(film: Path) -> otio.schema.Timeline:
    """The shots of the tests' composer, from the last to the first in the film."""
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    end = FRAMES
    for number, (first, last) in enumerate(itertools.pairwise(EDGES)):
        frames = last - first
        end -= frames
        track.append(
            otio.schema.Clip(
                name=f"shot {number}",
                media_reference=otio.schema.ExternalReference(film.as_uri(), span(0, FRAMES)),
                source_range=span(end, frames),
            )
        )
    made = otio.schema.Timeline("edit")
    made.tracks.append(track)
    return made


def span(start: int, frames: int) -> otio.opentime.TimeRange:
    rate = float(RATE)
    times = (otio.opentime.RationalTime(value, rate) for value in (start, frames))
    return otio.opentime.TimeRange(*times)


def write_mlt(path: Path, film: Path) -> None:
    """As Shotcut saves it."""
    entries, end = "", FRAMES
    for first, last in itertools.pairwise(EDGES):
        end -= last - first
        entries += f'<entry producer="film" in="{end}" out="{end + last - first - 1}"/>'
    path.write_text(
        f"""<?xml version="1.0" encoding="utf-8"?>
<mlt LC_NUMERIC="C" version="7.12.0" title="Shotcut" producer="main_bin">
  <profile width="96" height="54" progressive="1" sample_aspect_num="1" sample_aspect_den="1"
    display_aspect_num="16" display_aspect_den="9" frame_rate_num="{RATE}" frame_rate_den="1"/>
  <!-- of mine -->
  <producer id="film" in="0" out="{FRAMES - 1}"><property name="length">{FRAMES}</property>
    <property name="resource">{film}</property>
    <property name="mlt_service">avformat</property></producer>
  <playlist id="playlist0"><property name="shotcut:video">1</property>
    <property name="shotcut:name">V1</property>{entries}</playlist>
  <tractor id="tractor0" title="Shotcut" in="0" out="{FRAMES - 1}">
    <property name="shotcut">1</property><track producer="playlist0"/></tractor>
</mlt>
"""
    )


def write_openshot(path: Path, film: Path) -> None:
    """As OpenShot saves it, without its curves."""
    clips, end = [], FRAMES
    for first, last in itertools.pairwise(EDGES):
        end -= last - first
        times = {"position": first / RATE, "start": end / RATE, "end": (end + last - first) / RATE}
        reader = {"path": film.name, "has_video": True, "has_audio": False}
        clips.append(
            {**{k: float(v) for k, v in times.items()}, "layer": 2_000_000, "reader": reader}
        )
    project = {
        "fps": {"num": int(RATE), "den": 1},
        "clips": clips,
        "files": [],
        "layers": [{"number": 2_000_000, "label": "", "y": 0, "lock": False, "id": "L1"}],
        "effects": [],
        "of mine": True,
    }
    path.write_text(json.dumps(project))


def write_with(adapter: str) -> Callable[[Path, Path], None]:
    def write(path: Path, film: Path) -> None:
        otio.adapters.write_to_file(timeline(film), str(path), adapter_name=adapter)

    return write


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    ".otio": write_with("otio_json"),
    ".xml": write_with("fcp_xml"),
    ".fcpxml": write_with("fcpx_xml"),
    ".kdenlive": write_with("kdenlive"),
    ".mlt": write_mlt,
    ".osp": write_openshot,
}


def write_edit(folder: Path, suffix: str) -> Path:
    """The edit in that form, with its film beside it."""
    film = write_film(folder / "film.mp4")
    edit = folder / f"edit{suffix}"
    WRITERS[suffix](edit, film)
    return edit
