"""Version 1 of the API: each route reads a request, asks the services, and answers."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Response, request, send_from_directory
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from diffbgm import __version__
from diffbgm.errors import StyleError
from diffbgm.options import MOODS

from . import media, schema, security, serializers, timelines
from .errors import ApiError
from .events import EventStreams
from .jobs import QueueFullError
from .services import Services
from .tables import Composition, JobKind

_TOKEN: list[dict[str, list[Any]]] = [{"token": []}]
_SERVER = Tag(name="server")
_MEDIA = Tag(name="media")
_COMPOSITIONS = Tag(name="compositions")

_RETRY_SECONDS = 30
_STRUCTURED = ("application/json", "text/event-stream")
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


def create_routes(services: Services) -> APIBlueprint:
    """The blueprint `v1` with all of them."""
    api = APIBlueprint("v1", "server.routes")
    _add_server(api, services)
    _add_media(api, services)
    _add_compositions(api, services)
    _add_changes(api, services)
    _add_files(api, services)
    return api


def _add_server(api: APIBlueprint, services: Services) -> None:
    @api.get("/health", tags=[_SERVER], responses={200: schema.Health, **_errors()})
    def health() -> Response:
        """Whether this is a diffbgm server, and which; needs no token"""
        return _answer(schema.Health(version=__version__, ready=services.worker.is_ready))

    @api.get("/v1/info", tags=[_SERVER], security=_TOKEN, responses={200: schema.Info, **_errors()})
    def info() -> Response:
        """What may be asked for, and what answers"""
        described = services.worker.description
        return _answer(
            schema.Info(
                version=__version__,
                models=[described.model] if described else [],
                styles=list(services.composer.styles()),
                moods=list(MOODS),
                options=serializers.options(),
                device=described.device if described else None,
                limits=schema.LimitsAnswer(**asdict(services.config.limits)),
                store=_store_answer(services),
            )
        )


def _add_media(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [_MEDIA], "security": _TOKEN}
    uploaded: ResponseDict = {201: schema.MediaAnswer, 200: schema.MediaAnswer}

    @api.post("/v1/media", responses=uploaded | _errors(413, 415, 422, 507), **shown)
    def upload(query: schema.MediaQuery, raw: schema.Film) -> Response:
        """Upload a film: the file itself is the body; 200 instead of 201 where it was known"""
        if raw.mimetype.startswith("multipart/"):
            raise ApiError(
                415, "unsupported_media_type", "Send the file itself as the body, not a form."
            )
        request.max_content_length = services.config.limits.media_bytes
        film, is_new = media.receive(request, query.name, services.store)
        return _answer(_media_answer(film), 201 if is_new else 200)

    @api.get("/v1/media", responses={200: schema.MediaList, **_errors()}, **shown)
    def all_media() -> Response:
        """The films that are here, newest first"""
        films = [_media_answer(film) for film in services.store.all_media()]
        return _answer(schema.MediaList(media=films))

    one: dict[str, Any] = {**shown, "responses": {200: schema.MediaAnswer, **_errors(404)}}

    @api.get("/v1/media/<media_id>", **one)
    def media_known(path: schema.MediaPath) -> Response:
        """Whether a film is here already; its id is its SHA-256"""
        film = services.store.media(path.media_id)
        if film is None:
            raise _unknown_media(path.media_id)
        return _answer(_media_answer(film))

    @api.delete("/v1/media/<media_id>", responses={204: None, **_errors(404, 409)}, **shown)
    def delete_media(path: schema.MediaPath) -> Response:
        """Remove a film that no composition uses"""
        outcome = services.store.remove_media(path.media_id)
        if outcome == "unknown":
            raise _unknown_media(path.media_id)
        if outcome == "used":
            raise ApiError(409, "media_used", "A composition uses this film; delete that first.")
        return Response(status=204)


def _add_compositions(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [_COMPOSITIONS], "security": _TOKEN}
    accepted: ResponseDict = {202: schema.CompositionAnswer}
    answered: ResponseDict = {200: schema.CompositionAnswer, **_errors(404)}

    @api.post(
        "/v1/compositions",
        responses=accepted | _errors(404, 413, 415, 422, 429, 507),
        **shown,
    )
    def compose(body: schema.ComposeRequest) -> Response:
        """Compose music for an uploaded film or for a timeline"""
        _check_style(services, body.options.model_dump()["style"])
        title, used = _source(services, body)
        _check_options(services, body.options)
        try:
            made = services.jobs.submit(title, body.model_dump(exclude_none=True), used)
        except KeyError as error:
            raise _unknown_media(error.args[0]) from error
        except QueueFullError as error:
            raise _queue_full() from error
        return _state(services, made.id, 202)

    @api.get("/v1/compositions", responses={200: schema.CompositionList, **_errors(422)}, **shown)
    def compositions(query: schema.ListQuery) -> Response:
        """The newest compositions, newest first, without their results"""
        newest, queue = services.store.compositions(query.limit), services.jobs.queue()
        listed = [serializers.summary(composition, queue) for composition in newest]
        return _answer(schema.CompositionList(compositions=listed))

    @api.get("/v1/compositions/<composition_id>", responses=answered, **shown)
    def composition(path: schema.CompositionPath) -> Response:
        """State, queue position, progress, result or error of one composition"""
        return _state(services, path.composition_id, 200)

    @api.delete("/v1/compositions/<composition_id>", responses={204: None, **_errors(404)}, **shown)
    def delete(path: schema.CompositionPath) -> Response:
        """Forget it and its files; cancels it where it runs"""
        if not services.jobs.delete(path.composition_id):
            raise _unknown_composition()
        return Response(status=204)

    @api.post("/v1/compositions/<composition_id>/cancel", responses=answered, **shown)
    def cancel(path: schema.CompositionPath) -> Response:
        """Cancel what is queued or running of this composition; what is done stays"""
        services.jobs.cancel(path.composition_id)
        return _state(services, path.composition_id, 200)

    streams = EventStreams(services.store, services.jobs, services.config.limits.event_streams)

    @api.get(
        "/v1/compositions/<composition_id>/events",
        responses={200: _content("text/event-stream"), **_errors(404, 503)},
        **shown,
    )
    def events(path: schema.CompositionPath) -> Response:
        """Its state as server-sent events, now and at every change until its end"""
        return streams.open(_find(services, path.composition_id).id)


def _add_changes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {
        "tags": [_COMPOSITIONS],
        "security": _TOKEN,
        "responses": {
            202: schema.CompositionAnswer,
            **_errors(404, 409, 413, 415, 422, 429, 507),
        },
    }

    @api.post("/v1/compositions/<composition_id>/shots/<shot>/takes", **shown)
    def new_take(path: schema.ShotPath, body: schema.TakeRequest) -> Response:
        """Compose one shot again; its neighbours stay as they are"""
        _shot(services, path)
        _check_options(services, body)
        options = body.model_dump(exclude_none=True)
        return _change(services, path, "take", {"shot": path.shot, "options": options})

    @api.put("/v1/compositions/<composition_id>/shots/<shot>/take", **shown)
    def choose_take(path: schema.ShotPath, body: schema.ChoiceOfTake) -> Response:
        """Go back to an earlier take of one shot"""
        if body.take >= _shot(services, path)["takes"]:
            raise ApiError(404, "take_unknown", f"Shot {path.shot} has no take {body.take}.")
        return _change(services, path, "select", {"shot": path.shot, "take": body.take})


def _add_files(api: APIBlueprint, services: Services) -> None:
    whole = _content(*sorted({*_MIME_TYPES.values(), "application/octet-stream"}))
    shown: dict[str, Any] = {
        "tags": [_COMPOSITIONS],
        "security": _TOKEN,
        "responses": {200: whole, 206: whole, 304: None, **_errors(404, 409, 416)},
    }

    @api.get("/v1/compositions/<composition_id>/files/<path:path>", **shown)
    def file(path: schema.FilePath) -> Response:
        """One file of the result; ranges may be asked for"""
        return _file(services, path.composition_id, path.path)

    @api.get("/v1/compositions/<composition_id>/timeline.otio", **shown)
    def timeline(path: schema.CompositionPath) -> Response:
        """The edit with its music and markers, as OpenTimelineIO"""
        return _file(services, path.composition_id, "timeline.otio")


def _source(services: Services, body: schema.ComposeRequest) -> tuple[str, set[str]]:
    """What to call the composition, and the media that it uses."""
    if body.timeline is not None:
        is_local = security.is_loopback(request.remote_addr)
        used = timelines.check(body.timeline, may_read_files=is_local)
        return str(body.timeline.get("name") or "timeline")[:200], used
    film = services.store.media(body.media or "")
    if film is None:
        raise _unknown_media(body.media or "")
    return film.name, {film.id}


def _shot(services: Services, path: schema.ShotPath) -> dict[str, Any]:
    """The shot's entry in composition.json."""
    composition = _composed(services, path.composition_id)
    content = serializers.read_composition(services.store.folder(composition.id))
    for shot in content["shots"] if content else []:
        if shot["index"] == path.shot:
            return shot
    raise ApiError(404, "shot_unknown", f"The composition has no shot {path.shot}.")


