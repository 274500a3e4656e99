"""Captions: the nearest of the bank, or CoCa's own."""

import numpy as np
import pytest
import torch

from diffbgm.errors import CheckpointError
from diffbgm.video.captions import Captions, caption_bank, caption_film, nearest_captions
from diffbgm.video.clip import Clip, embed_frames
from diffbgm.video.embeddings import EmbeddingCache
from tests.video.films import texture

pytestmark = pytest.mark.slow

PICTURES = [texture(seed, (36, 64)) for seed in range(4)]
START, END = 49406, 49407


@pytest.fixture
def coca(coca_folder, tmp_path) -> Clip:
    return Clip(coca_folder, "cpu", EmbeddingCache(tmp_path / "cache"))


@pytest.fixture
def film(write_film):
    return write_film([texture(1)] * 24 + [texture(2)] * 24)


# --- the bank


def test_the_bank_holds_different_sentences_that_the_network_reads_whole(clip):
    bank = caption_bank()
    assert 150 <= len(bank) <= 250
    assert len(set(bank)) == len(bank)
    tokens = clip.network.tokenize(list(bank))
    assert bool((tokens == END).any(dim=1).all())
    assert int((tokens != 0).sum(dim=1).max()) < 30


def test_the_nearest_sentence_is_chosen(clip):
    embeddings = clip.embed_pictures(PICTURES)
    for chosen, picture in zip(nearest_captions(embeddings, clip), embeddings, strict=True):
        similarity = {
            text: float(picture @ clip.embed_texts(caption_bank())[row])
            for row, text in enumerate(caption_bank())
        }
        assert chosen == max(similarity, key=lambda text: similarity[text])


def test_a_sentence_is_nearest_to_itself(clip):
    texts = caption_bank()[::40]
    assert nearest_captions(clip.embed_texts(texts), clip) == texts


def test_without_coca_a_film_has_sentences_of_the_bank(clip, film):
    captions = caption_film(film, 2.0, clip)
    assert captions == Captions(nearest_captions(embed_frames(film, 2.0, clip), clip), "bank")
    assert len(captions.texts) == 4


# --- CoCa


def test_coca_sees_and_reads_as_any_model(coca):
    assert coca.embed_pictures(PICTURES).shape == (4, coca.width)
    assert coca.embed_texts(["a", "b"]).shape == (2, coca.width)


def test_with_coca_a_film_has_sentences_of_its_own(clip, coca, film):
    captions = caption_film(film, 2.0, clip, coca)
    assert captions.source == "coca"
    assert len(captions.texts) == 4
    assert all(captions.texts)
    assert not set(captions.texts) & set(caption_bank())


def test_captions_at_once_are_those_one_by_one(coca):
    network = coca.network
    one_by_one = [network.write_captions([picture])[0] for picture in PICTURES]
    assert network.write_captions(PICTURES) == one_by_one


def test_every_word_is_the_likeliest_after_those_before(coca):
    """All words at once, each position seeing only those before, must choose the same."""
    network = coca.network
    (caption,) = network.write_captions(PICTURES[:1])
    words = greedy_words(coca, PICTURES[0])
    assert caption == " ".join(network.tokenize.decode(words).split())


def greedy_words(coca: Clip, picture: np.ndarray) -> list[int]:
    """By the plain definition: the whole model again for every word."""
    network = coca.network
    words = [START]
    with torch.inference_mode():
        while len(words) < 30:
            tokens = torch.tensor([words])
            output = network.model(network.images([picture]), tokens, output_labels=False)
            logits = output["logits"][0, -1]
            logits[START] = -torch.inf
            if len(words) <= 4:
                logits[END] = -torch.inf
            words.append(int(logits.argmax()))
            if words[-1] == END:
                return words[1:-1]
    return words[1:]


def test_a_model_that_writes_nothing_is_named(clip):
    with pytest.raises(CheckpointError, match=rf"^{clip.folder}: .*python install\.py coca"):
        clip.network.write_captions(PICTURES)
