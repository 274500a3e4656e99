"""Seconds a stage and peak memory for a 60 s 720p film; nothing asserts a time.

python benchmarks/composing.py [SECONDS] [--film FILM]

FILM is the demo film by default; it is shown over and over until SECONDS are full.
"""

import argparse
import resource
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import av

from diffbgm.demo import film as demo_film


def lengthened(film: Path, seconds: float, path: Path) -> None:
    """The film over and over, without encoding it again."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float, nargs="?", default=60.0)
    parser.add_argument("--film", type=Path)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        film, long_film = chosen.film or Path(folder) / "demo.mp4", Path(folder) / "long.mp4"
        if chosen.film is None:
            demo_film.make(film)
        lengthened(film, chosen.seconds, long_film)
        begin = time.perf_counter()
        from diffbgm.composing import compose

        imported = time.perf_counter() - begin
        composition = compose(long_film, Path(folder) / "music")
        total = time.perf_counter() - begin
    rows = {"imports": imported, **composition.timings}
    for stage, took in rows.items():
        # A stage that had nothing to do took no time that a rate could be made of.
        rate = f"{composition.seconds / took:7.1f} x real time" if took else ""
        sys.stdout.write(f"{stage:12} {took:7.2f} s  {rate}".rstrip() + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    sys.stdout.write(
        f"{'all':12} {total:7.2f} s for {composition.seconds:.1f} s of film in "
        f"{len(composition.shots)} shots; peak memory {peak:.2f} GiB\n"
    )


if __name__ == "__main__":
    main()
