"""The media of an edit's clips: where they lie, and what they say of themselves."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import FilmError, TimelineError
from diffbgm.readers.alpha import is_transparent
from diffbgm.readers.edit_films import FilmName, Locate, film_of
from diffbgm.readers.film_info import FilmInfo, probe
from diffbgm.readers.flattening import Cover, exact
from diffbgm.readers.media_files import MediaFiles, Wanted, is_film_name
from diffbgm.readers.opacity import fills_picture, may_be_adjustment


class ClipMedia:
    """Answers what an edit's clips show; every file is opened once."""

    def __init__(self, files: MediaFiles, locate: Locate | None = None) -> None:
        """With `locate` nothing is opened but what it names."""
        self._files, self._locate = files, locate
        self._infos: dict[Path, FilmInfo | None] = {}
        self._is_transparent = cache(is_transparent)

    def path(self, clip: Any) -> Path | None:
        """The clip's film file; None if it has none, or it is missing."""
        try:
            return self._find(clip)
        except TimelineError:
            return None  # `missing` tells why, if the clip is shown at all

    def missing(self, clips: Iterable[Any]) -> list[str]:
        """What cannot be found of the media that the clips show: each once, in their order.

        TimelineError where a clip names none that could be opened.
        """
        lacking: dict[str, None] = {}
        for clip in clips:
            if clip is None or self.shows_no_medium(clip) or self._find(clip) is not None:
                continue
            film = film_of(clip)
            if film is not None:
                lacking[film.text] = None
        return list(lacking)

    def rates(self, clips: Iterable[Any]) -> list[Fraction]:
        """The frame rates of the media that are there, that of most clips first."""
        infos = [self._info(clip) for clip in clips if clip is not None]
        counts = Counter(info.frame_rate for info in infos if info is not None)
        return [rate for rate, _ in counts.most_common()]

    def origin(self, clip: Any) -> Fraction:
        """The source time of the first picture: as the edit says, else the medium's timecode."""
        reference, start = clip.media_reference, exact(clip.trimmed_range().start_time)
        available = reference and reference.available_range
        if available is not None:
            first = exact(available.start_time)
            if first <= start <= first + exact(available.duration):
                return first
        info = self._info(clip)
        if info is not None and info.timecode is not None and info.timecode <= start:
            return info.timecode
        return exact(available.start_time) if available is not None else Fraction(0)

    def covers(self, clip: Any) -> Cover:
        """All of the picture below, unless the clip is one that lies over it."""
        if not fills_picture(clip) or (may_be_adjustment(clip) and self.shows_no_medium(clip)):
            return "part"
        path = self.path(clip)
        if path is None or self._info(clip) is None:
            return "all"
        return "part" if self._is_transparent(path) else "all"

    def _find(self, clip: Any) -> Path | None:
        film = film_of(clip)
        if film is None:
            return None
        if self._locate is None:
            return self._files.find(self._wanted(clip, film))
        path = self._locate(film)
        return path if path.is_file() else None

    def shows_no_medium(self, clip: Any) -> bool:
        """True for what the editor generates, and for effects on the shot below."""
        if isinstance(clip.media_reference, otio.schema.GeneratorReference):
            return True
        is_film = is_film_name(clip.name) or self.path(clip) is not None
        return may_be_adjustment(clip) and not is_film

    def _info(self, clip: Any) -> FilmInfo | None:
        """None where there is no file, or none that can be read: decoding it says what is wrong."""
        path = self.path(clip)
        if path is None:
            return None
        if path not in self._infos:
            try:
                self._infos[path] = probe(path)
            except FilmError:
                self._infos[path] = None
        return self._infos[path]

    def _wanted(self, clip: Any, film: FilmName) -> Wanted:
        names, reel = (clip.name, clip.media_reference.name), ""
        if self._files.edit.suffix.lower() == ".edl":
            comments = clip.metadata.get("cmx_3600", {})
            reel, source = comments.get("reel", ""), _source_file(comments)
            film = FilmName(source, is_url=True) if source and not film.is_url else film
        return Wanted(film, tuple(name for name in names if name), reel)


def _source_file(metadata: Any) -> str:
    """From the comment of an EDL that names it."""
    for comment in metadata.get("comments", ()):
        label, _, path = str(comment).partition(":")
        if label.strip().upper() == "SOURCE FILE":
            return path.strip()
    return ""
