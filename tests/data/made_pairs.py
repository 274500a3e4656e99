"""A small set in the public layout of BGM909, written to disc as the public programs write it."""

from pathlib import Path

import numpy as np
import torch

BARS = 12
FRAMES, CAPTIONS = 90, 30


def write_pair(root: Path, song: str, bars: int = BARS) -> None:
    """A song with its film's features, shots and captions, under the public names."""
    write_music(root / "POP909_4_bin_pnt_8bar" / f"{song}.npz", int(song), bars)
    rng = np.random.default_rng(int(song))
    visual = torch.from_numpy(rng.standard_normal((FRAMES, 512)).astype(np.float32))
    language = rng.standard_normal((CAPTIONS, 768)).astype(np.float32)
    torch.save(visual, _in(root, "new_raw_video_feats") / f"{song}.pth")
    np.save(_in(root, "caption_feats") / f"{song}.npy", language)
    (_in(root, "detection") / f"{song}_scenes.txt").write_text("0 47\n48 89\n")


def write_music(path: Path, seed: int, bars: int = BARS, bar_beats: tuple[int, ...] = ()) -> None:
    """A song on its grid, its tracks of different lengths in a pickled array of lists.

    `bar_beats` are the beats of each bar where they are not all four.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    beats = bar_beats or (4,) * bars
    downbeats = np.cumsum([0, *beats[:-1]]) * 4
    sixteenths = sum(beats) * 4
    tracks = [_track(rng, sixteenths, step) for step in (2, 8, 4)]
    notes = np.empty(3, object)
    notes[:] = tracks
    tables = [
        {downbeat: sum(row[0] < downbeat for row in track) for downbeat in downbeats.tolist()}
        for track in tracks
    ]
    # As the public filter: eight bars are left, and the first of them has four beats.
    complete = [
        index + 8 <= len(downbeats) and downbeats[index + 1] - downbeats[index] == 16
        for index in range(len(downbeats))
    ]
    chord = np.zeros((sum(beats), 14))
    chord[:, [1, 5, 8]] = 1  # C major
    np.savez(
        path,
        notes=notes,
        start_table=np.array(tables, object),
        db_pos=downbeats,
        db_pos_filter=np.array(complete),
        chord=chord,
    )


def _track(rng: np.random.Generator, sixteenths: int, step: int) -> list[list[np.int64]]:
    """Rows of onset, pitch, duration, velocity, program; numpy's numbers, as in the public set."""
    return [
        [np.int64(value) for value in (onset, rng.integers(48, 84), step, 80, 0)]
        for onset in range(0, sixteenths, step)
    ]


def _in(root: Path, folder: str) -> Path:
    (root / folder).mkdir(parents=True, exist_ok=True)
    return root / folder
