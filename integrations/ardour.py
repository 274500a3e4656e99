"""Ardour: an edit in, a session out with a track a stem, the tempo map, and markers.

    python integrations/ardour.py EDIT.otio -o MUSIC/music.ardour --style ambient

Ardour's own Lua interpreter (ardour7-lua in Debian) makes the session; the sound is then put into
it, which its headless part cannot. Give it a folder of its own, as Ardour does. Standard library
only.
"""

import itertools
import json
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from scoring import ScoringError, run

_PROGRAMS = ("ardour8-lua", "ardour7-lua", "ardour6-lua", "ardour-lua")
_SUPERCLOCKS = 282_240_000  # in a second: what sessions are written in

_MAKE_SESSION = """
AudioEngine:set_backend("None (Dummy)", "", "")
local session = create_session({folder}, "music", {rate})
assert(session, "Ardour made no session")
for _, name in ipairs({{{names}}}) do
  session:new_audio_track(2, 2, nil, 1, name, ARDOUR.PresentationInfo.max_order,
    ARDOUR.TrackMode.Normal, true)
end
local map = Temporal.TempoMap.fetch_writable()
for _, point in ipairs({{{tempo}}}) do
  map:set_tempo(Temporal.Tempo(point[2], point[2], 4), Temporal.timepos_t(point[1]))
end
Temporal.TempoMap.update(map)
map = nil
session:save_state("", false, false, false, false, false)
close_session()
"""


def with_music(edit, result, folder):
    """The session, as bytes, of the music of `result`, whose files lie in `folder`."""
    stems = sorted(name for name in result["files"] if name.startswith("stems/"))
    paths = [(folder / stem).resolve() for stem in stems]
    session = ET.fromstring(_made_by_ardour([path.stem for path in paths], result))
    ids = itertools.count(int(session.get("id-counter", "0")))
    for path in paths:
        _put(session, path, result["seconds"], ids)
    whole = ("session", 0.0, result["seconds"], "IsSessionRange")
    for name, start, end, flags in [whole, *_markers(result)]:
        kind = {"id": str(next(ids)), "name": name, "flags": flags, "locked": "0"}
        ET.SubElement(
            _part(session, "Locations"),
            "Location",
            kind | {"start": _time(start), "end": _time(end)},
        )
    session.set("id-counter", str(next(ids)))
    return ET.tostring(session, encoding="UTF-8", xml_declaration=True)


def _made_by_ardour(names, result):
    """A session with empty tracks and the tempo map, as Ardour wrote it."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise ScoringError(f"none of {', '.join(_PROGRAMS)} is there: install ardour")
    rate = result["sample_rate"]
    tempo = [(max(round(each["seconds"] * rate), 0), each["bpm"]) for each in result["tempo"]]
    with tempfile.TemporaryDirectory() as home:
        place = Path(home) / "session"
        script = Path(home) / "make.lua"
        words = _MAKE_SESSION.format(
            folder=json.dumps(str(place)),
            rate=rate,
            names=", ".join(map(json.dumps, names)),
            tempo=", ".join(f"{{{sample}, {bpm:.6f}}}" for sample, bpm in tempo),
        )
        script.write_text(words)
        made = subprocess.run([program, script], capture_output=True, text=True)
        session = place / "music.ardour"
        if made.returncode or not session.is_file():
            raise ScoringError(f"{program}: {(made.stderr or made.stdout).strip()[-300:]}")
        return session.read_bytes()


def _put(session, path, seconds, ids):
    """One stem as a region on the track of its name."""
    channels = [str(next(ids)), str(next(ids))]
    for channel, known in enumerate(channels):
        ET.SubElement(
            _part(session, "Sources"),
            "Source",
            {"id": known, "name": str(path), "type": "audio", "flags": "", "origin": str(path)}
            | {"channel": str(channel), "take-id": "", "gain": "1"},
        )
    playlist = _part(session, f"Playlists/Playlist[@name='{path.stem}']")
    region = {"id": str(next(ids)), "name": path.stem, "type": "audio", "channels": "2"}
    region |= {"start": _time(0), "length": f"{_time(seconds)}@{_time(0)}", "external": "1"}
    region |= {"opaque": "1", "default-fade-in": "1", "default-fade-out": "1"}
    region |= {f"source-{channel}": known for channel, known in enumerate(channels)}
    region |= {f"master-source-{channel}": known for channel, known in enumerate(channels)}
    ET.SubElement(playlist, "Region", region)


def _part(session, path):
    found = session.find(path)
    if found is None:
        raise ScoringError(f"Ardour's session has no {path}")
    return found


def _markers(result):
    """Shots, and the cuts that the beats meet."""
    marks = [(f"Shot {shot['index'] + 1}", shot["start"]) for shot in result["shots"]]
    marks += [(hit["kind"], hit["cut"]) for hit in result["hits"] if hit["kind"] != "none"]
    return [(name, start, start, "IsMark") for name, start in sorted(marks, key=lambda m: m[1])]


def _time(seconds):
    """A time of the sound, as sessions are written."""
    return f"a{round(seconds * _SUPERCLOCKS)}"


if __name__ == "__main__":
    run((__doc__ or "").splitlines()[0], with_music, lambda edit: ".ardour")
