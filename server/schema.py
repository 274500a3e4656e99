"""What goes over the wire, both ways. The one module that knows the form of requests and answers.

Everything is strict: unknown keys, numbers as text and not-a-number are refused with 422.
"""

from typing import Annotated, Any, Literal

from flask_openapi3.models import RawModel
from pydantic import BaseModel, ConfigDict, Field, model_validator

from diffbgm.options import ComposeOptions, TakeOptions, parse_mood

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the content")]
Energy = Annotated[float, Field(description="0 calm to 1 busy")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Frame = Annotated[int, Field(ge=1, lt=2**31)]
Frames = Annotated[list[Frame], Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Pairs = Annotated[list[Pair], Field(max_length=100_000)]
Mood = Annotated[
    Name | Pair,
    Field(description="a name of `moods` in /v1/info, or [valence, arousal], each -1..1"),
]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# Requests


class ComposeRequestOptions(Wire):
    """How to compose; what is absent is measured or the library's own choice."""

    style: Name | None = Field(default=None, description="a name of `styles` in /v1/info")
    mood: Mood | None = None
    energy: Energy | None = None
    bpm: Pair | None = Field(default=None, description="[slowest, fastest]; the style's if absent")
    freedom_percent: float | None = Field(
        default=None, description="how far the tempo may stray from its base to meet cuts"
    )
    pinned: Frames | None = Field(
        default=None, description="cuts that must be met by a beat, first frames of shots"
    )
    ignored: Frames | None = Field(default=None, description="cuts that need not be met")
    prefer_downbeats: bool | None = Field(
        default=None, description="rather fewer cuts met, but on downbeats"
    )
    seed: Seed | None = Field(default=None, description="same seed, options, device: same notes")
    cuts: Frames | None = Field(
        default=None, description="first frames of the new shots, for a film; detected if absent"
    )
    steps: int | None = Field(default=None, description="diffusion steps")
    guidance: float | None = Field(default=None, description="1: as conditioned; more: exaggerated")
    loudness: float | None = Field(default=None, description="of the mix, in LUFS; -16 if absent")
    under_dialogue: bool | None = Field(
        default=None, description="make room where somebody speaks in the film's own sound"
    )
    dialogue: Pairs | None = Field(
        default=None, description="make room in these spans instead: [[start, end], ...] in seconds"
    )
    mux: bool | None = Field(
        default=None, description="also write film.mp4, the film with its music"
    )

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
        if self.timeline is not None and self.options.cuts is not None:
            raise ValueError("a timeline has its own cuts: leave options.cuts out")
        if self.timeline is not None and self.options.mux:
            raise ValueError("a timeline is put together by its editor: leave options.mux out")
        return self


class TakeRequest(Wire):
    """How to do one shot again; what is absent stays as it was, but for the seed."""

    notes: Literal["new", "same"] | None = Field(
        default=None, description="same: arrange the notes again, in another style, energy, octave"
    )
    takes: int | None = Field(default=None, description="how many takes to make at once")
    seed: Seed | None = None
    mood: Mood | None = None
    energy: Energy | None = None
    style: Name | None = None
    octave: int | None = Field(default=None, description="higher or lower, -2 to 2")

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


class Film(RawModel):
    """The body of an upload, of any kind; it is never looked into."""

    mimetypes: list[str] = ["application/octet-stream"]  # noqa: RUF012


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
    ready: bool = Field(description="whether a composition that is asked for now would be made")


class StoreAnswer(BaseModel):
    """What the store holds, in bytes, and for how long: null is for ever, and without a bound."""

    media_bytes: int
    composition_bytes: int
    lost_and_found_bytes: int = Field(description="found in the store's folder, and unknown to it")
    unused_media_days: float | None = Field(
        description="how long a film stays that no one composed"
    )
    composition_days: float | None
    most_bytes: int | None = Field(description="of films and compositions; the oldest ones go")


class LimitsAnswer(BaseModel):
    media_bytes: int
    json_bytes: int
    queued_jobs: int
    event_streams: int


class Info(BaseModel):
    name: Literal["diffbgm"] = "diffbgm"
    version: str
    models: list[dict[str, Any]] = Field(description="empty until the network was loaded once")
    styles: list[str]
    moods: list[str]
    device: str | None = Field(description="cpu, cuda, ...; null until the network was loaded once")
    limits: LimitsAnswer
    store: StoreAnswer


class MediaAnswer(BaseModel):
    id: str
    name: str
    size: int = Field(description="bytes")


class MediaList(BaseModel):
    media: list[MediaAnswer]


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
    size: int = Field(description="bytes on the server's disc; 0 before it is composed")
    jobs: list[JobAnswer]


class CompositionAnswer(CompositionSummary):
    result: dict[str, Any] | None = Field(
        description="composition.json, and `files`: path to URL; null until composed. It stays "
        "through later takes, whether they succeed or not"
    )


class CompositionList(BaseModel):
    compositions: list[CompositionSummary]
