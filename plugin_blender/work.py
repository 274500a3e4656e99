"""What a job does off the main thread: send, compose, download. Never touches Blender.

Read `compose` and `new_take` from top to bottom.
"""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

from . import joins, pieces, sending, server_process
from .client import Client, ClientError, ServerUnreachable
from .joins import Place
from .running import Run, StoppedError, WorkError, within
from .sending import ComposeOrder
from .server_process import ServerSettings
from .speech_room import Room, room_of

POLL_SECONDS = 0.5
# From where to where each part of the work takes a job, of 0..1; before them comes the sending.
COMPOSE, DOWNLOAD = (0.35, 0.95), (0.95, 1.0)


@dataclass(frozen=True)
class Segment:
    """The music of one shot; frames are counted from the start of the range that was scored.

    The sound begins `lead` frames before its shot, and fades into it: see `joins`.
    """

    shot: int
    take: int
    start_frame: int
    end_frame: int
    lead: int
    audio: Path
    midi: Path
    image: Path


@dataclass(frozen=True)
class Stem:
    """One instrument of the mix, from its first sample to its last."""

    name: str
    audio: Path


@dataclass(frozen=True)
class Music:
    """A finished composition, its files on this machine, cut for a place in a scene."""

    composition: str
    place: Place
    segments: tuple[Segment, ...]
    result: dict[str, Any] = field(default_factory=dict)
    room: Room = joins.ALL_THE_SAME  # for speech, left out of the segments
    stems: tuple[Stem, ...] = ()  # where they were asked for

    @property
    def takes(self) -> tuple[int, ...]:
        """Which take of every shot it plays."""
        return tuple(segment.take for segment in self.segments)


@dataclass(frozen=True)
class TakeOrder:
    """Another take of one shot of a composition that the server knows, which lies at `place`: a new
    one with `options`, or that of number `take`."""

    composition: str
    place: Place
    shot: int
    options: dict[str, Any]
    folder: Path
    server: ServerSettings
    take: int | None = None
    with_stems: bool = False


@dataclass(frozen=True)
class StemsOrder:
    """The stems of a composition that the server knows, with the takes that are in its mix."""

    composition: str
    folder: Path
    server: ServerSettings


def compose(order: ComposeOrder, run: Run) -> Music:
    """The picture of an edit to its music. Raises ClientError, WorkError, StoppedError, OSError."""
    client, state = sending.send(order, run)
    client, result = _await(client, state, state["jobs"][0]["id"], order.server, run)
    return _fetch(client, state["id"], result, order.place, _folder(order, run), run)


def refit(order: ComposeOrder, composition: str, run: Run) -> Music:
    """The music of a composition for the edit as it is now. Raises as `compose` does."""
    client, state = sending.hand_over(
        order, run, lambda client, document: client.refit(composition, document, {})
    )
    client, result = _await(client, state, state["jobs"][0]["id"], order.server, run)
    return _fetch(client, state["id"], result, order.place, _folder(order, run), run)


def new_take(order: TakeOrder, run: Run) -> Music:
    """Another take of one shot; the whole composition as it is now. Raises as `compose` does."""
    client = sending.connect(order.server, run)
    if order.take is None:
        state = client.new_take(order.composition, order.shot, order.options)
    else:
        state = client.choose_take(order.composition, order.shot, order.take)
    client, result = _await(client, state, state["jobs"][-1]["id"], order.server, run)
    music = _fetch(client, order.composition, result, order.place, order.folder, run)
    if not order.with_stems:
        return music
    stems = _fetch_stems(client, order.composition, result, order.folder, run)
    return replace(music, stems=stems)


def fetch_stems(order: StemsOrder, run: Run) -> tuple[Stem, ...]:
    """The stems of the mix as it is now. Raises as `compose` does."""
    client = sending.connect(order.server, run)
    result = client.state(order.composition)["result"]
    return _fetch_stems(client, order.composition, result, order.folder, run)


def stem_names(paths: Iterable[str]) -> list[str]:
    return [PurePosixPath(path).stem for path in paths]


def _folder(order: ComposeOrder, run: Run) -> Path:
    """Where music goes as the file is called now; as it was called where it is not open."""
    try:
        return run.ask(order.blender.folder)
    except WorkError:
        return order.folder


def start_server(server: ServerSettings, run: Run) -> dict[str, Any]:
    """What the server suggestions, once it answers. Raises ClientError, StoppedError."""
    return sending.suggested(sending.connect(server, run))


