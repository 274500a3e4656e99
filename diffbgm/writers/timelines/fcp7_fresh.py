"""New Final Cut Pro 7 XML for an edit of another format, without music."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Mix, Piece
from diffbgm.writers.timelines.fcp7 import marker_element, rate_element, texts
from diffbgm.writers.timelines.generated import Generated
from diffbgm.writers.timelines.xml import Element, made, serialised

_VERSION = "5"
_MATTE = {"name": "Color", "effectid": "Color", "effectcategory": "Matte"}
_TEXT = {"name": "Text", "effectid": "Text", "effectcategory": "Text"}
_BARS = {
    "name": "Bars and Tone (NTSC)",
    "effectid": "Bars and Tone (NTSC)",
    "effectcategory": "Bars and Tone",
}


def fcp7(edit: Conversion) -> bytes:
    """A document with one sequence."""
    tracks = _Tracks(edit.rate)
    video, audio = (
        made(kind, *(tracks.of(lane) for lane in edit.lanes if lane.kind == kind))
        for kind in ("video", "audio")
    )
    sequence = made(
        "sequence",
        *texts(name=edit.document.name or "timeline", duration=edit.frames),
        rate_element(edit.rate),
        made("media", video, audio),
        *(marker_element(marker) for marker in edit.markers),
        id_="sequence-1",
    )
    root = made("xmeml", sequence, version=_VERSION)
    return serialised(root, is_new=True, doctype="<!DOCTYPE xmeml>")


@dataclass
class _Tracks:
    """All tracks; a file is described where it is named first."""

    rate: Fraction
    _files: dict[Medium, str] = field(default_factory=dict)
    _count: int = 0

    def of(self, lane: Lane) -> Element:
        mixes = {mix.cut: mix for mix in lane.mixes}
        starts = {piece.start for piece in lane.pieces}
        items = []
        for piece in lane.pieces:
            before, after = mixes.get(piece.start), mixes.get(piece.end)
            if before:
                items.append(self._transition(before, lane))
            items.append(self._item(piece, lane.kind, before, after))
            if after and after.cut not in starts:
                items.append(self._transition(after, lane))
        return made("track", *items, *texts(enabled=_said(lane.enabled), locked="FALSE"))

    def _item(self, piece: Piece, kind: str, before: Mix | None, after: Mix | None) -> Element:
        """In and out reach to the ends of the transitions, which hold the piece's own ends."""
        first = before.start if before else piece.start
        last = after.end if after else piece.end
        shown = piece.cut_to(first, last, self.rate)
        start, length = _first_frame(shown, self.rate), _length(shown, self.rate)
        self._count += 1
        return made(
            "clipitem" if isinstance(piece.medium, Medium) else "generatoritem",
            *texts(name=piece.name, enabled=_said(piece.enabled), duration=length),
            rate_element(self.rate),
            *texts(start=-1 if before else piece.start, end=-1 if after else piece.end),
            *texts(in_=start, out=start + shown.frames),
            *self._shown(shown, kind),
            *_retimed(piece, start),
            id_=f"{kind}-{self._count}",
        )

    def _shown(self, piece: Piece, kind: str) -> list[Element]:
        if isinstance(piece.medium, Generated):
            return [_generator(piece.medium)]
        source = made("sourcetrack", *texts(mediatype=kind, trackindex=1))
        return [self._file(piece.medium, piece, kind), source]

    def _file(self, medium: Medium, piece: Piece, kind: str) -> Element:
        """All of it where it is named first, its id alone after that."""
        rate = self.rate
        if medium in self._files:
            return made("file", id_=self._files[medium])
        self._files[medium] = f"file-{len(self._files) + 1}"
        path = Path(medium.address)
        address = path.as_uri() if path.is_absolute() else medium.address
        frame = int(medium.origin * rate + Fraction(1, 2))
        return made(
            "file",
            *texts(name=medium.name, pathurl=address),
            rate_element(rate),
            *texts(duration=_frames_of(medium, piece, rate)),
            made("timecode", rate_element(rate), *texts(frame=frame, displayformat="NDF")),
            made("media", *(made(each) for each in dict.fromkeys((kind, "audio")))),
            id_=self._files[medium],
        )

    def _transition(self, mix: Mix, lane: Lane) -> Element:
        """In its middle the one goes over to the other; a fade begins or ends with its piece."""
        alignment = "center"
        if not lane.joins(mix):
            is_in = mix.cut in {piece.start for piece in lane.pieces}
            alignment = "start-black" if is_in else "end-black"
        name = mix.name if lane.kind == "video" else "Cross Fade (+3dB)"
        effect = {"name": name, "effectid": "Cross Dissolve", "effectcategory": "Dissolve"}
        if lane.kind == "audio":
            effect = {"name": name, "effectid": "KGAudioTransCrossFade3dB"}
        return made(
            "transitionitem",
            *texts(start=mix.start, end=mix.end, alignment=alignment),
            rate_element(self.rate),
            made("effect", *texts(**effect, effecttype="transition", mediatype=lane.kind)),
        )


def _said(truth: bool) -> str:
    return str(truth).upper()


def _first_frame(piece: Piece, rate: Fraction) -> int:
    """Positions in a retimed clip count its frames as they are shown; reversed, from its end."""
    first = piece.media_start
    if piece.speed < 0 and isinstance(piece.medium, Medium):
        first = (piece.medium.seconds or first) - first
    return max(int(first / (abs(piece.speed) or 1) * rate + Fraction(1, 2)), 0)


def _length(piece: Piece, rate: Fraction) -> int:
    if isinstance(piece.medium, Generated):
        return piece.frames
    return int(_frames_of(piece.medium, piece, rate) / (abs(piece.speed) or Fraction(1)))


def _frames_of(medium: Medium, piece: Piece, rate: Fraction) -> int:
    """How many frames a medium has, as far as that is known."""
    shown = piece.media_start + piece.frames / rate * abs(piece.speed)
    return int((medium.seconds or shown) * rate + Fraction(1, 2))


def _generator(generated: Generated) -> Element:
    """The effect that makes a title, a colour or bars."""
    parameters: list[Element] = []
    described = {"title": _TEXT, "color": _MATTE, "bars": _BARS}[generated.kind]
    if generated.kind == "title":
        parameters = [made("parameter", *texts(parameterid="str", name="Text"))]
        parameters[0].append(made("value", text=generated.text))
    elif generated.kind == "color":
        red, green, blue = generated.rgb
        color = made("value", *texts(alpha=255, red=red, green=green, blue=blue))
        parameters = [made("parameter", *texts(parameterid="fillcolor", name="Color"), color)]
    return made("effect", *texts(**described, **_GENERATOR), *parameters)


_GENERATOR: dict[str, Any] = {"effecttype": "generator", "mediatype": "video"}


def _retimed(piece: Piece, start: int) -> list[Element]:
    """What says how a clip is played, from frame `start` of its medium on."""
    if piece.speed == 0:
        return texts(stillframe="TRUE", stillframeoffset=start)
    return [] if piece.speed == 1 else [_retiming(piece.speed)]


def _retiming(speed: Fraction) -> Element:
    """The filter by which Final Cut changes the speed of a clip."""
    parameters = {"speed": f"{abs(float(speed)) * 100:g}", "reverse": _said(speed < 0)}
    return made(
        "filter",
        made(
            "effect",
            *texts(name="Time Remap", effectid="timeremap", effecttype="motion"),
            *texts(mediatype="video"),
            *(
                made("parameter", *texts(parameterid=name, name=name, value=value))
                for name, value in parameters.items()
            ),
        ),
    )
