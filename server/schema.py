"""What requests are like. The one module that knows their form; that of answers is in `answers`.

Everything is strict: unknown keys, numbers as text and not-a-number are refused with 422.
"""

from typing import Annotated, Any, Literal

from flask_openapi3.models import RawModel
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    create_model,
    model_validator,
)

from diffbgm.lead_sheet import BARS_PATTERN
from diffbgm.options import (
    MOODS,
    ComposeOptions,
    Option,
    RefitOptions,
    TakeOptions,
    parse_mood,
    public_options,
)
from diffbgm.options.option import LONGEST_TEXT, Kind

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the content")]


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 4.0 is the whole number 4."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
Frame = Annotated[int, Field(ge=1, lt=2**31), BeforeValidator(_whole)]
Frames = Annotated[list[Frame], Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Pairs = Annotated[list[Pair], Field(max_length=100_000)]

# How a request writes each kind of option; a device and files are for who runs the server.
_TYPES: dict[Kind, Any] = {
    "style": Name,
    "mood": Name | Pair,
    "number": float,
    "integer": Whole,
    "seed": Whole,
    "switch": bool,
    "range": Pair,
    "frames": Frames,
    "moments": Annotated[list[Name], Field(max_length=10_000)],
    "cuts": Frames,
    "spans": Pairs,
    "chords": Text,
}


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# Requests


def _fields_of(owner: type, *, is_edit: bool = False) -> type[Wire]:
    """A model with a field for every option that a client may choose; ranges are the library's.

    Of those for a film alone, an edit leaves no choice.
    """
    wanted: dict[str, Any] = {
        option.name: (_absent(option), None)
        if is_edit and option.film_only
        else (_type(option) | None, _field(option))
        for option in public_options(owner)
    }
    return create_model(f"{owner.__name__}Fields", __base__=Wire, **wanted)


def _absent(option: Option) -> Any:
    """The values that choose nothing."""
    return Literal[False] | None if option.kind == "switch" else None


def _type(option: Option) -> Any:
    return Literal[option.choices] if option.choices else _TYPES[option.kind]


def _field(option: Option) -> Any:
    """What /openapi.json says of an option, of which None means the default."""
    bounds: dict[str, Any] = {"minimum": option.low, "maximum": option.high}
    known = {name: bound for name, bound in bounds.items() if bound is not None}
    if option.kind == "mood":
        known = _either({"type": "string", "enum": list(MOODS)}, _pair(minimum=-1, maximum=1))
    if option.kind == "range":
        known = _either(_pair(**known))
    if option.kind == "chords":
        known = _either({"type": "string", "maxLength": LONGEST_TEXT, "pattern": BARS_PATTERN})
    return Field(default=None, description=option.description, json_schema_extra=known)


def _pair(**number: Any) -> dict[str, Any]:
    items = {"type": "number", **number}
    return {"type": "array", "minItems": 2, "maxItems": 2, "items": items}


def _either(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*schemas, {"type": "null"}]}


class ComposeRequestOptions(_fields_of(ComposeOptions)):
    """How to compose; what is absent is as /v1/info says."""

    def to_library(self) -> ComposeOptions:
        """As the library takes them. Raises OptionError where one is out of range."""
        return ComposeOptions(**_arguments(self))


class EditRequestOptions(_fields_of(ComposeOptions, is_edit=True)):
    """How to compose for an edit, which says itself what options of a film alone say."""


class _Otio(BaseModel):
    """As much of an OpenTimelineIO document as makes one; its documentation has all."""

    model_config = ConfigDict(extra="allow")


class TimelineItem(_Otio):
    OTIO_SCHEMA: Literal["Clip.1", "Clip.2", "Gap.1"]


class TimelineTrack(_Otio):
    OTIO_SCHEMA: Literal["Track.1"]
    children: list[TimelineItem] = []


class TimelineStack(_Otio):
    OTIO_SCHEMA: Literal["Stack.1"]
    children: list[TimelineTrack] = []


class Timeline(_Otio):
    """An OpenTimelineIO document; https://opentimelineio.readthedocs.io has all of it."""

    OTIO_SCHEMA: Literal["Timeline.1"]
    tracks: TimelineStack = Field(
        default_factory=lambda: TimelineStack(OTIO_SCHEMA="Stack.1"),
    )


Films = Annotated[
    dict[str, Sha256],
    Field(description="ids of uploaded films, by the names that the timeline calls them"),
]


