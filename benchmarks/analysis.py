"""How fast films are analysed, and in how much memory: `python benchmarks/analysis.py [FILM]`.

Without FILM, the demo film is made at 720p, and scaled to 1080p.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import av

from diffbgm.demo import film as demo_film
from diffbgm.video.analysis import analyse_film


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path)
    film = parser.parse_args(arguments).film
    if film is not None:
        _measure(film)
        return
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "720p.mp4", Path(folder) / "1080p.mp4"
        started = time.perf_counter()
        demo_film.make(small)
        _say(f"making the demo film: {time.perf_counter() - started:.1f} s")
        _scale(small, large)
        _measure(small)
        _measure(large)


def _measure(film: Path) -> None:
    started, used = time.perf_counter(), time.process_time()
    timeline = analyse_film(film).timeline
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say(
        f"{film.name}: {timeline.seconds:.1f} s of film, {len(timeline.shots)} shots, in "
        f"{seconds:.1f} s ({processor:.1f} s of processor): "
        f"{timeline.seconds / seconds:.1f} x real time; peak memory so far {memory:.0f} MB"
    )


def _scale(source: Path, target: Path) -> None:
    with av.open(str(source)) as film, av.open(str(target), "w") as scaled:
        rate = demo_film.FRAME_RATE
        stream = scaled.add_stream("libx264", rate, options={"preset": "superfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for frame in film.decode(video=0):
            larger = frame.reformat(1920, 1080)
            larger.pts, larger.time_base = frame.pts, frame.time_base
            scaled.mux(stream.encode(larger))
        scaled.mux(stream.encode(None))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
