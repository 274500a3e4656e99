"""What is asked before composing: an edit of any format as a document, and how cuts will be met."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from diffbgm.errors import DiffBGMError
from diffbgm.progress import Progress
from diffbgm.readers.otio_documents import films_named

from .. import answers, schema, sources
from ..errors import ApiError
from ..isolation import Isolated
from ..media import file_name
from ..previews import Question, TooManyQuestionsError
from ..services import Services
from .common import COMPOSITIONS, TOKEN, answer, check_options, check_style, errors, queue_full
from .compositions import source_of

_PATIENCE = 1.0  # seconds: what is answered within is not said to be running


def add_routes(api: APIBlueprint, services: Services) -> None:
    shown: dict[str, Any] = {"tags": [COMPOSITIONS], "security": TOKEN}
    told: ResponseDict = {200: answers.HitsAnswer, 202: answers.HitsProgress}
    found: ResponseDict = {200: answers.ShotsAnswer, 202: answers.HitsProgress}
    may_fail = errors(404, 413, 415, 422, 429, 507)

    @api.post(
        "/v1/timelines",
        responses={200: answers.EditAnswer, **errors(413, 415, 422, 507)},
        **shown,
    )
    def read_edit(query: schema.EditQuery, raw: schema.EditDocument) -> Response:
        """Read an edit in any format: the file itself is the body"""
        if raw.mimetype.startswith("multipart/"):
            raise ApiError(
                415, "unsupported_media_type", "Send the file itself as the body, not a form."
            )
        document = json.loads(_read(services, query.name, query.rate, request.get_data()))
        named = sorted(films_named(document))
        return answer(answers.EditAnswer(timeline=document, films=named))

    @api.post("/v1/hits", responses=told | may_fail, **shown)
    def hits(body: schema.ComposeRequest) -> Response:
        """How composing with these options would meet the cuts; 202 while the film is looked at"""
        return _looked_at(services, body, "hits", answers.HitsAnswer)

    @api.post("/v1/shots", responses=found | may_fail, **shown)
    def shots(body: schema.ComposeRequest) -> Response:
        """The shots that composing would find; 202 while the film is looked at"""
        return _looked_at(services, body, "shots", answers.ShotsAnswer)


def _looked_at(
    services: Services, body: schema.ComposeRequest, method: str, form: type[BaseModel]
) -> Response:
    """What a method of `Questions` answers of what is sent."""
    check_style(services, body.options.model_dump()["style"])
    title, used = source_of(services, body)
    check_options(services, body.options)
    text = method + body.model_dump_json(exclude_none=True)
    key = hashlib.sha256(text.encode()).hexdigest()
    try:
        question = services.previews.ask(key, _asking(services, body, title, used, method))
    except TooManyQuestionsError as error:
        raise queue_full() from error
    return answered(services, key, question, form)


def _read(services: Services, name: str, rate: float | None, content: bytes) -> str:
    work = services.store.work / f"edit-{secrets.token_hex(8)}"
    path = work / file_name(name)
    try:
        work.mkdir()
        path.write_bytes(content)
        return services.edits.read(path, rate)
    except DiffBGMError as error:
        error.args = (str(error).replace(str(path), path.name),)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _asking(
    services: Services, body: schema.ComposeRequest, title: str, used: set[str], method: str
) -> Any:
    def ask(child: Isolated, progress: Progress, source: Path) -> Any:
        options = body.options.to_library()
        return child.call(method, (source, options), progress, patience=1.0)

    return about(services, body, title, used, ask)


def about(
    services: Services,
    body: schema.ComposeRequest,
    title: str,
    used: set[str],
    ask: Callable[[Isolated, Progress, Path], Any],
) -> Callable[[Isolated, Progress], Any]:
    """A question about what is sent, which lies in a file as long as it is asked."""
    store = services.store

    def work_on(child: Isolated, progress: Progress) -> Any:
        work = store.work / f"question-{secrets.token_hex(8)}"
        media = [film for one in used if (film := store.media(one)) is not None]
        try:
            return ask(child, progress, sources.write_source(body, media, store, work))
        except DiffBGMError as error:
            told = sources.in_words_of_the_client(str(error), title, media, store, work)
            error.args = (told,)
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)

    return work_on


def answered(services: Services, key: str, question: Question, form: type[BaseModel]) -> Response:
    """What was answered, in its form; or how far that is."""
    if not question.is_answered.wait(_PATIENCE):
        progress = answers.HitsProgress(stage=question.stage, fraction=question.fraction)
        return answer(progress, 202)
    if question.error is not None:
        services.previews.forget(key)
        raise question.error
    return answer(form(**question.answer))
