"""Compositions: asked for, looked at, followed, cancelled, deleted."""

from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from .. import answers, schema, security, serializers, timelines
from ..events import EventStreams, EventsWanted
from ..jobs import QueueFullError
from ..services import Services
from .common import (
    COMPOSITIONS,
    TOKEN,
    answer,
    check_options,
    check_style,
    content,
    errors,
    find,
    queue_full,
    state,
    unknown_composition,
    unknown_media,
)


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [COMPOSITIONS], "security": TOKEN}
    accepted: ResponseDict = {202: answers.CompositionAnswer}
    answered: ResponseDict = {200: answers.CompositionAnswer, **errors(404)}

    @api.post(
        "/v1/compositions",
        responses=accepted | errors(404, 413, 415, 422, 429, 507),
        **shown,
    )
    def compose(body: schema.ComposeRequest) -> Response:
        """Compose music for an uploaded film or for a timeline"""
        check_style(services, body.options.model_dump()["style"])
        title, used = source_of(services, body)
        check_options(services, body.options)
        try:
            made = services.jobs.submit(title, body.model_dump(exclude_none=True), used)
        except KeyError as error:
            raise unknown_media(error.args[0]) from error
        except QueueFullError as error:
            raise queue_full() from error
        return state(services, made.id, 202)

    @api.get("/v1/compositions", responses={200: answers.CompositionList, **errors(422)}, **shown)
    def compositions(query: schema.ListQuery) -> Response:
        """The newest compositions, newest first, without their results"""
        newest, queue = services.store.compositions(query.limit), services.jobs.queue()
        listed = [serializers.summary(composition, queue) for composition in newest]
        return answer(answers.CompositionList(compositions=listed))

    @api.get("/v1/compositions/<composition_id>", responses=answered, **shown)
    def composition(path: schema.CompositionPath) -> Response:
        """State, queue position, progress, result or error of one composition"""
        return state(services, path.composition_id, 200)

    @api.delete("/v1/compositions/<composition_id>", responses={204: None, **errors(404)}, **shown)
    def delete(path: schema.CompositionPath) -> Response:
        """Forget it and its files; cancels it where it runs"""
        if not services.jobs.delete(path.composition_id):
            raise unknown_composition()
        return Response(status=204)

    @api.post("/v1/compositions/<composition_id>/cancel", responses=answered, **shown)
    def cancel(path: schema.CompositionPath) -> Response:
        """Cancel what is queued or running of this composition; what is done stays"""
        services.jobs.cancel(path.composition_id)
        return state(services, path.composition_id, 200)

    streams = EventStreams(services.store, services.jobs, services.config.limits.event_streams)

    @api.get(
        "/v1/compositions/<composition_id>/events",
        responses={200: content("text/event-stream"), 204: None, **errors(404, 503)},
        **shown,
    )
    def events(
        path: schema.CompositionPath, query: schema.EventsQuery, header: schema.EventsHeader
    ) -> Response:
        """Its state as server-sent events, now and at every change until its end"""
        wanted = EventsWanted(header.last_event_id, query.preview)
        return streams.open(find(services, path.composition_id), wanted)


def source_of(services: Services, body: schema.ComposeRequest) -> tuple[str, set[str]]:
    """What to call the composition, and the media that it uses."""
    if body.timeline is not None:
        is_local = services.config.studio is None and security.is_local(
            request.remote_addr, dict(request.headers)
        )
        used = timelines.check(body.timeline, body.films or {}, may_read_files=is_local)
        return str(body.timeline.get("name") or "timeline")[:200], used
    film = services.store.media(body.media or "")
    if film is None:
        raise unknown_media(body.media or "")
    return film.name, {film.id}
