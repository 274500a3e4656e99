"""What goes over the wire, both ways. The one module that knows the form of requests and answers.

Everything is strict: unknown keys, numbers as text and not-a-number are refused with 422.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from diffbgm.options import ComposeOptions, Option, TakeOptions, parse_mood, public_options
from diffbgm.options.option import Kind, as_json

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the content")]
Frame = Annotated[int, Field(ge=1, lt=2**31)]
Frames = Annotated[list[Frame], Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Pairs = Annotated[list[Pair], Field(max_length=100_000)]

# How a request writes each kind of option; a device and files are for who runs the server.
_TYPES: dict[Kind, Any] = {
    "style": Name,
    "mood": Name | Pair,
    "number": float,
    "integer": int,
    "seed": int,
    "switch": bool,
    "choice": Name,
    "range": Pair,
    "frames": Frames,
    "cuts": Frames,
    "spans": Pairs,
}


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# Requests


def _fields_of(owner: type) -> type[Wire]:
    """A model with a field for every option that a client may choose; ranges are the library's."""
    wanted: dict[str, Any] = {
        option.name: (_TYPES[option.kind] | None, _field(option))
        for option in public_options(owner)
    }
    return create_model(f"{owner.__name__}Fields", __base__=Wire, **wanted)


def _field(option: Option) -> Any:
    """What /openapi.json says of an option, of which None means the default."""
    bounds = {"minimum": option.low, "maximum": option.high, "enum": list(option.choices)}
    return Field(
        default=None,
        description=option.description,
        json_schema_extra={
            "x-default": as_json(option.default),
            **{name: bound for name, bound in bounds.items() if bound not in (None, [])},
        },
    )


class ComposeRequestOptions(_fields_of(ComposeOptions)):
    """How to compose; what is absent is as /v1/info says."""

    def to_library(self) -> ComposeOptions:
        """As the library takes them. Raises OptionError where one is out of range."""
        return ComposeOptions(**_arguments(self))


class ComposeRequest(Wire):
    """One of `media` and `timeline`."""

    media: Sha256 | None = Field(default=None, description="id of an uploaded film")
    timeline: dict[str, Any] | None = Field(default=None, description="an OpenTimelineIO document")
    options: ComposeRequestOptions = ComposeRequestOptions()

    @model_validator(mode="after")
    def _one_source(self) -> "ComposeRequest":
        if (self.media is None) == (self.timeline is None):
            raise ValueError("give either media or timeline")
        for option in public_options(ComposeOptions):
            if option.film_only and self.timeline and getattr(self.options, option.name):
                raise ValueError(f"leave options.{option.name} out: it is for a film")
        return self


class TakeRequest(_fields_of(TakeOptions)):
    """How to do one shot again; what is absent stays as it was, but for the seed."""

    def to_library(self) -> TakeOptions:
        """As the library takes them. Raises OptionError where one is out of range."""
        return TakeOptions(**_arguments(self))


def _arguments(wire: Wire) -> dict[str, Any]:
    given = wire.model_dump(exclude_none=True)
    if "mood" in given:
        given["mood"] = parse_mood(given["mood"])
    return {name: _frozen(value) for name, value in given.items()}


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class ChoiceOfTake(Wire):
    take: Annotated[int, Field(ge=0, lt=2**31)]


class MediaQuery(BaseModel):
    name: str = Field("film", max_length=255, description="file name, for messages and lists")


class ListQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class MediaPath(BaseModel):
    media_id: str = Field(description="SHA-256 of the film")


class CompositionPath(BaseModel):
    composition_id: str


class ShotPath(CompositionPath):
    shot: Annotated[int, Field(ge=0, lt=2**31)]


class FilePath(CompositionPath):
    path: str = Field(description="a path of `result.files`")


# Answers


class Error(BaseModel):
    code: str = Field(description="stable, for programs")
    message: str = Field(description="one line, for people")


class ErrorAnswer(BaseModel):
    error: Error


class Health(BaseModel):
    name: Literal["diffbgm"] = "diffbgm"
    version: str
    ready: bool = Field(description="whether compositions are taken and worked on")


class LimitsAnswer(BaseModel):
    media_bytes: int
    json_bytes: int
    queued_jobs: int
    event_streams: int


class OptionAnswer(BaseModel):
    """One option: all that a form needs to show it."""

    name: str
    kind: str = Field(description="how a request writes its value; see the documentation")
    description: str
    low: float | None
    high: float | None
    choices: list[str]
    default: Any = Field(description="null: as `absent` says")
    absent: str
    initial: Any = Field(description="where a form may begin that has no default")
    group: Literal["front", "more"]
    film_only: bool = Field(description="for a film, not for a timeline")


class OptionsAnswer(BaseModel):
    compose: list[OptionAnswer]
    take: list[OptionAnswer]


class Info(BaseModel):
    name: Literal["diffbgm"] = "diffbgm"
    version: str
    models: list[dict[str, Any]] = Field(description="empty until the network was loaded once")
    styles: list[str]
    moods: list[str]
    options: OptionsAnswer = Field(description="what a request may choose")
    device: str | None = Field(description="cpu, cuda, ...; null until the network was loaded once")
    limits: LimitsAnswer


class MediaAnswer(BaseModel):
    id: str
    name: str
    size: int = Field(description="bytes")


class Progress(BaseModel):
    stage: str
    fraction: float = Field(description="of the whole job, 0..1, never falling")


State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobAnswer(BaseModel):
    id: int
    kind: Literal["compose", "take", "select"]
    shot: int | None = None
    state: State
    error: Error | None = None


class CompositionSummary(BaseModel):
    """`state`, `progress` and `error` are those of the current job: the last of `jobs` to end,
    or the one that runs or is next."""

    id: str
    title: str
    created: str = Field(description="ISO 8601, UTC")
    state: State
    queue_position: int | None = Field(description="1 is next; null unless queued")
    progress: Progress | None = Field(description="null unless running")
    error: Error | None
    jobs: list[JobAnswer]


class CompositionAnswer(CompositionSummary):
    result: dict[str, Any] | None = Field(
        description="composition.json, and `files`: path to URL; null until composed. It stays "
        "through later takes, whether they succeed or not"
    )


class CompositionList(BaseModel):
    compositions: list[CompositionSummary]
