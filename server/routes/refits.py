"""Music carried over to a changed edit: what would change, and a new composition."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from diffbgm.progress import Progress

from .. import answers, schema
from ..isolation import Isolated
from ..jobs import QueueFullError
from ..previews import TooManyQuestionsError
from ..services import Services
from .common import COMPOSITIONS, TOKEN, composed, errors, queue_full, state, unknown_media
from .compositions import source_of
from .previews import about, answered


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [COMPOSITIONS], "security": TOKEN}
    refused = errors(404, 409, 413, 415, 422, 429, 507)
    previewed: ResponseDict = {200: answers.RefitPreview, 202: answers.HitsProgress, **refused}

    @api.post(
        "/v1/compositions/<composition_id>/refits",
        responses={202: answers.CompositionAnswer, **refused},
        **shown,
    )
    def refit(path: schema.CompositionPath, body: schema.RefitRequest) -> Response:
        """Carry the music over to a changed edit; the old composition stays as it is"""
        old, edit = composed(services, path.composition_id), body.edit()
        arguments = {"of": old.id, "seed": body.to_library().seed}
        title, used = source_of(services, edit)
        asked = edit.model_dump(exclude_none=True)
        try:
            made = services.jobs.submit(title, asked, used, "refit", arguments)
        except KeyError as error:
            raise unknown_media(error.args[0]) from error
        except QueueFullError as error:
            raise queue_full() from error
        return state(services, made.id, 202)

    @api.post("/v1/compositions/<composition_id>/refits/preview", responses=previewed, **shown)
    def preview(path: schema.CompositionPath, body: schema.RefitRequest) -> Response:
        """What became of every shot; 202 while the edit is looked at"""
        old, edit = composed(services, path.composition_id), body.edit()
        body.to_library()  # What a refit would refuse is refused.
        title, used = source_of(services, edit)
        text = f"{old.id} {edit.model_dump_json(exclude_none=True)}"
        key = hashlib.sha256(text.encode()).hexdigest()

        def ask(child: Isolated, progress: Progress, source: Path) -> Any:
            arguments = (services.store.folder(old.id), source)
            return child.call("changes", arguments, progress, patience=1.0)

        try:
            question = services.previews.ask(key, about(services, edit, title, used, ask))
        except TooManyQuestionsError as error:
            raise queue_full() from error
        return answered(services, key, question, answers.RefitPreview)
