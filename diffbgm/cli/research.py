"""The commands of those who train and measure networks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from diffbgm.cli.options import Json, Out, shared
from diffbgm.cli.terminal import print_json, print_table, progress_bar

# So that a row of the table of measures reads well on a terminal of 80 columns.
MEASURE_WIDTH = 22

app = typer.Typer()
prepare_app = typer.Typer(help="Prepare a data set for training.", no_args_is_help=True)
app.add_typer(prepare_app, name="prepare")


@prepare_app.command("pop909")
def prepare_pop909(
    source: Annotated[Path, typer.Argument(help="Folder of POP909-Dataset and the labels.")],
    out: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    as_json: Json = False,
) -> None:
    """Read POP909 into one file to train from."""
    with progress_bar() as progress:
        from diffbgm.data.prepare_pop909 import prepare_pop909 as run

        report = run(source, out, lambda fraction: progress("songs", fraction))
    _print_report(report, as_json)


@prepare_app.command("bgm909")
def prepare_bgm909(
    source: Annotated[Path, typer.Argument(help="Folder of BGM909 and POP909's .npz files.")],
    out: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    as_json: Json = False,
) -> None:
    """Read songs with their films' features into one file to train from."""
    with progress_bar() as progress:
        from diffbgm.data.prepare_bgm909 import prepare_bgm909 as run

        report = run(source, out, lambda fraction: progress("pairs", fraction))
    _print_report(report, as_json)


def _print_report(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for line in _lines(report):
        typer.echo(line)


def _lines(content: dict[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in content.items():
        title = f"{indent}{name.replace('_', ' ')}:"
        if isinstance(value, dict) and value:
            yield title
            yield from _lines(value, indent + "  ")
        else:
            shown = value if not isinstance(value, list) else " ".join(map(str, value))
            yield f"{title} {'none' if shown in (None, '', {}) else shown}"


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A JSON file; see docs/model.md.")],
    device: Annotated[str, shared("device")] = "auto",
    as_json: Json = False,
) -> None:
    """Train the network on a prepared data set."""
    from diffbgm.devices import choose_device
    from diffbgm.training import read_config
    from diffbgm.training import train as run

    settings = read_config(config)
    with progress_bar() as progress:
        run(
            settings,
            choose_device(device),
            print_json if as_json else _print_losses,
            lambda fraction: progress("training", fraction),
        )


@app.command()
def reproduce(
    source: Annotated[Path, typer.Argument(help="Folder of POP909-Dataset and the labels.")],
    out: Annotated[Path, typer.Argument(help="The folder to work in, or to go on in.")],
    device: Annotated[str, shared("device")] = "auto",
    as_json: Json = False,
) -> None:
    """Train the default weights again, from POP909; takes hours."""
    from diffbgm.devices import choose_device
    from diffbgm.training.reproduce import reproduce as run

    report = print_json if as_json else _print_losses
    with progress_bar() as progress:
        weights = run(source, out, choose_device(device), report, progress)
    if not as_json:
        typer.echo(f"wrote {weights}")


def _print_losses(line: dict[str, Any]) -> None:
    levels = "  ".join(f"{level}: {value:.5f}" for level, value in line["validation"].items())
    typer.echo(
        f"{line['minutes']:6.1f} min  step {line['step']}  loss {line['loss']:.5f}"
        f"  validation {levels}"
    )


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="A prepared set (.npz), or POP909's own folder.")],
    out: Out,
    songs: Annotated[
        str, typer.Option(help="validation, test, or a file of song numbers, one a line.")
    ] = "test",
    pieces: Annotated[int, typer.Option(min=1, help="How many pieces of 16 bars.")] = 100,
    training: Annotated[
        Path | None, typer.Option(help="Prepared set to seek copies in; default: --data.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, other pieces.")] = 0,
    device: Annotated[str, shared("device")] = "auto",
    checkpoint: Annotated[Path | None, shared("checkpoint")] = None,
    as_json: Json = False,
) -> None:
    """Generate on songs' own conditions, and measure beside the songs themselves."""
    with progress_bar() as progress:
        from diffbgm.evaluation.evaluating import evaluate as run

        metrics = run(
            data,
            songs,
            out,
            pieces=pieces,
            seed=seed,
            device=device,
            checkpoint=checkpoint,
            training=training,
            progress=progress,
        )
    if as_json:
        print_json(metrics)
        return
    from diffbgm.evaluation.comparison import comparison_table

    if "goals" in metrics:
        print_table(_goal_table(metrics))
    typer.echo(comparison_table(metrics, metrics["model"]["name"]) + "\n")
    typer.echo(f"{metrics['pieces']} pieces of {metrics['songs']} songs; all measures in {out}")
    for song, reason in metrics["songs_left_out"].items():
        typer.echo(f"left out: {song}, {reason}")
    if metrics["memorisation"] is None:
        typer.echo("copies were not sought: name a prepared set of the training songs, --training")


