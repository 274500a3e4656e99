"""LICENSE.txt of a composition: where the music comes from, in words for whoever uses it."""

from collections.abc import Iterator
from pathlib import Path

from diffbgm.composition.origin import Origin

LICENCE = "LICENSE.txt"
_NOT_STATED = "not stated"


def write_licence(origin: Origin, path: Path) -> None:
    """Write what `origin` of composition.json says."""
    path.write_text("\n".join(_lines(origin)) + "\n", encoding="utf-8")


def _lines(origin: Origin) -> Iterator[str]:
    program, model = origin["program"], origin["model"]
    yield "WHERE THIS MUSIC COMES FROM"
    yield ""
    version = program["version"] or "(version not recorded)"
    yield f"Composed by      {program['name']} {version}, a program; no person wrote the notes"
    yield f"  Licence        {program['licence']} (of the program)"
    yield f"  Seed           {origin['seed']}"
    yield f"Network          {model['name']}"
    yield f"  SHA-256        {model['sha256']}"
    yield f"  Licence        {model['licence'] or _NOT_STATED}"
    for data in model["data"]:
        yield f"  Learned from   {data['name']}: {data['licence']}, {data['address']}"
    if not model["data"]:
        yield f"  Learned from   {_NOT_STATED}"
    for font in origin["soundfonts"]:
        yield f"SoundFont        {font['name'] or font['file']} ({font['file']})"
        yield f"  Copyright      {font['copyright'] or _NOT_STATED}"
        yield f"  Licence        {font['licence'] or _NOT_STATED}"
    if origin["mood_model"]:
        yield f"Mood read by     {origin['mood_model']['name']}"
        yield f"  Licence        {origin['mood_model']['licence']}"
    yield ""
    yield "The program puts no conditions on music that it makes. Licences above are those of what"
    yield f'it was made with; where they are "{_NOT_STATED}", ask whoever the thing comes from.'
    yield "composition.json says the same under `origin`."
