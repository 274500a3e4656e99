"""The files of a result."""

import re
from pathlib import Path
from typing import Any

from flask import Response, request, send_from_directory
from flask_openapi3.blueprint import APIBlueprint

from .. import schema, serializers
from ..errors import ApiError
from ..services import Services
from .common import COMPOSITIONS, TOKEN, composed, content, errors

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


def add_routes(api: APIBlueprint, services: Services) -> None:
    whole = content(*sorted({*_MIME_TYPES.values(), "application/octet-stream"}))
    shown: dict[str, Any] = {
        "tags": [COMPOSITIONS],
        "security": TOKEN,
        "responses": {200: whole, 206: whole, 304: None, **errors(404, 409, 416)},
    }

    @api.get("/v1/compositions/<composition_id>/files/<path:path>", **shown)
    def file(path: schema.FilePath) -> Response:
        """One file of the result; ranges may be asked for"""
        return _file(services, path.composition_id, path.path)

    @api.get("/v1/compositions/<composition_id>/timeline.otio", **shown)
    def timeline(path: schema.CompositionPath) -> Response:
        """The edit with its music and markers, as OpenTimelineIO"""
        return _file(services, path.composition_id, "timeline.otio")


def _file(services: Services, composition_id: str, path: str) -> Response:
    folder = services.store.folder(composed(services, composition_id).id)
    # Only what is in the folder has a URL: no other path can be asked for, however it is written.
    if path not in serializers.files_in(folder):
        raise ApiError(404, "file_unknown", "The composition has no such file.")
    if not _is_one_range(request.headers.get("Range", "")):
        # RFC 9110, 14.2: what is not understood is ignored, and so may several ranges be.
        request.environ.pop("HTTP_RANGE", None)
    return send_from_directory(folder, path, mimetype=_MIME_TYPES.get(Path(path).suffix))


def _is_one_range(header: str) -> bool:
    return re.fullmatch(r"\s*bytes\s*=\s*(\d+-\d*|-\d+)\s*", header, re.IGNORECASE) is not None
