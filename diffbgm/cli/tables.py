"""What the command line shows: the shots of a film, the hits of a tempo map."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table

from diffbgm.arranging.styles import Style
from diffbgm.refitting.matching import ShotChange
from diffbgm.spotting.hit_points import Spotting
from diffbgm.spotting.hit_score import score, score_shuffled
from diffbgm.video.analysis import MOOD_SOURCES, VideoAnalysis

KIND_COLOURS = {"downbeat": "bold green", "beat": "green", "half": "yellow", "none": "red"}


def analysis_to_dict(analysis: VideoAnalysis) -> dict[str, Any]:
    """What `analyse --json` prints; times in seconds, moods -1..1, motion 0..1."""
    timeline = analysis.timeline
    rate = timeline.frame_rate
    return {
        "frame_rate": [rate.numerator, rate.denominator],
        "frames": timeline.frames,
        "seconds": timeline.seconds,
        "cuts": [asdict(cut) for cut in analysis.cuts],
        "rejected_cuts": list(analysis.rejected),
        "shots": shot_rows(analysis),
        "motion": analysis.motion.round(4).tolist(),
        "mood": analysis.mood.round(4).tolist(),
        "mood_source": analysis.mood_source,
    }


def shot_rows(analysis: VideoAnalysis) -> list[dict[str, Any]]:
    """Means over each shot."""
    timeline = analysis.timeline
    rows = []
    for shot in timeline.shots:
        start, end = timeline.time(shot.start_frame), timeline.time(shot.end_frame)
        seconds = analysis.mood[int(start) : max(int(start) + 1, round(end))]
        valence, arousal, tension = seconds.mean(axis=0).round(3).tolist()
        rows.append(
            {
                "index": shot.index,
                "start_frame": shot.start_frame,
                "end_frame": shot.end_frame,
                "start": start,
                "end": end,
                "motion": round(
                    float(analysis.motion[shot.start_frame : shot.end_frame].mean()), 3
                ),
                "valence": valence,
                "arousal": arousal,
                "tension": tension,
            }
        )
    return rows


def shot_table(analysis: VideoAnalysis) -> Table:
    """The shots of a film, one a row."""
    names = ("shot", "from", "to", "seconds", "motion", "valence", "arousal", "tension")
    caption = f"mood from {MOOD_SOURCES[analysis.mood_source]}"
    if analysis.timeline.document is not None:
        sources = (cut.source for cut in analysis.cuts)
        caption = f"{caption}\n{cuts_of_edit(sources, len(analysis.rejected))}".strip()
    table = Table(*names, caption=caption)
    for row in shot_rows(analysis):
        levels = (f"{row[name]:.2f}" for name in ("motion", "valence", "arousal", "tension"))
        table.add_row(
            str(row["index"]),
            str(row["start_frame"]),
            str(row["end_frame"]),
            f"{row['end'] - row['start']:.2f}",
            *levels,
        )
    return table


def cuts_of_edit(sources: Iterable[str], rejected: int) -> str:
    """How the cuts of an edit differ from where its clips meet; empty where they do not."""
    found = sum(source == "picture" for source in sources)
    parts = []
    if rejected:
        places = "place where clips meet is no cut, as the picture goes on"
        if rejected > 1:
            places = "places where clips meet are no cuts, as the picture goes on"
        parts.append(f"{rejected} {places}")
    if found:
        parts.append(f"{found} {'cut' if found == 1 else 'cuts'} found inside clips")
    return "; ".join(parts)


def change_table(changes: Sequence[ShotChange]) -> Table:
    """What became of every shot in a changed edit, and which of them was which before."""
    table = Table("shot", "before", "")
    for change in changes:
        numbers = ("" if n is None else str(n) for n in (change.shot, change.before))
        colour = "green" if change.is_same else "yellow"
        table.add_row(*numbers, f"[{colour}]{change.change}")
    return table


def style_table(styles: dict[str, Style]) -> Table:
    """The styles by name, one a row."""
    table = Table("style", "beats a minute", "for")
    for name, style in styles.items():
        table.add_row(name, f"{style.tempo[0]:g}-{style.tempo[1]:g}", style.purpose)
    return table


def hits_to_dict(spotting: Spotting, frame_rate: Fraction) -> dict[str, Any]:
    """What `hits --json` prints: as in composition.json, and the shares with their baseline."""
    return {
        **spotting.to_dict(),
        "score": score(spotting, frame_rate).to_dict(),
        "shuffled": score_shuffled(spotting, frame_rate).to_dict(),
    }


def hit_table(spotting: Spotting, frame_rate: Fraction) -> Group:
    """The cuts with the beats that meet them, coloured by how well; below, the shares of them."""
    columns = ("cut", "time", "beat", "frames off", "kind", "weight")
    table = Table(*columns, caption=_tempo(spotting))
    for hit in sorted((*spotting.hits, *spotting.asked_hits), key=lambda hit: hit.cut_frame):
        table.add_row(
            str(hit.cut_frame),
            f"{hit.cut:.3f}",
            f"{hit.beat:g}",
            f"{hit.frames_off:+.2f}",
            hit.kind,
            f"{hit.weight:.2f}",
            style=KIND_COLOURS[hit.kind],
        )
    shares = _share_table(spotting, frame_rate) if spotting.hits else "There is no cut."
    return Group(table, shares)


def _tempo(spotting: Spotting) -> str:
    """The mean tempo, and from where to where it strays."""
    tempo_map = spotting.tempo_map
    tempos = [point["bpm"] for point in tempo_map.points]
    mean = 60 * tempo_map.beats / float(tempo_map.beat_seconds[-1])
    return f"tempo {mean:.1f} BPM, from {min(tempos):.1f} to {max(tempos):.1f}"


def _share_table(spotting: Spotting, frame_rate: Fraction) -> Table:
    """Shares of the cuts that are met, by weight, and what the same beats meet by chance."""
    met, chance = score(spotting, frame_rate), score_shuffled(spotting, frame_rate)
    table = Table("cuts met within", "by a beat", "cuts shuffled", "by a downbeat", "cuts shuffled")
    for frames in met.beats:
        shares = (one[frames] for one in (met.beats, chance.beats, met.downbeats, chance.downbeats))
        window = f"{frames} frame{'s' if frames > 1 else ''}"
        table.add_row(window, *("-" if np.isnan(share) else f"{share:.0%}" for share in shares))
    return table
