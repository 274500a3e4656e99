"""What is said of a file that cannot be read: why, where that is known; nothing of a program."""

import re
from json import JSONDecodeError
from pathlib import Path
from xml.etree.ElementTree import ParseError

from diffbgm.errors import TimelineError

# What Python says of text that is to be a number.
_NO_NUMBER = re.compile(
    r"(?:Invalid literal for Fraction|could not convert string to float|"
    r"invalid literal for int\(\) with base \d+): (['\"].*['\"])$"
)


def malformed(path: Path, error: Exception) -> TimelineError:
    """The error for a file that a reader or an adapter stumbled over."""
    why = _reason(error)
    said = f" ({why})" if why else ", or one of a kind that is not known"
    return TimelineError(f"{path}: not a valid {path.suffix} file{said}; export it again")


def _reason(error: Exception) -> str:
    """Empty where the error speaks of a library's inside."""
    text = " ".join(str(error).split())[:200]
    if isinstance(error, UnicodeDecodeError):
        return f"its byte {error.start} is no UTF-8"
    if isinstance(error, ParseError | JSONDecodeError):
        return text
    if isinstance(error, ValueError) and (found := _NO_NUMBER.match(text)):
        return "" if found[1][1:2] == "[" else f"{found[1]} is no number"
    return text if isinstance(error, ValueError) and _is_ours(error) else ""


def _is_ours(error: Exception) -> bool:
    """Whether a reader of diffbgm raised it."""
    raised = error.__traceback__
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    name = "" if raised is None else str(raised.tb_frame.f_globals.get("__name__", ""))
    return name.startswith("diffbgm.")
