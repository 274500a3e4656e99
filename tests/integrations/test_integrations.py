"""Every integration: small, of the standard library, and its music lies in the right place."""

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
import soundfile

from tests.fake_composer import EDGES, RATE
from tests.integrations.made_edits import FRAMES, timeline, write_edit
from tests.melt import rendered
from tests.server_process import ServerProcess, server_process

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "integrations"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.py"))
# What an editor itself offers to its scripts.
OF_EDITORS = {"openshot"}
# Which script works on which file, and makes which.
CASES = {
    "kdenlive_shotcut.py": [(".kdenlive", ".kdenlive"), (".mlt", ".mlt")],
    "premiere.py": [(".xml", ".xml")],
    "final_cut.py": [(".fcpxml", ".fcpxml")],
    "resolve.py": [(".otio", ".otio")],
    "reaper.py": [(".otio", ".rpp")],
    "audacity.py": [(".otio", ".lof")],
    "ardour.py": [(".otio", ".ardour")],
    "openshot_project.py": [(".osp", ".osp")],
}
SYSTEM_PYTHON = "/usr/bin/python3"
ARDOUR = "/usr/bin/ardour7-lua"  # of Debian 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server")) as process:
        yield process


def imported(name: str) -> ModuleType:
    """A script as a module."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


def run_script(server: ServerProcess, script: str, *arguments: Any, python: str = sys.executable):
    environment = os.environ | {"DIFFBGM_HANDSHAKE": str(server.handshake_path)}
    command = [python, str(FOLDER / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def with_music(server: ServerProcess, folder: Path, script: str, before: str, after: str) -> Path:
    """What the script makes of the edit, with its sound in `out.music`."""
    edit, out = write_edit(folder, before), folder / f"out{after}"
    python = SYSTEM_PYTHON if script == "openshot_project.py" else sys.executable
    result = run_script(server, script, edit, "-o", out, "--style", "cinematic", python=python)
    assert result.returncode == 0, result.stderr
    assert "3 shots" in result.stdout
    return out


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_is_small_and_of_the_standard_library(name: str):
    text = (FOLDER / name).read_text()
    assert len(text.splitlines()) <= 150
    nodes = [node for node in ast.walk(ast.parse(text))]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    foreign = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert foreign <= {"scoring", "otio_document"} | OF_EDITORS


def test_each_is_documented():
    text = (ROOT / "docs" / "integrations.md").read_text()
    names = [path.name for path in FOLDER.iterdir() if path.is_file()]
    assert [name for name in names if f"`integrations/{name}`" not in text] == []


@pytest.mark.parametrize(
    ("script", "before", "after"),
    [(script, *case) for script, cases in CASES.items() for case in cases],
)
def test_the_sound_of_every_shot_comes_with_the_edit(
    server: ServerProcess, tmp_path: Path, script: str, before: str, after: str
):
    out = with_music(server, tmp_path, script, before, after)
    mix, rate = soundfile.read(tmp_path / "out.music" / "mix.wav")
    assert len(mix) == FRAMES * rate // RATE
    assert (tmp_path / "out.music" / "LICENSE.txt").is_file()
    text = out.read_text()
    is_by_shot = after in (".kdenlive", ".mlt", ".osp")
    names = [f"shots/{number:03d}" for number in range(3)] if is_by_shot else ["mix.wav"]
    names = ["stems/"] if after in (".rpp", ".lof", ".ardour") else names
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("suffix", [".kdenlive", ".mlt"])
def test_melt_plays_the_music_in_its_place(server: ServerProcess, tmp_path: Path, suffix: str):
    out = with_music(server, tmp_path, "kdenlive_shotcut.py", suffix, suffix)
    if suffix == ".mlt":
        assert "<!-- of mine -->" in out.read_text()
    played = rendered(out, FRAMES)
    wanted, _ = soundfile.read(tmp_path / "out.music" / "mix.wav")
    assert np.abs(played - wanted).max() < 1e-3


def test_premiere_and_resolve_get_a_clip_a_shot(server: ServerProcess, tmp_path: Path):
    for script, suffix in (("premiere.py", ".xml"), ("resolve.py", ".otio")):
        folder = tmp_path / suffix[1:]
        folder.mkdir()
        out = with_music(server, folder, script, suffix, suffix)
        made: Any = otio.adapters.read_from_file(str(out))
        made = made if isinstance(made, otio.schema.Timeline) else made[0]
        assert [c.name for c in made.video_tracks()[0].find_clips()] == [
            c.name for c in timeline(folder / "film.mp4").find_clips()
        ]
        for track in made.audio_tracks():
            ranges = [track.range_of_child(clip) for clip in track.find_clips()]
            starts = [round(each.start_time.to_seconds() * float(RATE)) for each in ranges]
            assert starts == list(EDGES[:-1])
        assert made.audio_tracks()


def test_final_cut_gets_connected_clips(server: ServerProcess, tmp_path: Path):
    import xml.etree.ElementTree as ET

    root = ET.parse(with_music(server, tmp_path, "final_cut.py", ".fcpxml", ".fcpxml")).getroot()
    first = next(root.iter("spine"))[0]
    connected = [each for each in first if each.get("lane") == "-1"]
    begin = Fraction((first.get("start") or "0s").removesuffix("s"))
    offsets = [Fraction((each.get("offset") or "").removesuffix("s")) for each in connected]
    assert [(offset - begin) * RATE for offset in offsets] == list(EDGES[:-1])
    assets = {each.get("id") for each in root.iter("asset")}
    assert {each.get("ref") for each in connected} <= assets


def test_reaper_gets_stems_tempo_and_markers(server: ServerProcess, tmp_path: Path):
    text = with_music(server, tmp_path, "reaper.py", ".otio", ".rpp").read_text()
    assert (
        text.count("<") == text.count("\n  >") + text.count("\n    >") + text.count("\n      >") + 1
    )
    assert 'NAME "melody"' in text
    composed = json.loads((tmp_path / "out.music" / "composition.json").read_text())
    for point in composed["tempo"]:
        assert f"PT {point['seconds']:.9f} {point['bpm']:.6f} 1" in text
    for number, edge in enumerate(EDGES[:-1]):
        assert f'{float(edge / RATE):.6f} "Shot {number + 1}"' in text


def test_audacity_gets_stems_and_labels(server: ServerProcess, tmp_path: Path):
    window, *files = (
        with_music(server, tmp_path, "audacity.py", ".otio", ".lof").read_text().splitlines()
    )
    assert window == "window"
    for line in files:
        assert Path(line.split('"')[1]).is_file()
    labels = (tmp_path / "out.music" / "labels.txt").read_text().splitlines()
    starts = [float(line.split("\t")[0]) for line in labels if "Shot" in line]
    assert starts == [float(edge / RATE) for edge in EDGES[:-1]]


# What Ardour itself finds in the session: a line a region, a change of tempo, a marker.
ASK_ARDOUR = """
AudioEngine:set_backend("None (Dummy)", "", "")
local session = load_session(arg[1], "out")
for route in session:get_tracks():iter() do
  for region in route:to_track():playlist():region_list():iter() do
    print("region", route:name(), region:position():samples(), region:length():samples())
  end
