"""Version 1 of the API: each route reads a request, asks the services, and answers."""

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
from .services import Services
from .tables import Composition, JobKind

_TOKEN: list[dict[str, list[Any]]] = [{"token": []}]
_SERVER = Tag(name="server")
_MEDIA = Tag(name="media")
_COMPOSITIONS = Tag(name="compositions")


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
    @api.get("/health", tags=[_SERVER], responses={200: schema.Health})
    def health() -> Response:
        """Whether this is a diffbgm server, and which; needs no token"""
        return _answer(schema.Health(version=__version__, ready=services.worker.is_alive()))

    @api.get("/v1/info", tags=[_SERVER], security=_TOKEN, responses={200: schema.Info})
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
            )
        )


def _add_media(api: APIBlueprint, services: Services) -> None:
    uploaded: ResponseDict = {201: schema.MediaAnswer, 200: schema.MediaAnswer}

    @api.post("/v1/media", tags=[_MEDIA], security=_TOKEN, responses=uploaded)
    def upload(query: schema.MediaQuery) -> Response:
        """Upload a film: the file itself is the body; 200 instead of 201 where it was known"""
        if request.mimetype.startswith("multipart/"):
            raise ApiError(
                415, "unsupported_media_type", "Send the file itself as the body, not a form."
            )
        request.max_content_length = services.config.limits.media_bytes
        film, is_new = media.receive(request.stream, query.name, services.store)
        return _answer(_media_answer(film), 201 if is_new else 200)

    @api.get(
        "/v1/media/<media_id>",
        tags=[_MEDIA],
        security=_TOKEN,
        responses={200: schema.MediaAnswer},
    )
    def media_known(path: schema.MediaPath) -> Response:
        """Whether a film is here already; its id is its SHA-256"""
        film = services.store.media(path.media_id)
        if film is None:
            raise _unknown_media(path.media_id)
        return _answer(_media_answer(film))


def _add_compositions(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [_COMPOSITIONS], "security": _TOKEN}
    accepted: ResponseDict = {202: schema.CompositionAnswer}

    @api.post("/v1/compositions", responses=accepted, **shown)
    def compose(body: schema.ComposeRequest) -> Response:
        """Compose music for an uploaded film or for a timeline"""
        _check_queue(services)
        _check_options(services, body.options)
        title, used = _source(services, body)
        try:
            made = services.jobs.submit(title, body.model_dump(exclude_none=True), used)
        except KeyError as error:
            raise _unknown_media(error.args[0]) from error
        return _state(services, made.id, 202)

    @api.get("/v1/compositions", responses={200: schema.CompositionList}, **shown)
    def compositions(query: schema.ListQuery) -> Response:
        """The newest compositions, newest first, without their results"""
        newest = services.store.compositions(query.limit)
        listed = [serializers.summary(composition, services.jobs) for composition in newest]
        return _answer(schema.CompositionList(compositions=listed))

    @api.get(
        "/v1/compositions/<composition_id>", responses={200: schema.CompositionAnswer}, **shown
    )
    def composition(path: schema.CompositionPath) -> Response:
        """State, queue position, progress, result or error of one composition"""
        return _state(services, path.composition_id, 200)

    @api.delete("/v1/compositions/<composition_id>", responses={204: None}, **shown)
    def delete(path: schema.CompositionPath) -> Response:
        """Forget it and its files; cancels it where it runs"""
        services.jobs.delete(_find(services, path.composition_id))
        return Response(status=204)

    @api.post(
        "/v1/compositions/<composition_id>/cancel",
        responses={200: schema.CompositionAnswer},
        **shown,
    )
    def cancel(path: schema.CompositionPath) -> Response:
        """Cancel what is queued or running of this composition; what is done stays"""
        services.jobs.cancel(_find(services, path.composition_id))
        return _state(services, path.composition_id, 200)

    streams = EventStreams(services.store, services.jobs, services.config.limits.event_streams)

    @api.get("/v1/compositions/<composition_id>/events", responses={200: None}, **shown)
    def events(path: schema.CompositionPath) -> Response:
        """Its state as server-sent events, now and at every change until its end"""
        return streams.open(_find(services, path.composition_id).id)


def _add_changes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {
        "tags": [_COMPOSITIONS],
        "security": _TOKEN,
        "responses": {202: schema.CompositionAnswer},
    }

    @api.post("/v1/compositions/<composition_id>/shots/<shot>/takes", **shown)
    def new_take(path: schema.ShotPath, body: schema.TakeRequest) -> Response:
        """Compose one shot again; its neighbours stay as they are"""
        _check_queue(services)
        _check_options(services, body)
        options = body.model_dump(exclude_none=True)
        _shot(services, path)
        return _change(services, path, "take", {"shot": path.shot, "options": options})

    @api.put("/v1/compositions/<composition_id>/shots/<shot>/take", **shown)
    def choose_take(path: schema.ShotPath, body: schema.ChoiceOfTake) -> Response:
        """Go back to an earlier take of one shot"""
        _check_queue(services)
        if body.take >= _shot(services, path)["takes"]:
            raise ApiError(404, "take_unknown", f"Shot {path.shot} has no take {body.take}.")
        return _change(services, path, "select", {"shot": path.shot, "take": body.take})


def _add_files(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [_COMPOSITIONS], "security": _TOKEN, "responses": {200: None}}

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
    services.jobs.submit_change(path.composition_id, kind, arguments)
    return _state(services, path.composition_id, 202)


def _check_queue(services: Services) -> None:
    if len(services.jobs.queued()) >= services.config.limits.queued_jobs:
        raise ApiError(429, "queue_full", "Too many jobs wait; try again when some are done.")


def _check_options(
    services: Services, asked: schema.ComposeRequestOptions | schema.TakeRequest
) -> None:
    """Refuses now what would else fail in the middle of the job."""
    style = asked.to_library().style
    styles = services.composer.styles()
    if style is not None and style not in styles:
        raise StyleError(f"There is no style {style!r}; there are {', '.join(styles)}.")


def _find(services: Services, composition_id: str) -> Composition:
    composition = services.store.composition(composition_id)
    if composition is None:
        raise ApiError(404, "composition_unknown", "There is no such composition.")
    return composition


def _composed(services: Services, composition_id: str) -> Composition:
    composition = _find(services, composition_id)
    if not composition.is_composed:
        raise ApiError(409, "composition_unfinished", "The composition has no result yet.")
    return composition


def _file(services: Services, composition_id: str, path: str) -> Response:
    folder = services.store.folder(_composed(services, composition_id).id)
    # Only what is in the folder has a URL: no other path can be asked for, however it is written.
    if path not in serializers.files_in(folder):
        raise ApiError(404, "file_unknown", "The composition has no such file.")
    return send_from_directory(folder, path, mimetype=_MIME_TYPES.get(Path(path).suffix))


_MIME_TYPES = {".otio": "application/json", ".mid": "audio/midi", ".wav": "audio/wav"}


def _unknown_media(media_id: str) -> ApiError:
    return ApiError(404, "media_unknown", f"No film {media_id[:64]} was uploaded; upload it first.")


def _media_answer(film: Any) -> schema.MediaAnswer:
    return schema.MediaAnswer(id=film.id, name=film.name, size=film.size)


def _state(services: Services, composition_id: str, status: int) -> Response:
    composition = _find(services, composition_id)
    return _answer(serializers.answer(composition, services.jobs, services.store), status)


def _answer(content: BaseModel, status: int = 200) -> Response:
    return Response(content.model_dump_json(), status, mimetype="application/json")
