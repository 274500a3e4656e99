"""Every benchmark runs to its end and prints what it measured, with parameters that make it short.

What it measures of a small network or a small film means nothing.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    analysis,
    attack,
    blender,
    cancel,
    candidates,
    clients,
    clip,
    guidance,
    hit_points,
    long_film,
    model,
    rendering,
    sound,
    speech,
    speed,
    transitions,
)
from benchmarks.cut_films import fitting
from diffbgm.data.prepare_pop909 import prepare_sections
from diffbgm.model.checkpoint import save_weights
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.video.gradual import WindowFeatures
from tests import addon
from tests.data.made_song import write_song
from tests.model.small_network import SMALL, small_network
from tests.plugin_blender import blenders
from tests.server_process import server_process
from tests.training.made_set import section, song_of, write_set
from tests.video.conftest import write_film  # noqa: F401, a fixture
from tests.video.films import texture
from tests.video.small_clip import CLIP, save_model

BENCHMARKS = Path(speed.__file__).parent
TESTED = {
    analysis, attack, blender, cancel, candidates, clients, clip, guidance, hit_points, long_film,
    model, rendering, sound, speech, speed, transitions,
}  # fmt: skip


@pytest.fixture
def small_film(write_film):  # noqa: F811
    """Three seconds: a cut in a still life."""
    return write_film([texture(1)] * 36 + [texture(2)] * 36)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "small.safetensors"
    save_weights(path, SMALL, small_network().state_dict())
    return str(path)


def test_no_benchmark_is_left_out():
    tested = {Path(module.__file__ or "").name for module in TESTED}
    assert tested == {path.name for path in BENCHMARKS.glob("*.py")}


@pytest.mark.slow
def test_attack(tmp_path, capsys):
    """With a job that waits, so that there is something to stream: tests/server/test_attack.py."""
    with server_process(tmp_path) as server:
        attack.main([str(server.handshake_path), "--requests", "4"])
    assert "130 half-sent requests: /health p50" in capsys.readouterr().out


@pytest.mark.slow
def test_cancel(tmp_path, capsys):
    """A job that waits, and one that works and reports nothing."""
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    given = ["--wait", "0.1"]
    with server_process(tmp_path) as server:
        arguments = [str(server.handshake_path), str(film), *given]
        cancel.main([*arguments, "--style", "patient", "--stages", "diffusing"])
        cancel.main([*arguments, "--style", "deaf", "--stages", "analysing"])
        cancel.main([*arguments, "--stages", "pictures"])
    *cancelled, over = capsys.readouterr().out.splitlines()
    for line in cancelled:
        assert "cancelled after" in line
        assert "the composing process is warm" in line
    assert over == "pictures: it was over before"


def test_analysis(small_film, capsys):
    analysis.main([str(small_film)])
    assert "3.0 s of film, 2 shots" in capsys.readouterr().out


@pytest.mark.slow
def test_blender(tmp_path, capsys):
    """With a server that only hums."""
    small = ["--seconds", "4", "--shots", "3", "--strips", "40"]
    program = str(addon.write_program(tmp_path))
    blender.main(["--blender", *blenders.program(), *small, "--program", program])
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 6
    assert rows[-1].startswith("draw beside 40 strips (ms)")


@pytest.mark.slow
def test_candidates(tmp_path, capsys):
    data = write_set(tmp_path / "made.npz")
    names = ["patches of a beat by 11 keys", "segments are blocks of 1 bar"]
    candidates.main([str(data), "--steps", "1", "--only", *names])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0] for row in rows[2:]] == [f"| {name}" for name in names]


@pytest.mark.slow
def test_clients(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(clients, "LARGE", 50_000)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    given = ["--clients", "4", "--seconds", "1", "--style", "patient"]
    with server_process(tmp_path) as server:
        clients.main([str(server.handshake_path), str(film), *given])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [
        "GET a composition", "GET the list", "GET info", "all",
    ]  # fmt: skip
    assert lines[4] in ("meanwhile the job was running", "meanwhile the job was queued")
    assert "posted in" in lines[5]


@pytest.mark.slow
def test_clip(tmp_path, capsys):
    clip.main([str(save_model(tmp_path / "clip", CLIP)), "--pictures", "3"])
    assert "3 texts" in capsys.readouterr().out


def test_guidance(tmp_path, weights, capsys):
    path = tmp_path / "made.npz"
    prepare_sections([section(song_of("test"), bars=16)]).save(path)
    guidance.main([str(path), "--pieces", "1", "--steps", "4", "--checkpoint", weights])
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(guidance.ROWS)


def test_hit_points(capsys):
    hit_points.main(["1", "--cuts", "20"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 3 * 3 + 1
    assert lines[-1].startswith("20 cuts in an hour")


@pytest.mark.slow
def test_model(weights, capsys):
    """The paper's network is not small: one window of it."""
    model.main(["--bars", "8", "--repeats", "1", "--checkpoint", weights])
    assert "times faster by the clock" in capsys.readouterr().out


