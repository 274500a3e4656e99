"""Two synthesizers behind one protocol: FluidSynth, and TinySoundFont where it is not installed.

Both render dry (no reverb, no chorus) at 48 kHz. Unpacking an instrument takes a second or two, so
that FluidSynth stays warm from one job to the next (`unload`). Knows neither beats nor mixes.
"""

import ctypes
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Protocol

import numpy as np

from diffbgm.errors import SoundFontError
from diffbgm.sound.fluid_library import (
    CHANNEL,
    POINTER,
    WRITE_FLOAT,
    fluid_version,
    fluidsynth_is_installed,
    library,
    synth_function,
)
from diffbgm.sound.parts import SAMPLE_RATE

POLYPHONY = 256
_DRUM_BANK = 128
_CHANNELS = 16
_PATIENCE = 0.1  # seconds between two looks at a thread
# Such that a dense chord stays below full scale, and both synthesizers are about as loud.
_FLUID_GAIN = 0.6
_TINY_GAIN_DB = -6.0
NO_SYNTHESIZER = (
    "nothing is installed that plays a SoundFont: install FluidSynth (Debian and Ubuntu: "
    "libfluidsynth3, macOS: brew install fluid-synth, Windows: choco install fluidsynth), or on "
    "Python 3.11 and 3.12 type pip install --no-deps tinysoundfont"
)


class Player(Protocol):
    """One instrument. What it plays depends on nothing that was played before it was made."""

    def note_on(self, pitch: int, velocity: int) -> None: ...

    def note_off(self, pitch: int) -> None: ...

    def render(self, samples: int) -> np.ndarray:
        """The next `samples` samples, (samples, 2) float32."""
        ...


class Synthesizer(Protocol):
    """Plays the instruments of one SoundFont; `name` says which program and version it is.

    `replaced` lists, one line each, what the SoundFont lacked and what played instead. It belongs
    to one thread; its players may be asked for, and play, in others.
    """

    name: str
    soundfont: Path
    replaced: set[str]

    def require(self, program: int, is_drum: bool) -> None:
        """SoundFontError if the SoundFont has no such instrument; loads nothing of it, and notes
        what plays instead of it."""
        ...

    def load(self, program: int, is_drum: bool) -> None:
        """Have an instrument ready, so that no player of it waits; errors as of `require`."""
        ...

    def player(self, program: int, is_drum: bool) -> AbstractContextManager[Player]:
        """A fresh player of a General MIDI program, or of a drum kit (the standard kit where the
        SoundFont lacks that one). SoundFontError if the SoundFont has no such instrument."""
        ...


_MOST_WARM = 2  # SoundFonts
_warm: dict[tuple[Path, int], "FluidSynth"] = {}
_lock = Lock()


@contextmanager
def open_synthesizer(soundfont: Path) -> Iterator[Synthesizer]:
    """FluidSynth if the system has libfluidsynth, else TinySoundFont.

    SoundFontError if it cannot load `soundfont`, or if there is no synthesizer at all.
    """
    if not fluidsynth_is_installed():
        yield TinySoundFont(soundfont)
        return
    file = soundfont, soundfont.stat().st_mtime_ns if soundfont.exists() else 0
    with _lock:
        synthesizer = _warm.pop(file, None)
    synthesizer = synthesizer or FluidSynth(soundfont)
    synthesizer.replaced = set()
    try:
        yield synthesizer
    except BaseException:
        synthesizer.free()  # for it may have been stopped in the middle of anything
        raise
    _keep_warm(file, synthesizer)


def unload() -> None:
    """Give the memory of the synthesizers that are kept warm back."""
    while _warm:
        with _lock:
            _, synthesizer = _warm.popitem()
        synthesizer.free()


def _keep_warm(file: tuple[Path, int], synthesizer: "FluidSynth") -> None:
    """One of a file, of the last few files."""
    with _lock:
        old = [_warm.pop(file, None)]
        _warm[file] = synthesizer
        old += [_warm.pop(next(iter(_warm))) for _ in range(len(_warm) - _MOST_WARM)]
    for each in old:
        if each is not None:
            each.free()


