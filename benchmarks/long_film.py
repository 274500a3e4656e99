"""What a film of 1 to 120 minutes costs: `python benchmarks/long_film.py -o FOLDER [MINUTES …]`.

The film is made by repeating the demo film's shots in another order, length and look, 720p, with
a quiet sound of its own; it is scored with --mux in a process of its own. Prints, for every
length, seconds of wall and processor by stage, the peak of resident memory, what the composition
takes on disc (without film.mp4), and the longest time without a word of progress; writes
long_film.json, and with --picture the curve.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.frame import PictureType

from diffbgm.demo import film as demo
from diffbgm.files import replacing

MINUTES = (1, 5, 20)
RATE = demo.FRAME_RATE
_TICKS = Fraction(1, 24_000)
_FRAME_TICKS = int(1 / RATE / _TICKS)
_LOOKS = ("as it is", "mirrored", "dim", "other colours")
_SHORTEST = 24  # frames
_SECOND = 48_000  # samples of sound
_PAGE = os.sysconf("SC_PAGE_SIZE")

Shot = list[bytes]  # its pictures, encoded; the first is a key frame


def main(arguments: Sequence[str] | None = None) -> None:
    args = _arguments(arguments)
    args.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for minutes in args.minutes:
        source = args.folder / f"film-{minutes:g}.mp4"
        if not source.exists():
            make_film(source, minutes, args.folder)
        row = _measured(source, args.folder / f"music-{minutes:g}", minutes)
        rows.append(row)
        _print(row)
        if not args.keep:
            shutil.rmtree(args.folder / f"music-{minutes:g}")
            source.unlink()
    report = args.folder / "long_film.json"
    report.write_text(json.dumps(_merged(report, rows), indent=1) + "\n")
    if args.picture:
        draw(json.loads(report.read_text()), args.picture)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", nargs="*", type=float, default=MINUTES)
    parser.add_argument("-o", dest="folder", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="keep film and composition")
    parser.add_argument("--picture", type=Path, help="draw the curve as a PNG")
    return parser.parse_args(arguments)


def make_film(path: Path, minutes: float, folder: Path) -> None:
    """Write a film of so many minutes: shots of the demo film, none twice in a row."""
    shots, header = _shots(folder)
    frames, rng = round(minutes * 60 * RATE), np.random.default_rng(0)
    with replacing(path) as unfinished, av.open(str(unfinished), "w", format="mp4") as container:
        picture = container.add_stream_from_template(header.streams.video[0])
        sound = container.add_stream("aac", rate=_SECOND, layout="stereo")
        encoded = _own_sound(sound)
        for number, data in zip(range(frames), _cut_together(shots, rng), strict=False):
            packet = Packet(data[0])
            packet.stream, packet.time_base = picture, _TICKS
            packet.pts = packet.dts = number * _FRAME_TICKS
            packet.duration, packet.is_keyframe = _FRAME_TICKS, data[1]
            container.mux(packet)
            if number % round(RATE) == 0:
                container.mux(next(encoded))
        container.mux(sound.encode(None))
    header.close()


def _cut_together(shots: list[Shot], rng: np.random.Generator) -> Iterator[tuple[bytes, bool]]:
    """Pictures without end, and whether each is a key frame: the first of its shot."""
    before = -1
    while True:
        number = int(rng.integers(len(shots)))
        if number % (len(shots) // len(_LOOKS)) == before:
            continue
        before = number % (len(shots) // len(_LOOKS))
        length = int(rng.integers(_SHORTEST, len(shots[number]) + 1))
        yield from ((data, index == 0) for index, data in enumerate(shots[number][:length]))


def _own_sound(stream: Any) -> Iterator[Any]:
    """A second of soft noise, encoded, again and again."""
    rng = np.random.default_rng(1)
    for second in count():
        noise: Any = rng.normal(0, 0.003, (2, _SECOND)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = _SECOND, second * _SECOND, _TICKS / 2
        yield stream.encode(frame)


def _shots(folder: Path) -> tuple[list[Shot], Any]:
    """The demo film's shots in every look, encoded, and an open file with their header."""
    original, looks = folder / "demo.mp4", folder / "looks.mp4"
    if not looks.exists():
        truth = demo.make(original)
        _encode_looks(original, looks, (0, *truth.cuts))
    source = av.open(str(looks))
    shots: list[Shot] = []
    for packet in source.demux(video=0):
        if packet.size and packet.is_keyframe:
            shots.append([])
        if packet.size:
            shots[-1].append(bytes(packet))
    return shots, source


