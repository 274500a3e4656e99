"""What the sound files of a film are made of: its takes' parts, rendered from their notes.

No take keeps its sound. After another take of one shot, that one is rendered and those that sound
near it; what they sound like must be what they sounded like before (`composition.outlines`). Else,
where the SoundFont or the synthesizer has changed meanwhile, the whole film is rendered again.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from diffbgm.arranging.styles import load_style
from diffbgm.composition import Outline, Outlines, ScoredFilm, Take, load_outlines
from diffbgm.progress import Advance, no_advance, part_of
from diffbgm.sound import limiter
from diffbgm.sound.mixing import FADE_OUT
from diffbgm.sound.parts import SAMPLE_RATE, Part, StoredPart, save_part
from diffbgm.sound.sample_files import SampleFile
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.sound.synthesis import StemMix, note_samples, render_notes, stem_mixes
from diffbgm.sound.synthesizers import Synthesizer, open_synthesizer
from diffbgm.writers.rendered_shots import ShotSound, rendered_shots

RENDERED_AGAIN = (
    "the whole film was rendered again: its SoundFont or synthesizer is not the one it was made "
    "with, or files of it are missing or of an older version"
)


@dataclass(frozen=True)
class PreviousVersion:
    """The composition in `folder`, which differs by the take of one `shot`."""

    folder: Path
    shot: int


@dataclass(frozen=True)
class DirtyRange:
    """Samples `first` to `last` of the film, which may sound otherwise, and the whole shots around
    them, `begin` to `end`, which decide how."""

    first: int
    last: int
    begin: int
    end: int


@dataclass(frozen=True)
class FilmSound:
    """`parts`, in the order of the shots, are all that sound between `dirty.begin` and `dirty.end`.

    `outlines` are of all shots, `replaced` those of the take that was exchanged. What lies outside
    the dirty range is as in the folder `before`; None if all is made. `notes` belong to `sound` in
    composition.json. The parts lie in the folder `scratch`.
    """

    parts: tuple[StoredPart, ...]
    outlines: Outlines
    dirty: DirtyRange
    scratch: Path
    replaced: tuple[Outline, ...] = ()
    before: Path | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def discard(self) -> None:
        """Remove the parts, once they are mixed."""
        shutil.rmtree(self.scratch, ignore_errors=True)


class Player(Protocol):
    """Plays takes: see `TakePlayer`."""

    def identity(self, shot: int) -> str | None: ...

    def play(self, shot: int, advance: Advance) -> Iterator[Part]: ...

    def notes(self) -> dict[str, Any]: ...


def render_film(
    film: ScoredFilm,
    work: Path,
    previous: PreviousVersion | None = None,
    advance: Advance = no_advance,
    players: Callable[[ScoredFilm], AbstractContextManager[Player]] | None = None,
) -> FilmSound:
    """Render what is to be mixed, with what is as in `previous` left out, into a folder in `work`.

    SoundFontError where there is no SoundFont, StorageError where the disc is full.
    """
    scratch = Path(tempfile.mkdtemp(prefix="parts-", dir=work))
    known = previous and _outlines_of(previous, film)
    with (players or take_player)(film) as player:
        renderer, patched = _Renderer(film, scratch, player), None
        if previous and known:
            patched = _patch(renderer, previous, known, part_of(advance, 0.0, 0.5))
        sound = patched or _whole(renderer, part_of(advance, 0.5 if known else 0.0, 1.0))
        again = RENDERED_AGAIN if previous and not patched else None
        sound.notes.update(**player.notes(), rendered_again=again)
        return sound


def boundaries_of(film: ScoredFilm) -> list[int]:
    """First samples of the shots, and the film's length in samples."""
    timeline = film.timeline
    edges = [*(shot.start_frame for shot in timeline.shots), timeline.frames]
    return [timeline.sample(frame, SAMPLE_RATE) for frame in edges]


def last_frame(film: ScoredFilm) -> int:
    """The first sample of the last frame."""
    return film.timeline.sample(film.timeline.frames - 1, SAMPLE_RATE)


def stem_path(folder: Path, stem: str) -> Path:
    """Where a stem lies: its name in letters, digits and _ alone."""
    name = "".join(letter if letter.isalnum() else "_" for letter in stem.lower())
    return folder / "stems" / f"{name}.flac"


