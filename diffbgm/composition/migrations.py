"""Old forms of a composition, brought up to date one version after the other, in memory.

composition.json and analysis.npz say the version of their form. Whoever changes a form raises
VERSION and adds a step here; the files are written in the new form with the next take.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import CompositionError

VERSION = 9

Content = dict[str, Any]


def migrate_document(content: Content, path: Path) -> Content:
    """The content of composition.json, read from `path`, in today's form.

    CompositionError if a newer diffbgm wrote it; KeyError, TypeError or ValueError if it is
    damaged.
    """
    return _migrate(content, content["version"], DOCUMENT_STEPS, path)


def migrate_analysis(arrays: Content, path: Path) -> Content:
    """The arrays of analysis.npz, read from `path`, in today's form; errors as for the document."""
    return _migrate(arrays, int(arrays.get("version", 1)), ANALYSIS_STEPS, path)


def _migrate(
    content: Content, version: int, steps: dict[int, Callable[[Content], Content]], path: Path
) -> Content:
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"version {version!r}")
    if version > VERSION:
        raise CompositionError(
            f"{path} was made by a newer diffbgm, in version {version} of its form; this one "
            f"knows those up to {VERSION}: update diffbgm"
        )
    for step in range(version, VERSION):
        content = steps[step](content)
    return {**content, "version": VERSION}


def _document_2(content: Content) -> Content:
    """Version 2 says override where version 1 said wish, may hold a plan of harmony, and records
    each of its files, where version 1 listed the entries of its folder."""
    names = {"wished_mood": "mood_override", "wished_energy": "energy_override"}
    shots = [_renamed(shot, names) for shot in content["source"]["shots"]]
    source = {**content["source"], "shots": shots}
    return {"plan": None, **content, "source": source, "files": dict.fromkeys(content["files"])}


def _analysis_2(arrays: Content) -> Content:
    """Version 2 names what the arrays hold."""
    cuts, mood_source = json.loads(str(arrays["told"]))
    names = {"seen": "image_embeddings", "said": "caption_embeddings"}
    renamed = _renamed({name: rows for name, rows in arrays.items() if name != "told"}, names)
    return {**renamed, "cuts": json.dumps(cuts), "mood_source": mood_source}


def _document_3(content: Content) -> Content:
    """Version 3 says of each shot's first frame what cut it is, and which candidates were none."""
    shots = [{**shot, "cut": None} for shot in content["shots"]]
    return {"rejected_cuts": [], **content, "shots": shots}


def _document_4(content: Content) -> Content:
    """Version 4 says where the music comes from; of older ones that is known in part."""
    model, soundfont = content["model"], Path(content["sound"]["soundfont"])
    font = {"file": soundfont.name, "name": None, "copyright": None, "licence": None}
    origin = {
        "program": {"name": "diffbgm", "version": None, "licence": "MIT"},
        "model": {
            "name": model["name"],
            "sha256": model["sha256"],
            "licence": None,
            "data": [],
        },
        "mood_model": None,
        "soundfonts": [font],
        "seed": content["options"]["seed"],
    }
    return {"origin": origin, **content}


def _analysis_3(arrays: Content) -> Content:
    """Version 3 says of every cut who says that it is one."""
    cuts = [[*cut, "unknown"] for cut in json.loads(str(arrays["cuts"]))]
    return {**arrays, "cuts": json.dumps(cuts), "rejected": np.zeros(0, np.int64)}


def _document_5(content: Content) -> Content:
    """Version 5 says which file of an editor the edit was read from."""
    return {**content, "source": {"document": None, **content["source"]}}


def _document_6(content: Content) -> Content:
    """Version 6 says whether all was rendered again, and what SoundFonts are gone. Takes keep how
    they are played, not their sound, and segments are FLAC: so they are with the next take."""
    return {**content, "sound": {**content["sound"], "rendered_again": None, "gone": []}}


def _document_7(content: Content) -> Content:
    """Version 7 may have hits that are no cuts."""
    return {"asked_hits": [], **content}


def _document_8(content: Content) -> Content:
    """Version 8 says each shot's chords, which older ones do with the next take, and how much its
    take is like songs."""
    new = {"chords": None, "likeness": None}
    return {**content, "shots": [{**new, **shot} for shot in content["shots"]]}


def _document_9(content: Content) -> Content:
    """Version 9 says of every hit who says that there is a cut, and whether it is pinned."""
    cuts = {shot["start_frame"]: shot.get("cut") or {} for shot in content["shots"]}
    pinned = content["options"].get("pinned") or ()
    hits = [
        {
            **hit,
            "source": cuts.get(hit["cut_frame"], {}).get("source", "unknown"),
            "pinned": hit["cut_frame"] in pinned,
        }
        for hit in content["hits"]
    ]
    asked = [
        {**hit, "source": "asked", "pinned": hit["cut_frame"] in pinned}
        for hit in content["asked_hits"]
    ]
    return {**content, "hits": hits, "asked_hits": asked}


def _nothing_else(arrays: Content) -> Content:
    """A version that measures what the one before did."""
    return arrays


def _renamed(content: Content, names: dict[str, str]) -> Content:
    return {names.get(name, name): value for name, value in content.items()}


# The step from each version to the next.
DOCUMENT_STEPS = {
    1: _document_2,
    2: _document_3,
    3: _document_4,
    4: _document_5,
    5: _document_6,
    6: _document_7,
    7: _document_8,
    8: _document_9,
}
ANALYSIS_STEPS = {
    1: _analysis_2,
    2: _analysis_3,
    3: _nothing_else,
    4: _nothing_else,
    5: _nothing_else,
    6: _nothing_else,
    7: _nothing_else,
    8: _nothing_else,
}
