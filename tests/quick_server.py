"""The real server with a composer that only hums. Takes the flags of `diffbgm serve`.

Its compositions have a shot for every clip of the timeline, and a tone a shot that rings on into
the next. A film without a timeline gets a cut in its middle. Styles: `cinematic` is done at once,
`slow` goes on until it is cancelled, `broken` fails.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from diffbgm_server.composer import Description, read_edit
from diffbgm_server.config import Config, default_store
from diffbgm_server.serving import serve

from diffbgm.errors import FilmError
from diffbgm.files.handshake import default_handshake
from diffbgm.options import ComposeOptions, RefitOptions, TakeOptions
from tests.made_composition import MadeFilm, exchange_take, write_composition

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
        write_composition(folder, _film(source), options)

    def refit(
        self, source: Path, old: Path, folder: Path, options: RefitOptions, progress: Progress
    ) -> None:
        write_composition(folder, _film(source), ComposeOptions())

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        exchange_take(folder, shot)

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        exchange_take(folder, shot, take)

    def unload(self) -> None:
        pass


def _film(source: Path) -> MadeFilm:
    """The shots of a timeline; a film without one has a cut in its middle."""
    if source.suffix == ".otio":
        timeline = read_edit(source)
        return MadeFilm(source, timeline.frame_rate, (0, *timeline.cuts, timeline.frames))
    import av

    with av.open(str(source)) as film:
        rate = film.streams.video[0].average_rate
        frames = sum(1 for _ in film.decode(video=0))
    assert rate is not None
    return MadeFilm(source, rate, (0, frames // 2, frames))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--handshake", type=Path, default=default_handshake())
    given = parser.parse_args()
    serve(
        QuickComposer(),
        Config(default_store()),
        host="127.0.0.1",
        port=given.port,
        handshake_path=given.handshake,
        parent_pid=given.parent_pid,
        on_ready=lambda handshake: sys.stdout.write(f"{handshake.address}\n"),
    )


if __name__ == "__main__":
    main()
