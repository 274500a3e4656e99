"""What is asked before composing, answered by the library in a process of its own. Knows no HTTP.

`Questions` is the inside of that process.
"""

import base64
import io
import threading
import time
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffbgm.errors import TimelineError
from diffbgm.options import ComposeOptions
from diffbgm.progress import Progress

from .composer import read_edit
from .isolation import ComposerFailedError, Isolated
from .job_limits import GIB, JobLimits

if TYPE_CHECKING:
    import numpy as np

    from diffbgm.options import TimelineFormat
    from diffbgm.video.analysis import VideoAnalysis

_THUMBNAIL_WIDTH = 128  # pixels
_MOST_ANALYSES = 4  # kept in the process that made them
_READING_SECONDS = 60.0  # that an edit may take to be read


class Questions:
    """The library, imported when first asked. An analysis is kept for the questions after it."""

    def __init__(self) -> None:
        self._analyses: OrderedDict[Any, VideoAnalysis] = OrderedDict()

    def read(self, path: Path, rate: float | None, progress: Progress) -> str:
        """The edit in a file of any format as an OpenTimelineIO document. TimelineError."""
        from fractions import Fraction

        import opentimelineio as otio

        from diffbgm.readers.documents import open_edit

        edit = open_edit(path, None, None if rate is None else Fraction(rate).limit_denominator())
        if not isinstance(edit, otio.schema.Timeline):
            tracks = edit if isinstance(edit, otio.schema.Stack) else [edit.deepcopy()]
            edit = otio.schema.Timeline(name=edit.name, tracks=list(tracks))
        return otio.adapters.write_to_string(edit, "otio_json")

    def timeline(
        self, folder: Path, wanted: "TimelineFormat", work: Path, progress: Progress
    ) -> None:
        """Writes the edit of a composition with its music, in that format, into `work`.

        The composition stays as it is. CompositionError, TimelineError.
        """
        from dataclasses import replace
        from shutil import copyfile

        from diffbgm.composition import kept_document, load_composition, load_scored_film
        from diffbgm.writers.timelines import write_timelines

        composition = load_composition(folder)
        film = load_scored_film(composition)
        options = replace(film.options, timeline_format=wanted, stems=False)
        if (document := film.timeline.document) is not None:
            copyfile(kept_document(folder, document), kept_document(work, document))
        segments = [shot["audio"] for shot in composition.shots]
        write_timelines(work, replace(film, options=options), segments)

    def hits(self, source: Path, options: ComposeOptions, progress: Progress) -> dict[str, Any]:
        """How the music would meet the cuts, as in composition.json, and the cuts. DiffBGMError."""
        from diffbgm.arranging.styles import load_style
        from diffbgm.spotting.cue_sheet import spot
        from diffbgm.spotting.hit_points import SpottingOptions

        analysis = self._analysis(source, options, progress)
        wanted = SpottingOptions.from_options(options, load_style(options.style).tempo)
        timeline, spotting = analysis.timeline, spot(analysis, wanted).spotting
        return {
            "frame_rate": list(timeline.frame_rate.as_integer_ratio()),
            "frames": timeline.frames,
            "seconds": timeline.seconds,
            "cuts": list(timeline.cuts),
            **spotting.to_dict(),
        }

    def changes(self, folder: Path, source: Path, progress: Progress) -> dict[str, Any]:
        """What became of every shot of a composition in a changed edit. DiffBGMError."""
        from dataclasses import asdict

        from diffbgm.refitting import preview_refit

        found = preview_refit(folder, read_edit(source), progress)
        return {"changes": [asdict(change) for change in found]}

    def shots(self, source: Path, options: ComposeOptions, progress: Progress) -> dict[str, Any]:
        """The shots found, each with how it begins and a picture of its middle. DiffBGMError."""
        analysis = self._analysis(source, options, progress)
        timeline, cuts = analysis.timeline, {cut.frame: cut for cut in analysis.cuts}
        shots = [
            {
                "start_frame": shot.start_frame,
                "end_frame": shot.end_frame,
                "cut": asdict(cuts[shot.start_frame]) if shot.start_frame in cuts else None,
                "thumbnail": _jpeg(pixels),
            }
            for shot, pixels in zip(timeline.shots, analysis.thumbnails, strict=True)
        ]
        return {
            "frame_rate": list(timeline.frame_rate.as_integer_ratio()),
            "frames": timeline.frames,
            "shots": shots,
            "rejected_cuts": list(analysis.rejected),
        }

    def _analysis(
        self, source: Path, options: ComposeOptions, progress: Progress
    ) -> "VideoAnalysis":
        from diffbgm.preview import analyse

        is_edit = source.suffix == ".otio"
        of = source.read_text() if is_edit else (str(source), source.stat().st_mtime_ns)
        key = (of, options.cuts, options.added, options.dropped, is_edit and options.pinned)
        if key not in self._analyses:
            analysis = analyse(read_edit(source) if is_edit else source, options, progress)
            self._analyses[key] = analysis
        self._analyses.move_to_end(key)
        while len(self._analyses) > _MOST_ANALYSES:
            self._analyses.popitem(last=False)
        return self._analyses[key]


def _jpeg(pixels: "np.ndarray") -> str:
    """Of (height, width, 3) uint8, small, in base64."""
    from PIL import Image

    image, file = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((_THUMBNAIL_WIDTH, _THUMBNAIL_WIDTH))
    image.save(file, "JPEG", quality=80)
    return base64.b64encode(file.getvalue()).decode()


class Edits:
    """Reads and writes edits, each in a process that ends with it: they are of strangers."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def read(self, path: Path, rate: float | None) -> str:
        """As `Questions.read`; TimelineError also where it does not come to an end."""
        return self._call("read", path, rate)

    def write(self, folder: Path, wanted: "TimelineFormat", work: Path) -> None:
        """As `Questions.timeline`; TimelineError also where it does not come to an end."""
        self._call("timeline", folder, wanted, work)

    def _call(self, method: str, *arguments: Any) -> Any:
        began = time.monotonic()

        def progress(stage: str, fraction: float) -> None:
            if time.monotonic() - began > _READING_SECONDS:
                raise TimelineError("The edit takes too long to read or write; export it anew.")

        with self._one_at_a_time:
            child = Isolated(Questions(), patience=0.0, limits=JobLimits(2 * GIB, 60))
            try:
                return child.call(method, arguments, progress, patience=0.0)
            except ComposerFailedError as error:  # Documents hold whatever their writers put there.
                raise TimelineError(f"The edit cannot be read or written: {error}") from error
            finally:
                child.unload()
