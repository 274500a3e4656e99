"""The real server with a composer that only hums. Takes the flags of `diffbgm serve`.

Its compositions have a shot for every clip of the timeline, and a tone a shot that rings on into
the next. A film without a timeline gets a cut in its middle. Styles: `cinematic` is done at once,
`slow` goes on until it is cancelled, `broken` fails.
"""

import argparse
import json
import sys
import time
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from diffbgm_server.composer import Description, read_edit
from diffbgm_server.config import Config, default_handshake, default_store
from diffbgm_server.serving import serve
from PIL import Image

from diffbgm.errors import FilmError
from diffbgm.options import ComposeOptions, TakeOptions

SAMPLE_RATE = 48_000
TAIL = 4800  # samples

Progress = Callable[[str, float], None]


class QuickComposer:
    def styles(self) -> tuple[str, ...]:
        return ("cinematic", "slow", "broken")

    def describe(self, progress: Progress) -> Description:
        return Description("cpu", {"name": "hum", "sha256": "0" * 64})

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None:
        while options.style == "slow":
            progress("composing", 0.5)
            time.sleep(0.02)
        if options.style == "broken":
            raise FilmError("the film is too beautiful for music")
        rate, edges = _edges(source)
        (folder / "shots").mkdir(parents=True)
        _write(folder, rate, edges, [0] * (len(edges) - 1), {"seed": options.seed})

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        content = json.loads((folder / "composition.json").read_text())
        takes = [each["take"] for each in content["shots"]]
        takes[shot] += 1
        edges = [0, *(each["end_frame"] for each in content["shots"])]
        _write(folder, Fraction(*content["frame_rate"]), edges, takes, content["options"])

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        raise NotImplementedError

    def unload(self) -> None:
        pass


def _edges(source: Path) -> tuple[Fraction, list[int]]:
    """The frame rate, and the frames at which shots begin and the last one ends."""
    if source.suffix == ".otio":
        timeline = read_edit(source)
        return timeline.frame_rate, [0, *timeline.cuts, timeline.frames]
    import av

    with av.open(str(source)) as film:
        rate = film.streams.video[0].average_rate
        frames = sum(1 for _ in film.decode(video=0))
    assert rate is not None
    return rate, [0, frames // 2, frames]


def _write(
    folder: Path, rate: Fraction, edges: list[int], takes: list[int], options: dict[str, Any]
) -> None:
    samples = [round(edge / rate * SAMPLE_RATE) for edge in edges]
    shots, tail = [], np.zeros(TAIL)
    for index, take in enumerate(takes):
        name = f"shots/{index:03d}"
        hertz = 110 * (index + 2) + 20 * take
        sound = np.sin(np.arange(samples[index + 1] - samples[index] + TAIL) * hertz / 7000)
        sound[:TAIL] += tail
        sound, tail = sound[:-TAIL], sound[-TAIL:]
        _write_wav(folder / f"{name}.wav", sound / 3)
        (folder / f"{name}.mid").write_bytes(b"MThd" + bytes([0, 0, 0, 6, index, take]))
        Image.new("RGB", (96, 24), (40 * index % 256, 99, 20 * take)).save(folder / f"{name}.png")
        files = {"audio": f"{name}.wav", "midi": f"{name}.mid", "image": f"{name}.png"}
        bounds = {"start_frame": edges[index], "end_frame": edges[index + 1]}
        shots.append({"index": index, "take": take, **bounds, **files})
    ratio = [rate.numerator, rate.denominator]
    content = {"frame_rate": ratio, "frames": edges[-1], "shots": shots, "options": options}
    (folder / "composition.json").write_text(json.dumps(content))


def _write_wav(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, len(sound), "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--handshake", type=Path, default=default_handshake())
    told = parser.parse_args()
    serve(
        QuickComposer(),
        Config(default_store()),
        host="127.0.0.1",
        port=told.port,
        handshake_path=told.handshake,
        parent_pid=told.parent_pid,
        on_ready=lambda handshake: sys.stdout.write(f"{handshake.address}\n"),
    )


if __name__ == "__main__":
    main()
