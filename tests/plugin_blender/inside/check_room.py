"""Room for speech is keyframes: a mixdown with them is the mix, one without never steps back."""

import array
import itertools
import math
from fractions import Fraction
from functools import cache

import stage
from addon import compat, joins, placing, speech_room, strips, timeline
from check_joins import mix_down, music, samples
from stage import ours

RATE = Fraction(24000, 1001)
SAMPLE_RATE, LOUD = 48_000, 12_000  # of 16 bits
EDGES = [0, 30, 55, 96, 144]
SPEECH = [[1.0, 2.0], [4.0, 5.0]]  # the first goes over a cut
RESULT = {"frame_rate": [24000, 1001], "options": {"ducking": -8.0}, "dialogue": SPEECH}


def ducked(second: float) -> float:
    """The gain that the library gives the mix."""
    depths = [0.0]
    for start, end in SPEECH:
        fall = min(max((second - start) / speech_room.FALL + 1, 0), 1)
        rise = min(max((end - second) / speech_room.RISE + 1, 0), 1)
        depths.append((1 - math.cos(math.pi * min(fall, rise))) / 2)
    return 10 ** (-8 / 20 * max(depths))


@cache
def mix() -> array.array:
    """A sound that would be constant if nobody spoke, as the library mixes it."""
    mono = (round(LOUD * ducked(n / SAMPLE_RATE)) for n in range(samples(EDGES, RATE)))
    return array.array("h", itertools.chain.from_iterable((level, level) for level in mono))


def placed():
    """The scene, and the music that lies in it."""
    scene = stage.scene()
    made = music(mix(), EDGES, joins.Place(11, timeline.clock(scene)), RATE, RESULT)
    stage.place(scene, made)
    return scene, made


def levels(sound: array.array) -> list[float]:
    """In dB, of every frame, both channels together."""
    size = 2 * round(SAMPLE_RATE / RATE)
    parts = (sound[at : at + size] for at in range(0, len(sound) - size, size))
    return [20 * math.log10(sum(map(abs, part)) / len(part) / LOUD) for part in parts]


def check_mixdown_with_keyframes_is_the_mix():
    placed()
    mixed = mix_down(mix(), EDGES, 11)
    for number, (one, other) in enumerate(zip(levels(mix()), levels(mixed), strict=True)):
        second = number / RATE
        is_steady = ducked(second) == ducked(second + 0.1) == ducked(second - 0.1)
        assert abs(one - other) < (0.05 if is_steady else 1.0), (number, one, other)


def check_without_keyframes_it_never_steps_back():
    scene, _ = placed()
    scene.animation_data_clear()
    for strip in ours("SOUND"):
        strip.volume = 1
    mixed = mix_down(mix(), EDGES, 11)
    assert max(map(abs, levels(mixed))) < 2  # lines for half cosines: where it goes down or up


def check_keyframes_are_few_and_lie_where_somebody_speaks():
    scene, _ = placed()
    keyed = compat.keyed(scene, "volume")
    counts = [len(keyed[s.name].frames) if s.name in keyed else 0 for s in ours("SOUND")]
    assert counts == [3, 3, 5, 4], counts
    assert all(
        key.interpolation == "LINEAR"
        for each in keyed.values()
        for key in each.curve.keyframe_points
    )


def check_new_takes_and_splits_keep_what_a_person_made_of_them():
    scene, made = placed()
    strip = ours("SOUND")[1]
    curve = compat.keyed(scene, "volume")[strip.name].curve
    curve.keyframe_points[2].co.y = 0.9
    strips.update(scene, made)
    again = compat.keyed(scene, "volume")[ours("SOUND")[1].name].curve
    assert abs(again.keyframe_points[2].co.y - 0.9) < 1e-6
    list(placing._silence_older(scene, 70, 80))
    assert {len(found.frames) for found in compat.keyed(scene, "volume").values()} <= {3, 4, 5}


def check_music_without_speech_has_no_keyframes():
    scene = stage.scene()
    place = joins.Place(11, timeline.clock(scene))
    stage.place(scene, music(mix(), EDGES, place, RATE, {**RESULT, "dialogue": []}))
    assert compat.keyed(scene, "volume") == {}
