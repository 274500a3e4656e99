"""The notes of a piece while it is denoised, as they go over the wire. Knows no job and no HTTP."""

from typing import Any

from pydantic import BaseModel, Field


class Sketch(BaseModel):
    """What a preview event tells."""

    sixteenths: int = Field(description="how long the music is")
    notes: list[tuple[int, int, int, int]] = Field(
        description="track (0 melody, 1 bridge, 2 piano), start and length in sixteenths, pitch"
    )


def sketch_of(roll: Any) -> Sketch:
    """Of a roll (sixteenths, 3, 88)."""
    from diffbgm.music.pianoroll import to_notes

    notes = [
        (int(track), int(start), int(length), int(pitch))
        for start, length, pitch, _, track in to_notes(roll).tolist()
    ]
    return Sketch(sixteenths=len(roll), notes=notes)
