"""The whole way on the demo film, with the weights that come with the package."""

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from diffbgm.composing import compose, recompose, select_take
from diffbgm.composition import load_composition, load_outlines, load_scored_film, load_take
from diffbgm.errors import (
    CancelledError,
    CheckpointError,
    CompositionError,
    CutsError,
    FilmError,
    OptionError,
    SoundFontError,
    StorageError,
    StyleError,
)
from diffbgm.music.midi import read_midi
from diffbgm.options import ComposeOptions, TakeOptions
from diffbgm.preview import preview_hits
from diffbgm.progress import Clock, no_progress
from diffbgm.readers.edits import read_timeline
from diffbgm.writers.folder import write_folder

pytestmark = pytest.mark.slow

CHORDS = "Am | F C/E | G"
QUICK = ComposeOptions(steps=6, seed=3, mux=True, chords=CHORDS)
RATE = Fraction(24000, 1001)


@pytest.fixture(scope="module")
def composed(demo, tmp_path_factory):
    film, truth = demo
    folder = tmp_path_factory.mktemp("composed") / "music"
    return compose(film, folder, QUICK), truth


def wav(path):
    samples, rate = soundfile.read(path, dtype="int32", always_2d=True)
    assert rate == 48_000
    return samples


def copied(composition, tmp_path):
    """The same composition in a folder that a test may change."""
    folder = tmp_path / "music"
    shutil.copytree(composition.folder, folder)
    return folder


def test_the_folder_holds_what_it_promises(composed):
    composition, truth = composed
    folder = composition.folder
    shots = range(len(truth.cuts) + 1)
    expected = {f"shots/{n:03d}{suffix}" for n in shots for suffix in (".flac", ".mid", ".png")}
    expected |= {"composition.json", "mix.wav", "score.mid", "overview.png", "timeline.otio"}
    expected |= {"film.mp4"}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert expected <= found
    assert load_composition(folder) == composition
    assert set(composition.files) == found - {"composition.json"}


def test_composition_json_says_all(composed):
    composition, truth = composed
    content = json.loads((composition.folder / "composition.json").read_text())
    assert content["frame_rate"] == [24000, 1001]
    assert content["mood_source"] == "colour"
    assert content["frames"] == truth.frames
    assert content["seconds"] == pytest.approx(float(truth.frames / RATE))
    assert [shot["index"] for shot in content["shots"]] == list(range(len(truth.cuts) + 1))
    assert len(content["conditions"]["dynamic"]) == len(content["beats"]) - 1
    written = ["Am", "Am", "F", "C/E", "G", "G"]
    pickup = 2 if content["first_downbeat"] else 0
    assert content["plan"]["chords"][pickup : pickup + 6] == written
    assert {hit["kind"] for hit in content["hits"]} <= {"downbeat", "beat", "half", "none"}
    assert content["beats"][-1] == pytest.approx(content["seconds"], abs=1e-9)
    assert set(content["timings"]) >= {"analysis", "diffusion", "sound", "mastering"}
    assert len(content["model"]["sha256"]) == 64


def test_shots_are_those_of_the_film(composed):
    composition, truth = composed
    found = [shot["start_frame"] for shot in composition.shots[1:]]
    middle = sum(truth.dissolve) / 2
    for cut, true in zip(found, truth.cuts, strict=True):
        allowed = 12 if abs(true - middle) < 2 else 1
        assert abs(cut - true) <= allowed


def test_segments_laid_end_to_end_are_the_mix(composed):
    composition, _ = composed
    folder = composition.folder
    pieces = [wav(folder / shot["audio"]) for shot in composition.shots]
    mix = wav(folder / "mix.wav")
    assert np.array_equal(np.concatenate(pieces), mix)
    assert len(mix) == round(Fraction(composition.frames * 48_000) / RATE)
    for shot, piece in zip(composition.shots, pieces, strict=True):
        frames = shot["end_frame"] - shot["start_frame"]
        assert len(piece) == pytest.approx(float(frames * 48_000 / RATE), abs=1)


