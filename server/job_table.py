"""The queue as it lasts: which job waits, who has which in hand, how each ended.

A job belongs to who claimed it last, as long as he is heard: every change by him names his token,
so that one who was given up cannot end a job that another one has by now. Each method is one
transaction.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from diffbgm.errors import CancelledError, DiffBGMError

from .database import Database, clock
from .recovery import put_back
from .tables import Composition, Job, JobKind, Run


class ServerStoppingError(CancelledError):
    """Who works ends; the job is queued again for another one."""


class JobLostError(CancelledError):
    """The job is no longer in the hands of who reports: given to another one, or deleted."""


@dataclass(frozen=True)
class Claim:
    """A job in hand, and what it is about; `token` proves it."""

    job: Job
    composition: Composition
    token: str


class JobTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> Job:
        """Queues work on a composition. KeyError if it is not known."""
        with self._database.writing() as session:
            if session.get(Composition, composition_id) is None:
                raise KeyError(composition_id)
            job = Job(composition_id=composition_id, kind=kind, arguments=arguments)
            session.add(job)
        return job

    def queued(self) -> Sequence[int]:
        """The ids of the jobs that wait, in the order in which they will run."""
        queued = select(Job.id).where(Job.state == "queued").order_by(Job.id)
        with self._database.reading() as session:
            return session.scalars(queued).all()

    def runs(self) -> Sequence[Run]:
        """The jobs in hand, without their sketches."""
        with self._database.reading() as session:
            return session.scalars(select(Run)).all()

    def sketch(self, composition_id: str) -> dict[str, Any] | None:
        """How the music of the composition in hand looks by now, as a `Sketch`."""
        one = select(Run).where(Run.composition_id == composition_id).options(undefer(Run.sketch))
        with self._database.reading() as session:
            run = session.scalars(one).first()
        return run.sketch if run is not None else None

    def cancel(self, composition_id: str) -> None:
        """Cancels its jobs: those that wait at once, the one in hand when its holder reports."""
        error = {"code": CancelledError.code, "message": "The job was cancelled."}
        queued = (Job.composition_id == composition_id) & (Job.state == "queued")
        in_hand = Run.composition_id == composition_id
        with self._database.writing() as session:
            session.execute(update(Job).where(queued).values(state="cancelled", error=error))
            session.execute(update(Run).where(in_hand).values(is_cancelled=True))

    # For who works

    def claim(self) -> Claim | None:
        """The next job, now in the hands of who asks; None where none waits.

        Jobs of one composition are done one after the other.
        """
        while True:
            try:
                with self._database.writing() as session:
                    return _claim(session)
            except IntegrityError:  # Another one took a job of the same composition just now.
                continue

    def renew(self, claim: Claim, **news: Any) -> None:
        """Tells that the holder is there, and what is new of `stage`, `fraction`, `sketch`.

        Raises JobLostError, CancelledError.
        """
        heard = update(Run).where(Run.token == claim.token).values(heard=clock(), **news)
        with self._database.writing() as session:
            run = session.execute(heard.returning(Run.is_cancelled)).first()
        if run is None:
            raise JobLostError("The job is no longer in this worker's hands.")
        if run.is_cancelled:
            raise CancelledError("The job was cancelled.")

    def end(self, claim: Claim, error: DiffBGMError | None, **result: Any) -> bool:
        """Ends the job: done, with the composition's `version` and `size`; or by the error's kind
        failed, cancelled or queued again. False, and nothing happens, where the job was lost.

        Once more, as after an answer that did not arrive, changes nothing.
        """
        mine = delete(Run).where(Run.token == claim.token).returning(Run.job_id)
        with self._database.writing() as session:
            if session.execute(mine).first() is None:
                return error is None and _counts(session, claim, result)
            job = Job.id == claim.job.id
            session.execute(update(Job).where(job).values(**_outcome(claim.job, error)))
            composition = Composition.id == claim.composition.id
            if result:
                session.execute(update(Composition).where(composition).values(**result))
        return True

    def take_back(self, silent_seconds: float, attempts: int) -> int:
        """Takes jobs from those who were not heard for so long; how many."""
        silent = select(Run).where(Run.heard < clock() - silent_seconds)
        with self._database.writing() as session:
            runs = session.scalars(silent.with_for_update(skip_locked=True)).all()
            for run in runs:
                put_back(session.get_one(Job, run.job_id), attempts)
                session.delete(run)
        return len(runs)


def _claim(session: Session) -> Claim | None:
    waits = (Job.state == "queued") & Job.composition_id.not_in(select(Run.composition_id))
    first = select(Job).where(waits).order_by(Job.id).limit(1)
    job = session.scalars(first.with_for_update(skip_locked=True)).first()
    if job is None:
        return None
    job.state, job.attempts = "running", job.attempts + 1
    token = secrets.token_hex(16)
    now = session.scalar(select(clock()))
    session.add(
        Run(composition_id=job.composition_id, job_id=job.id, token=token, began=now, heard=now)
    )
    return Claim(job, session.get_one(Composition, job.composition_id), token)


def _counts(session: Session, claim: Claim, result: dict[str, Any]) -> bool:
    """Whether the job ended with this very result."""
    job = session.get(Job, claim.job.id)
    composition = session.get(Composition, claim.composition.id)
    if job is None or composition is None:
        return False
    return job.state == "done" and composition.version == result["version"]


def _outcome(job: Job, error: DiffBGMError | None) -> dict[str, Any]:
    if error is None:
        return {"state": "done"}
    if isinstance(error, ServerStoppingError):
        return {"state": "queued", "attempts": job.attempts - 1}
    state = "cancelled" if isinstance(error, CancelledError) else "failed"
    return {"state": state, "error": {"code": error.code, "message": str(error)}}
