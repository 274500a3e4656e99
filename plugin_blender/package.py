"""Builds the add-on's zip, for Blender 3.4 to 4.1 as an add-on and from 4.2 on as an extension.

    python plugin_blender/package.py [FOLDER]        (FOLDER is `dist` where it is left out)

One folder holds all: the old installer wants one, the new one takes one. The options that the
forms show come along as `options.json`, written from the library's own definition of them, and
the manual as `manual.txt`.
"""

import json
import re
import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
NAME = "diffbgm_blender"  # the manifest's id, and so the module's name in every Blender
_TIME = (1980, 1, 1, 0, 0, 0)  # the same sources make the same zip


def build(folder: Path) -> Path:
    """Writes `diffbgm_blender-VERSION.zip` into `folder`, which is made if missing; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-{_version()}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = {file.name: file.read_bytes() for file in _files()}
        made = {"options.json": _options(), "manual.txt": _manual()}
        for name, content in {**contents, **made}.items():
            entry = zipfile.ZipInfo(f"{NAME}/{name}", _TIME)
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


def _options() -> bytes:
    """Options, styles and moods as `/v1/info` of a server of this version gives them."""
    sys.path.insert(0, str(SOURCE.parent))
    from diffbgm.options import MOODS, ComposeOptions, TakeOptions, public_options

    owners = {"compose": ComposeOptions, "take": TakeOptions}
    options = {
        name: [option.to_dict() for option in public_options(owner)]
        for name, owner in owners.items()
    }
    styles = (SOURCE.parent / "diffbgm" / "arranging" / "styles").glob("*.json")
    names = {"styles": sorted(style.stem for style in styles), "moods": list(MOODS)}
    return json.dumps({**names, "options": options}, indent=1).encode()


def _manual() -> bytes:
    """The documentation without its pictures."""
    text = (SOURCE.parent / "docs" / "blender.md").read_text(encoding="utf-8")
    return re.sub(r"^!\[.*\n\n|</?kbd>", "", text, flags=re.MULTILINE).encode()


def _files() -> list[Path]:
    modules = [file for file in sorted(SOURCE.glob("*.py")) if file != Path(__file__).resolve()]
    return [SOURCE / "LICENSE", SOURCE / "blender_manifest.toml", *modules]


def _version() -> str:
    manifest = (SOURCE / "blender_manifest.toml").read_text(encoding="utf-8")
    match = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
    if match is None:
        raise ValueError("blender_manifest.toml names no version")
    return match[1]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE.parent / "dist"
    sys.stdout.write(f"{build(target)}\n")
