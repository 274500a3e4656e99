"""For who runs the server: whether it is ready, and its figures for Prometheus."""

from collections.abc import Iterator

import psutil
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from diffbgm import __version__

from .. import answers
from ..services import Services
from .common import SERVER, TOKEN, answer, content, errors


def add_routes(api: APIBlueprint, services: Services) -> None:
    @api.get(
        "/ready", tags=[SERVER], responses={200: answers.Health, 503: answers.Health, **errors()}
    )
    def ready() -> Response:
        """Whether a composition that is asked for now would be made; needs no token"""
        health = answers.Health(version=__version__, ready=services.worker.is_ready)
        return answer(health, 200 if health.ready else 503)

    text = {200: content("text/plain"), **errors()}

    @api.get("/metrics", tags=[SERVER], security=TOKEN, responses=text)
    def metrics() -> Response:
        """Figures for Prometheus: queue, jobs, stages, memory, store"""
        now = CollectorRegistry()
        now.register(_Now(services))
        figures = generate_latest(now) + generate_latest(services.metrics.registry)
        return Response(figures, content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Now(Collector):
    """How it stands when it is asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        services = self._services
        queue, usage = services.jobs.queue(), services.store.usage()
        version = GaugeMetricFamily("diffbgm_info", "Which diffbgm", labels=["version"])
        version.add_metric([__version__], 1)
        yield version
        ready = services.worker.is_ready
        yield GaugeMetricFamily("diffbgm_ready", "Whether a job would be done now", ready)
        yield GaugeMetricFamily("diffbgm_jobs_queued", "Jobs that wait", len(queue.places))
        yield GaugeMetricFamily("diffbgm_jobs_running", "Jobs in hand", len(queue.runs))
        memory = GaugeMetricFamily(
            "diffbgm_memory_bytes",
            "Resident memory; composer is all child processes",
            labels=["process"],
        )
        for process, size in _memory().items():
            memory.add_metric([process], size)
        yield memory
        store = GaugeMetricFamily("diffbgm_store_bytes", "What the store holds", labels=["what"])
        for what, size in (("media", usage.media), ("compositions", usage.compositions)):
            store.add_metric([what], size)
        yield store


def _memory() -> dict[str, int]:
    """Resident bytes of the server's own process, and of its children together."""
    own = psutil.Process()
    sizes = {"server": own.memory_info().rss, "composer": 0}
    for child in own.children(recursive=True):
        try:
            sizes["composer"] += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return sizes
