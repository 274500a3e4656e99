"""Builds the add-on's zip, for Blender 3.4 to 4.1 as an add-on and from 4.2 on as an extension.

    python plugin_blender/package.py [FOLDER]        (FOLDER is `dist` where it is left out)

One folder holds all: the old installer wants one, the new one takes one.
"""

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
        for file in _files():
            entry = zipfile.ZipInfo(f"{NAME}/{file.name}", _TIME)
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


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