def test_stems_add_up_to_the_mix(composed):
    folder = composed[0].folder
    stems = sum(wav(path).astype(np.int64) for path in (folder / "stems").glob("*.flac"))
    assert np.array_equal(stems, wav(folder / "mix.wav"))


def test_it_is_as_loud_as_it_should_be_and_ends_in_silence(composed):
    composition, _ = composed
    assert composition.loudness["lufs"] == pytest.approx(-16, abs=0.5)
    assert composition.loudness["true_peak"] < -1
    mix = wav(composition.folder / "mix.wav")
    assert np.abs(mix[-48:]).max() < 2**31 / 1000
    assert np.abs(mix[: 48_000 * 5]).max() > 2**31 / 1000


def test_notes_end_with_the_picture(composed):
    composition, _ = composed
    score = read_midi(composition.folder / "score.mid")
    ends = [note.end_beats for track in score.tracks for note in track.notes]
    beats = len(composition.beats) - 1
    assert beats - 4.5 < max(ends) <= beats


def test_the_same_seed_gives_the_same_notes(composed, demo, tmp_path):
    again = compose(demo[0], tmp_path / "again", replace(QUICK, mux=False))
    first = (composed[0].folder / "score.mid").read_bytes()
    assert (again.folder / "score.mid").read_bytes() == first
    assert np.array_equal(wav(again.folder / "mix.wav"), wav(composed[0].folder / "mix.wav"))


def test_the_timeline_lays_music_under_every_shot(composed):
    composition, _ = composed
    edit = read_timeline(composition.folder / "timeline.otio")
    assert [shot.start_frame for shot in edit.shots] == [
        shot["start_frame"] for shot in composition.shots
    ]


def test_progress_rises_to_the_end(demo, tmp_path):
    reports = []
    compose(
        str(demo[0]),
        str(tmp_path / "music"),
        ComposeOptions(steps=4, cuts=(200,)),
        lambda stage, fraction: reports.append((stage, fraction)),
    )
    fractions = [fraction for _, fraction in reports]
    assert all(a <= b + 1e-9 for a, b in pairwise(fractions))
    assert {"analysis", "diffusion", "sound"} <= {stage for stage, _ in reports}


def write_as_version_1(folder):
    """The folder's files as version 1 named what is in them."""
    content = json.loads((folder / "composition.json").read_text())
    for shot in content["source"]["shots"]:
        shot["wished_mood"] = shot.pop("mood_override")
        shot["wished_energy"] = shot.pop("energy_override")
    for shot in content["shots"]:
        sound = folder / shot["audio"]
        shot["audio"] = f"shots/{sound.stem}.wav"
        sound.rename(folder / shot["audio"])
    entries = {path.name for path in folder.iterdir()}
    old = {**content, "version": 1, "files": sorted(entries)}
    (folder / "composition.json").write_text(json.dumps(old))
    (folder / "takes" / "outlines.json").unlink()
    (folder / "takes" / "000" / "0" / "sound.flac").write_bytes(b"fLaC")
    with np.load(folder / "analysis.npz") as file:
        arrays = dict(file)
    del arrays["version"]
    cuts = [cut[:4] for cut in json.loads(str(arrays.pop("cuts")))]
    texts = [cuts, str(arrays.pop("mood_source"))]
    np.savez_compressed(folder / "analysis.npz", **arrays, told=json.dumps(texts))


SHOT = 4


@pytest.fixture(scope="module")
def both(composed, tmp_path_factory):
    """PreviousVersion, and after a new take of one shot."""
    before, _ = composed
    folder = copied(before, tmp_path_factory.mktemp("takes"))
    return before, recompose(folder, SHOT)


