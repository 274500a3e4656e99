"""What an agent may ask for: the library's functions on files, in allowed folders. No protocol.

Every method answers with what JSON can hold; errors are the library's.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diffbgm
from diffbgm.errors import CompositionError, OptionError
from diffbgm.options import MOODS, ComposeOptions, RefitOptions, TimelineFormat
from diffbgm.progress import Progress

from ..schema import ComposeRequestOptions, TakeRequest
from .folders import Folders

if TYPE_CHECKING:
    from diffbgm.composition import Composition
    from diffbgm.readers.cut_lists import CutList
    from diffbgm.timeline import Timeline

_CUT_LISTS = (".json", ".txt")
_SHOT_FIELDS = (
    *("index", "start", "end", "mood", "energy", "style", "take", "takes", "seed"),
    *("audio", "midi", "image"),
)


@dataclass(frozen=True)
class Tools:
    """`device` is as `diffbgm serve` has it."""

    folders: Folders
    device: str = "auto"

    def styles_and_moods(self) -> dict[str, Any]:
        """Which styles there are and what each is for, and valence and arousal of each mood."""
        from diffbgm.arranging.styles import load_style, style_names

        purposes = {name: load_style(name).purpose for name in style_names()}
        return {"styles": purposes, "moods": MOODS}

    def preview_hits(
        self, source: str, options: ComposeRequestOptions, progress: Progress
    ) -> dict[str, Any]:
        """Tempo, beats and how each cut would be met, before anything is composed."""
        read = self._source_or_cuts(source)
        spotting, rate = diffbgm.preview_hits(read, self._compose_options(options), progress)
        return {"frame_rate": [rate.numerator, rate.denominator], **spotting.to_dict()}

    def compose(
        self, source: str, folder: str, options: ComposeRequestOptions, progress: Progress
    ) -> dict[str, Any]:
        """Music for a film or an edit, written into a folder."""
        out, read = self.folders.path(folder), self._source(source)
        return _summary(diffbgm.compose(read, out, self._compose_options(options), progress))

    def describe(self, folder: str) -> dict[str, Any]:
        """A composition: its shots with mood, energy and take, how its cuts are met, its files."""
        return _summary(self._composition(folder))

    def takes(self, folder: str, shot: int) -> dict[str, Any]:
        """All takes of one shot, and which of them is in the mix."""
        from diffbgm.composition import load_take

        composition = self._composition(folder)
        composition.require_shot(shot)
        entry = composition.shots[shot]
        takes = [load_take(composition.folder, shot, number) for number in range(entry["takes"])]
        listed = [
            {"take": number, "seed": take.seed, "style": take.style}
            for number, take in enumerate(takes)
        ]
        return {"shot": shot, "in_the_mix": entry["take"], "takes": listed}

    def new_takes(
        self, folder: str, shot: int, options: TakeRequest, progress: Progress
    ) -> dict[str, Any]:
        """One shot again, its neighbours unchanged; the first new take goes into the mix."""
        composition, wanted = self._composition(folder), options.to_library()
        self._check_style(wanted.style)
        wanted = replace(wanted, device=self.device)
        return _summary(diffbgm.recompose(composition.folder, shot, wanted, progress))

    def choose_take(self, folder: str, shot: int, take: int, progress: Progress) -> dict[str, Any]:
        """An earlier take of one shot back in the mix."""
        return _summary(diffbgm.select_take(self._composition(folder).folder, shot, take, progress))

    def preview_refit(self, folder: str, edit: str, progress: Progress) -> dict[str, Any]:
        """What became of every shot in a changed edit; nothing is made."""
        composition = self._composition(folder)
        changes = diffbgm.preview_refit(composition.folder, self._edit(edit), progress)
        return {"changes": [asdict(change) for change in changes]}

    def refit(self, folder: str, edit: str, into: str, progress: Progress) -> dict[str, Any]:
        """The music carried over to a changed edit, into another folder: shots that show what they
        showed keep theirs, all others get new notes."""
        composition, out = self._composition(folder), self.folders.path(into)
        options = RefitOptions(device=self.device)
        return _summary(diffbgm.refit(composition.folder, self._edit(edit), options, progress, out))

    def export_timeline(
        self, folder: str, timeline_format: TimelineFormat | None, stems: bool
    ) -> dict[str, Any]:
        """The edit with its music as a file for an editor, in any format; by default in its own."""
        composition = self._composition(folder)
        return _summary(diffbgm.export_timeline(composition.folder, timeline_format, stems))

    def _edit(self, name: str) -> "Timeline":
        path = self.folders.path(name)
        return diffbgm.read_timeline(path, self.folders.media_of(path))

    def _source(self, name: str) -> "Path | Timeline":
        """The film or the edit of that name."""
        from diffbgm.readers.edits import FORMATS

        path = self.folders.path(name)
        return self._edit(name) if path.suffix.lower() in FORMATS else path

    def _source_or_cuts(self, name: str) -> "Path | Timeline | CutList":
        """The same, or a list of cuts."""
        path = self.folders.path(name)
        return (
            diffbgm.read_cut_list(path) if path.suffix.lower() in _CUT_LISTS else self._source(name)
        )

    def _composition(self, folder: str) -> "Composition":
        composition = diffbgm.load_composition(self.folders.path(folder))
        try:
            self.folders.require(composition)
        except (KeyError, TypeError, AttributeError) as error:
            raise CompositionError(f"{folder}: composition.json is damaged ({error!r})") from error
        return composition

    def _compose_options(self, asked: ComposeRequestOptions) -> ComposeOptions:
        options = asked.to_library()
        self._check_style(options.style)
        return replace(options, device=self.device)

    def _check_style(self, style: str | None) -> None:
        """A style by its name alone: the path of one would be a file that is read."""
        if style is not None and style.endswith(".json"):
            raise OptionError("give a style by its name; styles_and_moods lists them")


def _summary(composition: "Composition") -> dict[str, Any]:
    """What an agent needs of composition.json; the file itself has all."""
    return {
        "folder": str(composition.folder),
        "seconds": composition.seconds,
        "frame_rate": composition.frame_rate,
        "bpm": [round(each["bpm"], 2) for each in composition.tempo],
        "shots": [{name: shot[name] for name in _SHOT_FIELDS} for shot in composition.shots],
        "hits": composition.hits,
        "loudness": composition.loudness,
        "replaced": composition.sound.get("replaced", []),
        "files": sorted(name for name in composition.files if not name.startswith("takes/")),
    }
