"""Kdenlive and Shotcut: a saved project in, the project with a music track out.

    python integrations/kdenlive_shotcut.py PROJECT.kdenlive -o WITH_MUSIC.kdenlive --style ambient

One clip a shot on a track of its own; everything else stays as it is. Standard library only.
"""

import xml.etree.ElementTree as ET

from otio_document import otio_timeline
from scoring import run


def with_music(project, result, folder):
    """The project, as bytes, with the music of `result`, whose files lie in `folder`."""
    builder = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    root = ET.parse(project, builder).getroot()
    if not root.get("root"):
        root.set("root", str(project.resolve().parent))
    sequence = _sequence(root)
    is_kdenlive = any(
        each.get("name", "").startswith("kdenlive:") for each in root.iter("property")
    )
    clips = [_clip(shot, folder, is_kdenlive) for shot in result["shots"]]
    track = ET.Element("playlist", id="diffbgm_track")
    shotcut = {"shotcut:audio": "1", "shotcut:name": "BGM"}
    _set(track, {"kdenlive:audio_track": "1"} if is_kdenlive else shotcut)
    for clip in clips:
        ET.SubElement(
            track, "entry", {"producer": clip.get("id"), "in": "0", "out": clip.get("out")}
        )
    parts = [*clips, track]
    if is_kdenlive:
        parts += _as_kdenlive_track(track, result["frames"])
        for clip in clips:
            _add_to_bin(root, clip)
    bin_ = root.find("playlist[@id='main_bin']")
    place = min(list(root).index(each) for each in (sequence, bin_) if each is not None)
    for part in reversed(parts):
        root.insert(place, part)
    _join(sequence, parts[-1].get("id"))
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def read(project):
    """What the server is sent: Kdenlive's file itself, the pictures of Shotcut's tracks."""
    if project.suffix != ".mlt":
        return project
    root, near = ET.parse(project).getroot(), project.resolve().parent
    profile = root.find("profile")
    rate = int(profile.get("frame_rate_num")) / int(profile.get("frame_rate_den"))
    media = {each.get("id"): each for each in root if each.tag in ("producer", "chain")}
    tracks = []
    for each in _sequence(root).findall("track"):
        playlist = root.find(f"playlist[@id='{each.get('producer')}']")
        if playlist is None or each.get("hide") in ("video", "both"):
            continue
        track = []
        for item in playlist:
            if item.tag == "blank":
                track.append((None, 0, _frames(item.get("length"), rate), rate))
            elif item.tag == "entry":
                first, last = (_frames(item.get(name), rate) for name in ("in", "out"))
                resource = media[item.get("producer")].find("property[@name='resource']").text
                track.append(((near / resource).resolve(), first, last - first + 1, rate))
        if any(path for path, *_ in track):
            tracks.append(track)
    return otio_timeline(tracks)


def _frames(time, rate):
    """Frames, or 00:00:01.250, in frames."""
    if ":" not in time:
        return int(time)
    hours, minutes, seconds = time.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * rate)


def _sequence(root):
    """The tractor that is edited: the last one, or what Kdenlive's project tractor plays."""
    tractors = root.findall("tractor")
    if not tractors:
        raise ValueError("the project has no timeline")
    last = tractors[-1]
    if last.find("property[@name='kdenlive:projectTractor']") is None:
        return last
    played = last.findall("track")[-1].get("producer")
    return next(each for each in tractors if each.get("id") == played)


def _clip(shot, folder, is_kdenlive):
    """The sound of one shot, in frames of the project."""
    index, frames = shot["index"], shot["end_frame"] - shot["start_frame"]
    clip = ET.Element("producer", {"id": f"diffbgm_{index:03d}", "in": "0", "out": str(frames - 1)})
    _set(clip, {"length": str(frames), "resource": str(folder / shot["audio"])})
    _set(clip, {"mlt_service": "avformat", "video_index": "-1"})
    if is_kdenlive:
        _set(clip, {"kdenlive:clipname": f"BGM {index + 1}", "kdenlive:id": str(9000 + index)})
    else:
        _set(clip, {"shotcut:caption": f"BGM {index + 1}"})
    return clip


def _as_kdenlive_track(track, frames):
    """Kdenlive's tracks are tractors of two playlists."""
    empty = ET.Element("playlist", id="diffbgm_empty")
    _set(empty, {"kdenlive:audio_track": "1"})
    tractor = ET.Element("tractor", {"id": "diffbgm_tractor", "in": "0", "out": str(frames - 1)})
    _set(tractor, {"kdenlive:audio_track": "1", "kdenlive:track_name": "BGM"})
    for playlist in (track, empty):
        ET.SubElement(tractor, "track", producer=playlist.get("id"), hide="video")
    return empty, tractor


def _add_to_bin(root, clip):
    bin_ = root.find("playlist[@id='main_bin']")
    if bin_ is not None:
        ET.SubElement(
            bin_, "entry", {"producer": clip.get("id"), "in": "0", "out": clip.get("out")}
        )


def _join(sequence, track):
    """The new track sounds with the others."""
    tracks = sequence.findall("track")
    place = list(sequence).index(tracks[-1]) + 1 if tracks else 0
    sequence.insert(place, ET.Element("track", producer=track, hide="video"))
    mix = ET.SubElement(sequence, "transition", id="diffbgm_mix")
    _set(mix, {"a_track": "0", "b_track": str(len(tracks)), "mlt_service": "mix"})
    _set(mix, {"always_active": "1", "sum": "1", "internal_added": "237"})


def _set(element, properties):
    for name, value in properties.items():
        ET.SubElement(element, "property", name=name).text = value


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: edit.suffix, read)
