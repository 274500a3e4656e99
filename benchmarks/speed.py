"""How fast all of it is, beside what bounds it: `python -m benchmarks.speed [--json FILE]`.

The demo film, and a longer one that shows it over and over, are scored by the command and by a warm
server; a shot is made again; the network samples; programs start. What is compared is measured in
this run, one after the other: how many times the processor time of the row named beside it. On a
busy machine processors say more than the clock. Nothing asserts a time.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import av
import pretty_midi
import psutil
import torch

from benchmarks import model
from diffbgm.client import Client
from diffbgm.demo import film as demo_film
from diffbgm.model.checkpoint import default_checkpoint
from diffbgm.model.networks import load_model
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.video.analysis import analyse_film

DIFFBGM = (sys.executable, "-m", "diffbgm.cli")
SHOT = 1  # which is made again


@dataclass(frozen=True)
class Row:
    """Seconds by the clock and of processors; MB of memory at the peak, 0 where it is not known;
    the row that it stands beside, and what is aimed at."""

    what: str
    wall: float
    processors: float
    megabytes: float = 0.0
    beside: "Row | None" = None
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the processor time of the row beside."""
        return self.processors / self.beside.processors if self.beside else None

    def line(self) -> str:
        memory = f"{self.megabytes:.0f} MB" if self.megabytes else ""
        beside = f"{self.ratio:.2f} x {self.beside.what}" if self.beside else ""
        times = f"{self.wall:8.2f} s {self.processors:8.2f} s of processors"
        goal = f"(aim: {self.goal})" if self.goal else ""
        return f"{self.what:32} {times} {memory:>8}  {beside} {goal}".rstrip()

    def to_dict(self) -> dict[str, object]:
        beside = self.beside.what if self.beside else None
        return vars(self) | {"beside": beside, "ratio": self.ratio}


