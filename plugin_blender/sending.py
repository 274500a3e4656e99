"""Hands an edit over to a server: renders and uploads what it cannot open, and asks for music.

Runs off the main thread. Never touches Blender.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import otio, server_process
from . import rendering as renderer
from .client import Client, ServerUnreachable
from .cuts import Edit
from .joins import Place
from .rendering import Rendering
from .running import Run, within
from .server_process import ServerSettings

RENDER, UPLOAD = (0.0, 0.3), (0.3, 0.35)  # from where to where they take a job, of 0..1


@dataclass(frozen=True)
class ComposeOrder:
    """All that the thread must know; music goes below `folder`, the rendering's is removed.

    There is a rendering where a part of the edit is composited."""

    edit: Edit
    place: Place
    rendering: Rendering | None
    options: dict[str, Any]
    folder: Path
    server: ServerSettings


def send(order: ComposeOrder, run: Run) -> tuple[Client, dict[str, Any]]:
    """The server, and the first state of the composition there. Raises as `work.compose` does."""
    try:
        client = connect(order.server, run)
        films = _render(order.rendering, run)
        return _hand_over(client, films, order, run)
    finally:
        if order.rendering:
            shutil.rmtree(order.rendering.folder, ignore_errors=True)


def connect(server: ServerSettings, run: Run) -> Client:
    """A client of a server that answers, started if need be. Raises ClientError, StoppedError."""
    run.report("Starting the server", 0.0)
    return server_process.connect(server, run.wait)


def _render(rendering: Rendering | None, run: Run) -> list[Path]:
    if rendering is None:
        return []
    return renderer.render(
        rendering, run, lambda done: run.report("Rendering", within(RENDER, done))
    )


def _hand_over(
    client: Client, films: list[Path], order: ComposeOrder, run: Run
) -> tuple[Client, dict[str, Any]]:
    """The films and what is wanted for them; by way of a new server where the old one, which ends
    with the Blender that started it, has gone during the rendering."""
    try:
        return client, _submit(client, films, order, run)
    except ServerUnreachable:
        client = server_process.connect(order.server, run.wait)
        return client, _submit(client, films, order, run)


def _submit(client: Client, films: list[Path], order: ComposeOrder, run: Run) -> dict[str, Any]:
    """Where the edit has no cut, it may be a film that was cut elsewhere: the server looks."""
    media = [
        client.upload(film, lambda done: run.report("Uploading", within(UPLOAD, done)))
        for film in films
    ]
    if not order.edit.cuts:
        return client.compose_film(media[0], order.options)
    edit = order.edit
    document = otio.document(edit.scene, edit.rate, _clips(edit, media))
    return client.compose(document, order.options)


def _clips(edit: Edit, media: list[str]) -> list[otio.Clip]:
    """Every shot as a piece of a film: its own, or what was rendered of the stretch it lies in."""
    clips = []
    for (start, end), film in zip(edit.shots, edit.films, strict=True):
        if film is not None:
            clips.append(otio.Clip(film.path, film.frame, film.frame + end - start))
            continue
        number, begin = next(
            (number, first)
            for number, (first, after) in enumerate(edit.composited)
            if first <= start < after
        )
        clips.append(otio.Clip(otio.uploaded(media[number]), start - begin, end - begin))
    return clips
