"""The application: the routes, the pages, and what holds for every request."""

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from flask import Request, Response, redirect, request, send_from_directory
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_openapi3_swagger.plugins import RegisterPlugin

import diffbgm
from diffbgm import __version__

from . import answers, errors, security
from .errors import ApiError
from .routes import create_routes
from .services import Services

_STATIC = Path(__file__).parent / "static"
# The chart is the report's: one piece of code for both.
_REPORT = Path(diffbgm.__file__).parent / "writers" / "report"
_OF_REPORT = ("chart.js", "chart_view.js", "shot_list.js", "chart.css")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Routes whose requests have another body, or none; and what is no route.
_WITHOUT_JSON = (None, "v1.upload", "v1.cancel", "v1.session", "v1.read_edit")
_MIME_TYPES = {".js": "text/javascript", ".css": "text/css"}


def create_app(services: Services) -> OpenAPI:
    """The WSGI application over an opened `services`."""
    app = OpenAPI(
        "server",
        info=Info(title="diffbgm", version=__version__, description="Background music for films."),
        security_schemes={
            "token": {"type": "http", "scheme": "bearer"},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": security.session_of(services.store.token)[0],
            },
        },
        validation_error_callback=errors.validation_response,
        validation_error_model=answers.ErrorAnswer,
        doc_ui=False,
        static_folder=None,
    )
    app.json = _StrictJson(app)
    app.request_class = _Request
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = services.config.limits.json_bytes
    app.config["SWAGGER_CONFIG"] = {"validatorUrl": None}
    errors.install(app)
    security.install(app, services.store.token, services.config.hosts)
    app.before_request(_require_json)
    app.register_api(create_routes(services))
    _add_pages(app, services)
    return app


def _add_pages(app: OpenAPI, services: Services) -> None:
    """The page, and the documentation of the API; none of them needs a network."""
    app.register_blueprint(RegisterPlugin.register("../openapi.json"), url_prefix="/docs")

    @app.route("/docs")
    def docs() -> Any:
        return redirect("/docs/swagger")

    @app.route("/openapi.json")
    def openapi() -> Any:
        document = app.api_doc
        _complete(document, services)
        return document

    @app.route("/")
    def page() -> Response:
        return send_from_directory(_STATIC, "page.html")

    @app.route("/static/<name>")
    def static_file(name: str) -> Response:
        # Said here, as some systems know .js as plain text, which browsers do not run.
        folder = _REPORT if name in _OF_REPORT else _STATIC
        return send_from_directory(folder, name, mimetype=_MIME_TYPES.get(Path(name).suffix))


def _complete(document: dict[str, Any], services: Services) -> None:
    """Says what the models cannot: that an upload has a body, and which styles there are."""
    for path in ("/v1/media", "/v1/timelines"):
        upload = document["paths"][path]["post"]["requestBody"]
        upload["required"] = True
        for content in upload["content"].values():
            content["schema"] |= {"format": "binary", "minLength": 1}
    styles = {"type": ["string", "null"], "enum": [*services.composer.styles(), None]}
    for model in document["components"]["schemas"].values():
        if "style" in model.get("properties", {}):
            model["properties"]["style"] = styles


def _require_json() -> None:
    """Bodies are JSON objects, but for uploads; refused here, the routes see no others."""
    if request.method not in ("POST", "PUT") or request.endpoint in _WITHOUT_JSON:
        return
    if request.mimetype != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send JSON, as application/json.")
    if not isinstance(request.get_json(), dict):
        raise ApiError(422, "request_invalid", "The body must be a JSON object.")


class _Request(Request):
    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Says what is wrong with the body, and where."""
        reason = "nothing" if e is None or not self.get_data() else str(e)[:200]
        raise ApiError(400, "bad_request", f"The body is no JSON object: {reason}.") from e


class _StrictJson(DefaultJSONProvider):
    """JSON as the standard has it: no NaN, no infinity; too deep is an error like any other."""

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            content = json.loads(s, parse_constant=_refuse, parse_float=_finite, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if _SURROGATE.search(s if isinstance(s, bytes) else s.encode(errors="replace")):
            _require_text(content)
        return content


def _require_text(content: Any) -> None:
    """Half of a surrogate pair is no character: nothing could store it or send it back."""
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        message = "The body has text that is no Unicode: half of a surrogate pair."
        raise ApiError(422, "request_invalid", message) from error


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        _refuse(text[:40])
    return value
