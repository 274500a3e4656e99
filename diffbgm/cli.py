"""The command line: reads wishes, calls the library, tells what came of it. No music here.

Everything heavy is imported inside the commands, so that `diffbgm --help` answers at once.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

# typer brings its own click and gives no public name to the base of its errors.
from typer._click.exceptions import ClickException

from diffbgm.clock import Progress, no_progress
from diffbgm.errors import DiffBGMError, OptionError
from diffbgm.options import DEFAULT_STYLE, MOODS, ComposeOptions, Sampling, TakeOptions, parse_mood

if TYPE_CHECKING:
    from diffbgm.composition import Composition
    from diffbgm.timeline import Timeline

app = typer.Typer(
    help="Background music for film cuts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
prepare_app = typer.Typer(help="Prepare a data set for training.", no_args_is_help=True)
app.add_typer(prepare_app, name="prepare")

EDIT_SUFFIXES = (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")]
Mood = Annotated[str | None, typer.Option(help=f"v,a (each -1 to 1) or: {', '.join(MOODS)}.")]
Energy = Annotated[float | None, typer.Option(help="0 (calm) to 1 (wild); default: measured.")]
Bpm = Annotated[str | None, typer.Option(help="MIN-MAX beats a minute.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Checkpoint = Annotated[Path | None, typer.Option(help="Weights to use instead of the default.")]
SoundFont = Annotated[Path | None, typer.Option("--soundfont", help="An .sf2 file to play with.")]


def main() -> None:
    """Run the command line; an error is one line on standard error and exit code 1."""
    try:
        code = app(standalone_mode=False)
    except DiffBGMError as exc:
        _fail(str(exc))
    except ClickException as exc:
        _fail(exc.format_message())
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped; nothing was changed")
    sys.exit(code or 0)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"diffbgm: {message}\n")
    sys.exit(1)


@app.command()
def compose(
    source: Annotated[Path, typer.Argument(help="A film, or an edit (.otio .edl .fcpxml .xml).")],
    out: Out,
    cuts: Annotated[Path | None, typer.Option(help="JSON or text of the cuts of a film.")] = None,
    style: Annotated[str, typer.Option(help="A style's name or file.")] = DEFAULT_STYLE,
    mood: Mood = None,
    energy: Energy = None,
    bpm: Bpm = None,
    freedom: Annotated[float, typer.Option(help="Percent the tempo may stray to meet cuts.")] = (
        ComposeOptions.freedom_percent
    ),
    seed: Annotated[int, typer.Option(help="Another number, another piece.")] = 0,
    steps: Annotated[int, typer.Option(help="Diffusion steps.")] = Sampling.steps,
    guidance: Annotated[float, typer.Option(help="How strictly to follow the picture.")] = (
        Sampling.guidance
    ),
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    soundfont: SoundFont = None,
    mux: Annotated[bool, typer.Option("--mux", help="Also write the film with its music.")] = False,
    as_json: Json = False,
) -> None:
    """Score a film or an edit."""
    options = ComposeOptions(
        style=style,
        mood=None if mood is None else parse_mood(mood),
        energy=energy,
        bpm=None if bpm is None else parse_bpm(bpm),
        freedom_percent=freedom,
        seed=seed,
        cuts=None if cuts is None else _read_cuts(cuts, source),
        steps=steps,
        guidance=guidance,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
        mux=mux,
    )
    with _progress_bar() as progress:
        from diffbgm.composing import compose as run

        composition = run(_read_source(source), out, options, progress)
    _tell(composition, as_json)


@app.command()
def recompose(
    folder: Annotated[Path, typer.Argument(help="A folder that compose made.")],
    shot: Annotated[int, typer.Option(help="Which shot, from 0.")],
    take: Annotated[
        int | None, typer.Option(help="Put this earlier take back instead of a new one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Default: another one each time.")] = None,
    mood: Mood = None,
    energy: Energy = None,
    style: Annotated[str | None, typer.Option(help="A style's name or file.")] = None,
    same_notes: Annotated[
        bool, typer.Option("--same-notes", help="Only in another style, energy or octave.")
    ] = False,
    octave: Annotated[int, typer.Option(help="Octaves up, or down if negative.")] = 0,
    takes: Annotated[int, typer.Option(help="How many alternatives to make at once.")] = 1,
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    soundfont: SoundFont = None,
    as_json: Json = False,
) -> None:
    """Put a new take of one shot into the mix; all other shots stay as they are."""
    options = TakeOptions(
        notes="same" if same_notes else "new",
        takes=takes,
        octave=octave,
        seed=seed,
        mood=None if mood is None else parse_mood(mood),
        energy=energy,
        style=style,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
    )
    with _progress_bar() as progress:
        from diffbgm import composing

        if take is None:
            composition = composing.recompose(folder, shot, options, progress)
        else:
            composition = composing.select_take(folder, shot, take, progress)
    _tell(composition, as_json)


@app.command()
def analyse(
    film: Annotated[Path, typer.Argument(help="A film or an edit.")], as_json: Json = False
) -> None:
    """Look at a film: its shots, how they move and feel."""
    with _progress_bar() as progress:
        from diffbgm.looking import look

        analysis = look(_read_source(film), lambda fraction: progress("analysis", fraction))
    from diffbgm.tables import analysis_to_dict, shot_table

    if as_json:
        _print_json(analysis_to_dict(analysis))
    else:
        _print_table(shot_table(analysis))


@app.command()
def hits(
    source: Annotated[Path, typer.Argument(help="A film, an edit, or a CUTS file (JSON).")],
    freedom: Annotated[float, typer.Option(help="Percent the tempo may stray.")] = (
        ComposeOptions.freedom_percent
    ),
    bpm: Annotated[str, typer.Option(help="MIN-MAX beats a minute.")] = "80-160",
    as_json: Json = False,
) -> None:
    """Show how beats would meet the cuts, before anything is composed."""
    from diffbgm.spotting.hit_points import SpottingOptions

    options = SpottingOptions(bpm=parse_bpm(bpm), freedom_percent=freedom)
    with _progress_bar() as progress:
        from diffbgm.looking import look_for_hits

        spotting, rate = look_for_hits(
            source if _is_cut_list(source) else _read_source(source),
            options,
            lambda fraction: progress("analysis", fraction),
        )
    from diffbgm.tables import hit_table, hits_to_dict

    if as_json:
        _print_json(hits_to_dict(spotting, rate))
    else:
        _print_table(hit_table(spotting, rate))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 finds a free one.")] = 0,
    store: Annotated[Path | None, typer.Option(help="Where films and music are kept.")] = None,
    handshake: Annotated[Path | None, typer.Option(help="Where to tell the address.")] = None,
    parent_pid: Annotated[int | None, typer.Option(help="End when this process does.")] = None,
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    soundfont: SoundFont = None,
) -> None:
    """Compose for Blender and other editors over HTTP."""
    from server.serving import run

    run(
        host,
        port,
        store=store,
        handshake_path=handshake,
        parent_pid=parent_pid,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
        on_ready=lambda ready: typer.echo(f"diffbgm serves at {ready.page}"),
    )


@prepare_app.command("pop909")
def prepare_pop909(
    source: Annotated[Path, typer.Argument(help="Folder of POP909-Dataset and the labels.")],
    out: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    as_json: Json = False,
) -> None:
    """Read POP909 into one file to train from."""
    with _progress_bar() as progress:
        from diffbgm.data.prepare import prepare_pop909 as run

        report = run(source, out, lambda fraction: progress("songs", fraction))
    if as_json:
        _print_json(report)
        return
    for name, value in report.items():
        if name != "rejected_songs":
            typer.echo(f"{name}: {value}")


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A JSON file; see docs/model.md.")],
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train the network on a prepared data set."""
    from diffbgm.training import read_config
    from diffbgm.training import train as run

    settings = read_config(config)

    def report(line: dict[str, Any]) -> None:
        if as_json:
            _print_json(line)
        else:
            levels = "  ".join(
                f"{level}: {value:.5f}" for level, value in line["validation"].items()
            )
            typer.echo(
                f"{line['minutes']:6.1f} min  step {line['step']}  loss {line['loss']:.5f}"
                f"  validation {levels}"
            )

    from diffbgm.sketching import choose_device

    with _progress_bar() as progress:
        run(
            settings,
            choose_device(device),
            report,
            lambda fraction: progress("training", fraction),
        )


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="A prepared data set (.npz).")],
    out: Out,
    songs: Annotated[str, typer.Option(help="A split's name, or a file of song numbers.")] = "test",
    pieces: Annotated[int, typer.Option(help="How many pieces of 16 bars.")] = 100,
    seed: Annotated[int, typer.Option(help="Another number, other pieces.")] = 0,
    device: Device = "auto",
    checkpoint: Checkpoint = None,
) -> None:
    """Generate on songs' own conditions; print measures beside those of the songs, as JSON."""
    with _progress_bar() as progress:
        from diffbgm.evaluation.evaluating import evaluate as run

        metrics = run(
            data,
            songs,
            out,
            pieces=pieces,
            seed=seed,
            device=device,
            checkpoint=checkpoint,
            progress=lambda fraction: progress("pieces", fraction),
        )
    _print_json(metrics)


