"""What answers are like. The one module that knows their form."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


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
    store: StoreAnswer


class MediaAnswer(BaseModel):
    id: str
    name: str
    size: int = Field(description="bytes")


class MediaList(BaseModel):
    media: list[MediaAnswer]


class EditAnswer(BaseModel):
    """An edit as a request may send it, once its films are uploaded."""

    timeline: dict[str, Any] = Field(description="an OpenTimelineIO document")
    films: list[str] = Field(description="the names of the films that it shows")


class HitAnswer(BaseModel):
    """One of `hits` in composition.json."""

    model_config = ConfigDict(extra="allow")

    cut_frame: int
    cut: float = Field(description="seconds")
    beat: float
    seconds: float = Field(description="of the beat")
    frames_off: float
    kind: Literal["downbeat", "beat", "half", "none"]
    weight: float = Field(description="how much the cut matters, 0..1")
    source: str = Field(description="who says that there is a cut; of no cut, asked")
    pinned: bool = Field(description="whether it must be met")


class HitsAnswer(BaseModel):
    """How the music would meet the cuts; `hits`, `beats` and the rest as in composition.json."""

    model_config = ConfigDict(extra="allow")

    state: Literal["done"] = "done"
    frame_rate: list[int]
    frames: int
    seconds: float
    cuts: list[int] = Field(description="first frames of the shots after the first")
    tempo: list[dict[str, float]] = Field(description="points: beat, seconds, bpm")
    first_downbeat: int
    beats: list[float]
    downbeats: list[float]
    hits: list[HitAnswer]
    asked_hits: list[HitAnswer] = Field(description="those asked for besides the cuts")


class FoundShot(BaseModel):
    """Frames `start_frame` up to, not including, `end_frame`."""

    start_frame: int
    end_frame: int
    cut: dict[str, Any] | None = Field(
        description="how it begins, as `shots[].cut` in composition.json; null of the first"
    )
    thumbnail: str = Field(description="a JPEG of its middle, in base64")


class ShotsAnswer(BaseModel):
    """The shots that composing would find."""

    state: Literal["done"] = "done"
    frame_rate: list[int]
    frames: int
    shots: list[FoundShot]
    rejected_cuts: list[int] = Field(description="candidates at which the picture goes on")


class HitsProgress(BaseModel):
    """The film is being looked at; ask again."""

    state: Literal["running"] = "running"
    stage: str
    fraction: float


class ShotChangeAnswer(BaseModel):
    """What became of a shot in a changed edit."""

    change: Literal["kept", "moved", "shorter", "longer", "slipped", "new", "deleted"]
    shot: int | None = Field(description="its number in the changed edit")
    before: int | None = Field(description="its number before")


class RefitPreview(BaseModel):
    changes: list[ShotChangeAnswer]


class Progress(BaseModel):
    stage: str
    fraction: float = Field(description="of the whole job, 0..1, never falling")
    seconds_left: float | None = Field(
        description="if all goes on as it went; null while too little is done to say"
    )


State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobAnswer(BaseModel):
    id: int
    kind: Literal["compose", "refit", "take", "select"]
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
    media: list[MediaAnswer] = Field(description="the uploaded films that it uses")
    jobs: list[JobAnswer]


class CompositionAnswer(CompositionSummary):
    result: dict[str, Any] | None = Field(
        description="composition.json, and `files`: path to URL; null until composed. It stays "
        "through later takes, whether they succeed or not"
    )


class CompositionList(BaseModel):
    compositions: list[CompositionSummary]
