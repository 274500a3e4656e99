import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffbgm.errors import SoundFontError
from diffbgm.sound.soundfont import find_soundfont, own_soundfonts
from diffbgm.sound.synthesizers import FluidSynth, TinySoundFont, open_synthesizer


def test_one_s_own_soundfont_is_taken(small_soundfont: Path) -> None:
    assert find_soundfont(small_soundfont) == small_soundfont


def test_without_a_choice_one_is_found_that_the_synthesizer_loads() -> None:
    with open_synthesizer(find_soundfont()) as synthesizer:
        assert synthesizer.name.startswith(("FluidSynth 2", "TinySoundFont "))


def test_musescore_general_of_one_s_own_goes_before_what_the_system_has(
    small_soundfont: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    best = own_soundfonts() / "MuseScore_General_Full.sf3"
    best.parent.mkdir(parents=True)
    shutil.copy(small_soundfont, best)
    assert find_soundfont() == best


def test_a_file_that_is_no_soundfont_is_named(tmp_path: Path) -> None:
    song = tmp_path / "song.sf2"
    song.write_bytes(b"MThd, but no SoundFont")
    with pytest.raises(SoundFontError, match=r"song\.sf2: is no SoundFont"):
        find_soundfont(song)


def test_an_empty_file_and_a_folder_are_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.sf2"
    empty.touch()
    with pytest.raises(SoundFontError, match="is no SoundFont"):
        find_soundfont(empty)
    with pytest.raises(SoundFontError, match="cannot be read"):
        find_soundfont(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SoundFontError, match=r"gone\.sf2: the SoundFont cannot be read"):
        find_soundfont(tmp_path / "gone.sf2")


def test_a_half_downloaded_soundfont_is_noticed(tmp_path: Path, small_soundfont: Path) -> None:
    half = tmp_path / "half.sf2"
    half.write_bytes(small_soundfont.read_bytes()[:100_000])
    with pytest.raises(SoundFontError, match=r"half\.sf2: the SoundFont is cut short"):
        find_soundfont(half)


def test_a_wave_file_and_a_hollow_soundfont_are_none(tmp_path: Path) -> None:
    for name, header in (("song.wav", b"WAVE"), ("hollow.sf2", b"sfbk")):
        path = tmp_path / name
        path.write_bytes(b"RIFF" + (4).to_bytes(4, "little") + header)
        with pytest.raises(SoundFontError, match=f"{name}: is no SoundFont"):
            find_soundfont(path)


@pytest.mark.parametrize("kind", [FluidSynth, TinySoundFont])
def test_a_soundfont_with_empty_lists_does_not_load(kind: type, tmp_path: Path) -> None:
    lists = b"".join(b"LIST\4\0\0\0" + name for name in (b"INFO", b"sdta", b"pdta"))
    hollow = tmp_path / "hollow.sf2"
    hollow.write_bytes(b"RIFF" + (4 + len(lists)).to_bytes(4, "little") + b"sfbk" + lists)
    with pytest.raises(SoundFontError, match=r"hollow\.sf2: .* cannot load it"):
        kind(find_soundfont(hollow))


def test_without_any_synthesizer_it_is_said_what_to_install(small_soundfont: Path) -> None:
    code = f"""
import sys
from pathlib import Path
sys.modules["fluidsynth"] = sys.modules["tinysoundfont"] = None
from diffbgm.errors import SoundFontError
from diffbgm.sound.synthesizers import open_synthesizer
try:
    with open_synthesizer(Path({str(small_soundfont)!r})):
        pass
except SoundFontError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "libfluidsynth3" in printed
    assert "pip install --no-deps tinysoundfont" in printed
    assert len(printed.splitlines()) == 1