def segment_path(folder: Path, shot: int) -> Path:
    """Where a shot's segment of the mix lies."""
    return folder / "shots" / f"{shot:03d}.flac"


def soundfont_of(film: ScoredFilm) -> Path:
    """The one that the film was made with; where it is gone, the one that its options find."""
    made_with = Path(film.sound["soundfont"])
    return made_with if made_with.is_file() else find_soundfont(film.options.soundfont)


class TakePlayer:
    """Plays takes of a film, each by the SoundFont that it was made with."""

    def __init__(self, film: ScoredFilm, opened: Callable[[Path], Synthesizer]) -> None:
        self._film, self._opened = film, opened
        self._boundaries = boundaries_of(film)
        self._synthesizers: dict[Path, Synthesizer] = {}
        self._gone: set[str] = set()

    def identity(self, shot: int) -> str:
        """The same for two takes if, and only if, all is the same that decides their sound."""
        take = self._film.takes[shot]
        synthesizer = self._synthesizer(take)
        font = synthesizer.soundfont
        for track in filter(lambda each: each.notes, take.score.tracks):
            synthesizer.require(track.program, track.is_drum)  # notes what plays instead of it
        played, mixes, span = self._played(shot)
        samples = [each.tolist() for each in played]
        which = (str(font), font.stat().st_mtime_ns, synthesizer.name)
        described = repr((which, take.score.tracks, samples, sorted(mixes.items()), span))
        return hashlib.blake2b(described.encode(), digest_size=16).hexdigest()

    def play(self, shot: int, advance: Advance) -> Iterator[Part]:
        """What the take of a shot sounds like, part by part."""
        take = self._film.takes[shot]
        synthesizer = self._synthesizer(take)
        return render_notes(synthesizer, take.score.tracks, *self._played(shot), advance)

    def _played(
        self, shot: int
    ) -> tuple[tuple[np.ndarray, ...], Mapping[str, StemMix], tuple[int, int]]:
        """Where the notes of a shot lie, how they are mixed, and what they sound in."""
        take, first = self._film.takes[shot], self._boundaries[shot]
        tempo_map = self._film.cues.tempo_map
        return (
            take.played or note_samples(take.score.tracks, tempo_map, first),
            take.mixes or stem_mixes(load_style(take.style)),
            (first, self._boundaries[-1]),
        )

    def notes(self) -> dict[str, Any]:
        """What played, and what played instead of what."""
        found = [synthesizer.replaced for synthesizer in self._synthesizers.values()]
        replaced = {*self._film.sound.get("replaced", ())}.union(*found)
        names = {synthesizer.name for synthesizer in self._synthesizers.values()}
        return {
            "synthesizer": ", ".join(sorted(names)),
            "replaced": sorted(replaced),
            "gone": sorted(self._gone),
        }

    def _synthesizer(self, take: Take) -> Synthesizer:
        wanted = take.soundfont or self._film.sound["soundfont"]
        font = Path(wanted) if Path(wanted).is_file() else soundfont_of(self._film)
        if font != Path(wanted):
            self._gone.add(f"{wanted} is gone: {font} plays")
        if font not in self._synthesizers:
            self._synthesizers[font] = self._opened(font)
        return self._synthesizers[font]


@contextmanager
def take_player(film: ScoredFilm) -> Iterator[TakePlayer]:
    with ExitStack() as stack:
        yield TakePlayer(film, lambda font: stack.enter_context(open_synthesizer(font)))


class _Renderer:
    """Renders every take once, into files of `scratch`."""

    def __init__(self, film: ScoredFilm, scratch: Path, player: Player) -> None:
        self.film, self.scratch, self.boundaries = film, scratch, boundaries_of(film)
        self._player = player
        self._rendered: dict[int, ShotSound] = {}

    def render(self, shot: int, advance: Advance) -> ShotSound:
        if shot not in self._rendered:
            self._rendered[shot] = self._kept(shot, advance)
        return self._rendered[shot]

    def _kept(self, shot: int, advance: Advance) -> ShotSound:
        """What was rendered lately, or is now and will be kept."""
        key, name = self._player.identity(shot), f"{shot:03d}"
        if key is None:
            return self._played(shot, name, advance)
        if (kept := rendered_shots.restore(key, self.scratch, name)) is not None:
            return kept
        sound = self._played(shot, name, advance)
        rendered_shots.keep(key, sound)
        return sound

    def _played(self, shot: int, name: str, advance: Advance) -> ShotSound:
        parts, outlines = [], []
        for number, part in enumerate(self._player.play(shot, advance)):
            parts.append(save_part(part, self.scratch / f"{name}-{number}.flac"))
            outlines.append(Outline.of(part))
        return ShotSound(tuple(parts), tuple(outlines))


