"""Films in: uploaded once, kept under the hash of their content."""

from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from .. import answers, media, schema, serializers
from ..errors import ApiError
from ..services import Services
from .common import (
    FILE,
    MEDIA,
    RANGES,
    TOKEN,
    answer,
    errors,
    send_file,
    unknown_media,
)


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [MEDIA], "security": TOKEN}
    uploaded: ResponseDict = {201: answers.MediaAnswer, 200: answers.MediaAnswer}

    @api.post("/v1/media", responses=uploaded | errors(413, 415, 422, 507), **shown)
    def upload(query: schema.MediaQuery, raw: schema.Film) -> Response:
        """Upload a film: the file itself is the body; 200 instead of 201 where it was known"""
        if raw.mimetype.startswith("multipart/"):
            raise ApiError(
                415, "unsupported_media_type", "Send the file itself as the body, not a form."
            )
        request.max_content_length = services.config.limits.media_bytes
        film, is_new = media.receive(request, query.name, services.store)
        return answer(serializers.film(film), 201 if is_new else 200)

    @api.get("/v1/media", responses={200: answers.MediaList, **errors()}, **shown)
    def all_media() -> Response:
        """The films that are here, newest first"""
        films = [serializers.film(film) for film in services.store.all_media()]
        return answer(answers.MediaList(media=films))

    one: dict[str, Any] = {**shown, "responses": {200: answers.MediaAnswer, **errors(404)}}

    @api.get("/v1/media/<media_id>", **one)
    def media_known(path: schema.MediaPath) -> Response:
        """Whether a film is here already; its id is its SHA-256"""
        film = services.store.media(path.media_id)
        if film is None:
            raise unknown_media(path.media_id)
        return answer(serializers.film(film))

    @api.delete("/v1/media/<media_id>", responses={204: None, **errors(404, 409)}, **shown)
    def delete_media(path: schema.MediaPath) -> Response:
        """Remove a film that no composition uses"""
        outcome = services.store.remove_media(path.media_id)
        if outcome == "unknown":
            raise unknown_media(path.media_id)
        if outcome == "used":
            raise ApiError(409, "media_used", "A composition uses this film; delete that first.")
        return Response(status=204)

    _add_content(api, services)


def _add_content(api: APIBlueprint, services: Services) -> None:
    played: dict[str, Any] = {"tags": [MEDIA], "security": FILE}

    @api.get("/v1/media/<media_id>/content", responses={**RANGES, **errors(404, 416)}, **played)
    def media_content(path: schema.MediaPath) -> Response:
        """The film itself; ranges may be asked for"""
        film = services.store.media(path.media_id)
        if film is None:
            raise unknown_media(path.media_id)
        return send_file(services.store.media_path(film))