def _change(
    services: Services, path: schema.ShotPath, kind: JobKind, arguments: dict[str, Any]
) -> Response:
    try:
        services.jobs.submit_change(path.composition_id, kind, arguments)
    except KeyError as error:
        raise _unknown_composition() from error
    except QueueFullError as error:
        raise _queue_full() from error
    return _state(services, path.composition_id, 202)


def _queue_full() -> ApiError:
    message = "Too many jobs wait; try again when some are done."
    return ApiError(429, "queue_full", message, retry_after=_RETRY_SECONDS)


def _check_options(
    services: Services, asked: schema.ComposeRequestOptions | schema.TakeRequest
) -> None:
    """Refuses now what would else fail in the middle of the job."""
    _check_style(services, asked.to_library().style)


def _check_style(services: Services, style: str | None) -> None:
    styles = services.composer.styles()
    if style is not None and style not in styles:
        raise StyleError(f"There is no style {style!r}; there are {', '.join(styles)}.")


def _find(services: Services, composition_id: str) -> Composition:
    composition = services.store.composition(composition_id)
    if composition is None:
        raise _unknown_composition()
    return composition


def _unknown_composition() -> ApiError:
    return ApiError(404, "composition_unknown", "There is no such composition.")


def _composed(services: Services, composition_id: str) -> Composition:
    composition = _find(services, composition_id)
    if not composition.is_composed:
        raise ApiError(409, "composition_unfinished", "The composition has no result yet.")
    if not services.store.is_on_disc(composition):
        raise ApiError(404, "file_unknown", "The composition's files are gone; compose it again.")
    return composition


