"""What the paper's network is made of; saved as JSON beside its weights. Knows no tensors."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from diffbgm.errors import CheckpointError

ROLL_SHAPE = (2, 128, 128)
"""Channels (onset, sustain), sixteenths, pitches."""

TOKENS = 32
"""Tokens of each stream for one roll: one a beat."""

TokenSelector = Literal["threshold", "visual_only", "random", "both"]

_NORM_GROUPS = 32


@dataclass(frozen=True)
class PaperConfig:
    """The paper's network; the defaults are its published settings.

    `w_size` is the number of equal blocks of time that attention stays in: 2 in the published
    code, 1 without segment-aware attention. `selector` says which tokens rule a step:
    "threshold" is the paper's, language above `selector_step`, visual at it and below; the others
    are its ablations: "visual_only"; "random", every step has a stream that was drawn once;
    "both", the mean of both streams at every step. ValueError for what makes no network.
    """

    channels: int = 64
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    attention_levels: tuple[int, ...] = (2, 3)
    residual_blocks: int = 2
    heads: int = 4
    token_width: int = 512
    language_width: int = 768
    w_size: int = 2
    selector: TokenSelector = "threshold"
    selector_step: int = 200

    def __post_init__(self) -> None:
        whole = (self.residual_blocks, self.heads, self.token_width, self.language_width)
        if any(type(count) is not int or count < 1 for count in (*whole, *self.multipliers)):
            raise ValueError("a network is made of whole numbers above 0")
        levels = len(self.multipliers)
        if not 1 <= levels <= 6:
            raise ValueError(f"a network has 1 to 6 levels, not {levels} multipliers")
        if any(type(level) is not int or level not in range(levels) for level in self._attending):
            raise ValueError(f"attention_levels lie between 0 and {levels - 1}")
        self._check_widths()
        self._check_blocks()
        if self.selector not in get_args(TokenSelector):
            kinds = ", ".join(get_args(TokenSelector))
            raise ValueError(f"selector is one of {kinds}, not {self.selector!r}")
        if type(self.selector_step) is not int or not 0 <= self.selector_step <= 999:
            raise ValueError(f"selector_step is a step, 0 to 999, not {self.selector_step!r}")

    @property
    def _attending(self) -> tuple[int, ...]:
        """The levels with attention; the middle, as deep as the last level, always attends."""
        return (*self.attention_levels, len(self.multipliers) - 1)

    def _check_widths(self) -> None:
        if type(self.channels) is not int or self.channels < 1 or self.channels % _NORM_GROUPS:
            raise ValueError(f"channels is a multiple of {_NORM_GROUPS}, not {self.channels!r}")
        for level in self._attending:
            width = self.channels * self.multipliers[level]
            if width % self.heads:
                raise ValueError(f"heads must divide the width {width} of level {level}")

    def _check_blocks(self) -> None:
        deepest = ROLL_SHAPE[1] >> max(self._attending)  # rows of time where attention is coarsest
        if type(self.w_size) is not int or self.w_size < 1 or TOKENS % self.w_size:
            raise ValueError(f"w_size must divide the {TOKENS} tokens, {self.w_size!r} does not")
        if deepest % self.w_size:
            raise ValueError(f"w_size {self.w_size} is more than the {deepest} rows of a level")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "PaperConfig":
        """The network that JSON describes; CheckpointError names what is wrong with it."""
        unknown = content.keys() - {field.name for field in fields(cls)}
        if unknown:
            names = ", ".join(sorted(unknown))
            raise CheckpointError(f"the paper's network has no {names}")
        lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
        try:
            return cls(**{**content, **lists})
        except (ValueError, TypeError) as exc:
            raise CheckpointError(f"the paper's network cannot be made so: {exc}") from exc
