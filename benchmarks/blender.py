"""How long Blender is held up by the add-on, and how long a click takes to become music.

python benchmarks/blender.py [--blender blender] [--seconds 60] [--shots 20] [--strips 1500]

Makes a film and an edit of plain strips of it, and runs the operators in a Blender without a
window: prints what `execute` and the slowest tick take, what the panels take to draw beside many
strips, and the time from a click to music in place, with a server that has to start and with one
that runs; beside it, that of `diffbgm compose` of the same film. --program names another program
than this environment's `diffbgm`.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RATE = 24
SIZE = (320, 180)
PACKED = 2048  # pixels a side of an image that is packed into the file: 64 MB
REPEATS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--shots", type=int, default=20)
    parser.add_argument("--strips", type=int, default=1500)
    parser.add_argument("--program", type=Path, default=Path(sys.executable).with_name("diffbgm"))
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, cuts = make_film(folder / "film.mp4", asked.seconds * RATE, asked.shots)
        measured = in_blender(asked, film, cuts, folder)
        began = time.perf_counter()
        composing = ["compose", str(film), "-o", str(folder / "music"), "--json"]
        if asked.program.name == "diffbgm":
            subprocess.run([asked.program, *composing], check=True, stdout=subprocess.DEVNULL)
            measured["diffbgm compose (s)"] = time.perf_counter() - began
    sys.stdout.write("".join(f"{name:42} {value:10.2f}\n" for name, value in measured.items()))


def make_film(path: Path, frames: int, shots: int) -> tuple[Path, list[int]]:
    """A film whose shots are moving stripes of different colours; the first frames of its shots."""
    import av
    import numpy as np

    starts = [round(frames * number / shots) for number in range(shots)]
    across = np.arange(SIZE[0])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=Fraction(RATE), options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in range(frames):
            shot = sum(start <= frame for start in starts)
            colour = np.random.default_rng(shot).integers(40, 255, 3)
            stripes = ((across + frame * (shot % 5)) // (10 + 3 * shot) % 2)[:, None] * colour
            pixels = np.broadcast_to(stripes.astype(np.uint8), (SIZE[1], SIZE[0], 3))
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return path, starts


def in_blender(
    asked: argparse.Namespace, film: Path, cuts: list[int], folder: Path
) -> dict[str, float]:
    """What `inside` measured, in a Blender whose user has installed the program."""
    subprocess.run(
        [sys.executable, str(ROOT / "plugin_blender" / "package.py"), str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    order = {
        "zip": str(next(folder.glob("*.zip"))),
        "film": str(film),
        "edges": [*cuts, asked.seconds * RATE],
        "strips": asked.strips,
    }
    variables = {"BLENDER_USER_RESOURCES": folder / "blender", "XDG_DATA_HOME": folder / "data"}
    for kind in ("CONFIG", "SCRIPTS", "DATAFILES"):
        variables[f"BLENDER_USER_{kind}"] = folder / "blender" / kind.lower()
    for variable in variables.values():
        variable.mkdir(parents=True, exist_ok=True)
    installed = folder / "data" / "diffbgm"
    installed.mkdir()
    record = {"program": str(asked.program), "version": "0.1.0"}
    (installed / "install.json").write_text(json.dumps(record), "utf-8")
    command = [asked.blender, "--background", "--factory-startup", "--python-exit-code", "1"]
    done = subprocess.run(
        [*command, "--python", __file__, "--", json.dumps(order)],
        env={**os.environ, **{name: str(value) for name, value in variables.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [line[9:] for line in done.stdout.splitlines() if line.startswith("MEASURED ")]
    if not rows:
        raise SystemExit(f"Blender measured nothing:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return json.loads(rows[0])


def inside(order: dict[str, Any]) -> dict[str, float]:
    """Run by Blender: what was asked of it, in milliseconds or seconds as the names say."""
    addon = _install(order["zip"])
    _lay_out(order)
    measured = {"execute (ms)": 1000 * min(_click(addon) for _ in range(REPEATS))}
    ticks: list[float] = []
    _time_ticks(addon["jobs"], ticks)
    for name in ("click to music, server starts (s)", "click to music, server runs (s)"):
        began = time.perf_counter()
        _generate()
        measured[name] = time.perf_counter() - began
        measured[f"slowest tick, {name[15:-4]} (ms)"] = 1000 * max(ticks)
        ticks.clear()
    _add_strips(order["strips"])
    measured[f"draw beside {order['strips']} strips (ms)"] = 1000 * min(
        _draw(addon) for _ in range(REPEATS)
    )
    return measured


def _install(zip_path: str) -> dict[str, Any]:
    """The add-on's modules by their names."""
    import importlib

    import bpy

    if bpy.app.version < (4, 2):
        package = "diffbgm_blender"
        bpy.ops.preferences.addon_install(filepath=zip_path)
        bpy.ops.preferences.addon_enable(module=package)
    else:
        package = "bl_ext.user_default.diffbgm_blender"
        bpy.ops.extensions.package_install_files(
            filepath=zip_path, repo="user_default", enable_on_install=True
        )
    names = ("jobs", "operating", "panels", "shot_panel", "take_panels")
    return {name: importlib.import_module(f"{package}.{name}") for name in names}


