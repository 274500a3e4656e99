"""Reads AAF, as Media Composer writes it, by an adapter of OpenTimelineIO that is an extra."""

from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import TimelineError

_ADAPTER = "AAF"
_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")  # of Microsoft's compound files, which AAF are


def read_aaf(path: Path) -> Any:
    """An OTIO document; TimelineError without the adapter, anything for a malformed file."""
    if _ADAPTER not in otio.adapters.available_adapter_names():
        raise TimelineError(
            "AAF needs one more package: python -m pip install 'diffbgm[aaf]'; "
            "or export FCPXML, XML or an EDL"
        )
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:  # The adapter would leave such a file open.
            raise ValueError("it is of another format")
    return otio.adapters.read_from_file(str(path), _ADAPTER)