def _encode_looks(original: Path, path: Path, starts: tuple[int, ...]) -> None:
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "27", "bf": "0", "g": "1000", "sc_threshold": "0"}
        stream = container.add_stream("libx264", RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.time_base = _TICKS
        at = count()
        for look in _LOOKS:
            with av.open(str(original)) as source:
                for number, frame in enumerate(source.decode(video=0)):
                    drawn = _drawn(frame, look)
                    drawn.pts, drawn.time_base = next(at) * _FRAME_TICKS, _TICKS
                    is_first = number in starts
                    drawn.pict_type = PictureType.I if is_first else PictureType.NONE
                    container.mux(stream.encode(drawn))
        container.mux(stream.encode(None))


def _drawn(frame: av.VideoFrame, look: str) -> av.VideoFrame:
    y, u, v = np.split(frame.to_ndarray(format="yuv420p"), (720, 900))
    if look == "mirrored":
        y, u, v = y[:, ::-1], *(c.reshape(360, 640)[:, ::-1].reshape(180, 1280) for c in (u, v))
    elif look == "dim":
        y = (y * 0.7).astype(np.uint8)
    elif look == "other colours":
        u, v = v, u
    planes: Any = np.ascontiguousarray(np.concatenate([y, u, v]))
    return av.VideoFrame.from_ndarray(planes, "yuv420p")


def _measured(source: Path, folder: Path, minutes: float) -> dict[str, Any]:
    """Compose in a process of its own."""
    command = [sys.executable, "-c", _CHILD, str(source), str(folder)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    files = [path for path in folder.rglob("*") if path.is_file()]
    sizes: dict[str, float] = {}
    for path in files:
        name = path.relative_to(folder).parts[0]
        sizes[name] = sizes.get(name, 0.0) + path.stat().st_size / 1e6 / minutes
    disc = sum(size for name, size in sizes.items() if name != "film.mp4")
    return {"minutes": minutes, **json.loads(answer), "disc_mb_a_minute": disc, "sizes": sizes}


# Run by itself, so that its memory is its own. The progress says which stage it is in.
_CHILD = """
import json, sys, time
from pathlib import Path
from diffbgm.composing import compose
from diffbgm.options import ComposeOptions

stages, last = {}, [None, time.perf_counter(), time.process_time(), time.perf_counter()]

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000

def note(stage, fraction):
    now, used = time.perf_counter(), time.process_time()
    at = stages.setdefault(last[0] or stage, dict(wall=0.0, cpu=0.0, peak_mb=0.0, silent=0.0))
    at["wall"] += now - last[1]
    at["cpu"] += used - last[2]
    at["silent"] = max(at["silent"], now - last[3])
    if stage != last[0]:
        at["peak_mb"] = max(at["peak_mb"], peak())
        Path("/proc/self/clear_refs").write_text("5")
    last[:] = stage, now, used, now

compose(Path(sys.argv[1]), Path(sys.argv[2]), ComposeOptions(mux=True), note)
note("end", 1.0)
whole = {name: max(at[name] for at in stages.values()) for name in ("peak_mb", "silent")}
print(json.dumps({**whole, "stages": stages}))
"""


def _print(row: dict[str, Any]) -> None:
    wall, cpu = _spent(row, "wall"), _spent(row, "cpu")
    _say(
        f"{row['minutes']:g} min: {wall:.1f} s, {cpu:.1f} s of processor, {row['peak_mb']:.0f} MB, "
        f"{row['disc_mb_a_minute']:.1f} MB of disc a minute, silent for {row['silent']:.2f} s"
    )
    for name, at in row["stages"].items():
        _say(
            f"  {name:12} {at['wall']:8.1f} s {at['cpu']:8.1f} s {at['peak_mb']:7.0f} MB "
            f"{at['silent']:6.2f} s"
        )
    _say("  " + ", ".join(f"{name} {size:.1f}" for name, size in sorted(row["sizes"].items())))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _merged(report: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of earlier runs, those of the same length replaced."""
    known = json.loads(report.read_text()) if report.exists() else []
    by_length = {row["minutes"]: row for row in [*known, *rows]}
    return [by_length[minutes] for minutes in sorted(by_length)]


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Memory, processor time and disc over the film's length."""
    from matplotlib.figure import Figure

    figure = Figure((10, 3.4), dpi=100, layout="constrained")
    minutes = [row["minutes"] for row in rows]
    curves = (
        ("peak memory, MB", [row["peak_mb"] for row in rows]),
        ("seconds of processor a minute", [_spent(row, "cpu") / row["minutes"] for row in rows]),
        ("MB of disc a minute", [row["disc_mb_a_minute"] for row in rows]),
    )
    for axes, (name, values) in zip(figure.subplots(1, 3), curves, strict=True):
        axes.plot(minutes, values, marker="o")
        axes.set_xscale("log")
        axes.set_xticks(minutes, [f"{each:g}" for each in minutes])
        axes.minorticks_off()
        axes.set_ylim(0, 1.2 * max(values))
        axes.set_xlabel("minutes of film")
        axes.set_title(name, fontsize=10)
        axes.grid(alpha=0.3)
    figure.savefig(path)


def _spent(row: dict[str, Any], kind: str) -> float:
    """Seconds in all stages: of the clock (`wall`) or of the processor (`cpu`)."""
    return sum(at[kind] for at in row["stages"].values())


if __name__ == "__main__":
    begin = time.perf_counter()
    main()
    _say(f"all: {time.perf_counter() - begin:.0f} s")
