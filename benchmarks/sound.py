"""How the styles sound, as a table: `python benchmarks/sound.py [STYLE ...] [--film FILM]`.

Every style plays the demo film, or FILM, as `compose` would. Of the mix: below how many Hz 99 % of
the power lies; the correlation of left and right, and how many dB are lost where both are one; the
crest, from the mean level to the highest sample. Then by how many dB the melody is louder than the
loudest other stem, where it plays; with --stems also each stem's loudness beside the mix.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.signal import welch

from diffbgm import generation
from diffbgm.arranging.arrangement import arrange_shot
from diffbgm.arranging.styles import Style, load_style, style_names
from diffbgm.demo import film as demo_film
from diffbgm.music.harmony import estimate_key
from diffbgm.music.pianoroll import to_score
from diffbgm.options import ComposeOptions
from diffbgm.preview import analyse
from diffbgm.progress import no_advance
from diffbgm.sound.loudness import weighted
from diffbgm.sound.mixing import Mix, master, mastered
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesis import render_shot, stem_mixes
from diffbgm.sound.synthesizers import Synthesizer, open_synthesizer
from diffbgm.spotting.cue_sheet import spot
from diffbgm.spotting.film_plan import plan_film
from diffbgm.spotting.hit_points import SpottingOptions
from diffbgm.video.analysis import VideoAnalysis

BLOCK = round(0.4 * SAMPLE_RATE)  # what is heard as one level, as in ITU-R BS.1770
# A block in which the melody is so far below its own mean is one in which it rests.
RESTS_DB = 20.0


@dataclass(frozen=True)
class Qualities:
    """What one style's mix is like; `stems` are LU beside the mix, by name."""

    brightness: float
    correlation: float
    mono_loss: float
    crest: float
    lead: float
    loudest: str
    stems: dict[str, float]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("styles", nargs="*", default=style_names())
    parser.add_argument("--film", type=Path)
    parser.add_argument("--stems", action="store_true")
    parser.add_argument("--soundfont", type=Path)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        film = chosen.film or Path(folder) / "demo.mp4"
        if chosen.film is None:
            demo_film.make(film)
        analysis = analyse(film)
        sys.stdout.write(
            "| style | 99 % below, Hz | left/right | mono, dB | crest, dB | melody leads, dB |\n"
            "|---|---|---|---|---|---|\n"
        )
        with open_synthesizer(find_soundfont(chosen.soundfont)) as synthesizer:
            for name in chosen.styles:
                mix = played(load_style(name), analysis, synthesizer)
                write(name, qualities(mix, load_style(name), Path(folder)), chosen.stems)


def write(name: str, found: Qualities, with_stems: bool) -> None:
    sys.stdout.write(
        f"| {name} | {found.brightness:.0f} | {found.correlation:.2f} | {found.mono_loss:.1f} | "
        f"{found.crest:.1f} | {found.lead:.1f} ({found.loudest}) |\n"
    )
    for stem, loudness in found.stems.items() if with_stems else ():
        sys.stdout.write(f"    {stem:24} {loudness:6.1f}\n")
    sys.stdout.flush()


def played(style: Style, analysis: VideoAnalysis, synthesizer: Synthesizer) -> Mix:
    """The film's music in a style, before it is mastered."""
    options = ComposeOptions()
    cues = spot(analysis, SpottingOptions.from_options(options, style.tempo))
    cues = replace(cues, plan=plan_film(cues, options.seed))
    network = generation.load(generation.resolve_checkpoint(None), "auto")
    roll = generation.sample_film(
        network, cues, analysis, options.sampling, options.seed, no_advance
    )
    piano_score = to_score(roll)
    key, timeline, parts = estimate_key(piano_score), analysis.timeline, list[Part]()
    end = timeline.sample(timeline.frames, SAMPLE_RATE)
    starts = [timeline.sample(shot.start_frame, SAMPLE_RATE) for shot in timeline.shots]
    for shot, first in enumerate(starts):
        tracks = arrange_shot(shot, piano_score, cues, style, shot, key).tracks
        mixes = stem_mixes(style)
        parts += render_shot(synthesizer, tracks, cues.tempo_map, mixes, (first, end))
    return Mix(parts, (*starts, end), end)


def qualities(mix: Mix, style: Style, folder: Path) -> Qualities:
    """Measured of the mix as it is mastered."""
    last = mix.boundaries[-1]
    curve = master(mix, folder).curve(0, last)
    stems = {name: mastered(mix.stem(name, 0, last), curve) for name in mix.stems}
    total = np.sum(list(stems.values()), axis=0)
    left, right = total.astype(float).T
    power = np.square(total, dtype=float).mean()
    melody = [each.name for each in style.instruments if each.role == "melody"]
    lead, loudest = leading(stems, melody)
    return Qualities(
        brightness=brightness(total),
        correlation=float(np.corrcoef(left, right)[0, 1]),
        mono_loss=decibels(power / np.square((left + right) / 2).mean()),
        crest=decibels(np.square(total.astype(float)).max() / power),
        lead=lead,
        loudest=loudest,
        stems={
            name: decibels(blocks(stem).mean() / blocks(total).mean())
            for name, stem in stems.items()
        },
    )


def brightness(samples: np.ndarray) -> float:
    """The frequency in Hz below which 99 % of the power of (n, 2) samples lies."""
    frequency, power = welch(samples.astype(float), SAMPLE_RATE, nperseg=8192, axis=0)
    share = np.cumsum(power.sum(axis=1))
    return float(frequency[np.searchsorted(share, 0.99 * share[-1])])


def leading(stems: dict[str, np.ndarray], melody: Sequence[str]) -> tuple[float, str]:
    """By how many LU the melody is louder than the loudest other stem where it plays; which."""
    own = blocks(np.sum([stems[name] for name in melody if name in stems], axis=0))
    plays = own > own.mean() * 10 ** (-RESTS_DB / 10)
    others = {
        name: blocks(stem)[plays].mean() for name, stem in stems.items() if name not in melody
    }
    loudest = max(others, key=lambda name: others[name])
    return decibels(own[plays].mean() / others[loudest]), loudest


def blocks(samples: np.ndarray) -> np.ndarray:
    """The power of (n, 2) samples as it is heard (weighted as loudness is), block by block."""
    heard = np.square(weighted(samples.astype(float))).sum(axis=1)
    return heard[: len(heard) // BLOCK * BLOCK].reshape(-1, BLOCK).mean(axis=1)


def decibels(power: float) -> float:
    return 10 * float(np.log10(power))


if __name__ == "__main__":
    main()