class FluidSynth:
    """FluidSynth 2 through pyfluidsynth. A context manager: leave it to free the SoundFont.

    A used FluidSynth starts notes a little unlike a fresh one (the first 64 samples of a voice
    ramp up from where its slot left off), so every player is a fresh synth. A SoundFont, which is
    costly, is handed from synth to synth; there are as many as players at once. Instruments'
    samples are loaded when they are first asked for; one SoundFont more, which stays where it is,
    keeps them in FluidSynth's cache, which is the same for all, until the end.
    """

    def __init__(self, soundfont: Path) -> None:
        self._library = library()
        self.name = f"FluidSynth {fluid_version()}"
        self.soundfont = soundfont
        self._holder = self._new_synth()
        self._keeper = self._holder.sfload(str(soundfont))
        if self._keeper < 0:
            self._holder.delete()
            raise SoundFontError(f"{soundfont}: FluidSynth cannot load it; name another .sf2 file")
        self._keeper_font = self._library.fluid_synth_get_sfont_by_id(
            self._holder.synth, self._keeper
        )
        self.replaced: set[str] = set()
        self._kept: list[tuple[int, int]] = []
        # An event, for a thread that was not waited for to its end may say that it has ended.
        self._is_idle = Event()
        self._is_idle.set()
        self._lock = Lock()
        self._fonts = [self._new_font()]  # that no player has

    def __enter__(self) -> "FluidSynth":
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def free(self) -> None:
        """Give the memory back; players must have ended."""
        if self._is_idle.is_set():
            self._free()
        else:
            Thread(target=self._free, daemon=True).start()

    def _free(self) -> None:
        self._is_idle.wait()
        # Not by way of a synth: that would load the instruments that it begins with.
        delete = library().cfunc("delete_fluid_sfont", ctypes.c_int, ("font", ctypes.c_void_p, 1))
        for font in self._fonts:
            delete(font)
        self._holder.delete()

    def require(self, program: int, is_drum: bool) -> None:
        self._preset(program, is_drum)

    def load(self, program: int, is_drum: bool) -> None:
        self._keep(*self._preset(program, is_drum))

    @contextmanager
    def player(self, program: int, is_drum: bool) -> Iterator[Player]:
        bank, preset = self._preset(program, is_drum)
        self._keep(bank, preset)
        with self._lock:
            font = self._fonts.pop() if self._fonts else self._new_font()
            synth = self._new_synth()
        number = synth_function("add_sfont", POINTER)(synth.synth, font)
        try:
            synth.program_select(0, number, bank, preset)
            yield _FluidPlayer(synth)
        finally:
            synth_function("remove_sfont", POINTER)(synth.synth, font)
            synth.delete()
            self._fonts.append(font)

    def _new_font(self) -> Any:
        number = self._holder.sfload(str(self.soundfont))
        font = self._library.fluid_synth_get_sfont_by_id(self._holder.synth, number)
        synth_function("remove_sfont", POINTER)(self._holder.synth, font)
        return font

    def _preset(self, program: int, is_drum: bool) -> tuple[int, int]:
        """Bank and number of what plays a program; SoundFontError if there is nothing."""
        for bank, preset in _presets(program, is_drum):
            if self._library.fluid_sfont_get_preset(self._keeper_font, bank, preset):
                self.replaced |= _replacement(program, preset)
                return bank, preset
        raise _no_instrument(self.soundfont, program, is_drum)

    def _keep(self, bank: int, preset: int) -> None:
        """Load the preset, and select it on a channel of its own, as long as there is one."""
        if (bank, preset) in self._kept or len(self._kept) == _CHANNELS:
            return
        place = len(self._kept), self._keeper, bank, preset
        self._is_idle.clear()
        Thread(target=self._load, args=place, daemon=True).start()
        while not self._is_idle.wait(_PATIENCE):
            pass
        self._kept.append((bank, preset))

    def _load(self, *place: int) -> None:
        try:
            self._holder.program_select(*place)
        finally:
            self._is_idle.set()

    def _new_synth(self) -> Any:
        settings = {
            "synth.reverb.active": 0,
            "synth.chorus.active": 0,
            "synth.polyphony": POLYPHONY,
            "synth.dynamic-sample-loading": 1,
            "synth.threadsafe-api": 0,
            "synth.lock-memory": 0,
            "synth.cpu-cores": 1,
        }
        synth = self._library.Synth(
            gain=_FLUID_GAIN, samplerate=float(SAMPLE_RATE), channels=_CHANNELS, **settings
        )
        # Else every font that is added has to unpack a piano and a drum kit, asked for or not.
        for channel in range(_CHANNELS):
            synth_function("unset_program", *CHANNEL)(synth.synth, channel)
        return synth


