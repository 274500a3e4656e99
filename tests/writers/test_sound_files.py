"""Another take of one shot: what is patched into the files is what would be made whole."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diffbgm.composition import ScoredFilm, Take, save_outlines
from diffbgm.dialogue import Dialogue
from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import ComposeOptions
from diffbgm.progress import Advance
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.sample_files import SampleFile
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesis import StemMix
from diffbgm.sound.synthesizers import open_synthesizer
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import Spotting
from diffbgm.timeline import Shot, Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.writers.rendered_shots import rendered_shots
from diffbgm.writers.rendering import (
    FilmSound,
    PreviousVersion,
    TakePlayer,
    boundaries_of,
    render_film,
    stem_path,
)
from diffbgm.writers.sound_files import write_sound

pytestmark = pytest.mark.slow

RATE = Fraction(24_000, 1001)
ENDS = (0, 30, 47, 60, 95, 120, 125)  # frames; the last shots are short
SHOTS = tuple(Shot(n, ENDS[n], ENDS[n + 1]) for n in range(len(ENDS) - 1))
STEMS = ("Piano", "Bass", "Strings")


def take(seed: int, stems: tuple[str, ...] = STEMS) -> Take:
    """One whose sound is its seed's, on those stems."""
    nothing = np.zeros((0, 3))
    tracks = tuple(Track(stem, 0, ()) for stem in stems)
    return Take(seed, "cinematic", nothing, nothing, nothing, Score(tracks))


def sound_of(shot: int, seed: int, stems: Iterable[str]) -> tuple[Part, ...]:
    """Decaying noise, so loud now and then that it must be limited, with a tail of 0.6 s."""
    rng = np.random.default_rng((seed, shot))
    timeline = Timeline(RATE, SHOTS)
    first, last, end = (
        timeline.sample(frame, SAMPLE_RATE) for frame in (ENDS[shot], ENDS[shot + 1], ENDS[-1])
    )
    parts = []
    for stem in stems:
        start = first + int(rng.integers(0, 3000))
        length = min(last + round(0.6 * SAMPLE_RATE), end) - start
        loudness = rng.uniform(0.05, 0.5, length // 2000 + 1).repeat(2000)[:length]
        samples = rng.normal(size=(length, 2)) * loudness[:, None]
        parts.append(Part.rounded(stem, start, samples.astype(np.float32)))
    return tuple(parts)


class NoisePlayer:
    """Plays noise; where `moved`, other noise than before for shots from that one on."""

    def __init__(self, film: ScoredFilm, moved: int = len(SHOTS)) -> None:
        self.film, self.moved, self.played = film, moved, []

    def identity(self, shot: int) -> str | None:
        """Nothing is kept."""

    def play(self, shot: int, advance: Advance) -> tuple[Part, ...]:
        self.played.append(shot)
        take = self.film.takes[shot]
        seed = take.seed + 100 * (shot >= self.moved)
        return sound_of(shot, seed, [track.name for track in take.score.tracks])

    def notes(self) -> dict[str, Any]:
        return {"synthesizer": "noise"}


def write(
    folder: Path,
    film: ScoredFilm,
    previous: PreviousVersion | None = None,
    moved: int = len(SHOTS),
) -> tuple[float, FilmSound, list[int]]:
    """The gain, what was mixed, and the shots that were played."""
    folder.mkdir()
    player = NoisePlayer(film, moved)
    sound = render_film(film, folder, previous, players=lambda _: nullcontext(player))
    gain_db = write_sound(folder, film, sound)
    sound.discard()
    save_outlines(sound.outlines, folder)
    return gain_db, sound, player.played


@pytest.fixture(params=[(), ((0.4, 1.3), (3.0, 3.5))], ids=["plain", "dialogue"])
def film(request: pytest.FixtureRequest) -> ScoredFilm:
    timeline = Timeline(RATE, SHOTS)
    analysis = VideoAnalysis(
        timeline, (), np.zeros(125), np.zeros((6, 3)), np.zeros((6, 9, 16, 3), np.uint8), "colour"
    )
    tempo = TempoMap.constant(10, timeline.seconds)
    cues = CueSheet(Spotting(tempo, (), 0), np.zeros((10, 6)), np.zeros((10, 3)), np.zeros(10, int))
    return ScoredFilm(
        analysis=analysis,
        cues=replace(cues, dialogue=Dialogue(request.param)),
        takes=(take(seed=1),) * len(SHOTS),
        numbers=((0, 1),) * len(SHOTS),
        options=ComposeOptions(),
        film=None,
        model={},
        sound={},
        origin={},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".wav", ".flac")
    }


def mix_of(folder: Path) -> np.ndarray:
    return SampleFile(folder / "mix.wav")[:]


def with_take(film: ScoredFilm, shot: int, take: Take) -> ScoredFilm:
    return replace(film, takes=(*film.takes[:shot], take, *film.takes[shot + 1 :]))


@pytest.mark.parametrize("shot", range(len(SHOTS)))
def test_patched_is_as_made_whole(film: ScoredFilm, shot: int, tmp_path: Path) -> None:
    """With an instrument that leaves the shot and a new one that enters the film."""
    gain_db, _, _ = write(tmp_path / "before", film)
    film = replace(film, gain_db=gain_db)
    after = with_take(film, shot, take(seed=2, stems=("Piano", "Flute")))

    _, sound, played = write(
        tmp_path / "patched", after, PreviousVersion(tmp_path / "before", shot)
    )
    _, whole, _ = write(tmp_path / "whole", after)
    assert files(tmp_path / "patched") == files(tmp_path / "whole")
    assert sound.outlines == whole.outlines
    assert sound.notes == {"synthesizer": "noise", "rendered_again": None}
    assert len(played) == len(set(played)) < len(SHOTS)

    first = boundaries_of(film)[shot]
    mix, mixed_again = (mix_of(tmp_path / name) for name in ("before", "whole"))
    assert np.array_equal(mix[:first], mixed_again[:first])
    assert not np.array_equal(mix, mixed_again)


