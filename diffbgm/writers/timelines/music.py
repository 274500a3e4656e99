"""The music of a film as tracks of an edit: clips, and markers for hits and sections.

Knows no format of a file; each writes this its own way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import HitSource
from diffbgm.timeline import Timeline

TRACK = "BGM"
MARK = "diffbgm music"  # by which music of ours is known again, in whatever way a format has
HIT_COLORS = {"downbeat": "GREEN", "beat": "YELLOW", "half": "ORANGE", "none": "RED"}
SECTION_COLOR = "CYAN"
SOURCES: dict[HitSource, str] = {
    "picture": "cut in the picture",
    "candidate": "cut of the edit, seen in the picture",
    "edit": "cut of the edit",
    "added": "cut that was added",
    "asked": "asked for",
    "unknown": "cut",
}


@dataclass(frozen=True)
class SoundClip:
    """Frames `start` up to, not including, `end` of the edit sound as `file` does from `offset` on.

    `file` is relative to the folder of the edit, with slashes, and holds `samples` samples.
    """

    name: str
    file: str
    samples: int
    start: int
    end: int
    offset: int = 0

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class SoundTrack:
    """Clips that follow each other without a gap, from frame 0 to the last of the edit."""

    name: str
    clips: tuple[SoundClip, ...]


@dataclass(frozen=True)
class Marker:
    """What stands at a frame of the edit, or at some: a hit, the beginning of a section, or what
    the editor marked."""

    frame: int
    name: str
    color: str
    facts: dict[str, str | float]
    comment: str = ""
    frames: int = 1


def marked(marker: Marker) -> Marker:
    """A marker that says in its comment that it is ours."""
    return replace(marker, comment=f"{MARK}: {marker.comment}".rstrip(": "))


@dataclass(frozen=True)
class Music:
    """Tracks and markers, counted in frames of `rate` from the beginning of the edit."""

    rate: Fraction
    tracks: tuple[SoundTrack, ...] = ()
    markers: tuple[Marker, ...] = ()

    def at(self, rate: Fraction) -> "Music":
        """The same in frames of another rate, rounded half up: what follows still joins."""
        if rate == self.rate:
            return self

        def moved(frame: int) -> int:
            return int(Fraction(frame) / self.rate * rate + Fraction(1, 2))

        return Music(
            rate,
            tuple(
                SoundTrack(track.name, tuple(_moved(clip, moved) for clip in track.clips))
                for track in self.tracks
            ),
            tuple(replace(m, frame=moved(m.frame)) for m in self.markers),
        )

    @property
    def files(self) -> dict[str, int]:
        """All sound files, each with its length in samples, in the order of the tracks."""
        return {clip.file: clip.samples for track in self.tracks for clip in track.clips}


def tracks_of(
    timeline: Timeline, segments: Sequence[str], stems: dict[str, str]
) -> tuple[SoundTrack, ...]:
    """One clip a shot: of `segments`, a file each, or of `stems`, if there are any, a track each.

    `stems` maps names to files as long as the film.
    """
    edges = [*(shot.start_frame for shot in timeline.shots), timeline.frames]
    samples = [timeline.sample(frame, SAMPLE_RATE) for frame in edges]
    if stems:
        return tuple(
            SoundTrack(f"{TRACK} {name}", _stem_clips(name, file, samples[-1], edges))
            for name, file in stems.items()
        )
    clips = (
        SoundClip(f"{TRACK} {shot + 1}", file, after - before, start, end)
        for shot, (file, (start, end), (before, after)) in enumerate(
            zip(segments, pairwise(edges), pairwise(samples), strict=True)
        )
    )
    return (SoundTrack(TRACK, tuple(clips)),)


def markers_of(timeline: Timeline, cues: CueSheet) -> tuple[Marker, ...]:
    """Hits and sections, in their order."""
    both = [*_hits(cues), *_sections(timeline, cues)]
    return tuple(sorted(both, key=lambda marker: marker.frame))


def _stem_clips(name: str, file: str, samples: int, edges: Sequence[int]) -> tuple[SoundClip, ...]:
    return tuple(
        SoundClip(f"{name} {shot + 1}", file, samples, start, end, offset=start)
        for shot, (start, end) in enumerate(pairwise(edges))
    )


def _moved(clip: SoundClip, moved: Callable[[int], int]) -> SoundClip:
    return SoundClip(
        clip.name, clip.file, clip.samples, moved(clip.start), moved(clip.end), moved(clip.offset)
    )


def _hits(cues: CueSheet) -> list[Marker]:
    return [
        Marker(
            hit.cut_frame,
            f"{hit.kind} {hit.frames_off:+.2f}",
            HIT_COLORS[hit.kind],
            {"beat": hit.beat, "frames_off": hit.frames_off, "kind": hit.kind},
            f"{SOURCES[hit.source]}, {'pinned' if hit.pinned else 'wished'}",
        )
        for hit in (*cues.hits, *cues.asked_hits)
    ]


def _sections(timeline: Timeline, cues: CueSheet) -> list[Marker]:
    """Where the parts of the plan begin, by their letters, at the frame shown there."""
    plan, rate = cues.plan, timeline.frame_rate
    if plan is None:
        return []
    before, _ = cues.bar_padding
    markers = []
    for bar, letter in zip(plan.form.starts, plan.form.letters, strict=True):
        beat = max(bar * BEATS_PER_BAR - before, 0)
        frame = min(int(cues.tempo_map.seconds(beat) * rate + 0.5), timeline.frames - 1)
        name = chr(ord("A") + letter % 26)
        markers.append(Marker(frame, f"section {name}", SECTION_COLOR, {"section": name}))
    return markers
