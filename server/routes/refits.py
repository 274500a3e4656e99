"""Music carried over to a changed edit: a new composition, beside the old one."""

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from .. import schema, security, timelines
from ..jobs import QueueFullError
from ..services import Services
from .common import COMPOSITIONS, TOKEN, composed, errors, queue_full, state, unknown_media


def add_routes(api: APIBlueprint, services: Services) -> None:
    @api.post(
        "/v1/compositions/<composition_id>/refits",
        tags=[COMPOSITIONS],
        security=TOKEN,
        responses={
            202: schema.CompositionAnswer,
            **errors(404, 409, 413, 415, 422, 429, 507),
        },
    )
    def refit(path: schema.CompositionPath, body: schema.RefitRequest) -> Response:
        """Carry the music over to a changed edit; the old composition stays as it is"""
        old = composed(services, path.composition_id)
        options = body.to_library()
        is_local = security.is_loopback(request.remote_addr)
        used = timelines.check(body.timeline, may_read_files=is_local)
        title = str(body.timeline.get("name") or old.title)[:200]
        arguments = {"of": old.id, "seed": options.seed}
        asked = {"timeline": body.timeline}
        try:
            made = services.jobs.submit(title, asked, used, "refit", arguments)
        except KeyError as error:
            raise unknown_media(error.args[0]) from error
        except QueueFullError as error:
            raise queue_full() from error
        return state(services, made.id, 202)
