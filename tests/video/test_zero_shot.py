"""The mood by contrast of prompts, where its sign is known."""

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from diffbgm.music.conditions import SEMANTIC
from diffbgm.spotting.cue_sheet import spot
from diffbgm.video.analysis import analyse_film
from diffbgm.video.clip import Clip, pictures_at
from diffbgm.video.clip_weights import WEIGHTS
from diffbgm.video.embeddings import EmbeddingCache
from diffbgm.video.zero_shot import AXES, mood_prompts, zero_shot_mood
from tests.video.films import texture
from tests.video.small_clip import WIDTH

VALENCE, AROUSAL, TENSION = range(3)


def contrasts(clip: Clip) -> dict[str, np.ndarray]:
    """High minus low of each pair, (pairs, width) by axis."""
    pairs = mood_prompts()
    high = clip.embed_texts([pair[1] for _, pair in pairs])
    low = clip.embed_texts([pair[0] for _, pair in pairs])
    axes = np.array([axis for axis, _ in pairs])
    return {axis: (high - low)[axes == axis] for axis in AXES}


def pictures_that_say(clip: Clip, *moods: tuple[float, float, float]) -> np.ndarray:
    """Embeddings on which every pair of an axis votes alike: for its high pole where 1."""
    directions = contrasts(clip)
    rows = np.concatenate([directions[axis] for axis in AXES])
    votes = [np.repeat(mood, [len(directions[axis]) for axis in AXES]) for mood in moods]
    return np.linalg.lstsq(rows, np.stack(votes, 1) / 10, rcond=None)[0].T.astype(np.float32)


def test_every_axis_has_an_ensemble_of_pairs():
    assert [axis for axis, _ in mood_prompts()] == sorted(
        (axis for axis, _ in mood_prompts()), key=AXES.index
    )
    for axis in AXES:
        pairs = [pair for other, pair in mood_prompts() if other == axis]
        assert len(pairs) == 8
        assert len({text for pair in pairs for text in pair}) == 16


def test_pictures_near_one_pole_have_its_mood(clip):
    image_embeddings = pictures_that_say(clip, (1, 0, 0), (-1, 0, 0), (0, 1, -1), (0.01, -0.01, 0))
    mood = zero_shot_mood(image_embeddings, clip)
    assert (mood.shape, mood.dtype) == ((4, 3), np.float32)
    assert mood[0] == pytest.approx([1, 0, 0], abs=1e-3)
    assert mood[1] == pytest.approx([-1, 0, 0], abs=1e-3)
    assert mood[2] == pytest.approx([0, 1, -1], abs=1e-3)
    assert mood[3] == pytest.approx([np.tanh(0.05), -np.tanh(0.05), 0], abs=1e-3)


def test_pairs_that_disagree_cancel_out(clip):
    directions = contrasts(clip)["valence"]
    votes = np.array([1, -1] * 4) / 10
    image_embeddings = np.linalg.lstsq(directions, votes, rcond=None)[0].astype(np.float32)
    assert zero_shot_mood(image_embeddings[None], clip)[0, VALENCE] == pytest.approx(0, abs=1e-3)


def test_the_prompts_are_embedded_once(clip_folder, clip, tmp_path):
    image_embeddings = np.eye(3, WIDTH, dtype=np.float32)
    mood = zero_shot_mood(image_embeddings, clip)
    (kept,) = clip.cache.folder.iterdir()
    np.save(kept, np.zeros_like(np.load(kept)))
    assert np.abs(mood).max() > 0
    np.testing.assert_array_equal(zero_shot_mood(image_embeddings, clip), np.zeros((3, 3)))


@pytest.fixture
def knowing(clip: Clip, write_film, tmp_path: Path) -> tuple[Clip, Path]:
    """A film of two scenes, and a model whose weights find one happy and calm, the other tense."""
    film = write_film([texture(1)] * 72 + [texture(2)] * 72)
    folder = Path(shutil.copytree(clip.folder, tmp_path / "knowing"))
    weights = load_file(folder / WEIGHTS[0])
    (happy, tense) = pictures_that_say(clip, (1, -1, -1), (-1, 1, 1))
    pictures = list(pictures_at(film, Fraction(1), clip.side))
    model = clip.network.model
    projection, model.visual.proj = model.visual.proj, None
    features = np.concatenate(
        [model.encode_image(clip.network.images([picture])).detach() for picture in pictures]
    )
    model.visual.proj = projection
    wanted = np.stack([happy] * 3 + [tense] * 3)
    weights["visual.proj"] = np.linalg.lstsq(features, wanted, rcond=None)[0].astype(np.float32)
    save_file(weights, folder / WEIGHTS[0])
    return Clip(folder, "cpu", EmbeddingCache(tmp_path / "cache")), film


def test_what_a_film_shows_reaches_the_semantic_stream(knowing):
    clip, film = knowing
    analysis = analyse_film(film, clip=clip)
    assert analysis.mood_source == "clip"
    signs = np.array([[1, -1, -1]] * 3 + [[-1, 1, 1]] * 3)
    assert (analysis.mood * signs).min() > 0.5
    cues = spot(analysis)
    first, second = (cues.semantic[cues.shot_of_beat == shot].mean(axis=0) for shot in (0, 1))
    change = dict(zip(SEMANTIC, second - first, strict=True))
    assert change["valence"] < -0.3
    assert change["arousal"] > 0.3
    assert change["tension"] > 0.3