def _described(model: type[BaseModel], forms: Any, how: dict[str, Any]) -> dict[str, Any]:
    """What /openapi.json says of `model`, which takes one of `forms`."""
    return TypeAdapter(forms).json_schema(**how) | {
        "title": model.__name__,
        "description": model.__doc__,
    }


class FilmRequest(Wire):
    """Music for an uploaded film."""

    media: Sha256
    timeline: None = None
    films: None = None
    options: ComposeRequestOptions = Field(default_factory=ComposeRequestOptions)


class EditRequest(Wire):
    """Music for an edit."""

    media: None = None
    timeline: Timeline
    films: Films | None = None
    options: EditRequestOptions = Field(default_factory=EditRequestOptions)


class ComposeRequest(Wire):
    """One of `media` and `timeline`: a `FilmRequest` or an `EditRequest`."""

    media: Sha256 | None = None
    timeline: dict[str, Any] | None = None
    films: Films | None = None
    options: ComposeRequestOptions = ComposeRequestOptions()

    @classmethod
    def model_json_schema(cls, *_: Any, **how: Any) -> dict[str, Any]:
        return _described(cls, FilmRequest | EditRequest, how)

    @model_validator(mode="after")
    def _one_source(self) -> "ComposeRequest":
        if (self.media is None) == (self.timeline is None):
            raise ValueError("give either media or timeline")
        if self.films is not None and self.timeline is None:
            raise ValueError("films are the films of a timeline; leave them out")
        for option in public_options(ComposeOptions):
            is_chosen = getattr(self.options, option.name) not in (None, False)
            if option.film_only and self.timeline is not None and is_chosen:
                raise ValueError(f"leave options.{option.name} out: it is for a film")
        return self


class TakeRequest(_fields_of(TakeOptions)):
    """How to do one shot again; what is absent stays as it was, but for the seed."""

    def to_library(self) -> TakeOptions:
        """As the library takes them. Raises OptionError where one is out of range."""
        return TakeOptions(**_arguments(self))


class _RefitForm(_fields_of(RefitOptions)):
    timeline: Timeline
    films: Films | None = None


class RefitRequest(_fields_of(RefitOptions)):
    """The changed edit; and how to make the notes that it needs anew."""

    timeline: dict[str, Any]
    films: Films | None = None

    @classmethod
    def model_json_schema(cls, *_: Any, **how: Any) -> dict[str, Any]:
        return _described(cls, _RefitForm, how)

    def edit(self) -> ComposeRequest:
        """The same edit as it would be composed anew."""
        return ComposeRequest(timeline=self.timeline, films=self.films)

    def to_library(self) -> RefitOptions:
        """As the library takes them. Raises OptionError where one is out of range."""
        return RefitOptions(seed=self.seed)  # pyright: ignore[reportAttributeAccessIssue]


def _arguments(wire: Wire) -> dict[str, Any]:
    given = wire.model_dump(exclude_none=True)
    if "mood" in given:
        given["mood"] = parse_mood(given["mood"])
    return {name: _frozen(value) for name, value in given.items()}


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class ChoiceOfTake(Wire):
    take: Annotated[int, Field(ge=0, lt=2**31), BeforeValidator(_whole)]


class EditDocument(RawModel):
    """The body of an edit, in any format."""

    mimetypes: list[str] = ["application/octet-stream"]  # noqa: RUF012


class EditQuery(BaseModel):
    name: str = Field(max_length=255, description="file name; its suffix tells the format")
    rate: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None, description="frames a second of an EDL, which names none"
    )


class Film(RawModel):
    """The body of an upload, of any kind; it is never looked into."""

    mimetypes: list[str] = ["application/octet-stream"]  # noqa: RUF012


class MediaQuery(BaseModel):
    name: str = Field("film", max_length=255, description="file name, for messages and lists")


class ListQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class MediaPath(BaseModel):
    media_id: str = Field(description="SHA-256 of the film")


class EventsQuery(BaseModel):
    preview: bool = Field(
        False, description="also `preview` events: the notes while they come out of the noise"
    )


class EventsHeader(BaseModel):
    last_event_id: str | None = Field(
        None,
        alias="Last-Event-ID",
        max_length=200,
        description="`id` of the last event that came: where it is the state still, it is not sent",
    )


class CompositionPath(BaseModel):
    composition_id: str


class ShotPath(CompositionPath):
    shot: Annotated[int, Field(ge=0, lt=2**31)]


class TimelinePath(CompositionPath):
    suffix: Literal["edl", "xml", "fcpxml", "kdenlive", "mlt"] = Field(
        description="the format: xml is Final Cut 7's"
    )


class FilePath(CompositionPath):
    path: str = Field(description="a path of `result.files`")
