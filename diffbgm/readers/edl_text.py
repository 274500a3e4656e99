"""EDLs as text: what programs write beside CMX 3600 is brought into its form, or refused with the
line. Knows no rate but the one it is given."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from diffbgm.errors import TimelineError

_CODE = r"\d+[:;.]\d\d[:;.]\d\d[:;.,]\d\d"
_EVENT = re.compile(
    rf"^\s*(?P<number>\d+)\s+(?P<reel>.+?)\s+(?P<track>\S+)\s+(?P<kind>C|D|W\d*|K(?:\s+[BO])?)"
    rf"(?:\s+(?P<frames>\d+))?\s+(?P<codes>{_CODE}(?:\s+{_CODE}){{3}})\s*$"
)
_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MODE = re.compile(r"^FCM:\s*(DROP|NON)", re.MULTILINE)
_NAMED = re.compile(r"\*\s*(FROM|TO) CLIP NAME:")


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a list, whose mark of the byte order stays, and its encoding."""
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return content.decode(encoding, errors="replace"), encoding
    if b"\0" in content[:200]:  # without a mark: every other byte is 0
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def plain_text(content: bytes) -> str:
    """The text with line feeds alone, and without a mark of the byte order."""
    return "\n".join(decoded(content)[0].removeprefix("\ufeff").splitlines()) + "\n"


@dataclass
class _Event:
    """A line with timecodes, the `line`-th, and the notes below it."""

    line: int
    fields: dict[str, str]
    notes: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.fields["kind"]

    def frames(self, rate: Fraction, is_dropping: bool = False) -> list[int]:
        """Source in and out, record in and out."""
        codes = self.fields["codes"].split()
        return [_frame(code, ceil(rate), is_dropping) for code in codes]

    def text(self) -> str:
        values = {**self.fields, "frames": self.fields["frames"] or ""}
        return "{number}  {reel} {track} {kind} {frames} {codes}".format(**values)


def events_in_form(text: str, rate: Fraction) -> str:
    """The list as CMX 3600 has it: in the order of the edit, without keys, which lie over the shot
    below, and without statements that say nothing of the cut.

    TimelineError names the line that cannot be understood, and says what to do.
    """
    head, events = _parsed(text)
    if not events:
        raise TimelineError("has no events; export it again")
    begins = [event.frames(rate)[2] for event in events]
    if begins != sorted(begins):
        events.sort(key=lambda event: event.frames(rate)[2])
    _check_transitions(events)
    _check_times(events, rate, set(_MODE.findall(text)))
    lines = [line for event in events for line in (event.text(), *event.notes)]
    return "\n".join([*head, *lines]) + "\n"


def _parsed(text: str) -> tuple[list[str], list[_Event]]:
    """Title and frame mode, and the events."""
    head: list[str] = []
    events: list[_Event] = []
    is_key = False
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _EVENT.match(line):
            is_key = match["kind"].startswith("K") and not match["kind"].endswith("B")
            if not is_key:
                fields = match.groupdict("")
                fields |= {"kind": "C", "frames": ""} if match["kind"].startswith("K") else {}
                fields["reel"] = fields["reel"].replace(" ", "_")
                events.append(_Event(number, fields))
        elif re.match(r"\s*\d+\s", line):
            raise TimelineError(
                f"line {number} is no event, which has a number, a reel, a track, a transition "
                "(C, D, W001, K) and four timecodes; mend or remove it"
            )
        elif line.startswith(("TITLE:", "FCM:")) and not events:
            head.append(line)
        elif line.startswith(("*", "M2", "FCM:")) and events and not is_key:
            events[-1].notes.append(line)
    return head, events


def _check_transitions(events: list[_Event]) -> None:
    """Each comes in two lines of one number: what goes, and what comes. Both are given a name."""
    before: _Event | None = None
    for event in events:
        if event.kind == "C":
            before = event
            continue
        number = event.fields["number"]
        if before is None or before.fields["number"] != number:
            raise TimelineError(
                f"line {event.line}: event {number} goes over to another ({event.kind}), but no "
                f"event of that number stands before it; give the line before it the number "
                f"{number}, or make it a cut (C)"
            )
        if not any(_NAMED.match(note) for note in event.notes):
            event.notes += [
                f"* FROM CLIP NAME: {before.fields['reel']}",
                f"* TO CLIP NAME: {event.fields['reel']}",
            ]


def _check_times(events: list[_Event], rate: Fraction, modes: set[str]) -> None:
    """`modes` are those of its timecodes; where there are several, lengths are not compared."""
    is_dropping = modes == {"DROP"} or (not modes and any(";" in e.fields["codes"] for e in events))
    ends: dict[str, tuple[int, str]] = {}
    for event in events:
        number = event.fields["number"]
        place = f"line {event.line}: event {number}"
        first, last, start, end = event.frames(rate, is_dropping)
        if last < first or end < start:
            which = "source" if last < first else "record"
            raise TimelineError(
                f"{place} has {which} timecodes that end before they begin; mend it"
            )
        is_retimed = any(note.startswith("M2") for note in event.notes)
        if last - first != end - start and not is_retimed and len(modes) < 2:
            raise TimelineError(
                f"{place} lasts {last - first} frames of its source and {end - start} of the edit "
                f"at {float(rate):g} fps; name its rate, or add its speed (M2)"
            )
        for track in _tracks(event.fields["track"]):
            reached, earlier = ends.get(track, (start, ""))
            if start < reached:
                raise TimelineError(
                    f"{place} begins before event {earlier} ends, on the same track; move it to "
                    "another track, or trim it"
                )
            ends[track] = end, number


def _tracks(name: str) -> Iterator[str]:
    for part in name.upper().split("/"):
        yield from ("V", "A") if part == "B" else ("A", "A2") if part == "AA" else (part,)


def _frame(code: str, nominal: int, is_dropping: bool) -> int:
    """Of drop-frame timecodes two of 30 numbers are left out each minute but every tenth."""
    hours, minutes, seconds, frame = (int(part) for part in re.split("[:;.,]", code))
    minutes += hours * 60
    dropped = nominal // 15 * (minutes - minutes // 10) if is_dropping else 0
    return (minutes * 60 + seconds) * nominal + frame - dropped
