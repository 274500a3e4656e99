"""Version 1 of the API: each route reads a request, asks the services, and answers."""

from flask_openapi3.blueprint import APIBlueprint

from ..services import Services
from . import about, changes, compositions, files, media, metrics, previews, refits


def create_routes(services: Services) -> APIBlueprint:
    """The blueprint `v1` with all of them."""
    api = APIBlueprint("v1", __name__, operation_id_callback=_operation)
    for resource in (about, metrics, media, previews, compositions, changes, refits, files):
        resource.add_routes(api, services)
    return api


def _operation(*, name: str, **_: str) -> str:
    """What generated clients call a route: as its function is called here."""
    return name
