"""What a job of the add-on does on its thread, against the real server; a copy is the rendering."""

import sys
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from addon_modules import sending, server_process
from addon_modules.client import Client, ServerRefused
from addon_modules.cuts import Edit, Film
from addon_modules.joins import Place
from addon_modules.rendering import Rendering
from addon_modules.running import Run, StoppedError, WorkError
from addon_modules.sending import Blender, ComposeOrder
from addon_modules.server_process import ServerSettings
from addon_modules.work import Music, TakeOrder, compose, new_take, start_server

pytestmark = pytest.mark.slow

# Takes the place of a rendering: copies a film to every one that is asked for.
COPY = (
    "import shutil, sys; [shutil.copy(sys.argv[1], made) for made in sys.argv[2:]]; "
    "print('frames 48')"
)


def test_edit_comes_back_as_segments_on_its_cuts(order):
    stages: list[tuple[str, float]] = []
    music = compose(order(cuts=(110, 131)), Run(lambda *reported: stages.append(reported)))
    bounds = [(segment.start_frame, segment.end_frame) for segment in music.segments]
    assert bounds == [(0, 10), (10, 31), (31, 48)]
    assert all(segment.audio.read_bytes().startswith(b"RIFF") for segment in music.segments)
    assert all(segment.midi.suffix == ".mid" for segment in music.segments)
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)


def test_film_that_is_shown_as_it_is_goes_by_its_path(order, tmp_path: Path):
    film = str(_movie(tmp_path / "own.mp4", 48))
    asked = order(cuts=(110, 131))
    edit = replace(asked.edit, films=(Film(film, 5), None, Film(film, 0)))
    music = compose(replace(asked, edit=edit), _quiet())
    bounds = [(part.start_frame, part.end_frame) for part in music.segments]
    assert bounds == [(0, 10), (10, 31), (31, 48)]
    assert edit.composited == [(10, 31)]


def test_edit_of_films_alone_is_not_rendered(order, tmp_path: Path):
    film = str(_movie(tmp_path / "own.mp4", 48))
    asked = order(cuts=(110,))
    edit = replace(asked.edit, films=(Film(film, 5), Film(film, 0)))
    stages: list[str] = []
    run = Run(lambda stage, fraction: stages.append(stage))
    music = compose(replace(asked, edit=edit), run)
    assert [(part.start_frame, part.end_frame) for part in music.segments] == [(0, 10), (10, 48)]
    assert not {"Rendering", "Uploading"} & set(stages)


def test_film_of_another_rate_is_rendered(order, tmp_path: Path):
    asked = order(cuts=(110,))
    for rate, composited in ((Fraction(24000, 1001), []), (Fraction(25), [(0, 10), (10, 48)])):
        film = str(_movie(tmp_path / f"{float(rate)}.mp4", 10, rate))
        edit = replace(asked.edit, films=(Film(film, 5), Film(film, 0)))
        assert sending._plain(replace(asked, edit=edit), _quiet()).composited == composited


def test_another_machine_gets_just_the_used_piece(order, client: Client, tmp_path: Path):
    film = _movie(tmp_path / "own.mp4", 400)
    asked = order(cuts=(110,), server=ServerSettings(client.address, client._token))
    edit = replace(asked.edit, films=(Film(str(film), 205), Film(str(film), 215)))
    before = _media(client)
    stages: list[str] = []
    run = Run(lambda stage, fraction: stages.append(stage))
    assert len(compose(replace(asked, edit=edit), run).segments) == 2
    assert "Rendering" not in stages
    (piece,) = [each for each in _media(client) if each not in before]
    assert piece["size"] < film.stat().st_size / 4


def test_film_that_cannot_be_cut_is_rendered_for_another_machine(order, client: Client, tmp_path):
    film = tmp_path / "film.mkv"
    film.write_bytes(b"no MP4")
    asked = order(cuts=(110,), server=ServerSettings(client.address, client._token))
    edit = replace(asked.edit, films=(Film(str(film), 5), None))
    assert len(compose(replace(asked, edit=edit), _quiet()).segments) == 2


def test_rendering_is_removed(order, tmp_path: Path):
    compose(order(cuts=(110,)), _quiet())
    assert not (tmp_path / "rendering").exists()


def test_new_take_keeps_what_does_not_change(order, settings: ServerSettings):
    asked = order(cuts=(110, 131))
    before = compose(asked, _quiet())
    take = TakeOrder(before.composition, asked.place, 1, {"seed": 3}, asked.folder, settings)
    after = new_take(take, _quiet())
    assert [segment.take for segment in after.segments] == [0, 1, 0]
    assert after.segments[0] == before.segments[0]
    assert after.segments[1].audio != before.segments[1].audio
    assert after.segments[2].audio != before.segments[2].audio  # the tail rings on into it
    assert after.segments[2].midi == before.segments[2].midi
    assert all(segment.audio.exists() for segment in before.segments), "undo needs the old files"


