"""Three more takes of one shot, a calm one among them; the busiest goes into the mix.

python examples/takes_of_a_shot.py FOLDER SHOT        (FOLDER is one that compose made)
"""

import sys
from pathlib import Path

import diffbgm
from diffbgm.composition import load_take


def main(folder: Path, shot: int) -> None:
    diffbgm.recompose(folder, shot, diffbgm.TakeOptions(takes=2))
    music = diffbgm.recompose(folder, shot, diffbgm.TakeOptions(energy=0.1))
    notes = [
        sum(len(track.notes) for track in load_take(folder, shot, take).score.tracks)
        for take in range(music.shots[shot]["takes"])
    ]
    for take, count in enumerate(notes):
        print(f"take {take}: {count} notes")
    busiest = notes.index(max(notes))
    music = diffbgm.select_take(folder, shot, busiest)
    print(f"take {music.shots[shot]['take']} of shot {shot} is in {music.folder / 'mix.wav'}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except diffbgm.DiffBGMError as error:
        sys.exit(str(error))
