"""The command line: reads wishes, calls the library, tells what came of it. No music here.

Everything heavy is imported inside the commands, so that `diffbgm --help` answers at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

# typer brings its own click and gives no public name to the base of its errors.
from typer._click.exceptions import ClickException

from diffbgm.cli import research
from diffbgm.cli.options import (
    Bpm,
    Checkpoint,
    Device,
    Energy,
    Freedom,
    Ignored,
    Json,
    Mood,
    Out,
    Pinned,
    PreferDownbeats,
    SoundFont,
    parse_bpm,
    parse_frames,
    print_json,
    print_table,
    progress_bar,
)
from diffbgm.errors import DiffBGMError
from diffbgm.options import DEFAULT_STYLE, ComposeOptions, Sampling, TakeOptions, parse_mood

if TYPE_CHECKING:
    from diffbgm.composition import Composition
    from diffbgm.readers.cut_lists import CutList
    from diffbgm.timeline import Timeline

app = typer.Typer(
    help="Background music for film cuts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(research.app)

CUT_LIST_SUFFIXES = (".json", ".txt")
EDIT_SUFFIXES = (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive")


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
    freedom: Freedom = ComposeOptions.freedom_percent,
    pinned: Pinned = None,
    ignored: Ignored = None,
    prefer_downbeats: PreferDownbeats = False,
    seed: Annotated[int, typer.Option(help="Another number, another piece.")] = 0,
    steps: Annotated[int, typer.Option(help="Diffusion steps.")] = Sampling.steps,
    guidance: Annotated[float, typer.Option(help="How strictly to follow the picture.")] = (
        Sampling.guidance
    ),
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    soundfont: SoundFont = None,
    loudness: Annotated[float, typer.Option(help="Of the mix, in LUFS.")] = ComposeOptions.loudness,
    under_dialogue: Annotated[
        bool, typer.Option("--under-dialogue", help="Make room where somebody speaks in the film.")
    ] = False,
    dialogue: Annotated[
        Path | None,
        typer.Option(help="Make room where this file says: .srt .vtt, or start,end in .csv .json."),
    ] = None,
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
        pinned=parse_frames("pinned", pinned),
        ignored=parse_frames("ignored", ignored),
        prefer_downbeats=prefer_downbeats,
        seed=seed,
        cuts=None if cuts is None else _read_cuts(cuts, source),
        steps=steps,
        guidance=guidance,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
        loudness=loudness,
        under_dialogue=under_dialogue,
        dialogue=None if dialogue is None else _read_dialogue(dialogue),
        mux=mux,
    )
    with progress_bar() as progress:
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
    with progress_bar() as progress:
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
    with progress_bar() as progress:
        from diffbgm.composing import analyse as run

        analysis = run(_read_source(film), progress=progress)
    from diffbgm.cli.tables import analysis_to_dict, shot_table

    if as_json:
        print_json(analysis_to_dict(analysis))
    else:
        print_table(shot_table(analysis))


@app.command()
def hits(
    source: Annotated[Path, typer.Argument(help="A film, an edit, or a CUTS file (JSON).")],
    freedom: Freedom = ComposeOptions.freedom_percent,
    bpm: Bpm = None,
    style: Annotated[str, typer.Option(help="A style's name or file.")] = DEFAULT_STYLE,
    pinned: Pinned = None,
    ignored: Ignored = None,
    prefer_downbeats: PreferDownbeats = False,
    as_json: Json = False,
) -> None:
    """Show how beats would meet the cuts, before anything is composed."""
    options = ComposeOptions(
        style=style,
        bpm=None if bpm is None else parse_bpm(bpm),
        freedom_percent=freedom,
        pinned=parse_frames("pinned", pinned),
        ignored=parse_frames("ignored", ignored),
        prefer_downbeats=prefer_downbeats,
    )
    with progress_bar() as progress:
        from diffbgm.composing import preview_hits

        spotting, rate = preview_hits(_read_cut_list_or_source(source), options, progress)
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
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    soundfont: SoundFont = None,
    keep_films: Annotated[float, typer.Option(help="Days, of films that nobody composed.")] = 7.0,
    keep_days: Annotated[float | None, typer.Option(help="Of compositions.")] = None,
    keep_gb: Annotated[float | None, typer.Option(help="In all; the oldest go.")] = None,
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
        on_ready=lambda ready: typer.echo(f"diffbgm serves at {ready.page}"),
    )


def _read_source(path: Path) -> "Path | Timeline":
    """A film as it is, an edit as a timeline."""
    if path.suffix.lower() not in EDIT_SUFFIXES:
        return path
    from diffbgm.readers.edits import read_timeline

    return read_timeline(path)


def _read_cut_list_or_source(path: Path) -> "Path | Timeline | CutList":
    """A CUTS file as it is said there, else as `_read_source`."""
    if path.suffix.lower() not in CUT_LIST_SUFFIXES:
        return _read_source(path)
    from diffbgm.readers.cut_lists import read_cut_list

    return read_cut_list(path)


def _read_cuts(cuts: Path, film: Path) -> tuple[int, ...]:
    from diffbgm.readers.cut_lists import read_cuts
    from diffbgm.video.film_info import probe

    return read_cuts(cuts, probe(film).frame_rate)


def _read_dialogue(path: Path) -> tuple[tuple[float, float], ...]:
    from diffbgm.readers.subtitles import read_dialogue

    return read_dialogue(path)


def _tell(composition: "Composition", as_json: bool) -> None:
    if as_json:
        print_json(composition.to_dict())
        return
    from diffbgm.video.analysis import MOOD_SOURCES

    met = sum(hit["kind"] != "none" for hit in composition.hits)
    seconds = sum(composition.timings.values())
    typer.echo(
        f"{composition.folder}: {composition.seconds:.1f} s in {len(composition.shots)} shots, "
        f"{met} of {len(composition.hits)} cuts on a beat, "
        f"mood from {MOOD_SOURCES[composition.mood_source]}, made in {seconds:.1f} s"
    )
    for lacking in composition.sound["replaced"]:
        typer.echo(f"{composition.sound['soundfont']} has {lacking}")
    if composition.options["under_dialogue"] or composition.dialogue:
        spoken = sum(end - start for start, end in composition.dialogue)
        typer.echo(f"room for {spoken:.1f} s of speech in {len(composition.dialogue)} places")


if __name__ == "__main__":
    main()
