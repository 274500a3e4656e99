"""FCPXML, the documents of Final Cut Pro X: music put into one, and new ones.

Music is connected below the primary storyline, to what is shown where it begins, so that Final Cut
moves it along. The order of what an element holds is that of Apple's document type definition.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from diffbgm.errors import TimelineError
from diffbgm.readers.final_cut_clips import as_project, loose_clips
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.writers.timelines.media import Relinked, quoted, relinked_url
from diffbgm.writers.timelines.music import MARK, Marker, Music, SoundClip
from diffbgm.writers.timelines.xml import (
    Element,
    added,
    made,
    parsed,
    removed,
    serialised,
    used_names,
)

# What follows connected clips inside any element of a storyline.
AFTER_CLIPS = (
    *("marker", "chapter-marker", "rating", "keyword", "analysis-marker", "hidden-clip-marker"),
    *("audio-channel-source", "audio-role-source", "sync-source"),
    *("filter-video", "filter-video-mask", "filter-audio", "metadata", "reserved"),
)
_MEDIA_REP_VERSION, _ASSET_CLIP_VERSION = (1, 9), (1, 5)


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The document with music in the project called `name`, else the first sequence.

    A clip without a project gets one, beside it, that shows it.
    """
    root = parsed(without_music(text))
    clips = loose_clips(root)
    if clips:
        clip = next((each for each in clips if name in (None, each.get("name"))), clips[0])
        project = as_project(clip, root)
        project.tail = clip.tail
        clip.addnext(project)
    for each in root.iter("asset", "media-rep"):
        if each.get("src"):
            each.set("src", relinked_url(each.get("src", ""), relinked))
    sequence = _sequence(root, name)
    resources = root.find("resources")
    if resources is None:
        raise TimelineError("has no resources; export it again")
    rate = rate_of(root, sequence)
    music = music.at(rate)
    version = version_of(root)
    assets = _new_assets(root, music, version)
    added(resources, *assets.values())
    ids = {file: asset.get("id", "") for file, asset in assets.items()}
    storyline = _Storyline(sequence, rate)
    lane = -1 + min([0, *(int(e.get("lane", "0")) for e in sequence.iter() if e.get("lane"))])
    for depth, track in enumerate(music.tracks):
        for clip in track.clips:
            element = _clip(clip, ids[clip.file], rate, version)
            element.set("lane", str(lane - depth))
            if depth == 0:  # hits and sections stand in the music of their shots
                added(element, *_markers(clip, music.markers, rate))
            storyline.connect(element, clip.start)
    return serialised(root)


def without_music(text: bytes) -> bytes:
    """The document without clips of ours and their media; the same bytes if there are none."""
    root = parsed(text)
    ours = [each for each in root.iter("asset-clip", "audio") if each.findtext("note") == MARK]
    media = {clip.get("ref") for clip in ours}
    if not removed(ours):
        return text
    used = used_names(root, "ref")
    removed([each for each in root.iter("asset") if each.get("id") in media - used])
    return serialised(root)


def version_of(root: Element) -> tuple[int, ...]:
    """The version of the format, as numbers."""
    return tuple(int(part) for part in (root.get("version") or "1.8").split("."))


def seconds_of(time: str | None) -> Fraction:
    """A time as the format writes it: 5s, 1001/30000s; 0 where there is none."""
    return Fraction((time or "0s").rstrip("s"))


def time_of(seconds: Fraction) -> str:
    """Seconds as the format writes them."""
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    return f"{seconds.numerator}/{seconds.denominator}s"


def rate_of(root: Element, sequence: Element) -> Fraction:
    """Frames a second of a sequence, as its format says."""
    for each in root.iter("format"):
        if each.get("id") == sequence.get("format") and each.get("frameDuration"):
            return 1 / seconds_of(each.get("frameDuration"))
    raise TimelineError("names no frame rate for its sequence; export it again")


