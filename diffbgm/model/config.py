"""What a network is made of; saved as JSON beside its weights."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from diffbgm.errors import CheckpointError

# How a layer weighs the two condition streams over the noise levels (the feature selector).
Selector = Literal["learned", "threshold", "both", "random", "dynamic_only"]


@dataclass(frozen=True)
class NetworkConfig:
    """A transformer over time tokens, one a sixteenth.

    `bar_heads` of the `heads` of self-attention attend to the same sixteenth of all bars alone.
    `segments`: whether cross-attention stays inside the segment (shot or phrase) of its beat.
    """

    width: int = 256
    layers: int = 6
    heads: int = 4
    bar_heads: int = 2
    local_channels: int = 16
    window_bars: int = 16
    selector: Selector = "learned"
    segments: bool = True

    def __post_init__(self) -> None:
        for name in ("width", "layers", "heads", "local_channels", "window_bars"):
            count = getattr(self, name)
            if type(count) is not int or count < 1:
                raise CheckpointError(
                    f"a network's {name} is a whole number above 0, not {count!r}"
                )
        if type(self.bar_heads) is not int or not 0 <= self.bar_heads <= self.heads:
            raise CheckpointError(
                f"a network's bar_heads are some of its heads, not {self.bar_heads!r}"
            )
        if self.width % (2 * self.heads):
            raise CheckpointError("a network's width is an even number for each of its heads")
        if self.selector not in get_args(Selector) or type(self.segments) is not bool:
            kinds = ", ".join(get_args(Selector))
            raise CheckpointError(f"a network's selector is one of {kinds}, segments true or false")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "NetworkConfig":
        """CheckpointError names keys that this network does not know."""
        unknown = set(content) - {field.name for field in fields(cls)}
        if unknown:
            raise CheckpointError(
                f"the network's configuration has unknown keys: {sorted(unknown)}"
            )
        return cls(**content)
