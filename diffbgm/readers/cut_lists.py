"""CUTS files: lists of cuts made by hand or by another program. Knows nothing of films."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from diffbgm.errors import CutsError
from diffbgm.timeline import check_cuts

SHAPE = '{"frame_rate": [24000, 1001], "frames": 720, "cuts": [48, 131]}'
KEYS = ("frame_rate", "frames", "cuts")
TIMECODE = re.compile(r"(\d+):(\d\d):(\d\d)(?:([:;,])(\d\d)|\.(\d+))")
# 23.976 and 24000/1001 are one rate; 23.976 and 24 are not.
SAME_RATE = Fraction(1, 10_000)


@dataclass(frozen=True)
class CutList:
    """`cuts`, first frames of the new shots, rising, of a picture of `frames` frames."""

    frame_rate: Fraction
    frames: int
    cuts: tuple[int, ...]


def read_cuts(path: Path | str, frame_rate: Fraction, frames: int | None = None) -> tuple[int, ...]:
    """The cuts in a CUTS file, for a film of that rate and length (None: not known yet).

    Either JSON, `{"frame_rate": [24000, 1001], "frames": 720, "cuts": [48, 131]}`, of which only
    the cuts must be there; or text with a frame number or timecode a line, blank lines and what
    follows `#` left out. Timecodes are HH:MM:SS:FF, with `;` or `,` before FF for drop-frame
    (SMPTE 12M), or HH:MM:SS.mmm. CutsError names the place and the reason.
    """
    path, text = Path(path), _read(Path(path))
    if not text.lstrip().startswith(("{", "[")):
        return _check(path, list(_text_cuts(path, text, frame_rate)), frames)
    content = _json_content(path, text, required=("cuts",))
    listed = content.get("frame_rate", frame_rate)
    if abs(listed - frame_rate) > SAME_RATE * frame_rate:
        raise CutsError(
            f"{path}: its frame rate is {_rate(listed)}, that of the film {_rate(frame_rate)}"
        )
    if frames is None:
        frames = content.get("frames")
    elif content.get("frames", frames) != frames:
        raise CutsError(
            f"{path}: its film has {content['frames']} frames, this film has {frames}; "
            "if the cuts are meant for it, take `frames` out of the file"
        )
    return _check(path, _numbered(content["cuts"]), frames)


def read_cut_list(path: Path | str) -> CutList:
    """A JSON CUTS file that stands for itself, without a film: all three keys must be there."""
    path, text = Path(path), _read(Path(path))
    if not text.lstrip().startswith(("{", "[")):
        raise CutsError(
            f"{path}: a list of frames says neither the frame rate nor the length of its film; "
            f"write {SHAPE}"
        )
    content = _json_content(path, text, required=KEYS)
    frames = content["frames"]
    return CutList(content["frame_rate"], frames, _check(path, _numbered(content["cuts"]), frames))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CutsError(f"{path}: not a text file; a CUTS file is JSON or text") from exc
    except OSError as exc:
        raise CutsError(f"{path}: cannot be read ({exc.strerror}); name a CUTS file") from exc


def _json_content(path: Path, text: str, required: Sequence[str]) -> dict[str, Any]:
    """The JSON object, its values checked, with `frame_rate` as a Fraction."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise CutsError(f"{path}: not valid JSON ({exc})") from exc
    if not isinstance(content, dict) or set(content) - set(KEYS):
        raise CutsError(f"{path}: expected {SHAPE} and no other keys")
    for key in required:
        if key not in content:
            raise CutsError(f"{path}: `{key}` is missing; expected {SHAPE}")
    if "frame_rate" in content:
        content["frame_rate"] = _frame_rate(path, content["frame_rate"])
    if "frames" in content and not (_is_int(content["frames"]) and content["frames"] > 0):
        raise CutsError(f"{path}: `frames` must be a whole number above 0")
    if not (isinstance(content["cuts"], list) and all(map(_is_int, content["cuts"]))):
        raise CutsError(f"{path}: `cuts` must be a list of frame numbers")
    return content


def _frame_rate(path: Path, value: Any) -> Fraction:
    if isinstance(value, list) and len(value) == 2 and all(_is_int(v) and v > 0 for v in value):
        return Fraction(*value)
    raise CutsError(f"{path}: `frame_rate` must be two whole numbers above 0, as [24000, 1001]")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _numbered(cuts: list[int]) -> list[tuple[str, int]]:
    return [(f"entry {i} of `cuts`", cut) for i, cut in enumerate(cuts, start=1)]


def _text_cuts(path: Path, text: str, frame_rate: Fraction) -> Iterator[tuple[str, int]]:
    found = False
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.split("#")[0].strip()
        if entry:
            found = True
            yield f"line {number}", frame_of(f"{path}, line {number}", entry, frame_rate)
    if not found:
        raise CutsError(f'{path}: names no cuts; for a film without cuts write {{"cuts": []}}')


def frame_of(place: str, entry: str, rate: Fraction) -> int:
    """The frame that a number or timecode means at that rate; CutsError, which names `place`."""
    if re.fullmatch(r"\d{1,12}", entry):
        return int(entry)
    match = TIMECODE.fullmatch(entry)
    if match is None:
        raise CutsError(
            f"{place}: {entry!r} is neither a frame number nor a timecode HH:MM:SS:FF, "
            "HH:MM:SS;FF or HH:MM:SS.mmm"
        )
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    separator, frame, decimals = match.groups()[3:]
    if minutes > 59 or seconds > 59:
        raise CutsError(f"{place}: {entry} has more than 59 minutes or seconds")
    whole = hours * 3600 + minutes * 60 + seconds
    if decimals:
        return int((whole + Fraction(f"0.{decimals}")) * rate + Fraction(1, 2))
    nominal = ceil(rate)
    if int(frame) >= nominal:
        raise CutsError(f"{place}: {entry} has no such frame at {_rate(rate)}")
    if separator == ":":
        return whole * nominal + int(frame)
    return whole * nominal + int(frame) - _dropped(f"{place}: {entry}", whole, int(frame), rate)


def _dropped(place: str, seconds: int, frame: int, rate: Fraction) -> int:
    """Numbers left out so far: 2 (at 59.94: 4) a minute, but in every tenth minute none."""
    if rate not in (Fraction(30000, 1001), Fraction(60000, 1001)):
        raise CutsError(
            f"{place} is drop-frame, which {_rate(rate)} has not; write it with a colon"
        )
    step, minutes = ceil(rate) // 15, seconds // 60
    if minutes % 10 and seconds % 60 == 0 and frame < step:
        raise CutsError(f"{place} does not exist: drop-frame leaves out that number")
    return step * (minutes - minutes // 10)


def _check(path: Path, cuts: list[tuple[str, int]], frames: int | None) -> tuple[int, ...]:
    """The frames, if they rise and lie within the film."""
    numbers = tuple(cut for _, cut in cuts)
    check_cuts(numbers, frames, [f"{path}, {place}" for place, _ in cuts])
    return numbers


def _rate(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".") + " fps"
