"""Hands an edit over to a server: renders and uploads what it cannot open, and asks for music.

Runs off the main thread; what only Blender can do it asks of the main one. Read `send` first.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import mp4, otio, server_process, suggestions
from . import rendering as renderer
from .changes import Stretch
from .client import Client, ServerUnreachable
from .cuts import Edit, Film
from .joins import Place
from .mp4_boxes import NotPlainError
from .rendering import Rendering
from .running import Run, WorkError, within
from .server_process import ServerSettings

RENDER, UPLOAD = (0.0, 0.3), (0.3, 0.35)  # from where to where they take a job, of 0..1
CHOOSE_STYLE = "diffbgm.choose_style"  # the operator that mends an unknown style
_APART = 48  # frames between pieces of one film that are still uploaded as one


@dataclass(frozen=True)
class Blender:
    """What is asked of Blender, on the main thread.

    `has_rate` says whether a film has the edit's frame rate, `prepare` makes a rendering of what
    is composited of an edit, with its sound if that is wanted. Both may raise WorkError. `folder`
    says where music goes: beside the file, which a person may save meanwhile.
    """

    has_rate: Callable[[Film], bool]
    prepare: Callable[[Edit, bool], Rendering]
    folder: Callable[[], Path]


@dataclass(frozen=True)
class ComposeOrder:
    """All that the thread must know; music goes below `folder`. `looks` are the stretches that
    Blender makes, as they are when it does."""

    edit: Edit
    place: Place
    blender: Blender
    options: dict[str, Any]
    folder: Path
    server: ServerSettings
    looks: list[Stretch] = field(default_factory=list)

    @property
    def stretches(self) -> list[Stretch]:
        """All of the edit, as it was sent."""
        made = {(look.start, look.end): look for look in self.looks}
        return [
            Stretch(*at, film.path, film.frame) if film else made.get(at, Stretch(*at, "", 0))
            for at, film in zip(self.edit.stretches, self.edit.films, strict=True)
        ]

    @property
    def wants_sound(self) -> bool:
        """Whether the film's own sound matters."""
        return bool(self.options.get("under_dialogue"))


@dataclass(frozen=True)
class _Upload:
    """`file`, to be uploaded, has frames `start` up to, not including, `end` of the film at `path`,
    and begins with its frame `begin`. Where it was rendered there is no path, and the frames are
    those of the edit."""

    file: Path
    path: str
    start: int
    end: int
    begin: int

    def covers(self, path: str, start: int, end: int) -> bool:
        return path == self.path and self.start <= start and end <= self.end


def send(order: ComposeOrder, run: Run) -> tuple[Client, dict[str, Any]]:
    """The server, and the first state of the composition there. Raises as `work.compose` does."""
    return hand_over(order, run, lambda client, document: client.compose(document, order.options))


