"""The server itself: whether it is there, and what it can do."""

from dataclasses import asdict

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from diffbgm import __version__
from diffbgm.options import MOODS

from .. import answers, security, serializers
from ..services import Services
from .common import SERVER, TOKEN, answer, errors


def add_routes(api: APIBlueprint, services: Services) -> None:
    @api.get("/health", tags=[SERVER], responses={200: answers.Health, **errors()})
    def health() -> Response:
        """Whether this is a diffbgm server, and which; needs no token"""
        return answer(answers.Health(version=__version__, ready=services.worker.is_ready))

    @api.get("/v1/info", tags=[SERVER], security=TOKEN, responses={200: answers.Info, **errors()})
    def info() -> Response:
        """What may be asked for, and what answers"""
        described = services.worker.description
        return answer(
            answers.Info(
                version=__version__,
                models=[described.model] if described else [],
                styles=list(services.composer.styles()),
                moods=list(MOODS),
                options=serializers.options(),
                device=described.device if described else None,
                limits=answers.LimitsAnswer(**asdict(services.config.limits)),
                store=_store_answer(services),
            )
        )

    _add_session(api, services)


def _add_session(api: APIBlueprint, services: Services) -> None:
    @api.post(
        "/v1/session", tags=[SERVER], security=TOKEN, responses={204: None, **errors(413, 415)}
    )
    def session() -> Response:
        """Set a cookie by which players and pictures, which send no header, may load files"""
        name, value = security.session_of(services.store.token)
        response = Response(status=204)
        response.set_cookie(
            name, value, path="/v1", httponly=True, samesite="Strict", secure=request.is_secure
        )
        return response


def _store_answer(services: Services) -> answers.StoreAnswer:
    usage, kept = services.store.usage(), services.config.retention
    return answers.StoreAnswer(
        media_bytes=usage.media,
        composition_bytes=usage.compositions,
        lost_and_found_bytes=usage.lost_and_found,
        **asdict(kept),
    )
