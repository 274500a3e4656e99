"""`diffbgm refit`: carries the music in a folder over to a changed edit."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from diffbgm.cli.options import Json, with_options
from diffbgm.cli.sources import reads_source
from diffbgm.cli.terminal import UsageError, print_json, print_table, progress_bar
from diffbgm.options import RefitOptions

Preview = Annotated[
    bool, typer.Option("--preview", metavar="", help="Show what became of every shot, and stop.")
]
Into = Annotated[
    Path | None,
    typer.Option(
        "--into", metavar="DIR", help="Write to another folder; the first one stays as it is."
    ),
]


@with_options(RefitOptions)
@reads_source
def refit(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that compose made.")],
    source: Annotated[
        Path, typer.Argument(metavar="EDIT", help="The changed edit: .otio .edl .fcpxml .xml.")
    ],
    options: RefitOptions,
    into: Into = None,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Carry the music over to a changed edit: new notes just for what changed."""
    from diffbgm.timeline import Timeline

    if not isinstance(source, Timeline):
        raise UsageError(f"refit needs an edit, and {source} is none")
    with progress_bar() as progress:
        from diffbgm import refitting

        changes = refitting.preview_refit(folder, source, progress)
        composition = None if preview else refitting.refit(folder, source, options, progress, into)
    if as_json:
        rows = [asdict(change) for change in changes]
        print_json(composition.to_dict() if composition else {"changes": rows})
        return
    from diffbgm.cli.tables import change_table

    print_table(change_table(changes))
    if composition:
        kept = sum(change.is_same for change in changes)
        typer.echo(
            f"{composition.folder}: {composition.seconds:.1f} s in {len(composition.shots)} shots, "
            f"{kept} with the music that they had"
        )
