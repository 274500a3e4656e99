"""The files of a result."""

import secrets
import shutil
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from .. import schema, serializers, zipping
from ..errors import ApiError
from ..services import Services
from .common import COMPOSITIONS, FILE, RANGES, composed, content, errors, send_file


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {
        "tags": [COMPOSITIONS],
        "security": FILE,
        "responses": {**RANGES, **errors(404, 409, 416)},
    }

    @api.get("/v1/compositions/<composition_id>/files/<path:path>", **shown)
    def file(path: schema.FilePath) -> Response:
        """One file of the result; ranges may be asked for"""
        return _file(services, path.composition_id, path.path)

    zipped: dict[str, Any] = {
        **shown,
        "responses": {200: content("application/zip"), **errors(404, 409)},
    }

    @api.get("/v1/compositions/<composition_id>/stems.zip", **zipped)
    def stems(path: schema.CompositionPath) -> Response:
        """All stems in one zip"""
        folder = services.store.folder(composed(services, path.composition_id).id)
        names = [name for name in serializers.files_in(folder) if name.startswith("stems/")]
        if not names:
            raise ApiError(404, "file_unknown", "The composition has no stems.")
        response = Response(zipping.zipped(folder, sorted(names)), mimetype="application/zip")
        response.headers["Content-Disposition"] = "attachment; filename=stems.zip"
        return response

    @api.get("/v1/compositions/<composition_id>/timeline.otio", **shown)
    def timeline(path: schema.CompositionPath) -> Response:
        """The edit with its music and markers, as OpenTimelineIO"""
        return _file(services, path.composition_id, "timeline.otio")

    _add_timelines(api, services)


def _add_timelines(api: APIBlueprint, services: Services) -> None:
    @api.get(
        "/v1/compositions/<composition_id>/timeline.<suffix>",
        tags=[COMPOSITIONS],
        security=FILE,
        responses={200: content("application/octet-stream"), **errors(404, 409, 422, 507)},
    )
    def timeline_as(path: schema.TimelinePath) -> Response:
        """The edit with its music and markers, in another editor's format"""
        folder = services.store.folder(composed(services, path.composition_id).id)
        work = services.store.work / f"timeline-{secrets.token_hex(8)}"
        wanted = "fcp7" if path.suffix == "xml" else path.suffix
        try:
            work.mkdir()
            services.edits.write(folder, wanted, work)
            written = (work / f"timeline.{path.suffix}").read_bytes()
        finally:
            shutil.rmtree(work, ignore_errors=True)
        response = Response(written, mimetype="application/octet-stream")
        name = f"attachment; filename=timeline.{path.suffix}"
        response.headers["Content-Disposition"] = name
        return response


def _file(services: Services, composition_id: str, path: str) -> Response:
    folder = services.store.folder(composed(services, composition_id).id)
    # Only what is in the folder has a URL: no other path can be asked for, however it is written.
    if path not in serializers.files_in(folder):
        raise ApiError(404, "file_unknown", "The composition has no such file.")
    return send_file(folder / path)
