"""Embeddings by the real library, with a small network of random weights."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from diffbgm.errors import CheckpointError, FilmError
from diffbgm.spotting.cue_sheet import spot
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.analysis import analyse_film, analyse_timeline
from diffbgm.video.clip import BATCH, Clip, embed_frames, pictures_at
from diffbgm.video.clip_network import unload
from diffbgm.video.clip_weights import CONFIG, WEIGHTS
from diffbgm.video.embeddings import EmbeddingCache, content_of
from diffbgm.video.zero_shot import zero_shot_mood
from tests.video.films import plain, texture
from tests.video.small_clip import CLIP, WIDTH, save_model

pytestmark = pytest.mark.slow

A, B = texture(1), texture(2)
COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]


@pytest.fixture
def three_colours(write_film) -> Path:
    """A second of red, one of green, half a second of blue; 24 frames a second."""
    red, green, blue = (plain(colour) for colour in COLOURS)
    return write_film([red] * 24 + [green] * 24 + [blue] * 12)


def rows_have_length_1(embeddings: np.ndarray) -> bool:
    return bool(np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5))


# --- pictures and texts


def test_pictures_of_any_size_become_rows_of_length_1(clip):
    embeddings = clip.embed_pictures([A, B, plain((9, 9, 9), (40, 30)), plain((0, 0, 0), (1, 1))])
    assert (embeddings.shape, embeddings.dtype) == ((4, WIDTH), np.float32)
    assert rows_have_length_1(embeddings)
    assert not np.allclose(embeddings[0], embeddings[1], atol=1e-3)


def test_many_at_once_are_the_same_as_one_by_one(clip):
    pictures = [texture(seed, (36, 64)) for seed in range(BATCH + 3)]
    one_by_one = np.concatenate([clip.embed_pictures([picture]) for picture in pictures])
    np.testing.assert_allclose(clip.embed_pictures(pictures), one_by_one, atol=1e-6)


def test_texts_become_rows_beside_the_pictures(clip):
    texts = ["a storm at sea", "a quiet room", "a storm at sea", "long " * 200]
    embeddings = clip.embed_texts(texts)
    assert embeddings.shape == (4, clip.width)
    assert rows_have_length_1(embeddings)
    np.testing.assert_array_equal(embeddings[0], embeddings[2])
    np.testing.assert_allclose(embeddings[1:2], clip.embed_texts(texts[1:2]), atol=1e-6)


def test_nothing_is_nothing(clip):
    assert clip.embed_pictures([]).shape == clip.embed_texts([]).shape == (0, WIDTH)


# --- the frames of a film


@pytest.mark.parametrize(
    ("rate", "chosen"),
    [(1, [0, 1, 2]), (2, [0, 0, 1, 1, 2]), (0.5, [1, 2]), (0.4, [1]), (48, None)],
)
def test_the_frame_in_the_middle_of_every_interval_is_embedded(three_colours, rate, chosen):
    pictures = list(pictures_at(three_colours, Fraction(rate).limit_denominator(9), 32))
    strongest = [int(picture.mean(axis=(0, 1)).argmax()) for picture in pictures]
    assert strongest == (chosen or [0] * 48 + [1] * 48 + [2] * 24)
    assert all(min(picture.shape[:2]) == 32 for picture in pictures)


def test_a_film_is_seen_as_its_pictures_are(clip, three_colours):
    image_embeddings = embed_frames(three_colours, 1.0, clip)
    pictures = list(pictures_at(three_colours, Fraction(1), clip.side))
    np.testing.assert_allclose(image_embeddings, clip.embed_pictures(pictures), atol=1e-6)


def test_a_film_with_sound_alone_is_named(clip, write_sound):
    with pytest.raises(FilmError, match="holds sound alone"):
        embed_frames(write_sound(), 1.0, clip)


def test_a_rate_of_nothing_is_a_bug(clip, three_colours):
    with pytest.raises(ValueError, match="above 0"):
        embed_frames(three_colours, 0.0, clip)


# --- what is kept


def test_what_is_kept_is_not_decoded_again(clip, tmp_path):
    """Proven by a film that cannot be decoded at all."""
    film = tmp_path / "noise.mp4"
    film.write_bytes(bytes(range(256)) * 9)
    kept = np.eye(3, WIDTH, dtype=np.float32)
    clip.cache.keep(clip.frames_key(content_of(film), Fraction(1)), kept)
    np.testing.assert_array_equal(embed_frames(film, 1.0, clip), kept)
    with pytest.raises(FilmError):
        embed_frames(film, 2.0, clip)


def test_the_same_film_by_another_name_is_known_and_no_network_is_loaded(
    clip_folder, three_colours, tmp_path
):
    folder = Path(shutil.copytree(clip_folder, tmp_path / "clip"))
    clip = Clip(folder, "cpu", EmbeddingCache(tmp_path / "cache"))
    image_embeddings, caption_embeddings = (
        embed_frames(three_colours, 1.0, clip),
        clip.embed_texts(["a"]),
    )
    spoil(folder / WEIGHTS[0])
    unload()
    renamed = three_colours.rename(tmp_path / "other.mp4")
    np.testing.assert_array_equal(embed_frames(renamed, 1.0, clip), image_embeddings)
    np.testing.assert_array_equal(clip.embed_texts(["a"]), caption_embeddings)
    with pytest.raises(CheckpointError):
        clip.embed_texts(["b"])


def spoil(file: Path) -> None:
    """Other bytes, but the same size and time."""
    before = file.stat()
    file.write_bytes(bytes(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_another_film_and_another_model_are_seen_anew(clip, write_film, tmp_path):
    film = write_film([A] * 4)
    image_embeddings = embed_frames(film, 1.0, clip)
    write_film([B] * 4)
    assert not np.allclose(embed_frames(film, 1.0, clip), image_embeddings, atol=1e-3)
    other = Clip(save_model(tmp_path / "other", CLIP, seed=7), "cpu", clip.cache)
    assert not np.allclose(embed_frames(film, 1.0, other), image_embeddings, atol=1e-3)


def test_a_damaged_cache_counts_as_none(clip, write_film):
    film = write_film([A] * 4)
    image_embeddings = embed_frames(film, 1.0, clip)
    (kept,) = clip.cache.folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-9])
    np.testing.assert_array_equal(embed_frames(film, 1.0, clip), image_embeddings)
    np.testing.assert_array_equal(np.load(kept), image_embeddings)


def test_without_a_place_for_a_cache_all_goes_on(clip_folder, write_film, tmp_path):
    (tmp_path / "cache").touch()
    clip = Clip(clip_folder, "cpu", EmbeddingCache(tmp_path / "cache"))
    assert embed_frames(write_film([A] * 4), 1.0, clip).shape == (1, WIDTH)


# --- in the analysis


@pytest.fixture
def two_shots(write_film) -> Path:
    return write_film([A] * 60 + [B] * 60)


def test_the_analysis_reads_the_mood_from_what_is_shown(clip, two_shots):
    analysis = analyse_film(two_shots, clip=clip)
    assert analysis.mood_source == "clip"
    mood = zero_shot_mood(embed_frames(two_shots, 1.0, clip), clip)
    np.testing.assert_array_equal(analysis.mood, mood)
    coloured = analyse_film(two_shots)
    assert coloured.mood_source == "colour"
    assert analysis.mood.shape == coloured.mood.shape == (5, 3)
    assert analysis.timeline == coloured.timeline
    np.testing.assert_array_equal(analysis.motion, coloured.motion)


def test_the_semantic_stream_follows(clip, two_shots):
    analysis, coloured = spot(analyse_film(two_shots, clip=clip)), spot(analyse_film(two_shots))
    np.testing.assert_array_equal(analysis.dynamic, coloured.dynamic)
    assert np.abs(analysis.semantic - coloured.semantic).max() > 0.05


def test_the_analysis_and_the_frames_share_what_is_kept(clip, two_shots):
    analyse_film(two_shots, clip=clip)
    kept = {path.name for path in clip.cache.folder.iterdir()}
    embed_frames(two_shots, 1.0, clip)
    assert {path.name for path in clip.cache.folder.iterdir()} == kept


def test_an_edit_is_seen_as_it_is_cut(clip, two_shots):
    """A second of nothing, then the film's second shot, then its first."""
    shots = (
        Shot(0, 0, 24),
        Shot(1, 24, 48, MediaSpan(two_shots, Fraction(3))),
        Shot(2, 48, 72, MediaSpan(two_shots, Fraction(0))),
    )
    analysis = analyse_timeline(Timeline(Fraction(24), shots), clip=clip)
    black = clip.embed_pictures([np.zeros((32, 32, 3), np.uint8)])
    film = embed_frames(two_shots, 1.0, clip)
    expected = zero_shot_mood(np.concatenate([black, film[[3]], film[[0]]]), clip)
    np.testing.assert_allclose(analysis.mood, expected, atol=2e-3)
    again = analyse_timeline(Timeline(Fraction(24), shots), clip=clip)
    np.testing.assert_array_equal(again.mood, analysis.mood)