def _await(
    client: Client, state: dict[str, Any], job: int, server: ServerSettings, run: Run
) -> tuple[Client, dict[str, Any]]:
    """The result, once the server's job of that number is done, and the client to fetch it by."""
    try:
        while True:
            ours = next(each for each in state["jobs"] if each["id"] == job)
            if ours["state"] == "done":
                return client, state["result"]
            if ours["state"] in ("failed", "cancelled"):
                raise WorkError(ours["error"]["message"])
            run.report(*_progress(state))
            run.wait(POLL_SECONDS)
            client, state = _look(client, state["id"], server, run)
    except StoppedError:
        with contextlib.suppress(ClientError):  # what cannot be reached needs no notice
            client.cancel(state["id"])
        raise


def _look(
    client: Client, composition: str, server: ServerSettings, run: Run
) -> tuple[Client, dict[str, Any]]:
    """The state; by way of a new server where the old one has gone, for jobs survive that."""
    try:
        return client, client.state(composition)
    except ServerUnreachable:
        client = server_process.connect(server, run.wait)
        return client, client.state(composition)


def _progress(state: dict[str, Any]) -> tuple[str, float]:
    if progress := state["progress"]:
        stage, left = progress["stage"].capitalize(), progress.get("seconds_left")
        if left is not None:
            minutes, seconds = divmod(round(left), 60)
            stage = f"{stage}, -{minutes}:{seconds:02d}"
        return stage, within(COMPOSE, progress["fraction"])
    return f"In the queue at {state['queue_position'] or 1}", COMPOSE[0]


def _fetch(
    client: Client,
    composition: str,
    result: dict[str, Any],
    place: Place,
    folder: Path,
    run: Run,
) -> Music:
    """Downloads the mix, and cuts it; and every shot's other files. All in one folder."""
    files = folder / composition
    files.mkdir(parents=True, exist_ok=True)
    shots = result["shots"]
    bounds = [(shot["start_frame"], shot["end_frame"]) for shot in shots]
    parts = joins.lay_out(bounds, place, Fraction(*result["frame_rate"]), result["sample_rate"])
    segments = []
    with _temporary(files) as mix:
        client.download(composition, "mix.wav", mix, run.check)
        room = room_of(result, mix)
        for number, (shot, piece) in enumerate(zip(shots, parts, strict=True)):
            run.report("Downloading", within(DOWNLOAD, number / len(shots)))
            name = PurePosixPath(shot["audio"]).with_suffix(".wav")
            audio = _cut(mix, piece, room, name, files)
            midi, image = (
                _download(client, composition, shot[kind], files, run) for kind in ("midi", "image")
            )
            which = shot["index"], shot["take"], *bounds[number], piece.lead
            segments.append(Segment(*which, audio, midi, image))
    return Music(composition, place, tuple(segments), result, room)


def _fetch_stems(
    client: Client, composition: str, result: dict[str, Any], folder: Path, run: Run
) -> tuple[Stem, ...]:
    files, paths = folder / composition, pieces.stem_paths(result)
    files.mkdir(parents=True, exist_ok=True)
    stems = []
    for number, (name, path) in enumerate(zip(stem_names(paths), paths, strict=True)):
        run.report("Downloading", within(DOWNLOAD, number / len(paths)))
        stems.append(Stem(name, _download(client, composition, path, files, run)))
    return tuple(stems)


def _cut(mix: Path, piece: joins.Piece, room: Room, name: PurePosixPath, files: Path) -> Path:
    with _temporary(files) as part:
        joins.cut(mix, piece, part, room)
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        return _keep(part, name, digest)


def _download(client: Client, composition: str, path: str, files: Path, run: Run) -> Path:
    with _temporary(files) as part:
        digest = client.download(composition, path, part, run.check)
        return _keep(part, PurePosixPath(path), digest)


@contextlib.contextmanager
def _temporary(files: Path) -> Iterator[Path]:
    """A path for a file that is gone afterwards, unless it was kept under another name."""
    part = files / f".{uuid.uuid4().hex}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _keep(part: Path, name: PurePosixPath, digest: str) -> Path:
    """The file, named by its content: what an undo goes back to is never overwritten."""
    file = part.with_name(f"{name.stem}-{digest[:8]}{name.suffix}")
    os.replace(part, file)
    return file
