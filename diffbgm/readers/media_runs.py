"""An edit as runs: frames in a row that one pass over one medium shows. Opens no file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diffbgm.timeline import MediaSpan, Timeline


@dataclass(frozen=True)
class MediaRun:
    """Frames `start_frame` up to, not including, `end_frame` of an edit: one shot or several.

    `media` is what they show from the first of them on; None in a gap.
    """

    start_frame: int
    end_frame: int
    media: MediaSpan | None

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame


def media_runs(timeline: Timeline) -> Iterator[MediaRun]:
    """The runs of an edit, in order, from its first frame to its last.

    A cut ends a run only where the medium, its speed or its place in it changes.
    """
    run: MediaRun | None = None
    for shot in timeline.shots:
        if run is not None and _after(run, timeline) == shot.media:
            run = replace(run, end_frame=shot.end_frame)
            continue
        if run is not None:
            yield run
        run = MediaRun(shot.start_frame, shot.end_frame, shot.media)
    if run is not None:
        yield run


def _after(run: MediaRun, timeline: Timeline) -> MediaSpan | None:
    """What the run would show if it went on."""
    return run.media and run.media.later(run.frames / timeline.frame_rate)
