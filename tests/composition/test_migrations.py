"""Folders of older versions open in today's form; those of newer ones say what to do.

tests/golden/version_1 is what the last commit of version 1 wrote for a film of two shots, without
its sound.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from diffbgm.composition import VERSION, load_composition, recorded_files
from diffbgm.composition.measured import load_analysis
from diffbgm.composition.migrations import ANALYSIS_STEPS, DOCUMENT_STEPS, migrate_analysis
from diffbgm.composition.source import timeline_of
from diffbgm.errors import CompositionError

VERSION_1 = Path(__file__).parent.parent / "golden" / "version_1"


def test_every_older_version_has_its_step():
    assert list(DOCUMENT_STEPS) == list(ANALYSIS_STEPS) == list(range(1, VERSION))


def test_a_folder_of_version_1_opens_in_todays_form():
    composition = load_composition(VERSION_1)
    assert composition.version == VERSION
    timeline = timeline_of(composition.to_dict())
    assert [shot.start_frame for shot in timeline.shots] == [0, 36]
    assert timeline.shots[1].mood is None
    analysis = load_analysis(VERSION_1, timeline)
    assert [(cut.frame, cut.kind, cut.source) for cut in analysis.cuts] == [(36, "hard", "unknown")]
    assert analysis.rejected == ()
    assert composition.rejected_cuts == []
    assert [shot["cut"] for shot in composition.shots] == [None, None]
    assert [shot["chords"] for shot in composition.shots] == [None, None]
    assert [(hit["source"], hit["pinned"]) for hit in composition.hits] == [("unknown", False)]
    assert analysis.mood_source == composition.mood_source == "colour"
    assert analysis.motion.shape == (72,)
    assert analysis.image_embeddings is None


def test_overrides_and_embeddings_of_version_1_keep_their_values(tmp_path: Path):
    content = json.loads((VERSION_1 / "composition.json").read_text())
    content["source"]["shots"][1] |= {"wished_mood": [0.5, -0.25], "wished_energy": 0.75}
    (tmp_path / "composition.json").write_text(json.dumps(content))
    shots = timeline_of(load_composition(tmp_path).to_dict()).shots
    assert [(shot.mood, shot.energy) for shot in shots] == [(None, None), ((0.5, -0.25), 0.75)]
    rows = np.eye(3, dtype=np.float32)
    arrays = {"told": '[[], "clip"]', "seen": rows, "said": 2 * rows}
    migrated = migrate_analysis(arrays, tmp_path)
    assert np.array_equal(migrated["image_embeddings"], rows)
    assert np.array_equal(migrated["caption_embeddings"], 2 * rows)


def with_version(folder: Path, version: object) -> Path:
    content = json.loads((VERSION_1 / "composition.json").read_text())
    (folder / "composition.json").write_text(json.dumps({**content, "version": version}))
    shutil.copy(VERSION_1 / "analysis.npz", folder)
    return folder


def test_a_newer_version_asks_for_a_newer_program(tmp_path: Path):
    with pytest.raises(CompositionError, match=r"composition\.json was made by a newer diffbgm, "):
        load_composition(with_version(tmp_path, VERSION + 1))


@pytest.mark.parametrize("version", [0, -1, None, "1", 1.5, [1]])
def test_a_version_that_is_none_is_damage(tmp_path: Path, version: object):
    with pytest.raises(CompositionError, match="damaged"):
        load_composition(with_version(tmp_path, version))


def test_a_folder_of_version_1_claims_what_is_called_like_its_files(tmp_path: Path):
    names = ["mix.wav", "shots/000.wav", "takes/001/0/take.json", "takes/001/0/sound.flac"]
    others = ["film.mov", "shots/notes.wav", "takes/best.txt", "score.txt"]
    for name in names + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    claimed = recorded_files(with_version(tmp_path, 1))
    assert set(claimed) == {*names, "analysis.npz", "composition.json"}
    assert claimed["mix.wav"].bytes == len("mix.wav")