# --- models that cannot be used


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "weights cut off": (
        lambda folder: os.truncate(folder / WEIGHTS[0], 1000),
        f"{WEIGHTS[0]}: is damaged",
    ),
    "weights of noise": (
        lambda folder: (folder / WEIGHTS[0]).write_bytes(bytes(99)),
        f"{WEIGHTS[0]}: is damaged",
    ),
    "another architecture": (
        lambda folder: (folder / CONFIG).write_text(
            (folder / CONFIG).read_text().replace('"layers": 2', '"layers": 3')
        ),
        f"{WEIGHTS[0]}: is damaged or of another model",
    ),
    "no architecture": (lambda folder: (folder / CONFIG).write_text("{}"), f"{CONFIG}: is damaged"),
    "no JSON": (lambda folder: (folder / CONFIG).write_text("{"), f"{CONFIG}: is damaged"),
    "no weights": (lambda folder: (folder / WEIGHTS[0]).unlink(), "holds no weights"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_model_is_named_with_what_to_do(clip_folder, tmp_path, case):
    spoiled, message = BROKEN[case]
    folder = Path(shutil.copytree(clip_folder, tmp_path / "clip"))
    spoiled(folder)
    clip = Clip(folder, "cpu", EmbeddingCache(tmp_path / "cache"))
    with pytest.raises(CheckpointError, match=rf"{message}.*python install\.py clip") as caught:
        clip.embed_pictures([A])
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)


def test_weights_that_would_execute_something_do_not(clip_folder, tmp_path):
    folder = Path(shutil.copytree(clip_folder, tmp_path / "clip"))
    (folder / WEIGHTS[0]).unlink()
    trace = tmp_path / "executed"
    (folder / WEIGHTS[1]).write_bytes(b"cos\nsystem\n(S'touch %s'\ntR." % str(trace).encode())
    with pytest.raises(CheckpointError, match=f"{WEIGHTS[1]}: is damaged"):
        Clip(folder, "cpu", EmbeddingCache(tmp_path / "cache")).embed_pictures([A])
    assert not trace.exists()


def test_composing_without_the_weights_imports_nothing_of_it():
    program = (
        "import sys, diffbgm.composing; print([name for name in sys.modules if 'clip' in name])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "open_clip" not in result.stdout
    assert "clip_network" not in result.stdout
    assert "diffbgm.video.clip" in result.stdout
