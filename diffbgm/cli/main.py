"""The command line: reads options, calls the library, reports the result. No music here.

Everything heavy is imported inside the commands, so that `diffbgm --help` answers at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer

from diffbgm import __version__
from diffbgm.cli import research
from diffbgm.cli.options import (
    Json,
    Out,
    given_flags,
    shared,
    with_options,
)
from diffbgm.cli.refit import refit
from diffbgm.cli.sources import reads_source
from diffbgm.cli.studio import Artifacts, Database, Queue, studio_of, worker
from diffbgm.cli.terminal import UsageError, print_json, print_table, progress_bar
from diffbgm.errors import DiffBGMError
from diffbgm.options import ComposeOptions, TakeOptions

if TYPE_CHECKING:
    from diffbgm.composition import Composition
    from diffbgm.options import TimelineFormat
    from diffbgm.timeline import Timeline

app = typer.Typer(
    help="Background music for film cuts.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading it takes longer than all else that --help does
    context_settings={"max_content_width": 120},
)
app.add_typer(research.app)
app.command()(refit)
app.command()(worker)

# What typer returns for Ctrl-C, where no command had a word to say about it.
INTERRUPTED = 130
_MUCH_SPACE = 10**9  # bytes of disc from which on it is worth a line


def main() -> None:
    """Run the command line; an error is one line on standard error.

    The exit code is 2 where the command line itself is wrong, 1 for all else that fails.
    """
    try:
        code = app(standalone_mode=False)
    except DiffBGMError as exc:
        _fail(str(exc))
    except typer.TyperException as exc:
        _fail(exc.format_message(), exc.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    if code == INTERRUPTED:
        _fail("stopped; nothing was changed")
    sys.exit(code or 0)


def _fail(message: str, code: int = 1) -> NoReturn:
    sys.stderr.write(f"diffbgm: {message}\n")
    sys.exit(code)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", metavar="", help="Print the version and exit.")
    ] = False,
) -> None:
    if version:
        typer.echo(f"diffbgm {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
@with_options(ComposeOptions)
@reads_source
def compose(
    source: Annotated[
        Path, typer.Argument(metavar="FILM|EDIT", help="A film, or .otio .edl .fcpxml .xml.")
    ],
    out: Out,
    options: ComposeOptions,
    as_json: Json = False,
) -> None:
    """Score a film or an edit."""
    _announce_space(source, options)
    with progress_bar() as progress:
        from diffbgm.composing import compose as run

        composition = run(source, out, options, progress)
    _report(composition, as_json)


def _announce_space(source: "Path | Timeline", options: ComposeOptions) -> None:
    """Say on standard error what a long film needs, before the work begins."""
    from diffbgm.arranging.styles import load_style
    from diffbgm.writers.space import readable, space_needed

    try:
        needed = space_needed(source, options, load_style(options.style))
    except DiffBGMError:
        return  # Composing refuses it, after what it checks first.
    if needed >= _MUCH_SPACE:
        sys.stderr.write(f"this needs up to {readable(needed)} of disc while it is composed\n")


@app.command()
@with_options(TakeOptions)
def recompose(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that compose made.")],
    shot: Annotated[int, typer.Option(metavar="NUMBER", help="Which shot, from 0.")],
    options: TakeOptions,
    take: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Put this earlier take back instead of a new one."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a new take of one shot into the mix; all other shots stay as they are."""
    if take is not None and (unused := given_flags(options)):
        raise UsageError(f"--take puts a take back as it is: leave out {', '.join(unused)}")
    with progress_bar() as progress:
        from diffbgm import composing

        if take is None:
            composition = composing.recompose(folder, shot, options, progress)
        else:
            composition = composing.select_take(folder, shot, take, progress)
    _report(composition, as_json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that compose made.")],
    timeline_format: Annotated[str | None, shared("timeline_format")] = None,
    stems: Annotated[bool, shared("stems")] = False,
    as_json: Json = False,
) -> None:
    """Write the timeline of a composition again, in another format."""
    from diffbgm.options import option_named
    from diffbgm.writers.exporting import export_timeline

    option = option_named("timeline_format")
    if timeline_format not in (None, *option.choices):
        known = ", ".join(option.choices)
        raise UsageError(f"--timeline-format must be one of {known}, not {timeline_format!r}")
    chosen = cast("TimelineFormat | None", timeline_format)
    composition = export_timeline(folder, chosen, stems)
    if as_json:
        print_json(composition.to_dict())
        return
    names = [name for name in composition.files if name.startswith("timeline.")]
    typer.echo(f"{composition.folder}: {', '.join(sorted(names))}")
    _say_what_is_lost(composition)


def _say_what_is_lost(composition: "Composition") -> None:
    """In one line, where another format than the edit's own was asked for."""
    from diffbgm.composition.source import timeline_of
    from diffbgm.writers.timelines import lost_in_timeline

    asked = composition.options["timeline_format"]
    timeline = timeline_of(composition.to_dict())
    if asked and (lost := lost_in_timeline(composition.folder, timeline, asked)):
        typer.echo(f"{asked} has no room for: {lost}")


