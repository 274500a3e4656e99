"""MLT XML, the projects of Shotcut (.mlt) and Kdenlive (.kdenlive): music put into one.

A producer a sound file, a playlist a track, joined to the others by a `mix`, as both editors write
them. https://www.mltframework.org/docs/mltxml/
"""

import json
from collections.abc import Iterator
from fractions import Fraction

from diffbgm.errors import TimelineError
from diffbgm.readers.marker_colors import MARKER_COLORS
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.writers.timelines.media import Relinked, relinked_path
from diffbgm.writers.timelines.mlt_removal import OURS, value_of, without_music
from diffbgm.writers.timelines.music import Marker, Music, SoundTrack
from diffbgm.writers.timelines.xml import Element, added, made, parsed, serialised, used_names

# Properties that name a file: of media, of what stands for them, of wipes, of tables of colours.
_FILES = ("resource", "warp_resource", "kdenlive:originalurl", "kdenlive:proxy", "luma", "av.file")
_GUIDES = "kdenlive:docproperties.guides"
_SEQUENCE_GUIDES = "kdenlive:sequenceproperties.guides"
_GUIDE_TYPES = {  # Kdenlive's own categories, by their colours
    **{"PURPLE": 0, "CYAN": 1, "BLUE": 2, "GREEN": 3, "YELLOW": 4},
    **{"ORANGE": 5, "RED": 6, "PINK": 7, "MAGENTA": 8},
}


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The project with music tracks after its own, in the sequence called `name`, else the one that
    is played."""
    music = music.at(_rate(parsed(text)))
    root = parsed(without_music(text, music.markers))
    _relink(root, relinked)
    sequence = _sequence(root, name)
    names = _Names(used_names(root))
    bin_ = next((each for each in root.iter("playlist") if each.get("id") == "main_bin"), None)
    is_kdenlive = _is_kdenlive(root)
    clips = {file: names.new("bgm") for file in music.files}
    numbers = iter(range(_last_number(root) + 1, 10**9))
    producers = []
    for file, samples in music.files.items():
        number = str(next(numbers)) if is_kdenlive else ""
        producers.append(_producer(clips[file], file, samples, music.rate, number))
    before = sequence
    if is_kdenlive and bin_ is not None:
        before = min(bin_, sequence, key=list(root).index)
        for producer in producers:
            entry = made(
                "entry", producer=producer.get("id", ""), in_="0", out=producer.get("out", "0")
            )
            added(bin_, entry)
    _put_before(before, *producers)
    for track in music.tracks:
        holder = _playlist(track, clips, names.new("bgm_track"), producers, is_kdenlive)
        _put_before(sequence, *holder)
        _join(sequence, holder[-1].get("id", ""), names.new("bgm_mix"), is_kdenlive)
    if is_kdenlive:
        _add_guides(sequence, bin_, music)
    else:
        _add_markers(sequence, music)
    return serialised(root)


class _Names:
    """Ids that the document has not."""

    def __init__(self, used: set[str]) -> None:
        self._used = used

    def new(self, stem: str) -> str:
        number = next(n for n in range(10**9) if f"{stem}{n}" not in self._used)
        self._used.add(f"{stem}{number}")
        return f"{stem}{number}"


def _rate(root: Element) -> Fraction:
    profile = root.find("profile")
    if profile is None:
        return Fraction(25)  # MLT's own default, DV PAL
    return Fraction(
        int(profile.get("frame_rate_num", "25")), int(profile.get("frame_rate_den", "1"))
    )


def _is_kdenlive(root: Element) -> bool:
    return any((each.get("name") or "").startswith("kdenlive:") for each in root.iter("property"))


def _sequence(root: Element, name: str | None) -> Element:
    """The tractor whose tracks are those of the timeline: the one called `name`, else of those that
    are played the last, which may show the sequence as its only track."""
    tractors = list(root.iterchildren("tractor"))
    if not tractors:
        raise TimelineError("holds no timeline; save the project with clips in its timeline")
    for each in tractors if name is not None else ():
        if name in (value_of(each, "kdenlive:clipname"), each.get("title"), each.get("id")):
            return each
    played = tractors[-1]
    if value_of(played, "kdenlive:projectTractor") == "1":
        shown = {track.get("producer") for track in played.iterchildren("track")}
        return next((each for each in tractors if each.get("id") in shown), played)
    return played


def _relink(root: Element, relinked: Relinked) -> None:
    """Media keep their places: relative ones are looked up from where the project goes."""
    base = root.get("root")
    if base:  # else they are looked up from where the project lies
        del root.attrib["root"]
    source = relinked.source / (base or "")
    place = Relinked(source, relinked.target)
    for each in root.iter("property"):
        if each.get("name") in _FILES and each.text:
            speed, colon, path = each.text.partition(":")
            if colon and _is_number(speed):
                each.text = f"{speed}:{relinked_path(path, place)}"
            else:
                each.text = relinked_path(each.text, place)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _last_number(root: Element) -> int:
    """The highest of the numbers that Kdenlive gives to what is in its bin."""
    texts = [each.text for each in root.iter("property") if each.get("name") == "kdenlive:id"]
    return max((int(text) for text in texts if text and text.isdigit()), default=1)


def _producer(id_: str, file: str, samples: int, rate: Fraction, number: str) -> Element:
    frames = max(1, -int(-samples * rate // SAMPLE_RATE))
    values = {
        "length": str(frames),
        "eof": "pause",
        "resource": file,
        "mlt_service": "avformat",
        "audio_index": "0",
        "video_index": "-1",
        OURS: "1",
    }
    if number:
        values |= {
            "kdenlive:id": number,
            "kdenlive:folderid": "-1",
            "kdenlive:clip_type": "1",  # sound alone
            "kdenlive:clipname": file.rpartition("/")[2],
        }
    return made("producer", *properties(values), id_=id_, in_="0", out=str(frames - 1))


def properties(values: dict[str, str]) -> list[Element]:
    """One element each."""
    return [made("property", text=text, name=name) for name, text in values.items()]


def _playlist(
    track: SoundTrack, clips: dict[str, str], id_: str, producers: list[Element], kdenlive: bool
) -> list[Element]:
    """The elements of a track, the last of which is the track itself."""
    numbers = {each.get("id"): value_of(each, "kdenlive:id") for each in producers}
    entries = []
    for clip in track.clips:
        producer = clips[clip.file]
        ends = {"in_": str(clip.offset), "out": str(clip.offset + clip.frames - 1)}
        number = numbers[producer]
        inside = properties({"kdenlive:id": number}) if number else []
        entries.append(made("entry", *inside, producer=producer, **ends))
    if not kdenlive:
        named = properties({"shotcut:audio": "1", "shotcut:name": track.name})
        return [made("playlist", *named, *entries, id_=id_)]
    marked = {"kdenlive:audio_track": "1"}
    lists = [
        made("playlist", *properties(marked), *entries, id_=f"{id_}_a"),
        made("playlist", *properties(marked), id_=f"{id_}_b"),
    ]
    shown = [made("track", producer=each.get("id", ""), hide="video") for each in lists]
    named = {**marked, "kdenlive:track_name": track.name, "kdenlive:timeline_active": "1"}
    return [*lists, made("tractor", *properties(named), *shown, id_=id_, in_="0")]


def _put_before(place: Element, *elements: Element) -> None:
    before = place.getprevious()
    for element in elements:
        element.tail = "\n" if before is None else before.tail
        place.addprevious(element)


def _join(sequence: Element, producer: str, id_: str, is_kdenlive: bool) -> None:
    """A new last track, whose sound is added to that of the ones below."""
    tracks = [each for each in sequence if each.tag == "track"]
    multitrack = sequence.find("multitrack")
    holder = sequence if multitrack is None else multitrack
    count = len(tracks) if multitrack is None else len(multitrack)
    track = made("track", producer=producer, hide="video")
    added(holder, track, before=("transition", "filter") if holder is sequence else ())
    values = {
        "a_track": "0",
        "b_track": str(count),
        "mlt_service": "mix",
        "always_active": "1",
        "sum": "1",
    }
    if is_kdenlive:
        values |= {"kdenlive_id": "mix", "internal_added": "237", "accepts_blanks": "1"}
    added(sequence, made("transition", *properties(values), id_=id_), before=("filter",))


def _add_guides(sequence: Element, bin_: Element | None, music: Music) -> None:
    """Kdenlive's guides are JSON: of a sequence, or, in older projects, of the document."""
    is_sequence = any(
        (each.get("name") or "").startswith("kdenlive:sequenceproperties.")
        for each in sequence.iterchildren("property")
    )
    holder, name = (sequence, _SEQUENCE_GUIDES) if is_sequence else (bin_, _GUIDES)
    if holder is None or not music.markers:
        return
    own = next((each for each in holder.iterchildren("property") if each.get("name") == name), None)
    guides = json.loads(own.text) if own is not None and own.text else []
    guides += [guide_of(marker) | {OURS: True} for marker in music.markers]
    text = json.dumps(guides, indent=1, ensure_ascii=False)
    if own is None:
        added(holder, made("property", text=text, name=name), before=("entry", "track"))
    else:
        own.text = text