def _file(services: Services, composition_id: str, path: str) -> Response:
    folder = services.store.folder(_composed(services, composition_id).id)
    # Only what is in the folder has a URL: no other path can be asked for, however it is written.
    if path not in serializers.files_in(folder):
        raise ApiError(404, "file_unknown", "The composition has no such file.")
    if not _is_one_range(request.headers.get("Range", "")):
        # RFC 9110, 14.2: what is not understood is ignored, and so may several ranges be.
        request.environ.pop("HTTP_RANGE", None)
    return send_from_directory(folder, path, mimetype=_MIME_TYPES.get(Path(path).suffix))


def _is_one_range(header: str) -> bool:
    return re.fullmatch(r"\s*bytes\s*=\s*(\d+-\d*|-\d+)\s*", header, re.IGNORECASE) is not None


def _errors(*statuses: int) -> ResponseDict:
    """What /openapi.json says of a route that may refuse so, besides what each one may."""
    return dict.fromkeys(map(str, sorted({400, 401, 421, 422, *statuses})), schema.ErrorAnswer)


def _content(*kinds: str) -> dict[str, Any]:
    """What /openapi.json says of an answer that is no JSON of ours."""
    text = {"schema": {"type": "string"}}
    return {"content": {kind: {} if kind in _STRUCTURED else text for kind in kinds}}


def _unknown_media(media_id: str) -> ApiError:
    return ApiError(404, "media_unknown", f"No film {media_id[:64]} was uploaded; upload it first.")


def _media_answer(film: Any) -> schema.MediaAnswer:
    return schema.MediaAnswer(id=film.id, name=film.name, size=film.size)


def _state(services: Services, composition_id: str, status: int) -> Response:
    composition, queue = _find(services, composition_id), services.jobs.queue()
    folder = services.store.folder(composition_id)
    return _answer(serializers.answer(composition, queue, folder), status)


def _store_answer(services: Services) -> schema.StoreAnswer:
    usage, kept = services.store.usage(), services.config.retention
    return schema.StoreAnswer(
        media_bytes=usage.media,
        composition_bytes=usage.compositions,
        lost_and_found_bytes=usage.lost_and_found,
        **asdict(kept),
    )


def _answer(content: BaseModel, status: int = 200) -> Response:
    return Response(content.model_dump_json(), status, mimetype="application/json")
