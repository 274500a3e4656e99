"""Final Cut Pro 7 XML (xmeml), which Premiere and Resolve read, too: music put into one."""

from fractions import Fraction
from typing import Any

from diffbgm.errors import TimelineError
from diffbgm.readers.marker_colors import MARKER_COLORS, channels_of
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.writers.timelines.media import Relinked, quoted, relinked_url
from diffbgm.writers.timelines.music import MARK, Marker, Music, SoundTrack, marked
from diffbgm.writers.timelines.xml import (
    Element,
    added,
    made,
    parsed,
    removed,
    serialised,
    used_names,
)


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The document with audio tracks and markers in the sequence called `name`, else the first."""
    root = parsed(without_music(text))
    for each in root.iter("pathurl"):
        if each.text:
            each.text = relinked_url(each.text, relinked)
    sequence = _sequence(root, name)
    music = music.at(_rate_of(sequence))
    media = sequence.find("media")
    if media is None:
        media = made("media")
        added(sequence, media)
    audio = media.find("audio")
    if audio is None:
        audio = made("audio")
        added(media, audio)
    used = used_names(root)
    files: dict[str, str] = {}
    for track in music.tracks:
        added(audio, _track(track, music, files, used))
    added(sequence, *(marker_element(marked(marker)) for marker in music.markers))
    return serialised(root)


def without_music(text: bytes) -> bytes:
    """The document without tracks and markers of ours; the same bytes if there are none."""
    root = parsed(text)
    ours: list[Element] = []
    for track in root.iter("track"):
        clips = [e for e in track.iter("clipitem") if e.findtext("comments/mastercomment1") == MARK]
        items = [each for each in track if str(each.tag).endswith("item")]
        ours += [track] if clips and len(clips) == len(items) else clips
    for marker in root.iter("marker"):
        if (marker.findtext("comment") or "").startswith(MARK):
            ours.append(marker)
    return serialised(root) if removed(ours) else text


def _sequence(root: Element, name: str | None) -> Element:
    """The sequence of that name, else the first; what lies inside a clip is none."""
    for each in root.iter("sequence"):
        is_nested = any(above.tag == "clipitem" for above in each.iterancestors())
        if not is_nested and name in (None, each.findtext("name")):
            return each
    raise TimelineError("holds no sequence; export one")


def _rate_of(sequence: Element) -> Fraction:
    timebase = sequence.findtext("rate/timebase")
    if timebase is None:
        raise TimelineError("names no frame rate for its sequence; export it again")
    is_ntsc = (sequence.findtext("rate/ntsc") or "").strip().upper() == "TRUE"
    return Fraction(int(timebase)) * (Fraction(1000, 1001) if is_ntsc else 1)


def rate_element(rate: Fraction) -> Element:
    """A frame rate as the format writes it: whole, and whether that of NTSC is meant."""
    timebase = int(rate + Fraction(1, 2))
    ntsc = "TRUE" if rate.denominator != 1 else "FALSE"
    return made("rate", *texts(timebase=timebase, ntsc=ntsc))


def texts(**values: Any) -> list[Element]:
    """Elements that hold a text each; a trailing _ in a name is left out."""
    return [made(name.rstrip("_"), text=str(value)) for name, value in values.items()]


def marker_element(marker: Marker) -> Element:
    """A marker of a sequence; one that stands at a single frame has no end."""
    out = -1 if marker.frames == 1 else marker.frame + marker.frames
    red, green, blue = channels_of(MARKER_COLORS.get(marker.color, MARKER_COLORS["RED"]))
    return made(
        "marker",
        *texts(name=marker.name, comment=marker.comment, in_=marker.frame, out=out),
        made("color", *texts(alpha=255, red=red, green=green, blue=blue)),
    )


def _new_id(stem: str, used: set[str]) -> str:
    number = next(n for n in range(1, 10**9) if f"{stem}-{n}" not in used)
    used.add(f"{stem}-{number}")
    return f"{stem}-{number}"


def _track(track: SoundTrack, music: Music, files: dict[str, str], used: set[str]) -> Element:
    clips = []
    for clip in track.clips:
        frames = max(clip.offset + clip.frames, int(clip.samples * music.rate / SAMPLE_RATE))
        clips.append(
            made(
                "clipitem",
                *texts(name=clip.name, enabled="TRUE", duration=frames),
                rate_element(music.rate),
                *texts(start=clip.start, end=clip.end),
                *texts(in_=clip.offset, out=clip.offset + clip.frames),
                _sound_file(clip.file, frames, music.rate, files, used),
                made("sourcetrack", *texts(mediatype="audio", trackindex=1)),
                made("comments", *texts(mastercomment1=MARK)),
                id_=_new_id("bgm-clip", used),
                premiereChannelType="stereo",
            )
        )
    return made("track", *clips, *texts(enabled="TRUE", locked="FALSE"))


def _sound_file(
    file: str, frames: int, rate: Fraction, files: dict[str, str], used: set[str]
) -> Element:
    """All of it where it is named first, its id alone after that."""
    if file in files:
        return made("file", id_=files[file])
    files[file] = _new_id("bgm-file", used)
    form = made("samplecharacteristics", *texts(depth=24, samplerate=SAMPLE_RATE))
    return made(
        "file",
        *texts(name=file.rpartition("/")[2], pathurl=quoted(file)),
        rate_element(rate),
        *texts(duration=frames),
        made("media", made("audio", form, *texts(channelcount=2))),
        id_=files[file],
    )
