"""What Prometheus is told of the work: jobs and stages, how many and how long. Knows no HTTP."""

import time

from prometheus_client import CollectorRegistry, Counter, Histogram

from diffbgm.progress import Progress

_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)


class Metrics:
    """Counts of one server, since it was started."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._jobs = Counter(
            "diffbgm_jobs",
            "Jobs that ended; outcome is done or the code of the error",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self._job_seconds = Histogram(
            "diffbgm_job_seconds",
            "How long jobs took",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._stage_seconds = Histogram(
            "diffbgm_stage_seconds",
            "How long stages of jobs took",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def watch(self, kind: str, report: Progress) -> "Watch":
        """Of a job that begins now, whose progress goes to `report`."""
        return Watch(self, kind, report)

    def stage_ended(self, stage: str, seconds: float) -> None:
        self._stage_seconds.labels(stage).observe(seconds)

    def job_ended(self, kind: str, outcome: str, seconds: float) -> None:
        self._jobs.labels(kind, outcome).inc()
        self._job_seconds.labels(kind).observe(seconds)


class Watch:
    """Times one job and, as they are reported, its stages."""

    def __init__(self, metrics: Metrics, kind: str, report: Progress) -> None:
        self._metrics = metrics
        self._kind = kind
        self._report = report
        self._began = self._stage_began = time.monotonic()
        self._stage: str | None = None

    def report(self, stage: str, fraction: float) -> None:
        """Passes a report on, and notes where a stage ends."""
        if stage != self._stage:
            self._end_stage()
            self._stage = stage
        self._report(stage, fraction)

    def end(self, outcome: str) -> None:
        """The job has ended."""
        self._end_stage()
        self._metrics.job_ended(self._kind, outcome, time.monotonic() - self._began)

    def _end_stage(self) -> None:
        now = time.monotonic()
        if self._stage is not None:
            self._metrics.stage_ended(self._stage, now - self._stage_began)
        self._stage_began = now