def hand_over(
    order: ComposeOrder, run: Run, submit: Callable[[Client, dict], dict[str, Any]]
) -> tuple[Client, dict[str, Any]]:
    """The server, and what it answers to the edit's document, all films being there."""
    folder = Path(tempfile.mkdtemp(prefix="diffbgm-"))
    rendering = None
    try:
        edit, pieces = _plain(order, run), []
        if order.server.address:
            _require_style(connect(order.server, run), order)
            edit, pieces = _cut_out(order, edit, folder)
        if edit.composited:
            rendering = run.ask(lambda: order.blender.prepare(edit, order.wants_sound))
        client = connect(order.server, run)
        _require_style(client, order)
        uploads = [*_render(rendering, run), *pieces]
        return _submit(client, uploads, order, edit, run, submit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if rendering:
            shutil.rmtree(rendering.folder, ignore_errors=True)


def connect(server: ServerSettings, run: Run) -> Client:
    """A client of a server that answers, started if need be. Raises ClientError, StoppedError."""
    run.report("Starting the server", 0.0)
    return server_process.connect(server, run.wait)


def _require_style(client: Client, order: ComposeOrder) -> None:
    """Before anything is rendered: WorkError where the server has no such style."""
    style = order.options.get("style")
    if style is not None and style not in (styles := suggested(client)["styles"]):
        raise WorkError(
            f"The server has no style {style!r}: choose {', '.join(styles)}", mend=CHOOSE_STYLE
        )


def suggested(client: Client) -> dict[str, Any]:
    """What a server offers, which the panel suggests from now on."""
    info = client.info()
    suggestions.learn(info)
    return info


def _plain(order: ComposeOrder, run: Run) -> Edit:
    """The edit, films of another rate than its own being composited."""
    films = {film.path: film for film in order.edit.films if film}
    other = [path for path, film in films.items() if not _has_rate(film, order, run)]
    return order.edit.without(other)


def _has_rate(film: Film, order: ComposeOrder, run: Run) -> bool:
    """Blender takes long to open a film: it is asked where the file itself does not say."""
    run.report("Reading films", 0.0)
    try:
        return abs(mp4.frame_rate(Path(film.path)) / order.edit.rate - 1) < 1e-4
    except NotPlainError:
        return run.ask(lambda: order.blender.has_rate(film))
    except OSError:
        return False  # Blender shows what it shows where a film is missing.


def _cut_out(order: ComposeOrder, edit: Edit, folder: Path) -> tuple[Edit, list[_Upload]]:
    """Just the used pieces of films, undecoded; films that cannot be cut so are composited."""
    pieces: list[_Upload] = []
    refused: list[str] = []
    for number, (path, start, end) in enumerate(_used(edit)):
        file = folder / f"{number}{Path(path).suffix}"
        try:
            first = mp4.cut_out(Path(path), start, end, file, with_sound=order.wants_sound)
        except (NotPlainError, OSError):
            refused.append(path)
        else:
            pieces.append(_Upload(file, path, start, end, start - first))
    return edit.without(refused), [piece for piece in pieces if piece.path not in refused]


def _used(edit: Edit) -> list[tuple[str, int, int]]:
    """(path, first frame, frame after) of films, what is near each other being one."""
    used = sorted(
        (film.path, film.frame, film.frame + end - start)
        for (start, end), film in zip(edit.stretches, edit.films, strict=True)
        if film
    )
    merged: list[tuple[str, int, int]] = []
    for path, start, end in used:
        if merged and merged[-1][0] == path and start <= merged[-1][2] + _APART:
            merged[-1] = (path, merged[-1][1], max(merged[-1][2], end))
        else:
            merged.append((path, start, end))
    return merged


def _render(rendering: Rendering | None, run: Run) -> list[_Upload]:
    if rendering is None:
        return []
    films = renderer.render(
        rendering, run, lambda done: run.report("Rendering", within(RENDER, done))
    )
    return [
        _Upload(film, "", start, end, start)
        for film, (start, end) in zip(films, rendering.stretches, strict=True)
    ]


def _submit(
    client: Client,
    uploads: list[_Upload],
    order: ComposeOrder,
    edit: Edit,
    run: Run,
    submit: Callable[[Client, dict], dict[str, Any]],
) -> tuple[Client, dict[str, Any]]:
    """By way of a new server where the old one, which ends with the Blender that started it, has
    gone during the rendering."""
    try:
        return client, submit(client, _upload(client, uploads, edit, run))
    except ServerUnreachable:
        client = server_process.connect(order.server, run.wait)
        return client, submit(client, _upload(client, uploads, edit, run))


def _upload(client: Client, uploads: list[_Upload], edit: Edit, run: Run) -> dict:
    """The edit's document, once its films are on the server."""
    media = [
        client.upload(each.file, lambda done: run.report("Uploading", within(UPLOAD, done)))
        for each in uploads
    ]
    there = list(zip(uploads, media, strict=True))
    clips = [
        _clip(start, end, film, there)
        for (start, end), film in zip(edit.stretches, edit.films, strict=True)
    ]
    return otio.document(edit.scene, edit.rate, clips)


def _clip(start: int, end: int, film: Film | None, there: list[tuple[_Upload, str]]) -> otio.Clip:
    """A stretch as a piece of a film: its own by its path, of an upload, or of a rendering."""
    path, first = (film.path, film.frame) if film else ("", start)
    after = first + end - start
    for upload, media in there:
        if upload.covers(path, first, after):
            return otio.Clip(otio.uploaded(media), first - upload.begin, after - upload.begin)
    return otio.Clip(path, first, after)