def _goal_table(metrics: dict[str, Any]) -> Any:
    from rich.table import Table

    columns = ("generated", "real", "score", "ceiling", "must", "hope")
    colours = {"hope": "bold green", "must": "green", "missed": "red", "unmeasured": "yellow"}
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("measure", min_width=MEASURE_WIDTH)
    for name in columns:
        title = "real\nvs. real" if name == "ceiling" else name
        table.add_column(title, justify="right")
    table.add_column("reached")
    for goal in metrics["goals"]:
        sign = "≤ " if goal["at_most"] else "≥ "
        cells = [
            "" if goal[name] is None else f"{sign * (name in ('must', 'hope'))}{goal[name]:.3g}"
            for name in columns
        ]
        verdict = goal["verdict"]
        table.add_row(goal["measure"], *cells, verdict, style=colours.get(verdict, ""))
    return table


@app.command("build-dataset")
def build_dataset(
    pairs: Annotated[Path, typer.Argument(help="Folder of films and MIDI files, same names.")],
    out: Annotated[Path, typer.Argument(help="The folder to write, or to go on with.")],
    as_json: Json = False,
) -> None:
    """Make a set in BGM909's layout from your own films with MIDI."""
    with progress_bar() as progress:
        from diffbgm.data.build_dataset import build_dataset as run
        from diffbgm.data.film_features import Extractor

        extractor = Extractor.installed()
        report = run(pairs, out, extractor, lambda fraction: progress("pairs", fraction))
    if as_json:
        print_json(report)
        return
    for name in extractor.sources:
        typer.echo(f"{name}: {report[name]}")
    for pair in report["pairs"]:
        film, midi = (pair["made_from"][kind][0] for kind in ("film", "midi"))
        typer.echo(
            f"{pair['song']}: {film} and {midi}: {pair['key']}, {pair['beats']} beats, "
            f"{pair['shots']} shots, {pair['windows_of_8_bars']} windows of 8 bars"
        )
        for warning in pair["warnings"]:
            typer.echo(f"  warning: {warning}")


@app.command()
def measure(
    folder: Annotated[
        Path, typer.Argument(help="Holds generated/NAME.mid and reference/NAME.mid.")
    ],
    embeddings: Annotated[
        Path | None, typer.Option(help="A music encoder's rows for them (.npz); see docs/paper.md.")
    ] = None,
    training: Annotated[
        Path | None, typer.Option(help="Prepared set whose training songs copies are sought in.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the candidates that P@20 draws.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure music, whoever made it, beside real music and what the paper reports."""
    from diffbgm.data.prepared import load_prepared
    from diffbgm.evaluation.comparison import comparison_table
    from diffbgm.evaluation.report import measure_folder
    from diffbgm.evaluation.songs import training_windows

    known = training_windows(load_prepared(training), ()) if training else None
    metrics = measure_folder(folder, embeddings, known, seed)
    if as_json:
        print_json(metrics)
    else:
        typer.echo(comparison_table(metrics, folder.resolve().name))


@app.command("import-official")
def import_official(
    checkpoint: Annotated[Path, typer.Argument(help="The public weights (.pt).")],
    out: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    w_size: Annotated[int, typer.Option(help="Blocks of the segment-aware attention.")] = 2,
) -> None:
    """Turn a public Diff-BGM checkpoint into ours, executing nothing."""
    from diffbgm.model.paper.checkpoint import import_official as run

    run(checkpoint, out, w_size=w_size)
    typer.echo(f"wrote {out}")