def media_rep(src: str, version: tuple[int, ...]) -> tuple[dict[str, str], list[Element]]:
    """Where the medium of an asset lies: an attribute of it, or, in newer versions, an element."""
    if version < _MEDIA_REP_VERSION:
        return {"src": src}, []
    return {}, [made("media-rep", kind="original-media", src=src)]


def marker_element(marker: Marker, start: Fraction, rate: Fraction) -> Element:
    """A marker that stands at `start` seconds of what it is put into."""
    note = {"note": marker.comment} if marker.comment else {}
    times = {"start": time_of(start), "duration": time_of(marker.frames / rate)}
    return made("marker", **times, value=marker.name, **note)


def _sequence(root: Element, name: str | None) -> Element:
    """The sequence of the project of that name, else the first; compound clips are none."""
    projects = [each for each in root.iter("project") if name in (None, each.get("name"))]
    for project in projects:
        sequence = project.find("sequence")
        if sequence is not None:
            return sequence
    sequence = next(root.iter("sequence"), None)
    if sequence is None:
        raise TimelineError("holds neither a project nor a clip; export one")
    return sequence


def _new_assets(root: Element, music: Music, version: tuple[int, ...]) -> dict[str, Element]:
    used = used_names(root)
    numbers = (number for number in range(1, 10**9) if f"r{number}" not in used)
    result = {}
    for file, samples in music.files.items():
        attributes, inside = media_rep(quoted(file), version)
        result[file] = made(
            "asset",
            *inside,
            id_=f"r{next(numbers)}",
            name=file.rpartition("/")[2],
            **attributes,
            start="0s",
            duration=time_of(Fraction(samples, SAMPLE_RATE)),
            hasAudio="1",
            audioSources="1",
            audioChannels="2",
            audioRate=str(SAMPLE_RATE),
        )
    return result


def _clip(clip: SoundClip, asset: str, rate: Fraction, version: tuple[int, ...]) -> Element:
    tag, role = ("asset-clip", "audioRole") if version >= _ASSET_CLIP_VERSION else ("audio", "role")
    attributes = {
        "ref": asset,
        "name": clip.name,
        "start": time_of(clip.offset / rate),
        "duration": time_of(clip.frames / rate),
        role: "music",
    }
    return made(tag, made("note", text=MARK), **attributes)


def _markers(clip: SoundClip, markers: Sequence[Marker], rate: Fraction) -> list[Element]:
    """The markers inside a clip, in its own time."""
    return [
        marker_element(marker, (marker.frame - clip.start + clip.offset) / rate, rate)
        for marker in markers
        if clip.start <= marker.frame < clip.end
    ]


class _Storyline:
    """The primary storyline of a sequence, to which clips are connected."""

    def __init__(self, sequence: Element, rate: Fraction) -> None:
        spine = sequence.find("spine")
        if spine is None:
            raise TimelineError("has a sequence without a storyline; export it again")
        self._rate = rate
        self._begin = seconds_of(sequence.get("tcStart"))
        self._items: list[Element] = []
        self._starts: list[Fraction] = []
        at = self._begin
        for item in spine:
            if not isinstance(item.tag, str) or item.tag == "transition":
                continue
            at = seconds_of(item.get("offset")) if item.get("offset") else at
            self._items.append(item)
            self._starts.append(at)
            at += seconds_of(item.get("duration"))
        if not self._items:
            raise TimelineError("shows nothing; put a clip into its storyline")

    def connect(self, clip: Element, frame: int) -> None:
        """Put a clip where `frame` is shown; its offset is in the time of what it connects to."""
        time = self._begin + frame / self._rate
        place = max(bisect_right(self._starts, time) - 1, 0)
        item = self._items[place]
        holder = item
        if item.tag == "audition":  # of which the first is shown
            holder = next((each for each in item if isinstance(each.tag, str)), item)
        local = seconds_of(holder.get("start")) + time - self._starts[place]
        clip.set("offset", time_of(local))
        added(holder, clip, before=AFTER_CLIPS)
