"""OpenShot: a saved project in, the project with a track of music out.

    python3 integrations/openshot_project.py PROJECT.osp -o WITH_MUSIC.osp --style ambient

Use the Python that has OpenShot's own library (python3-openshot of Debian), which describes the new
clips. Standard library otherwise.
"""

import json
import uuid
from pathlib import Path

from otio_document import otio_timeline
from scoring import run


def as_otio(project, near):
    """The pictures of a project as an OpenTimelineIO document: a track a layer."""
    rate = project["fps"]["num"] / project["fps"]["den"]
    tracks = []
    for layer in sorted({clip["layer"] for clip in project["clips"]}):
        clips = [c for c in project["clips"] if c["layer"] == layer and c["reader"]["has_video"]]
        track, end = [], 0
        for clip in sorted(clips, key=lambda clip: clip["position"]):
            begin = round(clip["position"] * rate)
            if begin > end:
                track.append((None, 0, begin - end, rate))
            first, frames = round(clip["start"] * rate), round((clip["end"] - clip["start"]) * rate)
            track.append(((near / clip["reader"]["path"]).resolve(), first, frames, rate))
            end = begin + frames
        tracks.append(track)
    return otio_timeline(filter(None, tracks))


def with_music(edit, result, folder):
    """The project, as bytes, with the music of `result`, whose files lie in `folder`."""
    project = json.loads(Path(edit).read_text(encoding="utf-8"))
    lowest = min((layer["number"] for layer in project["layers"]), default=2_000_000)
    layer = lowest // 2
    new = {"id": _new_id(), "number": layer, "y": 0, "label": "BGM", "lock": False}
    project["layers"].append(new)
    frame = result["frame_rate"][1] / result["frame_rate"][0]
    for shot in result["shots"]:
        path = folder / shot["audio"]
        seconds = (shot["end_frame"] - shot["start_frame"]) * frame
        clip = describe(path)
        file = {**clip["reader"], "id": _new_id(), "path": str(path), "media_type": "audio"}
        project["files"].append(file)
        place = {"position": shot["start_frame"] * frame, "start": 0.0, "end": seconds}
        named = {"id": _new_id(), "file_id": file["id"], "title": f"BGM {shot['index'] + 1}"}
        project["clips"].append({**clip, **place, **named, "layer": layer, "duration": seconds})
    return json.dumps(project, indent=1).encode()


def describe(path):
    """A clip of a file as OpenShot describes it, with all its curves."""
    import openshot

    return json.loads(openshot.Clip(str(path)).Json())


def _new_id():
    return uuid.uuid4().hex[:10].upper()


def read(edit):
    """What the server is sent of a project."""
    return as_otio(json.loads(edit.read_text(encoding="utf-8")), edit.resolve().parent)


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: ".osp", read)