def guide_of(marker: Marker) -> dict[str, str | int]:
    """A marker as Kdenlive keeps it."""
    return {"comment": marker.name, "pos": marker.frame, "type": _GUIDE_TYPES.get(marker.color, 0)}


def _add_markers(sequence: Element, music: Music) -> None:
    """Shotcut's markers; it numbers them."""
    if not music.markers:
        return
    name = "shotcut:markers"
    own = next((e for e in sequence.iterchildren("properties") if e.get("name") == name), None)
    if own is None:
        place = ("property", "multitrack", "track")
        own = markers_of((), music.rate)
        added(sequence, own, before=place)
    ours = list(_numbered(music.markers, len(own), music.rate))
    for marker in ours:
        marker.extend(properties({OURS: "1"}))
    added(own, *ours)


def markers_of(markers: tuple[Marker, ...], rate: Fraction) -> Element:
    """Markers as Shotcut keeps them in its tractor."""
    return made("properties", *_numbered(markers, 0, rate), name="shotcut:markers")


def _numbered(markers: tuple[Marker, ...], first: int, rate: Fraction) -> Iterator[Element]:
    for number, marker in enumerate(markers, start=first):
        values = {
            "text": marker.name,
            "start": clock(marker.frame, rate),
            "end": clock(marker.frame + marker.frames - 1, rate),
            "color": MARKER_COLORS.get(marker.color, MARKER_COLORS["CYAN"]),
        }
        yield made("properties", *properties(values), name=str(number))


def clock(frame: int, rate: Fraction) -> str:
    """The time at which a frame begins, as MLT writes it: to the nearest millisecond."""
    milliseconds = int(Fraction(frame) / rate * 1000 + Fraction(1, 2))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds / 1000:06.3f}"
