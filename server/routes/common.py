"""What several resources share: finding what a path names, and the form of answers."""

import re
from pathlib import Path
from typing import Any

from flask import Response, request, send_from_directory
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from diffbgm.errors import StyleError

from .. import answers, schema, serializers
from ..errors import ApiError
from ..services import Services
from ..tables import Composition

TOKEN: list[dict[str, list[Any]]] = [{"token": []}]
# Files may be asked for by what cannot send a header, too: pictures and players of our page.
FILE: list[dict[str, list[Any]]] = [{"token": []}, {"session": []}]
SERVER = Tag(name="server")
MEDIA = Tag(name="media")
COMPOSITIONS = Tag(name="compositions")

_RETRY_SECONDS = 30
_STRUCTURED = ("application/json", "text/event-stream")
# Said here, as systems differ in what they know of these.
_MIME_TYPES = {
    ".otio": "application/json",
    ".json": "application/json",
    ".mid": "audio/midi",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".html": "text/html",
}


def answer(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump_json(), status, mimetype="application/json")


def state(services: Services, composition_id: str, status: int) -> Response:
    composition, queue = find(services, composition_id), services.jobs.queue()
    folder = services.store.folder(composition_id)
    return answer(serializers.answer(composition, queue, folder), status)


def errors(*statuses: int) -> ResponseDict:
    """What /openapi.json says of a route that may refuse so, besides what each one may."""
    return dict.fromkeys(map(str, sorted({400, 401, 421, 422, *statuses})), answers.ErrorAnswer)


def content(*kinds: str) -> dict[str, Any]:
    """What /openapi.json says of an answer that is no JSON of ours."""
    text = {"schema": {"type": "string"}}
    return {"content": {kind: {} if kind in _STRUCTURED else text for kind in kinds}}


def find(services: Services, composition_id: str) -> Composition:
    composition = services.store.composition(composition_id)
    if composition is None:
        raise unknown_composition()
    return composition


def composed(services: Services, composition_id: str) -> Composition:
    composition = find(services, composition_id)
    if not composition.is_composed:
        raise ApiError(409, "composition_unfinished", "The composition has no result yet.")
    if not services.store.is_on_disc(composition):
        raise ApiError(404, "file_unknown", "The composition's files are gone; compose it again.")
    return composition


def unknown_composition() -> ApiError:
    return ApiError(404, "composition_unknown", "There is no such composition.")


def unknown_media(media_id: str) -> ApiError:
    return ApiError(404, "media_unknown", f"No film {media_id[:64]} was uploaded; upload it first.")


def queue_full() -> ApiError:
    message = "Too many jobs wait; try again when some are done."
    return ApiError(429, "queue_full", message, retry_after=_RETRY_SECONDS)


def check_options(
    services: Services, asked: schema.ComposeRequestOptions | schema.TakeRequest
) -> None:
    """Refuses now what would else fail in the middle of the job."""
    check_style(services, asked.to_library().style)


def check_style(services: Services, style: str | None) -> None:
    styles = services.composer.styles()
    if style is not None and style not in styles:
        raise StyleError(f"There is no style {style!r}; there are {', '.join(styles)}.")


RANGES: ResponseDict = {
    200: content("application/octet-stream", *sorted(set(_MIME_TYPES.values()))),
    206: content("application/octet-stream", *sorted(set(_MIME_TYPES.values()))),
    304: None,
}


def send_file(path: Path) -> Response:
    """A file of the store, or the range of it that is asked for."""
    if not _is_one_range(request.headers.get("Range", "")):
        # RFC 9110, 14.2: what is not understood is ignored, and so may several ranges be.
        request.environ.pop("HTTP_RANGE", None)
    kind = _MIME_TYPES.get(path.suffix, "application/octet-stream")
    return send_from_directory(path.parent, path.name, mimetype=kind)


def _is_one_range(header: str) -> bool:
    return re.fullmatch(r"\s*bytes\s*=\s*(\d+-\d*|-\d+)\s*", header, re.IGNORECASE) is not None