def test_rendering(capsys):
    rendering.main(["1"])
    assert "LUFS" in capsys.readouterr().out


@pytest.mark.slow
def test_sound(small_film, capsys):
    sound.main(["solo_piano", "--film", str(small_film), "--stems"])
    head, _, row, *stems = capsys.readouterr().out.splitlines()
    assert head.count("|") == row.count("|")
    correlation, mono_loss = (float(cell) for cell in row.split("|")[3:5])
    assert correlation > 0.3
    assert 0 <= mono_loss < 1
    assert any("Piano melody" in stem for stem in stems)


def test_what_is_said_of_a_sound_is_true_of_sounds_that_are_known():
    """Noise on both sides; on one side; a tone beside another that is 6 dB softer."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((2 * SAMPLE_RATE, 1)).astype(np.float32)
    assert sound.brightness(noise) == pytest.approx(0.99 * SAMPLE_RATE / 2, rel=0.01)
    tone = np.sin(np.arange(2 * SAMPLE_RATE) * 2 * np.pi * 440 / SAMPLE_RATE)
    tone = np.stack([tone, tone], axis=1).astype(np.float32)
    assert sound.brightness(tone) == pytest.approx(440, abs=12)
    lead, loudest = sound.leading({"Tune": tone, "Chords": tone / 2, "Bass": tone / 4}, ["Tune"])
    assert (round(lead, 1), loudest) == (6.0, "Chords")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_speech(tmp_path, capsys):
    write_song(tmp_path, "001")
    speech.main([str(tmp_path), "--rounds", "1", "--kinds", "silence", "rain"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("silence, no speech")
    assert "recall" in lines[1]


@pytest.mark.slow
def test_long_film(tmp_path, capsys):
    long_film.main(["0.1", "-o", str(tmp_path), "--picture", str(tmp_path / "curve.png")])
    assert "analysis" in capsys.readouterr().out
    assert (tmp_path / "curve.png").stat().st_size > 1000
    assert (tmp_path / "long_film.json").is_file()


@pytest.mark.slow
def test_speed(tmp_path, small_film, weights, capsys):
    """The paper's network is not small: one window of it."""
    rows = tmp_path / "rows.json"
    short = ["--film", str(small_film), "--seconds", "4", "--bars", "8", "--checkpoint", weights]
    speed.main([*short, "--json", str(rows)])
    assert "another take chosen, warm" in capsys.readouterr().out
    measured = {row["what"]: row for row in json.loads(rows.read_text())}
    assert measured["analysis"]["ratio"] > 0
    assert measured["ours, 8 bars"]["beside"] == "the paper's sampler, 8 bars"


def test_transitions_of_three_events_and_their_fitting(capsys, tmp_path):
    transitions.main(["--seed", "7", "--events", "3"])
    assert "diffbgm" in (printed := capsys.readouterr().out)
    assert "PySceneDetect ContentDetector" in printed
    fitting.main(["--seeds", "7", "--events", "3", "-o", str(tmp_path / "fitted.json")])
    fitted = json.loads((tmp_path / "fitted.json").read_text())
    assert list(fitted["features"]) == list(WindowFeatures._fields)
