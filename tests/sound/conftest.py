"""The two synthesizers, with the small SoundFont that is always there."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from diffbgm.sound.synthesizers import (
    FluidSynth,
    Synthesizer,
    TinySoundFont,
    fluidsynth_is_installed,
)


@pytest.fixture(scope="session")
def small_soundfont() -> Path:
    spec = find_spec("pretty_midi")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).with_name("TimGM6mb.sf2")


@pytest.fixture(params=["FluidSynth", "TinySoundFont"])
def synthesizer(request: pytest.FixtureRequest, small_soundfont: Path) -> Iterator[Synthesizer]:
    if request.param == "TinySoundFont":
        yield TinySoundFont(small_soundfont)
        return
    if not fluidsynth_is_installed():
        pytest.skip("libfluidsynth is not installed")
    with FluidSynth(small_soundfont) as fluidsynth:
        yield fluidsynth
