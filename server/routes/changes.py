"""What is changed in a composition that is there: new takes, and earlier ones."""

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from .. import answers, schema, serializers
from ..errors import ApiError
from ..jobs import QueueFullError
from ..services import Services
from ..tables import JobKind
from .common import (
    COMPOSITIONS,
    TOKEN,
    check_options,
    composed,
    errors,
    queue_full,
    state,
    unknown_composition,
)


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {
        "tags": [COMPOSITIONS],
        "security": TOKEN,
        "responses": {
            202: answers.CompositionAnswer,
            **errors(404, 409, 413, 415, 422, 429, 507),
        },
    }

    @api.post("/v1/compositions/<composition_id>/shots/<shot>/takes", **shown)
    def new_take(path: schema.ShotPath, body: schema.TakeRequest) -> Response:
        """Compose one shot again; its neighbours stay as they are"""
        _shot(services, path)
        check_options(services, body)
        options = body.model_dump(exclude_none=True)
        return _change(services, path, "take", {"shot": path.shot, "options": options})

    @api.put("/v1/compositions/<composition_id>/shots/<shot>/take", **shown)
    def choose_take(path: schema.ShotPath, body: schema.ChoiceOfTake) -> Response:
        """Go back to an earlier take of one shot"""
        if body.take >= _shot(services, path)["takes"]:
            raise ApiError(404, "take_unknown", f"Shot {path.shot} has no take {body.take}.")
        return _change(services, path, "select", {"shot": path.shot, "take": body.take})


def _shot(services: Services, path: schema.ShotPath) -> dict[str, Any]:
    """The shot's entry in composition.json."""
    composition = composed(services, path.composition_id)
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
        raise unknown_composition() from error
    except QueueFullError as error:
        raise queue_full() from error
    return state(services, path.composition_id, 202)