class TestRecompose:
    def test_notes_of_the_others_are_identical(self, both):
        before, after = (load_scored_film(one) for one in both)
        for shot, (old, new) in enumerate(zip(before.takes, after.takes, strict=True)):
            assert (old.score == new.score) == (shot != SHOT)
            assert np.array_equal(old.roll, new.roll) == (shot != SHOT)

    def test_files_of_the_others_are_identical(self, both):
        before, after = both
        for shot in before.shots:
            if shot["index"] != SHOT:
                for name in (shot["midi"], shot["image"]):
                    assert (before.folder / name).read_bytes() == (after.folder / name).read_bytes()

    def test_sound_outside_is_identical_but_for_tails(self, both):
        before, _ = both
        old, new = (wav(one.folder / "mix.wav") for one in both)
        changed = np.flatnonzero((old != new).any(axis=1))
        shot = before.shots[SHOT]
        lookahead = 0.02
        assert changed[0] >= (shot["start"] - lookahead) * 48_000
        outlines = [each for one in both for each in load_outlines(one.folder)[SHOT]]
        rings_until = max(outline.stop for outline in outlines)
        assert changed[-1] <= rings_until + lookahead * 48_000

    def test_all_files_are_as_if_all_was_made(self, both, tmp_path):
        """Though only the range that sounds otherwise was made. Not so the pictures of the other
        shots, which stay as they are: made again they would show the range of the new take."""
        _, after = both
        write_folder(tmp_path, load_scored_film(after), Clock(no_progress))
        made = [
            path for path in tmp_path.rglob("*") if path.suffix in (".wav", ".flac", ".mid", ".png")
        ]
        others = set(range(len(after.shots))) - {SHOT}
        made = [path for path in made if path.name not in {f"{n:03d}.png" for n in others}]
        assert len(made) > 2 * len(after.shots)
        for path in made:
            other = after.folder / path.relative_to(tmp_path)
            assert path.read_bytes() == other.read_bytes(), path.name

    def test_the_old_take_is_kept_and_comes_back_to_the_bit(self, both):
        before, after = both
        assert after.shots[SHOT]["take"] == 1
        assert after.shots[SHOT]["takes"] == 2
        restored = select_take(after.folder, SHOT, 0)
        assert restored.shots[SHOT]["take"] == 0
        assert restored.shots[SHOT]["takes"] == 2
        assert np.array_equal(wav(restored.folder / "mix.wav"), wav(before.folder / "mix.wav"))
        assert restored.conditions == before.conditions

    def test_overrides_shape_the_take(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        calm = composed[0].shots[0]
        wild = recompose(folder, 0, TakeOptions(energy=0.95, mood=(-0.8, 0.9), seed=5))
        assert wild.shots[0]["energy"] > calm["energy"] + 0.5
        assert wild.shots[0]["mood"] == pytest.approx([-0.8, 0.9], abs=0.01)
        assert wild.shots[0]["seed"] == 5
        assert wild.shots[1] == composed[0].shots[1]
        notes = [
            sum(len(track.notes) for track in load_scored_film(one).takes[0].score.tracks)
            for one in (composed[0], wild)
        ]
        assert notes[1] > notes[0]

    def test_a_take_in_another_style(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        after = recompose(folder, 2, TakeOptions(style="solo_piano"))
        assert [shot["style"] for shot in after.shots].count("solo_piano") == 1

    def test_the_same_notes_in_another_style_need_no_network(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        other = TakeOptions(notes="same", style="music_box", checkpoint=tmp_path / "no weights")
        after = load_scored_film(recompose(folder, 2, other))
        before = load_scored_film(composed[0])
        assert np.array_equal(after.roll, before.roll)
        assert after.takes[2].score != before.takes[2].score
        assert after.takes[2].seed == before.takes[2].seed

    def test_the_same_notes_an_octave_higher(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        recompose(folder, 2, TakeOptions(notes="same", style="solo_piano"))
        low, high = (
            load_scored_film(recompose(folder, 2, TakeOptions(notes="same", octave=octave)))
            for octave in (0, 1)
        )
        pitches = [
            np.mean([n.pitch for track in one.takes[2].score.tracks for n in track.notes])
            for one in (low, high)
        ]
        assert 4 < pitches[1] - pitches[0] <= 12

    def test_several_takes_at_once(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        after = recompose(folder, 3, TakeOptions(takes=3, seed=40))
        assert (after.shots[3]["take"], after.shots[3]["takes"]) == (1, 4)
        takes = [load_take(folder, 3, number) for number in range(4)]
        assert [take.seed for take in takes[1:]] == [40, 41, 42]
        rolls = {take.roll.tobytes() for take in takes}
        assert len(rolls) == 4

    @pytest.mark.parametrize("shot", [-1, 9, 1000])
    def test_a_shot_that_is_not_there(self, composed, shot):
        with pytest.raises(CompositionError, match="shots 0 to 8"):
            recompose(composed[0].folder, shot)

    def test_a_take_that_is_not_there(self, composed):
        with pytest.raises(CompositionError, match="no take 7"):
            select_take(composed[0].folder, 1, 7)

    def test_a_composition_of_version_1_goes_on(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        before = load_scored_film(composed[0])
        write_as_version_1(folder)
        other = TakeOptions(notes="same", style="music_box")
        after = recompose(folder, 2, other)
        assert after.version == composed[0].version
        assert "rendered again" in after.sound["rendered_again"]
        assert not list(folder.rglob("sound.flac"))
        assert load_composition(folder) == after
        takes = load_scored_film(after).takes
        assert [old.score == new.score for old, new in zip(before.takes, takes, strict=True)] == [
            shot != 2 for shot in range(len(takes))
        ]

    def test_a_take_is_played_by_the_soundfont_that_it_was_made_with(self, composed, tmp_path):
        """Its sound is rendered again when a neighbour is exchanged, and when it is gone, the
        film's own plays, which is told."""
        folder, soundfont = copied(composed[0], tmp_path), composed[0].sound["soundfont"]
        shutil.copy(soundfont, tmp_path / "other.sf2")
        same = TakeOptions(notes="same")
        recompose(folder, 2, replace(same, soundfont=tmp_path / "other.sf2"))
        after = recompose(folder, 3, same)
        assert (after.sound["gone"], after.sound["rendered_again"]) == ([], None)
        (tmp_path / "other.sf2").unlink()
        after = recompose(folder, 3, same)
        assert after.sound["gone"] == [f"{tmp_path / 'other.sf2'} is gone: {soundfont} plays"]
        assert after.sound["rendered_again"] is None  # it is the same SoundFont

    def test_a_failed_take_leaves_all_as_it_was(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

        def stop(stage, fraction):
            if stage == "sound":
                raise CancelledError("stopped")

        with pytest.raises(CancelledError):
            recompose(folder, 2, progress=stop)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
        assert list(tmp_path.iterdir()) == [folder]


class TestBadInput:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: compose(7, "music"), r"source must be a path \(str or Path\), not int"),
            (lambda: compose("film.mp4", None), "folder must be a path"),
            (lambda: compose("film.mp4", "music", {"seed": 3}), "must be ComposeOptions, not dict"),
            (lambda: recompose("music", 0, ComposeOptions()), "TakeOptions, not ComposeOptions"),
            (lambda: recompose(["music"], 0), "folder must be a path .* not list"),
            (lambda: preview_hits(b"film.mp4"), "source must be a path .* not bytes"),
        ],
    )
    def test_a_wrong_type_is_named(self, call, message):
        with pytest.raises(TypeError, match=message):
            call()

    def test_a_shot_is_a_number(self, composed):
        with pytest.raises(TypeError, match="shot must be int, not str"):
            recompose(composed[0].folder, "2")
        with pytest.raises(TypeError, match="take must be int, not float"):
            select_take(composed[0].folder, 2, 1.0)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"style": "polka-metal"}, StyleError),
            ({"cuts": (100, 50)}, CutsError),
            ({"cuts": (10_000,)}, CutsError),
            ({"device": "abacus"}, OptionError),
        ],
    )
    def test_wrong_options(self, demo, tmp_path, options, error):
        with pytest.raises(error):
            compose(demo[0], tmp_path / "music", ComposeOptions(**options))
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_film(self, tmp_path):
        with pytest.raises(FilmError, match=r"nothing\.mp4"):
            compose(tmp_path / "nothing.mp4", tmp_path / "music")
        assert list(tmp_path.iterdir()) == []

    def test_no_soundfont_and_no_weights(self, demo, tmp_path):
        text = tmp_path / "notes.txt"
        text.write_text("neither notes nor weights")
        with pytest.raises(SoundFontError, match=r"notes\.txt"):
            compose(demo[0], tmp_path / "music", ComposeOptions(soundfont=text))
        with pytest.raises(CheckpointError, match=r"notes\.txt"):
            compose(demo[0], tmp_path / "music", ComposeOptions(checkpoint=text))
        assert list(tmp_path.iterdir()) == [text]

    def test_a_folder_that_cannot_be_made(self, demo, tmp_path):
        file = tmp_path / "file"
        file.write_text("in the way")
        with pytest.raises(StorageError, match="file"):
            compose(demo[0], file / "music", ComposeOptions(steps=4))
        assert file.read_text() == "in the way"

    def test_a_folder_that_is_no_composition(self, tmp_path):
        with pytest.raises(CompositionError, match=r"composition\.json"):
            recompose(tmp_path, 0)
        (tmp_path / "composition.json").write_text('{"version": 1}')
        with pytest.raises(CompositionError, match="damaged"):
            recompose(tmp_path, 0)

    @pytest.mark.parametrize("name", ["analysis.npz", "takes/000/0/take.npz"])
    def test_a_composition_that_lost_something(self, composed, tmp_path, name):
        folder = copied(composed[0], tmp_path)
        with (folder / name).open("r+b") as file:
            file.truncate(500)
        with pytest.raises(CompositionError, match="is damaged"):
            recompose(folder, 0)
        (folder / name).unlink()
        with pytest.raises(CompositionError, match=r"analysis\.npz cannot be read|has no take 0"):
            recompose(folder, 0)

    def test_composing_again_keeps_what_is_not_ours(self, demo, tmp_path):
        folder = tmp_path / "music"
        options = ComposeOptions(steps=4, cuts=(200,))
        compose(demo[0], folder, options)
        (folder / "notes_of_the_director.txt").write_text("louder")
        again = compose(demo[0], folder, replace(options, cuts=(100, 300)))
        assert (folder / "notes_of_the_director.txt").read_text() == "louder"
        assert len(list((folder / "shots").glob("*.flac"))) == 3 == len(again.shots)

    def test_a_project_of_somebody_else_is_refused_before_any_work(self, demo, tmp_path):
        for name in ("shots/scene 1.mov", "takes/best.txt", "mix.wav"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("all we have")
        stages = []
        with pytest.raises(StorageError, match=r"did not write, .*: mix\.wav, shots, takes\. Move"):
            compose(demo[0], tmp_path, progress=lambda stage, _: stages.append(stage))
        assert stages == []
        for name in ("shots/scene 1.mov", "takes/best.txt", "mix.wav"):
            assert (tmp_path / name).read_text() == "all we have"

    def test_a_file_of_ours_that_somebody_changed_is_kept(self, composed, tmp_path):
        folder = copied(composed[0], tmp_path)
        (folder / "mix.wav").write_bytes(b"a mix of my own")
        (folder / "shots" / "notes.txt").write_text("louder")
        with pytest.raises(StorageError, match=r"changed since: mix\.wav\. Move them away"):
            recompose(folder, 2, TakeOptions(notes="same"))
        assert (folder / "mix.wav").read_bytes() == b"a mix of my own"
        (folder / "mix.wav").unlink()
        select_take(folder, 2, 0)
        assert len(wav(folder / "mix.wav"))
        assert (folder / "shots" / "notes.txt").read_text() == "louder"

    def test_a_film_is_not_written_over(self, demo, tmp_path):
        film = tmp_path / "film.mp4"
        film.write_bytes(demo[0].read_bytes())
        with pytest.raises(OptionError, match="write over"):
            compose(film, tmp_path, ComposeOptions(mux=True))


def test_big_buck_bunny(bunny, tmp_path):
    composition = compose(bunny, tmp_path / "music", ComposeOptions(style="solo_piano", steps=8))
    assert len(composition.shots) == 1
    assert composition.frame_rate == [25, 1]
    score = read_midi(composition.folder / "score.mid")
    assert sum(len(track.notes) for track in score.tracks) >= 5
