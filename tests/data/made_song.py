"""Small songs in the layout of POP909, written to disc with all the defects that one wants."""

from pathlib import Path

import numpy as np
import pretty_midi

BEAT_SECONDS = 0.5
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def melody(bars: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(pitch, length in sixteenths) of a melody without rests, eight eighths a bar."""
    return [(int(rng.choice(SCALE)), 2) for _ in range(bars * 8)]


def write_song(
    root: Path,
    number: str,
    *,
    bars: int = 20,
    pickup_beats: int = 0,
    beats_per_bar: int = 4,
    swing: float = 0.0,
    jitter_seconds: float = 0.0,
    labelled_downbeat: int = 0,
) -> Path:
    """One song whose first bar begins `pickup_beats` after the first beat of beat_midi.txt, which
    claims a downbeat at every fourth beat from `labelled_downbeat` on. Returns its folder."""
    rng = np.random.default_rng(int(number))
    folder = root / "POP909" / number
    folder.mkdir(parents=True)
    beats = pickup_beats + bars * beats_per_bar + 1
    notes = melody(bars * beats_per_bar // 4, rng)
    _write_midi(folder, notes, pickup_beats, beats_per_bar, swing, jitter_seconds, rng)
    rows = [
        f"{beat * BEAT_SECONDS} {float(beat % 2 == 0)} {float(beat % 4 == labelled_downbeat)}"
        for beat in range(beats)
    ]
    (folder / "beat_midi.txt").write_text("\n".join(rows) + "\n")
    return folder


def write_structure(root: Path, number: str, bars: int = 20, label: str = "i4A8B8") -> Path:
    """The hand-made labels of the same song."""
    folder = root / "structure" / number
    folder.mkdir(parents=True)
    notes = melody(bars, np.random.default_rng(int(number)))
    (folder / "melody.txt").write_text("".join(f"{pitch} {length}\n" for pitch, length in notes))
    (folder / "human_label1.txt").write_text(label + "\n")
    return folder


def _write_midi(folder, notes, pickup_beats, beats_per_bar, swing, jitter_seconds, rng) -> None:
    midi = pretty_midi.PrettyMIDI()
    tracks = {name: pretty_midi.Instrument(0, name=name) for name in ("MELODY", "BRIDGE", "PIANO")}
    midi.instruments.extend(tracks.values())

    def add(track: str, beat: float, length: float, pitch: int) -> None:
        late = swing if beat % 1 == 0.5 else 0.0
        start = max(0.0, (beat + late) * BEAT_SECONDS + rng.uniform(0, jitter_seconds))
        note = pretty_midi.Note(80, pitch, start, start + length * BEAT_SECONDS)
        tracks[track].notes.append(note)

    for index, (pitch, _) in enumerate(notes):
        add("MELODY", pickup_beats + index / 2, 0.45, pitch)
    for beat in range(len(notes) // 2):
        bar, within = divmod(beat, beats_per_bar)
        root = (48, 53, 55, 48)[bar % 4]
        add("PIANO", pickup_beats + beat, 0.95, root - 12 if within == 0 else root + 4)
        if within == 1:
            add("PIANO", pickup_beats + beat + 0.5, 0.45, root + 7)
    midi.write(str(folder / f"{folder.name}.mid"))