def _lay_out(order: dict[str, Any]) -> None:
    """The film cut up on two channels, and much that is packed into the file."""
    import bpy

    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = RATE, 1.0
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    edges = order["edges"]
    scene.frame_start, scene.frame_end = 1, edges[-1]
    strips = _strips()
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        strip = strips.new_movie(f"take {number}", order["film"], 1 + number % 2, 1)
        strip.frame_offset_start, strip.select = start, False
        strip.frame_final_end = end + 1
    bpy.data.images.new("packed", PACKED, PACKED, float_buffer=True).pack()


def _strips() -> Any:
    import bpy

    editor = bpy.context.scene.sequence_editor_create()
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = bpy.context.scene
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def _click(addon: dict[str, Any]) -> float:
    """Seconds that `execute` takes where there is a window, and it does not wait for the job."""
    operating = addon["operating"]
    begin, operating.begin = operating.begin, lambda operator, job: {"FINISHED"}
    try:
        began = time.perf_counter()
        _generate()
        return time.perf_counter() - began
    finally:
        operating.begin = begin


def _generate() -> None:
    import bpy

    if bpy.ops.diffbgm.generate() != {"FINISHED"}:  # pyright: ignore[reportAttributeAccessIssue]
        raise RuntimeError("no music was made")


def _time_ticks(jobs: Any, ticks: list[float]) -> None:
    tick = jobs.tick

    def timed() -> Any:
        began = time.perf_counter()
        try:
            return tick()
        finally:
            ticks.append(time.perf_counter() - began)

    jobs.tick = timed


def _add_strips(count: int) -> None:
    strips = _strips()
    parameters = strips.bl_rna.functions["new_effect"].parameters.keys()
    for number in range(count):
        first = 10_000 + 5 * number
        length = {"length": 5} if "length" in parameters else {"frame_end": first + 5}
        strip = strips.new_effect(
            name=f"s{number}", type="COLOR", channel=1 + number % 4, frame_start=first, **length
        )
        strip.select = False


class _Layout:
    """Takes the place of Blender's layouts, which it makes in a window alone."""

    def __getattr__(self, name: str) -> "_Layout":
        return self

    def __call__(self, *args: Any, **keywords: Any) -> "_Layout":
        return self


def _draw(addon: dict[str, Any]) -> float:
    """Seconds that Python takes for all panels."""
    import types

    import bpy

    modules = (addon["panels"], addon["shot_panel"], addon["take_panels"])
    panels = [
        value
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("DIFFBGM_PT_")
    ]
    began = time.perf_counter()
    for panel in panels:
        panel.draw(types.SimpleNamespace(layout=_Layout()), bpy.context)
    return time.perf_counter() - began


if __name__ == "__main__":
    if "bpy" in sys.modules:
        _order = json.loads(sys.argv[sys.argv.index("--") + 1])
        sys.stdout.write(f"\nMEASURED {json.dumps(inside(_order))}\n")
        sys.stdout.flush()
        os._exit(0)
    main()