def test_stop_cancels_on_the_server(order, client: Client):
    stages: list[str] = []
    run = Run(lambda stage, fraction: stages.append(stage))
    asked = order(cuts=(110,), style="slow")
    errors: list[BaseException] = []
    thread = threading.Thread(target=_catch, args=(lambda: compose(asked, run), errors))
    thread.start()
    while "Composing" not in stages:
        run.wait(0.05)
    run.stop()
    thread.join(20)
    assert [type(error) for error in errors] == [StoppedError]
    newest = client.state(_newest(client))
    while newest["state"] == "running":
        newest = client.state(newest["id"])
    assert newest["state"] == "cancelled"


def test_servers_reason_is_passed_on(order):
    with pytest.raises(WorkError, match="too beautiful"):
        compose(order(cuts=(110,), style="broken"), _quiet())


def test_unknown_style_is_found_before_anything_is_rendered(order):
    asked = order(cuts=(110,), style="polka", program="import sys; sys.exit('rendered')")
    with pytest.raises(
        WorkError, match="no style 'polka': choose cinematic, slow, broken"
    ) as raised:
        compose(asked, _quiet())
    assert raised.value.mend == "diffbgm.choose_style"


def test_composition_that_the_server_forgot(settings: ServerSettings, tmp_path: Path):
    with pytest.raises(ServerRefused, match="no such composition"):
        new_take(TakeOrder("f" * 32, Place(0, 24.0), 0, {}, tmp_path, settings), _quiet())


def test_failed_rendering_shows_its_last_words(order):
    asked = order(cuts=(110,), program="import sys; sys.exit('the picture is upside down')")
    with pytest.raises(WorkError, match="the picture is upside down"):
        compose(asked, _quiet())


def test_starting_the_server_tells_what_it_offers(settings: ServerSettings):
    assert "cinematic" in start_server(settings, _quiet())["styles"]


def test_another_server_is_started_where_the_old_one_went_during_the_rendering(
    order, settings: ServerSettings
):
    """As when the Blender ends that started it."""
    start_server(settings, _quiet())
    server = server_process.children()[-1]
    program = f"import os, signal; os.kill({server.pid}, signal.SIGTERM); {COPY}"
    asked = order(cuts=(110, 131), program=program)
    run = Run(lambda *reported: server.wait(30) if reported[0] == "Uploading" else None)
    assert len(compose(asked, run).segments) == 3
    assert server.poll() is not None
    assert server_process.children()[-1].poll() is None


@pytest.fixture
def order(settings: ServerSettings, tmp_path: Path):
    """Makes orders for frames 100 to 148 at 24000/1001."""

    def make(
        *,
        cuts: tuple[int, ...],
        style: str = "cinematic",
        film: Path | None = None,
        server: ServerSettings | None = None,
        program: str = COPY,
    ) -> ComposeOrder:
        folder = tmp_path / "rendering"
        folder.mkdir()
        source = film or _film(tmp_path)
        made = [str(folder / f"{number}.mp4") for number in range(len(cuts) + 1)]
        command = [sys.executable, "-c", program, str(source), *made]
        films = (None,) * (len(cuts) + 1)
        edit = Edit("Scene", 100, 148, Fraction(24000, 1001), cuts, films)
        options = {"style": style, "seed": 1}
        return ComposeOrder(
            edit,
            Place(100, 24 / 1.001),
            Blender(
                has_rate=lambda film: True,
                prepare=lambda edit, with_sound: Rendering(command, edit.composited, folder),
                folder=lambda: tmp_path / "music",
            ),
            options,
            tmp_path / "music",
            server or settings,
        )

    return make


def _film(folder: Path) -> Path:
    film = folder / "film.mp4"
    film.write_bytes(b"no picture is looked at")
    return film


def _movie(path: Path, frames: int, rate: Fraction = Fraction(24000, 1001)) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=rate, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        noise = np.random.default_rng(1).integers(0, 255, (frames, 48, 64, 3), np.uint8)
        for pixels in noise:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
    return path


def _media(client: Client) -> list[dict]:
    return client._json("GET", "/v1/media")["media"]


def _quiet() -> Run:
    return Run(lambda stage, fraction: None)


def _catch(call, errors: list[BaseException]) -> None:
    try:
        result: Music = call()
    except Exception as error:
        errors.append(error)
    else:
        errors.append(AssertionError(f"not stopped: {result}"))


def _newest(client: Client) -> str:
    return client._json("GET", "/v1/compositions?limit=1")["compositions"][0]["id"]
