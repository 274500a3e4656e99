"""The library as the server calls it."""

from diffbgm_server.composer import LibraryComposer

from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesizers import open_synthesizer


def test_an_idle_server_gives_the_instruments_back() -> None:
    soundfont = find_soundfont(None)
    with open_synthesizer(soundfont) as warm:
        pass
    with open_synthesizer(soundfont) as again:
        assert again is warm
    LibraryComposer().unload()
    with open_synthesizer(soundfont) as fresh:
        assert fresh is not warm
