"""Shots that show a place again are found, by colours or by what CLIP says of them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from diffbgm.demo import shots as drawn
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.video.places import places

SECONDS = 2


def analysed(pictures: list[np.ndarray]) -> VideoAnalysis:
    rate, count = Fraction(24), len(pictures)
    shots = tuple(Shot(i, i * 48, (i + 1) * 48) for i in range(count))
    return VideoAnalysis(
        Timeline(rate, shots),
        (),
        np.zeros(48 * count, np.float32),
        np.zeros((SECONDS * count, 3), np.float32),
        np.stack([picture[::8, ::8] for picture in pictures]),
        "colour",
    )


ALL = (
    drawn.dawn,
    drawn.sea,
    drawn.train_window,
    drawn.wheels,
    drawn.rain,
    drawn.city,
    drawn.tunnel,
    drawn.fireworks,
    drawn.stars,
)


def test_shots_of_other_places_are_told_apart_and_a_shot_that_goes_on_is_found():
    pictures = [draw(0.2) for draw in ALL] + [draw(2.5) for draw in ALL[::-1]]
    assert places(analysed(pictures)).tolist() == [*range(9), *range(8, -1, -1)]


def test_a_little_more_light_is_the_same_place():
    sea = drawn.sea(0.2)
    lighter = np.clip(sea.astype(int) + 4, 0, 255).astype(np.uint8)
    assert places(analysed([sea, drawn.city(0), lighter])).tolist() == [0, 1, 0]


def test_where_clip_is_there_what_is_shown_counts_whatever_its_colours():
    analysis = analysed([drawn.sea(0), drawn.sea(0), drawn.city(0)])
    east, north = np.eye(2, dtype=np.float32)
    meaning = np.stack([east, east, north, north, 0.9 * east + 0.44 * north, east])
    found = places(replace(analysis, image_embeddings=meaning))
    assert found.tolist() == [0, 1, 0]
