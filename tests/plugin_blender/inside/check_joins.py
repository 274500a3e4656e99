"""Music cut into shots and mixed down by Blender is the mix it was cut from, sample for sample."""

import array
import itertools
import random
import tempfile
import wave
from collections import Counter
from fractions import Fraction
from pathlib import Path

import bpy
import stage
from addon import joins, speech_room, timeline, work

SAMPLE_RATE = 48_000
SHOTS = 16
RATES = ((24, 1.001), (24, 1), (25, 1), (30, 1.001), (30, 1), (50, 1), (60, 1.001), (60, 1))
LOUD = 16_000  # of 16 bits


def _edges(shortest: int, longest: int) -> list[int]:
    chance = random.Random(4)
    return [0, *itertools.accumulate(chance.randint(shortest, longest) for _ in range(SHOTS))]


# Frames: no shot is shorter than the lead that the next one may want; some are.
LONG, SHORT = _edges(joins.LONGEST_LEAD, 32), _edges(4, 24)


def check_mixdown_of_placed_shots_is_the_mix():
    for rate, origin in itertools.product(RATES, (1, 11)):
        mix = _noise(samples(LONG, _exact(rate)))
        mixed = _mixed(mix, LONG, rate, origin)
        off = _shots_off(mix, mixed, rate)
        assert off.keys() <= {0, -1, 1}, f"{rate} from {origin}: {off}"
        # At 60 and 59.94 frames a second Blender plays some shots a sample early or late.
        assert off[0] == SHOTS or (rate[0] == 60 and off[0] >= SHOTS - 3), f"{rate}: {off}"
        if off[0] == SHOTS:
            assert _worst(mix[:-4], mixed[:-4]) <= 1, f"{rate} from {origin}"  # Blender rounds sums


def check_constant_sound_has_no_hole_and_nothing_doubled_where_it_was_moved():
    for rate in RATES:
        mix = array.array("h", [LOUD] * 2 * samples(SHORT, _exact(rate)))
        inside = _mixed(mix, SHORT, rate, 11, moved=17)[200:-200]
        assert min(inside) > 0.995 * LOUD, rate
        assert max(inside) < 1.005 * LOUD, rate


def _shots_off(mix: array.array, mixed: array.array, rate: tuple[int, float]) -> Counter:
    """How many shots, in their middle, are how many samples off."""
    result: Counter = Counter()
    for start, end in itertools.pairwise(LONG):
        at = 2 * round((start + end) / 2 / _exact(rate) * SAMPLE_RATE)
        piece = mixed[at : at + 80]
        moved = (n for n in (0, -1, 1) if _worst(mix[at + 2 * n : at + 2 * n + 80], piece) <= 1)
        result[next(moved, None)] += 1
    return result


def _worst(one: array.array, other: array.array) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def samples(edges: list[int], rate: Fraction) -> int:
    return round(edges[-1] / rate * SAMPLE_RATE)


def _exact(rate: tuple[int, float]) -> Fraction:
    return rate[0] / Fraction(rate[1]).limit_denominator(1001)


def _noise(samples: int) -> array.array:
    """Two channels in which every sample is another."""
    return array.array("h", random.Random(3).randbytes(4 * samples))


def _mixed(
    mix: array.array, edges: list[int], rate: tuple[int, float], origin: int, moved: int = 0
) -> array.array:
    """What Blender makes of a mix that lies on the timeline shot by shot."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    scene = stage.scene()
    scene.render.fps, scene.render.fps_base = rate
    place = joins.Place(origin, timeline.clock(scene))
    stage.place(scene, music(mix, edges, place, _exact(rate)))
    assert {strip.channel for strip in stage.ours("SOUND")} == {1, 2}
    for strip in stage.ours():
        strip.frame_start += moved
    return mix_down(mix, edges, origin + moved)


def mix_down(mix: array.array, edges: list[int], first: int) -> array.array:
    """What is heard where a mix lies from frame `first` on."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = first, first + edges[-1] - 1
    path = Path(tempfile.mkdtemp()) / "mixdown.wav"
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16")
    with wave.open(str(path), "rb") as file:
        return array.array("h", file.readframes(len(mix) // 2))


def music(
    mix: array.array,
    edges: list[int],
    place: joins.Place,
    rate: Fraction,
    result: dict | None = None,
) -> work.Music:
    """A mix, cut into shots as it is where it was fetched; `result` says where speech is."""
    folder = Path(tempfile.mkdtemp())
    whole, roll = folder / "mix.wav", folder / "roll.png"
    with wave.open(str(whole), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(mix.tobytes())
    bpy.data.images.new("roll", 8, 8).save_render(str(roll))
    bounds = list(itertools.pairwise(edges))
    pieces = joins.lay_out(bounds, place, rate, SAMPLE_RATE)
    room = speech_room.room_of(result, whole) if result else joins.ALL_THE_SAME
    segments = []
    for number, (shot, piece) in enumerate(zip(bounds, pieces, strict=True)):
        audio = folder / f"{number:03d}.wav"
        joins.cut(whole, piece, audio, room)
        segments.append(work.Segment(number, 0, *shot, piece.lead, audio, roll, roll))
    return work.Music("c0ffee", place, tuple(segments), {}, room)
