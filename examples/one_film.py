"""Music for one film, and where its beats meet the cuts.

python examples/one_film.py FILM FOLDER [STYLE]
"""

import sys
from pathlib import Path

import diffbgm


def main(film: Path, folder: Path, style: str = "cinematic") -> None:
    options = diffbgm.ComposeOptions(style=style, seed=7)
    music = diffbgm.compose(film, folder, options)
    for hit in music.hits:
        print(f"cut at {hit['cut']:6.2f} s: {hit['kind']}, {hit['frames_off']:+.1f} frames")
    print(f"{music.folder / 'mix.wav'}: {music.seconds:.1f} s at {music.tempo[0]['bpm']:.0f} BPM")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
    except diffbgm.DiffBGMError as error:
        sys.exit(str(error))
