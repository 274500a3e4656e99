"""What one hears of a film's music: arranged pieces, measured beside songs.

    python -m diffbgm.evaluation.arranged pop909.npz

Films are made up: shots of chance length, motion and mood, some of them shown again. Each is
composed once, at a tempo that suits all styles, and arranged in every style. The players' notes are
put on the grid of sixteenths that songs have: the leading one as MELODY, the first of the bridge as
BRIDGE, all others but drums as PIANO. Prints a table of all measures. Makes no sound.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffbgm import generation
from diffbgm.arranging.arrangement import arrange
from diffbgm.arranging.styles import Style, load_style
from diffbgm.evaluation.piece import MeasuredPiece, from_notes, piece_of_score
from diffbgm.evaluation.report import measure
from diffbgm.evaluation.songs import BARS, SongSet, read_set
from diffbgm.model.networks import Model
from diffbgm.music.pianoroll import (
    SIXTEENTHS_PER_BEAT,
    TRACKS,
    to_score,
)
from diffbgm.music.score import Score
from diffbgm.options import ComposeOptions
from diffbgm.progress import no_advance
from diffbgm.spotting.cue_sheet import CueSheet, SpottingOptions, spot
from diffbgm.spotting.film_plan import plan_film
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.video.places import places
from diffbgm.video.shots import Cut

FILMS, STYLES = 20, ("cinematic", "pop_rock", "solo_piano")
BPM = (84.0, 110.0)
FRAMES_A_SECOND = 24
SECONDS = 46.0
SHOT_SECONDS = (2.0, 8.0)
RETURN_CHANCE = 0.3


def made_film(seed: int) -> VideoAnalysis:
    """A film of 46 s as if it had been looked at."""
    rng = np.random.default_rng(seed)
    edges = [0]
    while edges[-1] < SECONDS * FRAMES_A_SECOND:
        edges.append(edges[-1] + round(float(rng.uniform(*SHOT_SECONDS)) * FRAMES_A_SECOND))
    count, spans = len(edges) - 1, np.diff(edges)
    timeline = Timeline(
        Fraction(FRAMES_A_SECOND), tuple(Shot(i, edges[i], edges[i + 1]) for i in range(count))
    )
    shown = np.arange(count)
    for shot in range(2, count):
        if rng.random() < RETURN_CHANCE:
            shown[shot] = shown[rng.integers(shot - 1)]
    motion = np.repeat(rng.uniform(0, 0.9, count)[shown], spans).astype(np.float32)
    levels = rng.uniform(-0.8, 0.8, (count, 3))[shown]
    first_frames = np.arange(int(np.ceil(timeline.seconds))) * FRAMES_A_SECOND
    owners = np.searchsorted(edges, first_frames, "right") - 1
    colours = rng.integers(0, 256, (count, 1, 1, 3), np.uint8)[shown]
    cuts = tuple(Cut(frame, "hard", float(rng.uniform(0.3, 1)), 1) for frame in edges[1:-1])
    mood = levels[owners].astype(np.float32)
    return VideoAnalysis(timeline, cuts, motion, mood, colours.repeat(8, 1).repeat(8, 2), "colour")


def composed(model: Model, analysis: VideoAnalysis, seed: int) -> tuple[CueSheet, Score]:
    """The cue sheet of a film, and what is composed to it, before it is arranged."""
    options = ComposeOptions(bpm=BPM, seed=seed)
    cues = spot(analysis, SpottingOptions.from_options(options, BPM))
    cues = replace(cues, plan=plan_film(cues, seed, places=places(analysis)))
    roll = generation.sample_film(model, cues, analysis, options.sampling, seed, no_advance)
    return cues, to_score(roll)


def heard(name: str, score: Score, style: Style, cues: CueSheet) -> MeasuredPiece:
    """An arranged score as a piece of three tracks and 16 bars; a piece begins with a bar."""
    before = cues.bar_padding[0]
    rows = [
        (
            round((note.start_beats + before) * SIXTEENTHS_PER_BEAT),
            max(1, round(note.duration_beats * SIXTEENTHS_PER_BEAT)),
            note.pitch,
            track,
        )
        for played, track in _tracks(score, style)
        for note in played
    ]
    return from_notes(name, np.array(rows, int), BARS)


def _tracks(score: Score, style: Style) -> Iterator[tuple[Sequence, int]]:
    """The notes of every player that counts, and the track that they count as: players that double
    the melody or the bridge are left out."""
    roles = {player.name: player.role for player in style.instruments}
    leads = {
        next((each.name for each in style.instruments if each.role == role), None): track
        for role, track in (("melody", "MELODY"), ("bridge", "BRIDGE"))
    }
    for track in score.tracks:
        if track.name in leads:
            yield track.notes, TRACKS.index(leads[track.name])
        elif roles.get(track.name) in ("accompaniment", "bass"):
            yield track.notes, TRACKS.index("PIANO")


def measured(model: Model, songs: SongSet, films: int, styles: Sequence[str]) -> dict[str, dict]:
    """`report.measure` of the films' pieces, as composed and in every style, beside songs."""
    windows = songs.windows(films)
    reference = [piece_of_score(songs.name(w), to_score(songs.roll(w)), BARS) for w in windows]
    pieces: dict[str, list[MeasuredPiece]] = {name: [] for name in ("composed", *styles)}
    for seed, window in enumerate(windows):
        cues, score = composed(model, made_film(seed), seed)
        shots = range(int(cues.shot_of_beat.max()) + 1)
        name = songs.name(window)
        pieces["composed"].append(_as_composed(name, score, cues))
        for style_name in styles:
            style = load_style(style_name)
            played = arrange(score, cues, style, shots)
            pieces[style_name].append(heard(name, played, style, cues))
    return {name: measure(made, reference) for name, made in pieces.items()}


def _as_composed(name: str, score: Score, cues: CueSheet) -> MeasuredPiece:
    notes = piece_of_score(name, score).notes
    notes[:, 0] += cues.bar_padding[0] * SIXTEENTHS_PER_BEAT
    return from_notes(name, notes, BARS)


def table(found: Mapping[str, Mapping]) -> str:
    """Every measure in Markdown: of pieces, of songs, and how far two halves of these differ."""
    first = next(iter(found.values()))
    head = ["measure", *found, "songs", "half from half"]
    lines = [head, ["---"] * len(head)]
    for name, row in first["measures"].items():
        values = [each["measures"][name]["generated"] for each in found.values()]
        beside = [row["reference"], row["real_against_real"]]
        lines.append([name, *("" if v is None else f"{v:.3f}" for v in (*values, *beside))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a prepared set, whose test songs stand beside")
    parser.add_argument("--films", type=int, default=FILMS)
    parser.add_argument("--styles", nargs="+", default=STYLES)
    chosen = parser.parse_args(arguments)
    model = generation.load(generation.resolve_checkpoint(None), "auto")
    found = measured(model, read_set(chosen.data, "test"), chosen.films, chosen.styles)
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()