@app.command()
@reads_source
def analyse(
    source: Annotated[Path, typer.Argument(metavar="FILM|EDIT", help="A film or an edit.")],
    as_json: Json = False,
) -> None:
    """Look at a film: its shots, how they move and feel."""
    with progress_bar() as progress:
        from diffbgm.preview import analyse as run

        analysis = run(source, progress=progress)
    from diffbgm.cli.tables import analysis_to_dict, shot_table

    if as_json:
        print_json(analysis_to_dict(analysis))
    else:
        print_table(shot_table(analysis))


@app.command()
@with_options(ComposeOptions, lambda option: option.steers_hits)
@reads_source
def hits(
    source: Annotated[
        Path,
        typer.Argument(metavar="FILM|EDIT|CUTS", help="A film, an edit, or a CUTS file (JSON)."),
    ],
    options: ComposeOptions,
    as_json: Json = False,
) -> None:
    """Show how compose would meet the cuts with the same options, before anything is composed."""
    with progress_bar() as progress:
        from diffbgm.preview import preview_hits

        spotting, rate = preview_hits(source, options, progress)
    from diffbgm.cli.tables import hit_table, hits_to_dict

    if as_json:
        print_json(hits_to_dict(spotting, rate))
    else:
        print_table(hit_table(spotting, rate))


@app.command()
def styles(as_json: Json = False) -> None:
    """List the styles, one's own among them, and what each is for."""
    from diffbgm.arranging.styles import load_style, own_styles, style_names

    known = {name: load_style(name) for name in style_names()}
    if as_json:
        rows = [{"name": n, "purpose": s.purpose, "tempo": s.tempo} for n, s in known.items()]
        print_json({"styles": rows, "own_styles": str(own_styles())})
        return
    from diffbgm.cli.tables import style_table

    print_table(style_table(known))
    typer.echo(f"Files in {own_styles()} are styles, too; docs/styles.md says how to write one.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 finds a free one.")] = 0,
    store: Annotated[Path | None, typer.Option(help="Where films and music are kept.")] = None,
    handshake: Annotated[Path | None, typer.Option(help="Where to tell the address.")] = None,
    parent_pid: Annotated[int | None, typer.Option(help="End when this process does.")] = None,
    device: Annotated[str, shared("device")] = "auto",
    checkpoint: Annotated[Path | None, shared("checkpoint")] = None,
    soundfont: Annotated[Path | None, shared("soundfont")] = None,
    keep_films: Annotated[float, typer.Option(help="Days, of films that nobody composed.")] = 7.0,
    keep_days: Annotated[float | None, typer.Option(help="Of compositions.")] = None,
    keep_gb: Annotated[float | None, typer.Option(help="In all; the oldest go.")] = None,
    queue: Queue = None,
    database: Database = None,
    artifacts: Artifacts = "",
) -> None:
    """Compose for Blender and other editors over HTTP."""
    from diffbgm_server.serving import (  # pyright: ignore[reportMissingImports]
        Retention,
        run,
    )

    most_bytes = None if keep_gb is None else round(keep_gb * 1e9)
    run(
        host,
        port,
        store=store,
        handshake_path=handshake,
        parent_pid=parent_pid,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
        keep=Retention(keep_films, keep_days, most_bytes),
        studio=studio_of(queue, database, artifacts),
        on_ready=lambda ready: typer.echo(f"diffbgm serves at {ready.page}"),
    )


@app.command()
def mcp(
    allow: Annotated[
        list[Path],
        typer.Option(metavar="FOLDER", help="May be read and written; may be given again."),
    ],
    device: Annotated[str, shared("device")] = "auto",
) -> None:
    """Let an agent compose, by the Model Context Protocol over standard input and output."""
    try:
        from diffbgm_server.agents.serving import (  # pyright: ignore[reportMissingImports]
            run,
        )
    except ModuleNotFoundError as exc:
        if exc.name not in ("mcp", "anyio"):
            raise
        raise UsageError("the package mcp is missing: type `python install.py mcp` first") from exc
    run(allow, device)


def _report(composition: "Composition", as_json: bool) -> None:
    if as_json:
        print_json(composition.to_dict())
        return
    from diffbgm.cli.tables import cuts_of_edit
    from diffbgm.video.analysis import MOOD_SOURCES

    met = sum(hit["kind"] != "none" for hit in composition.hits)
    seconds = sum(composition.timings.values())
    typer.echo(
        f"{composition.folder}: {composition.seconds:.1f} s in {len(composition.shots)} shots, "
        f"{met} of {len(composition.hits)} cuts on a beat, "
        f"mood from {MOOD_SOURCES[composition.mood_source]}, made in {seconds:.1f} s"
    )
    if composition.source["document"]:
        sources = (shot["cut"]["source"] for shot in composition.shots if shot["cut"])
        if line := cuts_of_edit(sources, len(composition.rejected_cuts)):
            typer.echo(line)
    for lacking in composition.sound["replaced"]:
        typer.echo(f"{composition.sound['soundfont']} has {lacking}")
    for gone in composition.sound["gone"]:
        typer.echo(gone)
    if composition.sound["rendered_again"]:
        typer.echo(composition.sound["rendered_again"])
    if composition.options["under_dialogue"] or composition.dialogue:
        spoken = sum(end - start for start, end in composition.dialogue)
        typer.echo(f"room for {spoken:.1f} s of speech in {len(composition.dialogue)} places")
    _say_what_is_lost(composition)


if __name__ == "__main__":
    main()