end
for place in session:locations():list():iter() do
  print("place", place:name(), place:start():samples())
end
local map = Temporal.TempoMap.read()
for _, sample in ipairs({0, 24000, 96000}) do
  print("tempo", sample, map:quarters_per_minute_at(Temporal.timepos_t(sample)))
end
map = nil
close_session()
"""


def test_ardour_itself_opens_its_session(server: ServerProcess, tmp_path: Path):
    with_music(server, tmp_path, "ardour.py", ".otio", ".ardour")
    (tmp_path / "ask.lua").write_text(ASK_ARDOUR)
    asked = subprocess.run(
        [ARDOUR, tmp_path / "ask.lua", tmp_path], capture_output=True, text=True, timeout=300
    )
    lines = [" ".join(line.split()) for line in asked.stdout.splitlines()]
    samples = FRAMES * 48_000 // RATE
    assert f"region melody 0 {samples}" in lines, asked.stdout + asked.stderr
    for number, edge in enumerate(EDGES[:-1]):
        assert f"place Shot {number + 1} {edge * 48_000 // RATE}" in lines
    points = json.loads((tmp_path / "out.music" / "composition.json").read_text())["tempo"]
    for sample, bpm in (line.split()[1:] for line in lines if line.startswith("tempo")):
        reached = [point for point in points if point["seconds"] <= int(sample) / 48_000 + 1e-6]
        assert float(bpm) == pytest.approx((reached or points)[-1]["bpm"], abs=1e-3)


def test_openshots_own_library_plays_the_music(server: ServerProcess, tmp_path: Path):
    out = with_music(server, tmp_path, "openshot_project.py", ".osp", ".osp")
    project = json.loads(out.read_text())
    assert project["of mine"] is True
    music = [clip for clip in project["clips"] if clip["layer"] == 1_000_000]
    assert [round(clip["position"] * RATE) for clip in music] == list(EDGES[:-1])
    # libopenshot opens a clip as it stands in the project, and has its samples.
    ask = (
        "import json, openshot, sys; described = json.load(open(sys.argv[1]))['clips'][-1]; "
        "clip = openshot.Clip(described['reader']['path']); clip.SetJson(json.dumps(described)); "
        "clip.Open(); print(clip.GetFrame(5).GetAudioSamplesCount())"
    )
    played = subprocess.run([SYSTEM_PYTHON, "-c", ask, out], capture_output=True, text=True)
    assert int(played.stdout) == 48000 // RATE, played.stderr


class FakeResolve:
    """As much of Resolve's scripting interface as the script uses, by its documentation."""

    EXPORT_OTIO, EXPORT_NONE = "otio", "none"

    def __init__(self, film: Path) -> None:
        self.film, self.appended, self.markers, self.audio = film, [], [], ["Audio 1"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("Get") and name[3:] in ("ProjectManager", "CurrentProject", "MediaPool"):
            return lambda: self
        raise AttributeError(name)

    def GetCurrentTimeline(self) -> "FakeResolve":
        return self

    def GetUniqueId(self) -> str:
        return "one"

    def Export(self, path: str, kind: str, subtype: str) -> bool:
        assert (kind, subtype) == ("otio", "none")
        otio.adapters.write_to_file(timeline(self.film), path, adapter_name="otio_json")
        return True

    def ImportMedia(self, paths: list[str]) -> list[Any]:
        assert all(Path(path).is_file() for path in paths)
        return [_Item(path) for path in reversed(paths)]

    def AddTrack(self, kind: str, form: str) -> bool:
        self.audio.append(form)
        return kind == "audio"

    def GetTrackCount(self, kind: str) -> int:
        return len(self.audio)

    def SetTrackName(self, kind: str, track: int, name: str) -> bool:
        return True

    def GetStartFrame(self) -> int:
        return 86400

    def AppendToTimeline(self, clips: list[dict[str, Any]]) -> None:
        self.appended = clips

    def AddMarker(self, *marker: Any) -> bool:
        self.markers.append(marker)
        return True


class _Item:
    def __init__(self, path: str) -> None:
        self.path = path

    def GetClipProperty(self, name: str) -> str:
        assert name == "File Path"
        return self.path


def test_resolve_gets_its_clips_by_its_interface(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DIFFBGM_HANDSHAKE", str(server.handshake_path))
    write_edit(tmp_path, ".otio")
    fake = FakeResolve(tmp_path / "film.mp4")
    imported("resolve").score_timeline(fake, tmp_path / "music", {"style": "cinematic"})
    assert [clip["recordFrame"] - 86400 for clip in fake.appended] == list(EDGES[:-1])
    assert [clip["startFrame"] for clip in fake.appended] == list(EDGES[:-1])
    for clip in fake.appended:
        assert clip["mediaPoolItem"].path.endswith("mix.wav")
        assert (clip["mediaType"], clip["trackIndex"]) == (2, 2)
    assert fake.markers


def test_what_goes_wrong_is_one_line(server: ServerProcess, tmp_path: Path):
    edit = write_edit(tmp_path, ".otio")
    failed = run_script(server, "reaper.py", edit, "--style", "unusable")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.startswith("diffbgm: ")
    alone = dict(os.environ, DIFFBGM_HANDSHAKE=str(tmp_path / "none.json"))
    command = [sys.executable, str(FOLDER / "reaper.py"), str(edit)]
    result = subprocess.run(command, capture_output=True, text=True, env=alone)
    assert "start `diffbgm serve`" in result.stderr
