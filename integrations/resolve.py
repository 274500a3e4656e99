"""DaVinci Resolve: music for the timeline that is open, a clip a shot on a new track of sound.

As a script of its menu: put this file, scoring.py and otio_document.py into Resolve's folder
Fusion/Scripts/Edit, then Workspace > Scripts > resolve. Where scripts are not allowed (some free
editions), export the timeline as .otio and run

    python integrations/resolve.py TIMELINE.otio -o WITH_MUSIC.otio

and import what comes out. Standard library only.
"""

import json
import sys
import tempfile
from pathlib import Path

from otio_document import otio_range
from scoring import ScoringError, Server, run

_COLORS = {"downbeat": "Green", "beat": "Yellow", "half": "Cream"}


def score_timeline(resolve, folder, options, server=None):
    """Music for the timeline open in `resolve`; its sound is kept in `folder`."""
    project = resolve.GetProjectManager().GetCurrentProject()
    timeline = project.GetCurrentTimeline() if project else None
    if timeline is None:
        raise ScoringError("open a timeline first")
    edit = folder / f"{timeline.GetUniqueId()}.otio"
    folder.mkdir(parents=True, exist_ok=True)
    if not timeline.Export(str(edit), resolve.EXPORT_OTIO, resolve.EXPORT_NONE):
        raise ScoringError("Resolve cannot export the timeline as OpenTimelineIO")
    result = (server or Server()).score(edit, folder, options)
    pool = project.GetMediaPool()
    items = pool.ImportMedia([str(folder / "mix.wav")])
    if not items:
        raise ScoringError(f"Resolve cannot import the sound in {folder}")
    if not timeline.AddTrack("audio", "stereo"):
        raise ScoringError("Resolve cannot add a track of sound")
    track, begin = timeline.GetTrackCount("audio"), timeline.GetStartFrame()
    timeline.SetTrackName("audio", track, "BGM")
    pool.AppendToTimeline(
        [
            {
                "mediaPoolItem": items[0],
                "startFrame": shot["start_frame"],
                "endFrame": shot["end_frame"] - 1,
                "mediaType": 2,
                "trackIndex": track,
                "recordFrame": begin + shot["start_frame"],
            }
            for shot in result["shots"]
        ]
    )
    for hit in result["hits"]:
        if hit["kind"] in _COLORS:
            timeline.AddMarker(hit["cut_frame"], _COLORS[hit["kind"]], hit["kind"], "", 1)
    return result


def with_music(edit, result, folder):
    """An exported .otio, as bytes, with a track of the music; all else as it was."""
    document = json.loads(Path(edit).read_text(encoding="utf-8"))
    if "tracks" not in document:
        raise ValueError(f"{edit} is no timeline of OpenTimelineIO")
    rate = result["frame_rate"][0] / result["frame_rate"][1]
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": (folder / "mix.wav").resolve().as_uri(),
        "available_range": otio_range(0, result["frames"], rate),
    }
    children = [
        {
            "OTIO_SCHEMA": "Clip.1",
            "name": f"BGM {shot['index'] + 1}",
            "source_range": otio_range(
                shot["start_frame"], shot["end_frame"] - shot["start_frame"], rate
            ),
            "media_reference": reference,
        }
        for shot in result["shots"]
    ]
    track = {"OTIO_SCHEMA": "Track.1", "name": "BGM", "kind": "Audio", "children": children}
    document["tracks"]["children"].append(track)
    return json.dumps(document, indent=1).encode()


if __name__ == "__main__":
    inside = globals().get("resolve")  # What Resolve gives to the scripts of its menu.
    if inside is None:
        run(__doc__.splitlines()[0], with_music, lambda edit: ".otio")
    else:
        try:
            score_timeline(inside, Path(tempfile.mkdtemp(prefix="diffbgm-")), {})
        except ScoringError as error:
            sys.exit(f"diffbgm: {error}")
