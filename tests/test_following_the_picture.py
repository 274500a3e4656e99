"""What an editor judges in ten seconds, on real films through the real pipeline.

Is action bigger than calm, does the music end with the picture, does it sound whole?
"""

import re
import struct
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import resample_poly
from scipy.stats import spearmanr

from diffbgm.arranging.styles import load_style, own_styles, style_names
from diffbgm.composing import compose, recompose
from diffbgm.errors import CutsError, SoundFontError
from diffbgm.music.midi import read_midi
from diffbgm.options import ComposeOptions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
STYLES = ROOT / "diffbgm" / "arranging" / "styles"
DOCUMENT = ROOT / "docs" / "styles.md"


@pytest.fixture(scope="module")
def scored(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored") / "music"
    return compose(demo[0], folder, ComposeOptions(steps=6, seed=1))


def wav(path: Path) -> np.ndarray:
    """(n, 2) float64 of full scale 1."""
    return soundfile.read(path, always_2d=True)[0]


def decibels(samples: np.ndarray) -> float:
    return 10 * np.log10(np.square(samples).mean() + 1e-12)


def make_film(path: Path, seconds: float, rate: int = 24) -> Path:
    """A square that glides over a still background."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(round(seconds * rate)):
            picture = np.full((96, 160, 3), (40, 60, 90), np.uint8)
            picture[30:60, number % 120 : number % 120 + 30] = (220, 180, 40)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


class TestEnergy:
    def test_loudness_follows_it(self, scored):
        energy = [shot["energy"] for shot in scored.shots]
        levels = [decibels(wav(scored.folder / shot["audio"])) for shot in scored.shots]
        assert spearmanr(energy, levels).statistic >= 0.8
        assert levels[np.argmax(energy)] > levels[np.argmin(energy)] + 6

    def test_density_follows_it(self, scored):
        energy = [shot["energy"] for shot in scored.shots]
        onsets = []
        for shot in scored.shots:
            tracks = read_midi(scored.folder / shot["midi"]).tracks
            notes = sum(len(track.notes) for track in tracks)
            onsets.append(notes / (shot["end"] - shot["start"]))
        assert spearmanr(energy, onsets).statistic >= 0.8

    def test_players_enter_and_leave_with_the_shots(self, scored):
        """By the style's own ranges of energy, and more of them where more moves."""
        players = {each.name: each for each in load_style("cinematic").instruments}
        layers = []
        for shot in scored.shots[:-1]:  # all may play the last chord
            tracks = read_midi(scored.folder / shot["midi"]).tracks
            playing = {track.name for track in tracks if track.notes}
            for name in playing - {"Drums"}:
                assert players[name].plays(shot["energy"]), f"{name} in shot {shot['index']}"
            layers.append(len(playing))
        energy = [shot["energy"] for shot in scored.shots[:-1]]
        assert layers[np.argmax(energy)] > layers[np.argmin(energy)]
        assert spearmanr(energy, layers).statistic >= 0.7


class TestTheEnd:
    def test_the_last_chord_rings_and_is_silent_with_the_last_frame(self, scored):
        mix = wav(scored.folder / "mix.wav")
        last_frame = int((scored.frames - 1) * 48_000 / Fraction(*scored.frame_rate))
        assert not mix[last_frame + 1 :].any()
        assert np.abs(mix[last_frame - 48 : last_frame]).max() < 10 ** (-60 / 20)
        assert np.abs(mix[last_frame - 48_000 : last_frame - 24_000]).max() > 10 ** (-50 / 20)

    def test_the_last_chord_stands_on_the_last_downbeat_that_leaves_it_time(self, scored):
        score = read_midi(scored.folder / "score.mid")
        notes = [note for track in score.tracks for note in track.notes if not track.is_drum]
        last = max(note.start_beats for note in notes)
        end = len(scored.beats) - 1
        downbeats = [scored.beats.index(second) for second in scored.downbeats]
        assert last == max(beat for beat in downbeats if beat < end)
        chord = [note for note in notes if note.start_beats == last]
        assert len({note.pitch % 12 for note in chord}) == 3
        assert min(note.end_beats for note in chord) > last + 0.7 * (end - last)

    @pytest.mark.parametrize("seconds", [0.5, 2, 4, 7])
    def test_very_short_films_have_a_shape(self, seconds, tmp_path):
        film = make_film(tmp_path / "film.mp4", seconds)
        made = compose(film, tmp_path / "music", ComposeOptions(steps=4, cuts=()))
        mix = wav(made.folder / "mix.wav")
        assert len(mix) == seconds * 48_000
        assert not mix[-1900:].any()
        assert np.abs(mix).max() > 0.05
        assert made.loudness["true_peak"] <= -1
        score = read_midi(made.folder / "score.mid")
        starts = {note.start_beats for track in score.tracks for note in track.notes}
        assert min(starts) == 0
        if seconds >= 2:
            assert made.loudness["lufs"] == pytest.approx(-16, abs=0.5)
            assert len(starts) >= 2  # something leads to the last chord
            assert max(starts) <= (len(made.beats) - 1) * 0.75  # which has time to ring


class TestSound:
    def test_the_mix_is_as_loud_as_it_should_be_by_others_measures(self, scored):
        mix = wav(scored.folder / "mix.wav")
        assert pyloudnorm.Meter(48_000).integrated_loudness(mix) == pytest.approx(-16, abs=0.5)
        assert 20 * np.log10(np.abs(resample_poly(mix, 16, 1, axis=0)).max()) <= -1
        info = soundfile.info(scored.folder / "mix.wav")
        assert (info.samplerate, info.subtype) == (48_000, "PCM_24")
        assert scored.sound["replaced"] == []

    def test_no_jump_at_a_cut_is_larger_than_inside(self, scored):
        for before, after in zip(scored.shots, scored.shots[1:], strict=False):
            left, right = (wav(scored.folder / shot["audio"]) for shot in (before, after))
            jump = np.abs(right[0] - left[-1]).max()
            inside = [np.abs(np.diff(each[1:-1], axis=0)).max() for each in (left, right)]
            assert jump <= max(inside)
            # Nor is it more than the waveform's own slope right before and after.
            near = np.concatenate([left[-240:], right[:240]])
            slopes = np.abs(np.diff(near, axis=0)).max(axis=1)
            assert jump <= 3 * np.sort(slopes)[-24] + 1e-4


@pytest.fixture(scope="module")
def poor_soundfont(tmp_path_factory) -> Path:
    """The small SoundFont without its harp (46) and its brushes (kit 40)."""
    spec = find_spec("pretty_midi")
    content = bytearray(Path(spec.origin).with_name("TimGM6mb.sf2").read_bytes())
    begin = content.index(b"phdr") + 8
    end = begin + int.from_bytes(content[begin - 4 : begin], "little")
    for record in range(begin, end, 38):  # name, preset, bank, ...
        preset, bank = struct.unpack_from("<HH", content, record + 20)
        if (preset, bank) in ((46, 0), (40, 128)):
            struct.pack_into("<HH", content, record + 20, preset, 99)
    path = tmp_path_factory.mktemp("fonts") / "poor.sf2"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def mine(demo, poor_soundfont, tmp_path_factory):
    """The documentation's style on a poor SoundFont, another loudness, cuts pinned and ignored."""
    example = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
    own_styles().mkdir(parents=True)
    (own_styles() / "night_train.json").write_text(example)
    options = ComposeOptions(
        style="night_train",
        steps=4,
        cuts=(97, 110, 240, 360),
        pinned=(110,),
        ignored=(240,),
        prefer_downbeats=True,
        loudness=-23,
        soundfont=poor_soundfont,
    )
    yield compose(demo[0], tmp_path_factory.mktemp("mine") / "music", options)
    (own_styles() / "night_train.json").unlink()


class TestOverrides:
    def test_a_style_dropped_into_the_folder_is_one_of_them(self, mine):
        assert "night_train" in style_names()
        assert {shot["style"] for shot in mine.shots} == {"night_train"}
        names = {track.name for track in read_midi(mine.folder / "score.mid").tracks}
        assert {"Vibraphone", "Double bass"} <= names
        assert names <= {"Vibraphone", "Guitar", "Double bass", "Drums"}

    def test_the_loudness_is_the_one_asked_for(self, mine):
        mix = wav(mine.folder / "mix.wav")
        assert pyloudnorm.Meter(48_000).integrated_loudness(mix) == pytest.approx(-23, abs=0.5)

    def test_pins_are_met_and_ignored_cuts_weigh_nothing(self, mine):
        hits = {hit["cut_frame"]: hit for hit in mine.hits}
        assert hits[110]["kind"] in ("beat", "downbeat")
        assert hits[110]["weight"] == 1
        assert hits[240]["weight"] == 0

    def test_what_the_soundfont_lacks_is_in_the_result(self, mine):
        assert mine.sound["replaced"] == ["no drum kit 40: the standard kit plays"]
        assert mine.sound["soundfont"].endswith("poor.sf2")

    def test_a_missing_instrument_is_refused_before_any_work(self, demo, poor_soundfont, tmp_path):
        def never(stage, fraction):
            raise AssertionError(stage)

        options = ComposeOptions(style="music_box", soundfont=poor_soundfont)
        with pytest.raises(SoundFontError, match=r"poor\.sf2: has no instrument .* program 46"):
            compose(demo[0], tmp_path / "music", options, never)
        assert list(tmp_path.iterdir()) == []

    def test_pins_that_contradict_each_other_leave_nothing_behind(self, demo, tmp_path):
        options = ComposeOptions(cuts=(97, 103), pinned=(97, 103))
        with pytest.raises(CutsError, match="frame 97 and the pinned cut at frame 103"):
            compose(demo[0], tmp_path / "music", options)
        assert list(tmp_path.iterdir()) == []

    def test_a_style_file_is_found_again_from_another_folder(self, demo, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("odd.json").write_text((STYLES / "music_box.json").read_text())
        options = ComposeOptions(style="odd.json", steps=4, cuts=(300,))
        made = compose(demo[0], Path("music").absolute(), options)
        monkeypatch.chdir("/")
        again = recompose(made.folder, 1)
        assert again.shots[1]["style"] == str(tmp_path / "odd.json")