def _whole(renderer: _Renderer, advance: Advance) -> FilmSound:
    shots = range(len(renderer.film.takes))
    length = renderer.boundaries[-1]
    return _film_sound(renderer, shots, DirtyRange(0, length, 0, length), advance)


def _patch(
    renderer: _Renderer, previous: PreviousVersion, known: Outlines, advance: Advance
) -> FilmSound | None:
    """What is made for another take of one shot; None if a neighbour sounds otherwise now."""
    shot = previous.shot
    own = renderer.render(shot, part_of(advance, 0.0, 0.3)).outlines
    dirty = _dirty_range(renderer, shot, (*known[shot], *own))
    outlines = (*known[:shot], own, *known[shot + 1 :])
    near = [number for number, each in enumerate(outlines) if _overlap(each, dirty)]
    sound = _film_sound(renderer, near, dirty, part_of(advance, 0.3, 1.0))
    if any(sound.outlines[at] != outlines[number] for at, number in enumerate(near)):
        return None
    return FilmSound(sound.parts, outlines, dirty, renderer.scratch, known[shot], previous.folder)


def _film_sound(
    renderer: _Renderer, shots: Sequence[int], dirty: DirtyRange, advance: Advance
) -> FilmSound:
    """The parts and outlines of some shots."""
    rendered = [
        renderer.render(shot, part_of(advance, at / len(shots), (at + 1) / len(shots)))
        for at, shot in enumerate(shots)
    ]
    parts = tuple(part for each in rendered for part in each.parts)
    return FilmSound(parts, tuple(each.outlines for each in rendered), dirty, renderer.scratch)


def _overlap(outlines: Iterable[Outline], dirty: DirtyRange) -> bool:
    return any(each.start < dirty.end and each.stop > dirty.begin for each in outlines)


def _dirty_range(renderer: _Renderer, shot: int, outlines: Iterable[Outline]) -> DirtyRange:
    """Where it may sound otherwise, if one shot sounds, or sounded, as `outlines` say."""
    boundaries, length = renderer.boundaries, renderer.boundaries[-1]
    first = boundaries[shot]
    stop = max([first, *(each.stop for each in outlines)])
    last = min(stop + limiter.REACH + 2 * limiter.CONTEXT, length)
    # What was limited, or begins to fade out, before the first sample reaches into it.
    fades = last_frame(renderer.film) - FADE_OUT - 1
    reached = min(first - limiter.REACH - 2 * limiter.CONTEXT, fades)
    return DirtyRange(
        first,
        last,
        max(edge for edge in boundaries if edge <= max(0, reached)),
        min(edge for edge in boundaries if edge >= last),
    )


def _outlines_of(previous: PreviousVersion, film: ScoredFilm) -> Outlines | None:
    """Those of the version before, if the files that would be used are as they were written."""
    outlines = load_outlines(previous.folder)
    if outlines is None or len(outlines) != len(film.takes):
        return None
    folder, length = previous.folder, boundaries_of(film)[-1]
    others = [each for shot, each in enumerate(outlines) if shot != previous.shot]
    names = {outline.stem for each in others for outline in each}
    paths = [folder / "mix.wav", *(stem_path(folder, name) for name in names)]
    segments = [segment_path(folder, shot) for shot in range(len(film.takes))]
    is_whole = all(_length(path) == length for path in paths)
    return outlines if is_whole and all(_length(path) for path in segments) else None


def _length(path: Path) -> int | None:
    """How many samples a file of ours holds; None if there is none, or another."""
    with suppress(ValueError):
        return len(SampleFile(path))
    return None
