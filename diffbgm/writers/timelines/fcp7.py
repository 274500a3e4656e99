"""Final Cut Pro 7 XML (xmeml), which Premiere and Resolve read, too: music put into one, and new
ones."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from diffbgm.errors import TimelineError
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Piece
from diffbgm.writers.timelines.media import Relinked, quoted, relinked_url
from diffbgm.writers.timelines.music import Marker, Music, SoundTrack
from diffbgm.writers.timelines.xml import Element, added, made, parsed, serialised, used_names

_VERSION = "5"


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The document with audio tracks and markers in the sequence called `name`, else the first."""
    root = parsed(text)
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
    added(sequence, *(_marker(marker) for marker in music.markers))
    return serialised(root)


def fresh(edit: Conversion) -> bytes:
    """A document with one sequence that shows an edit of another format, without music."""
    files: dict[Medium, str] = {}
    video, audio = (
        made(kind, *(_lane(lane, edit.rate, files) for lane in edit.lanes if lane.kind == kind))
        for kind in ("video", "audio")
    )
    sequence = made(
        "sequence",
        *_texts(name=edit.document.name or "timeline", duration=edit.frames),
        _rate(edit.rate),
        made("media", video, audio),
        *(_marker(marker) for marker in edit.markers),
        id_="sequence-1",
    )
    root = made("xmeml", sequence, version=_VERSION)
    return serialised(root, is_new=True, doctype="<!DOCTYPE xmeml>")


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


def _rate(rate: Fraction) -> Element:
    timebase = int(rate + Fraction(1, 2))
    ntsc = "TRUE" if rate.denominator != 1 else "FALSE"
    return made("rate", *_texts(timebase=timebase, ntsc=ntsc))


def _texts(**values: Any) -> list[Element]:
    """Elements that hold a text each; a trailing _ in a name is left out."""
    return [made(name.rstrip("_"), text=str(value)) for name, value in values.items()]


def _marker(marker: Marker) -> Element:
    return made("marker", *_texts(name=marker.name, comment="", in_=marker.frame, out=-1))


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
                *_texts(name=clip.name, enabled="TRUE", duration=frames),
                _rate(music.rate),
                *_texts(start=clip.start, end=clip.end),
                *_texts(in_=clip.offset, out=clip.offset + clip.frames),
                _sound_file(clip.file, frames, music.rate, files, used),
                made("sourcetrack", *_texts(mediatype="audio", trackindex=1)),
                id_=_new_id("bgm-clip", used),
                premiereChannelType="stereo",
            )
        )
    return made("track", *clips, *_texts(enabled="TRUE", locked="FALSE"))


def _sound_file(
    file: str, frames: int, rate: Fraction, files: dict[str, str], used: set[str]
) -> Element:
    """All of it where it is named first, its id alone after that."""
    if file in files:
        return made("file", id_=files[file])
    files[file] = _new_id("bgm-file", used)
    form = made("samplecharacteristics", *_texts(depth=24, samplerate=SAMPLE_RATE))
    return made(
        "file",
        *_texts(name=file.rpartition("/")[2], pathurl=quoted(file)),
        _rate(rate),
        *_texts(duration=frames),
        made("media", made("audio", form, *_texts(channelcount=2))),
        id_=files[file],
    )


def _lane(lane: Lane, rate: Fraction, files: dict[Medium, str]) -> Element:
    clips = []
    for number, piece in enumerate(lane.pieces, start=1):
        # Positions in a retimed clip count its frames as they are shown; reversed, from its end.
        scale, first = abs(piece.speed) or Fraction(1), piece.media_start
        if piece.speed < 0:
            first = max((piece.medium.seconds or first) - first, Fraction(0))
        start = int(first / scale * rate + Fraction(1, 2))
        length = int(_frames_of(piece, rate) / scale)
        clips.append(
            made(
                "clipitem",
                *_texts(name=piece.name, enabled="TRUE", duration=length),
                _rate(rate),
                *_texts(start=piece.start, end=piece.end),
                *_texts(in_=start, out=start + piece.frames),
                _file(piece, lane.kind, rate, files),
                made("sourcetrack", *_texts(mediatype=lane.kind, trackindex=1)),
                *([_retiming(piece.speed)] if piece.speed != 1 else []),
                id_=f"{lane.kind}-{lane.name}-{number}",
            )
        )
    return made("track", *clips, *_texts(enabled="TRUE", locked="FALSE"))


def _frames_of(piece: Piece, rate: Fraction) -> int:
    """How many frames its medium has, as far as that is known."""
    shown = piece.media_start + piece.frames / rate * abs(piece.speed)
    return int((piece.medium.seconds or shown) * rate + Fraction(1, 2))


def _file(piece: Piece, kind: str, rate: Fraction, files: dict[Medium, str]) -> Element:
    medium = piece.medium
    if medium in files:
        return made("file", id_=files[medium])
    files[medium] = f"file-{len(files) + 1}"
    path = Path(medium.address)
    timecode = made(
        "timecode",
        _rate(rate),
        *_texts(frame=int(medium.origin * rate + Fraction(1, 2)), displayformat="NDF"),
    )
    return made(
        "file",
        *_texts(name=medium.name, pathurl=path.as_uri() if path.is_absolute() else medium.address),
        _rate(rate),
        *_texts(duration=_frames_of(piece, rate)),
        timecode,
        made("media", *(made(each) for each in dict.fromkeys((kind, "audio")))),
        id_=files[medium],
    )


def _retiming(speed: Fraction) -> Element:
    """The filter by which Final Cut changes the speed of a clip."""
    parameters = {"speed": f"{abs(float(speed)) * 100:g}", "reverse": str(speed < 0).upper()}
    return made(
        "filter",
        made(
            "effect",
            *_texts(name="Time Remap", effectid="timeremap", effecttype="motion"),
            *_texts(mediatype="video"),
            *(
                made("parameter", *_texts(parameterid=name, name=name, value=value))
                for name, value in parameters.items()
            ),
        ),
    )
