"""analysis.npz: what was measured of the picture, but for the timeline. Knows no music."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from diffbgm.composition.migrations import VERSION, migrate_analysis
from diffbgm.files.arrays import read_arrays
from diffbgm.timeline import Timeline
from diffbgm.video.analysis import Cut, MoodSource, VideoAnalysis

ANALYSIS = "analysis.npz"


def save_analysis(analysis: VideoAnalysis, folder: Path) -> None:
    """Keep what was measured, but for the timeline, which composition.json holds."""
    cuts = [[*asdict(cut).values()] for cut in analysis.cuts]
    arrays: dict[str, Any] = {
        "version": VERSION,
        "cuts": json.dumps(cuts),
        "rejected": np.array(analysis.rejected, np.int64),
        "motion": analysis.motion,
        "mood": analysis.mood,
        "mood_source": analysis.mood_source,
        "thumbnails": analysis.thumbnails,
    }
    embeddings = {
        "image_embeddings": analysis.image_embeddings,
        "caption_embeddings": analysis.caption_embeddings,
    }
    arrays |= {name: rows for name, rows in embeddings.items() if rows is not None}
    with (folder / ANALYSIS).open("wb") as file:
        np.savez_compressed(file, **arrays)


def load_analysis(folder: Path, timeline: Timeline) -> VideoAnalysis:
    """What `save_analysis` kept, also in a form of an older version."""
    path = folder / ANALYSIS
    arrays = migrate_analysis(read_arrays(path), path)
    cuts = json.loads(str(arrays["cuts"]))
    return VideoAnalysis(
        timeline=timeline,
        cuts=tuple(Cut(*cut) for cut in cuts),
        motion=arrays["motion"],
        mood=arrays["mood"],
        thumbnails=arrays["thumbnails"],
        mood_source=cast(MoodSource, str(arrays["mood_source"])),
        image_embeddings=arrays.get("image_embeddings"),
        caption_embeddings=arrays.get("caption_embeddings"),
        rejected=tuple(arrays["rejected"].tolist()),
    )