def here(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processors that something takes in this process."""
    begin = model.Took.now()
    work()
    took = model.Took.now().since(begin)
    return took.wall, took.processors


# Runs a program from a small process: one that is spawned begins with its parent's peak of memory.
_RUN = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
wall, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def command(*arguments: str) -> tuple[float, float, float]:
    """The same of a program that runs to its end, and the MB of memory at its peak."""
    run = [sys.executable, "-c", _RUN, *arguments]
    wall, processors, megabytes = json.loads(subprocess.check_output(run))
    return wall, processors, megabytes


class Server:
    """`diffbgm serve` with a store of its own; its processes' time and memory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        handshake = folder / "server.json"
        places = ["--store", str(folder / "store"), "--handshake", str(handshake), "--port", "0"]
        self._process = subprocess.Popen(
            [*DIFFBGM, "serve", *places], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self.client = Client.local(handshake)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._process.terminate()
        self._process.communicate()

    def processor_time(self) -> float:
        """Seconds of processors so far, of the server and the child that composes."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory(self) -> float:
        """Bytes that are resident now, of both."""
        return sum(process.memory_info().rss for process in self._processes())

    def compose(self, film: Path) -> str:
        """The id of a composition that is done."""
        return self.client.wait(self.client.compose(film))["id"]

    def new_takes(self, composition: str, shot: int, takes: int = 1) -> None:
        self.client.wait(self.client.new_take(composition, shot, takes=takes))

    def choose(self, composition: str, shot: int, take: int) -> None:
        self.client.wait(self.client.choose_take(composition, shot, take))

    def _processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]


def starting(folder: Path) -> Iterator[Row]:
    """What one waits for before anything is done."""
    bare = Row("Python alone", *command(sys.executable, "-c", "pass"))
    yield bare
    yield Row("diffbgm --help", *command(*DIFFBGM, "--help"), beside=bare, goal="0.2 s")
    begin = time.perf_counter()
    with Server(folder / "idle") as server:
        ready = time.perf_counter() - begin
        megabytes = server.memory() / 1e6
        took = server.processor_time()
    yield Row("server ready, idle", ready, took, megabytes, goal="1.5 s, 150 MB")


def film(short: Path, long: Path, folder: Path) -> Iterator[Row]:
    """The longer film by the command; a shot of the demo film again."""
    decoding = Row("decoding alone", *here(lambda: decode(long)))
    yield decoding
    yield Row("analysis", *here(lambda: analyse_film(long)), beside=decoding, goal="1.3 x decoding")
    music = folder / "long"
    whole = Row(
        "compose", *command(*DIFFBGM, "compose", str(long), "-o", str(music)), beside=decoding
    )
    yield whole
    document = json.loads((music / "composition.json").read_text())
    for stage, wall in document["timings"].items():
        sys.stdout.write(f"  of it {stage:12} {wall:6.2f} s\n")
    yield Row("FluidSynth alone", *here(lambda: play(music / "score.mid")), beside=whole)
    music = folder / "short"
    command(*DIFFBGM, "compose", str(short), "-o", str(music))
    again = command(*DIFFBGM, "recompose", str(music), "--shot", str(SHOT))
    yield Row("one shot again", *again, beside=whole, goal="2.5 s")


def warm(short: Path, long: Path, folder: Path) -> Iterator[Row]:
    """The same from a server that has done it once before."""
    with Server(folder / "warm") as server:

        def row(what: str, work: Callable[[], object], goal: str) -> Row:
            begin, used = time.perf_counter(), server.processor_time()
            work()
            wall, processors = time.perf_counter() - begin, server.processor_time() - used
            return Row(what + ", warm", wall, processors, server.memory() / 1e6, goal=goal)

        first, compositions = server.compose(short), []
        yield row("compose", lambda: compositions.append(server.compose(long)), "7 s a minute")
        yield row("one shot again", lambda: server.new_takes(first, SHOT), "1 s")
        yield row("four takes of a shot", lambda: server.new_takes(first, SHOT, takes=4), "3 s")
        yield row("another take chosen", lambda: server.choose(first, SHOT, 0), "0.3 s")
        yield row(
            "one shot of the longer film", lambda: server.new_takes(compositions[0], SHOT), "1 s"
        )


def sampler(bars: int, checkpoint: Path) -> Iterator[Row]:
    """Notes, beside the paper's sampler, of whose steps one is timed and multiplied."""
    device = torch.device("cpu")
    papers = model.paper_takes(device, -(-bars // model.PAPER_BARS), in_bfloat16=False)
    paper = Row(f"the paper's sampler, {bars} bars", papers.wall, papers.processors)
    yield paper
    own, _ = model.sample(load_model(checkpoint, device), bars, repeats=2)
    yield Row(f"ours, {bars} bars", own.wall, own.processors, beside=paper, goal="1/5000")


def decode(path: Path) -> None:
    """Every picture, and nothing done with it."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def play(score: Path) -> None:
    """All notes in one go, without a room around them."""
    soundfont = str(find_soundfont(None))
    pretty_midi.PrettyMIDI(str(score)).fluidsynth(SAMPLE_RATE, synthesizer=soundfont)


def lengthened(short: Path, seconds: float, path: Path) -> None:
    """The film over and over, without encoding it again."""
    with av.open(str(short)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        out = target.add_stream_from_template(stream)
        length = sum(packet.duration or 0 for packet in packets)
        assert stream.time_base is not None
        count = int(seconds / float(length * stream.time_base) * len(packets))
        times = [(packet.pts or 0, packet.dts or 0) for packet in packets]
        for index, packet in enumerate(islice(cycle(packets), count)):
            round_, within = divmod(index, len(packets))
            packet.pts = times[within][0] + round_ * length
            packet.dts = times[within][1] + round_ * length
            packet.stream = out
            target.mux(packet)


def measured(chosen: argparse.Namespace, folder: Path) -> Iterator[Row]:
    short, long = chosen.film or folder / "demo.mp4", folder / "long.mp4"
    if chosen.film is None:
        demo_film.make(short)
    lengthened(short, chosen.seconds, long)
    yield from starting(folder)
    yield from film(short, long, folder)
    yield from warm(short, long, folder)
    yield from sampler(chosen.bars, chosen.checkpoint)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the longer film")
    parser.add_argument("--film", type=Path, help="shown over and over instead of the demo film")
    parser.add_argument("--bars", type=int, default=32, help="of music that is sampled")
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint())
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    chosen = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in measured(chosen, Path(folder)):
            rows.append(row)
            sys.stdout.write(row.line() + "\n")
            sys.stdout.flush()
    if chosen.json:
        chosen.json.write_text(json.dumps([row.to_dict() for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
