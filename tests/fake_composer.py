"""A composer that writes a small, whole composition in no time, and fails when its style says so.

Its folders have what the real ones have: composition.json, sound, MIDI, pictures, a timeline.
"""

import json
import math
import os
import shutil
import signal
import struct
import time
import wave
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from diffbgm_server.composer import Description

from diffbgm.errors import FilmError, StorageError
from diffbgm.options import ComposeOptions, TakeOptions

FRAMES, RATE, SAMPLE_RATE = 72, (24, 1), 48_000
CUTS = (24, 36)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class FakeComposer:
    """Styles: `cinematic` and `piano` work; `patient` waits for the file `gate` to be there;
    `unusable`, `full`, `buggy` and `deadly` end in FilmError, StorageError, RuntimeError, SIGKILL.
    """

    gate: Path | None = None

    def styles(self) -> tuple[str, ...]:
        return ("cinematic", "piano", "patient", "unusable", "full", "buggy", "deadly")

    def describe(self, progress: Progress) -> Description:
        progress("loading", 0.0)
        return Description("cpu", {"name": "fake", "sha256": "0" * 64})

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None:
        part = folder.with_name(f".{folder.name}")
        part.mkdir()
        try:
            progress("analysing", 0.1)
            self._act(options.style, source, progress)
            progress("sounding", 0.8)
            options = {"mood": options.mood, "bpm": options.bpm, "seed": options.seed}
            _write(part, {**options, "source": source.name}, [0] * 3, [1] * 3)
            progress("sounding", 1.0)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        progress("composing", 0.5)
        self._act(options.style or "cinematic", folder, progress)
        content = json.loads((folder / "composition.json").read_text())
        takes = [entry["take"] for entry in content["shots"]]
        made = [entry["takes"] for entry in content["shots"]]
        takes[shot], made[shot] = made[shot], made[shot] + 1
        _write(folder, content["options"], takes, made)

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        progress("sounding", 0.5)
        content = json.loads((folder / "composition.json").read_text())
        takes = [entry["take"] for entry in content["shots"]]
        takes[shot] = take
        _write(folder, content["options"], takes, [entry["takes"] for entry in content["shots"]])

    def unload(self) -> None:
        pass

    def _act(self, style: str, source: Path, progress: Progress) -> None:
        if style == "patient":
            while self.gate is None or not self.gate.exists():
                progress("diffusing", 0.4)
                time.sleep(0.01)
        if style == "unusable":
            raise FilmError(f"{source} has no picture; give a film")
        if style == "full":
            raise StorageError(f"{source}: no space left")
        if style == "buggy":
            raise RuntimeError("an index is out of range")
        if style == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)


def _write(folder: Path, options: dict[str, Any], takes: list[int], made: list[int]) -> None:
    edges = [0, *CUTS, FRAMES]
    seconds = [edge * RATE[1] / RATE[0] for edge in edges]
    (folder / "shots").mkdir(exist_ok=True)
    (folder / "stems").mkdir(exist_ok=True)
    shots = []
    for index, take in enumerate(takes):
        name = f"shots/{index:03d}"
        _write_wav(folder / f"{name}.wav", seconds[index + 1] - seconds[index], 220 * (take + 2))
        (folder / f"{name}.mid").write_bytes(_midi(60 + index + take))
        (folder / f"{name}.png").write_bytes(_png(96, 24, 40 * index + 20 * take))
        shots.append(
            {
                "index": index,
                "start_frame": edges[index],
                "end_frame": edges[index + 1],
                "start": seconds[index],
                "end": seconds[index + 1],
                "take": take,
                "takes": made[index],
                "seed": 1000 * index + take,
                "mood": [0.1, 0.2],
                "energy": 0.5,
                "audio": f"{name}.wav",
                "midi": f"{name}.mid",
                "image": f"{name}.png",
            }
        )
    _write_wav(folder / "mix.wav", seconds[-1], 330)
    _write_wav(folder / "stems" / "MELODY.wav", seconds[-1], 440)
    (folder / "score.mid").write_bytes(_midi(60))
    (folder / "overview.png").write_bytes(_png(480, 160, 90))
    (folder / "timeline.otio").write_text(json.dumps({"OTIO_SCHEMA": "Timeline.1"}))
    content = {
        "version": 1,
        "seconds": seconds[-1],
        "frame_rate": list(RATE),
        "frames": FRAMES,
        "sample_rate": SAMPLE_RATE,
        "shots": shots,
        "beats": [beat / 2 for beat in range(7)],
        "options": options,
    }
    (folder / "composition.json").write_text(json.dumps(content))


def _write_wav(path: Path, seconds: float, hertz: float) -> None:
    samples = round(seconds * SAMPLE_RATE)
    sound = 0.3 * np.sin(np.arange(samples) * (math.tau * hertz / SAMPLE_RATE))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, samples, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def _midi(pitch: int) -> bytes:
    track = bytes([0, 0x90, pitch, 90, 0x83, 0x60, 0x80, pitch, 0, 0, 0xFF, 0x2F, 0])
    return (
        b"MThd"
        + struct.pack(">IHHH", 6, 0, 1, 480)
        + b"MTrk"
        + struct.pack(">I", len(track))
        + track
    )


def _png(width: int, height: int, hue: int) -> bytes:
    row = b"\0" + bytes([hue % 256, 120, 160]) * width
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * height)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
