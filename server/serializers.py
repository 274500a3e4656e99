"""What clients see: the options, and the state of a composition from store and queue."""

import json
import os
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from diffbgm.files.publishing import WORK
from diffbgm.options import ComposeOptions, TakeOptions, public_options

from . import answers
from .jobs import Queue, seconds_left
from .tables import Composition, Job, Media

# Where the library keeps all takes in a form of its own, and where it writes new files.
_NOT_FOR_USERS = ("takes", WORK)


def options() -> answers.OptionsAnswer:
    """What a client may choose, of a composition and of a take."""
    compose, take = (
        [answers.OptionAnswer(**option.to_dict()) for option in public_options(owner)]
        for owner in (ComposeOptions, TakeOptions)
    )
    return answers.OptionsAnswer(compose=compose, take=take)


def film(media: Media) -> answers.MediaAnswer:
    return answers.MediaAnswer(id=media.id, name=media.name, size=media.size)


def summary(composition: Composition, queue: Queue) -> answers.CompositionSummary:
    return answers.CompositionSummary(**_state(composition, queue))


def answer(composition: Composition, queue: Queue, folder: Path) -> answers.CompositionAnswer:
    """With the result, which lies in `folder`."""
    result = _result(composition, folder)
    return answers.CompositionAnswer(**_state(composition, queue), result=result)


def read_composition(folder: Path) -> dict[str, Any] | None:
    """The content of composition.json; None where the folder is gone or damaged."""
    try:
        return json.loads((folder / "composition.json").read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def files_in(folder: Path) -> Iterator[str]:
    """The relative paths, with slashes, of the files for users; no links, nothing hidden."""
    for place, folders, names in os.walk(folder):
        hidden = _NOT_FOR_USERS if place == str(folder) else ()
        folders[:] = [each for each in folders if each[0] != "." and each not in hidden]
        for name in names:
            path = Path(place, name)
            if name[0] != "." and not path.is_symlink():
                yield path.relative_to(folder).as_posix()


def _state(composition: Composition, queue: Queue) -> dict[str, Any]:
    job = composition.current_job
    return {
        "id": composition.id,
        "title": composition.title,
        "created": composition.created.replace(tzinfo=UTC).isoformat(),
        "state": job.state,
        "queue_position": queue.places.get(job.id) if job.state == "queued" else None,
        "progress": _progress(job, queue),
        "error": job.error,
        "size": composition.size,
        "media": [film(one) for one in composition.media],
        "jobs": [
            answers.JobAnswer(
                id=job.id,
                kind=job.kind,
                shot=job.arguments.get("shot"),
                state=job.state,
                error=answers.Error(**job.error) if job.error else None,
            )
            for job in composition.jobs
        ],
    }


def _progress(job: Job, queue: Queue) -> answers.Progress | None:
    run = queue.runs.get(job.id)
    if job.state != "running" or run is None:
        return None
    return answers.Progress(stage=run.stage, fraction=run.fraction, seconds_left=seconds_left(run))


def _result(composition: Composition, folder: Path) -> dict[str, Any] | None:
    content = read_composition(folder) if composition.is_composed else None
    if content is None:
        return None
    base = f"/v1/compositions/{composition.id}/files"
    return {**content, "files": {path: f"{base}/{path}" for path in sorted(files_in(folder))}}