def test_an_instrument_that_no_shot_plays_any_more_is_gone(film, tmp_path: Path) -> None:
    film = with_take(film, 2, take(seed=1, stems=("Flute",)))
    gain_db, _, _ = write(tmp_path / "before", film)
    after = with_take(replace(film, gain_db=gain_db), 2, take(seed=2))
    write(tmp_path / "after", after, PreviousVersion(tmp_path / "before", 2))
    assert stem_path(tmp_path / "before", "Flute").exists()
    assert not stem_path(tmp_path / "after", "Flute").exists()


@pytest.mark.parametrize("missing", ["stem and mix", "outlines", "a segment"])
def test_files_that_are_not_as_they_were_written_are_not_used(
    film, tmp_path: Path, missing: str
) -> None:
    before = tmp_path / "before"
    gain_db, _, _ = write(before, film)
    after = with_take(replace(film, gain_db=gain_db), 3, take(seed=2))
    if missing == "stem and mix":
        stem_path(before, "Bass").unlink()
        (before / "mix.wav").write_bytes(b"RIFF, but no sound")
    elif missing == "outlines":
        (before / "takes" / "outlines.json").write_text("[[{}]]")
    else:
        (before / "shots" / "005.flac").write_bytes(b"fLaC")
    _, sound, played = write(tmp_path / "patched", after, PreviousVersion(before, 3))
    write(tmp_path / "whole", after)
    assert files(tmp_path / "patched") == files(tmp_path / "whole")
    assert "rendered again" in sound.notes["rendered_again"]
    assert sorted(played) == list(range(len(SHOTS)))


def test_where_a_neighbour_sounds_otherwise_all_is_rendered_again(film, tmp_path: Path) -> None:
    """As with another SoundFont; every shot is played once all the same."""
    before = tmp_path / "before"
    gain_db, _, _ = write(before, film)
    after = with_take(replace(film, gain_db=gain_db), 2, take(seed=2))
    _, sound, played = write(tmp_path / "patched", after, PreviousVersion(before, 2), moved=3)
    write(tmp_path / "whole", after, moved=3)
    assert files(tmp_path / "patched") == files(tmp_path / "whole")
    assert "rendered again" in sound.notes["rendered_again"]
    assert sorted(played) == list(range(len(SHOTS)))


def test_finished_sound_has_19_bits_and_no_part_stays(film, tmp_path: Path) -> None:
    write(tmp_path / "music", film)
    for path in [*(tmp_path / "music").rglob("*.flac"), tmp_path / "music" / "mix.wav"]:
        file = SampleFile(path)
        assert not (file.levels(0, len(file)) % 32).any()
    assert not list((tmp_path / "music").glob("parts-*"))


class NamedNoise(NoisePlayer):
    """Noise that can be told apart."""

    def identity(self, shot: int) -> str | None:
        return f"noise {shot} {self.film.takes[shot].seed}"


def test_a_shot_is_played_once(tmp_path: Path, film: ScoredFilm) -> None:
    rendered_shots.clear()
    first, second = NamedNoise(film), NamedNoise(with_take(film, 2, take(seed=7)))
    sounds = []
    for player in (first, second):
        with_player = nullcontext(player)
        sounds.append(render_film(player.film, tmp_path, players=lambda _, it=with_player: it))
    rendered_shots.clear()
    assert first.played == list(range(len(SHOTS)))
    assert second.played == [2]
    before, after = (sound.outlines for sound in sounds)
    assert [one == other for one, other in zip(before, after, strict=True)] == [
        shot != 2 for shot in range(len(SHOTS))
    ]
    for part in sounds[1].parts:
        assert len(part.between(part.start, part.stop)) == part.length


def test_all_that_decides_a_sound_tells_takes_apart(film: ScoredFilm) -> None:
    def identity(of: ScoredFilm, shot: int = 0) -> str:
        of = replace(of, sound={"soundfont": str(synthesizer.soundfont)})
        return TakePlayer(of, lambda _: synthesizer).identity(shot)

    def playing(**changed: object) -> ScoredFilm:
        note = Note(0.0, 60, 1.0, 90)
        score = Score((Track("Piano", 0, (replace(note, **changed),)),))
        return with_take(film, 0, replace(take(seed=1), score=score))

    with open_synthesizer(find_soundfont(None)) as synthesizer:
        whole = playing()
        assert identity(whole) == identity(playing())
        louder = replace(whole.takes[0], mixes={"Piano": StemMix(level_db=1.0)})
        elsewhere = replace(whole.takes[0], played=(np.array([[480, 960]]),))
        others = [
            identity(playing(pitch=61)),
            identity(playing(velocity=91)),
            identity(playing(start_beats=0.5)),
            identity(with_take(whole, 0, louder)),
            identity(with_take(whole, 0, elsewhere)),
            identity(with_take(whole, 1, whole.takes[0]), 1),
        ]
    assert len({identity(whole), *others}) == 1 + len(others)