class _FluidPlayer:
    def __init__(self, synth: Any) -> None:
        self._synth = synth
        # pyfluidsynth's own get_samples gives 16 bits.
        self._write = synth_function("write_float", *WRITE_FLOAT)

    def note_on(self, pitch: int, velocity: int) -> None:
        self._synth.noteon(0, pitch, velocity)

    def note_off(self, pitch: int) -> None:
        self._synth.noteoff(0, pitch)

    def render(self, samples: int) -> np.ndarray:
        buffer = np.empty((samples, 2), np.float32)
        data = buffer.ctypes.data
        self._write(self._synth.synth, samples, data, 0, 2, data, 1, 2)
        return buffer


class TinySoundFont:
    """TinySoundFont, all inside its wheel; pyaudio, which the wheel asks for, is not needed."""

    def __init__(self, soundfont: Path) -> None:
        # Its compiled part, whose fonts can be cloned; the Synth class around it cannot do that.
        try:
            self._library: Any = import_module("tinysoundfont._tinysoundfont")
        except ModuleNotFoundError as exc:
            raise SoundFontError(NO_SYNTHESIZER) from exc
        self.name = f"TinySoundFont {version('tinysoundfont')}"
        self.soundfont = soundfont
        self.replaced: set[str] = set()
        try:
            self._font = self._library.SoundFont(str(soundfont))
        except RuntimeError as exc:
            raise SoundFontError(
                f"{soundfont}: TinySoundFont cannot load it; name another .sf2 file"
            ) from exc

    def require(self, program: int, is_drum: bool) -> None:
        self._preset(program, is_drum)

    def load(self, program: int, is_drum: bool) -> None:
        """All of the SoundFont was loaded with it."""
        self.require(program, is_drum)

    @contextmanager
    def player(self, program: int, is_drum: bool) -> Iterator[Player]:
        yield _TinyPlayer(self._fresh_font(), self._preset(program, is_drum))

    def _preset(self, program: int, is_drum: bool) -> int:
        """Index of what plays a program; SoundFontError if there is nothing."""
        for bank, preset in _presets(program, is_drum):
            index = self._font.get_preset_index(bank, preset)
            if index >= 0:
                self.replaced |= _replacement(program, preset)
                return index
        raise _no_instrument(self.soundfont, program, is_drum)

    def _fresh_font(self) -> Any:
        font = self._library.SoundFont(self._font)
        font.set_output(self._library.OutputMode.StereoInterleaved, SAMPLE_RATE, _TINY_GAIN_DB)
        font.set_max_voices(POLYPHONY)
        return font


class _TinyPlayer:
    def __init__(self, font: Any, preset: int) -> None:
        self._font = font
        self._font.channel_set_preset_index(0, preset)

    def note_on(self, pitch: int, velocity: int) -> None:
        self._font.channel_note_on(0, pitch, velocity / 127)

    def note_off(self, pitch: int) -> None:
        self._font.channel_note_off(0, pitch)

    def render(self, samples: int) -> np.ndarray:
        buffer = np.zeros((samples, 2), np.float32)
        self._font.render(buffer.data.cast("B"), False)
        return buffer


def _presets(program: int, is_drum: bool) -> tuple[tuple[int, int], ...]:
    """(bank, preset) to try, in order."""
    return ((_DRUM_BANK, program), (_DRUM_BANK, 0)) if is_drum else ((0, program),)


def _replacement(program: int, preset: int) -> set[str]:
    """What to report if `preset` is not what was asked for."""
    return set() if preset == program else {f"no drum kit {program}: the standard kit plays"}


def _no_instrument(soundfont: Path, program: int, is_drum: bool) -> SoundFontError:
    what = "drum kit" if is_drum else f"instrument for General MIDI program {program}"
    return SoundFontError(f"{soundfont}: has no {what}; name a General MIDI SoundFont")
