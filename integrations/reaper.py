"""Reaper: an edit in, a session out with a track a stem, the tempo map, and markers for the shots.

    python integrations/reaper.py EDIT.otio -o SESSION.rpp --style ambient

Standard library only.
"""

from scoring import run

_SOURCES = {".wav": "WAVE", ".flac": "FLAC"}


def with_music(edit, result, folder):
    """The session, as bytes, of the music of `result`, whose files lie in `folder`."""
    stems = sorted(name for name in result["files"] if name.startswith("stems/"))
    lines = ['<REAPER_PROJECT 0.1 "6.0" 0', "  SAMPLERATE 48000 1 0", "  TIMEMODE 1 5 -1 30 0 0 -1"]
    lines += [f"  TEMPO {result['tempo'][0]['bpm']:.6f} 4 4", *_tempo(result["tempo"])]
    for number, (seconds, name) in enumerate(_markers(result), 1):
        lines.append(f"  MARKER {number} {seconds:.6f} {_text(name)} 0")
    for stem in stems:
        lines += _track(folder / stem, result["seconds"])
    lines.append(">")
    return ("\n".join(lines) + "\n").encode()


def _tempo(points):
    """Every change of tempo, at its time; a tempo stays until the next (shape 1)."""
    yield "  <TEMPOENVEX"
    yield "    ACT 1 -1"
    for point in points:
        yield f"    PT {max(point['seconds'], 0.0):.9f} {point['bpm']:.6f} 1"
    yield "  >"


def _markers(result):
    """Shots, and the cuts that the beats meet."""
    marks = [(shot["start"], f"Shot {shot['index'] + 1}") for shot in result["shots"]]
    marks += [(hit["cut"], hit["kind"]) for hit in result["hits"] if hit["kind"] != "none"]
    return sorted(marks)


def _track(path, seconds):
    yield "  <TRACK"
    yield f"    NAME {_text(path.stem)}"
    yield "    <ITEM"
    yield "      POSITION 0"
    yield f"      LENGTH {seconds:.9f}"
    yield f"      NAME {_text(path.name)}"
    yield f"      <SOURCE {_SOURCES[path.suffix]}"
    yield f"        FILE {_text(path.resolve())}"
    yield "      >"
    yield "    >"
    yield "  >"


def _text(text):
    """A text in the quotes that it does not hold itself."""
    quote = next((each for each in "\"'`" if each not in str(text)), "`")
    return quote + str(text).replace("`", "'" if quote == "`" else "`") + quote


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: ".rpp")