@app.command("import-official")
def import_official(
    checkpoint: Annotated[Path, typer.Argument(help="The public weights (.pt).")],
    out: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    w_size: Annotated[int, typer.Option(help="Blocks of the segment-aware attention.")] = 2,
) -> None:
    """Turn a public Diff-BGM checkpoint into ours, executing nothing."""
    from diffbgm.model.official import import_official as run

    run(checkpoint, out, w_size=w_size)
    typer.echo(f"wrote {out}")


def parse_bpm(text: str) -> tuple[float, float]:
    """MIN-MAX, or one tempo; else OptionError."""
    try:
        numbers = [float(part) for part in text.split("-")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or numbers[0] > numbers[-1]:
        raise OptionError(f"--bpm must be MIN-MAX, such as 80-120, not {text!r}")
    return numbers[0], numbers[-1]


def _read_source(path: Path) -> "Path | Timeline":
    """A film as it is, an edit as a timeline."""
    if path.suffix.lower() not in EDIT_SUFFIXES:
        return path
    from diffbgm.timeline import read_timeline

    return read_timeline(path)


def _read_cuts(cuts: Path, film: Path) -> tuple[int, ...]:
    from diffbgm.timeline import read_cuts
    from diffbgm.video.decode import probe

    return read_cuts(cuts, probe(film).frame_rate)


def _is_cut_list(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _tell(composition: "Composition", as_json: bool) -> None:
    if as_json:
        _print_json(composition.to_dict())
        return
    met = sum(hit["kind"] != "none" for hit in composition.hits)
    seconds = sum(composition.timings.values())
    typer.echo(
        f"{composition.folder}: {composition.seconds:.1f} s in {len(composition.shots)} shots, "
        f"{met} of {len(composition.hits)} cuts on a beat, made in {seconds:.1f} s"
    )


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, indent=1))


def _print_table(table: Any) -> None:
    from rich.console import Console

    Console().print(table)


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on standard error where a person watches it; else nothing."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)


if __name__ == "__main__":
    main()
