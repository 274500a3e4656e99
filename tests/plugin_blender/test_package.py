"""Blender's own validator of extensions, and the zip that is installed."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from addon_modules import package

from tests.plugin_blender.blenders import VERSIONS, command

pytestmark = pytest.mark.slow

# Extensions came with 4.2.
VALIDATING = [version for version in VERSIONS if version != "3.4"]


def validated(version: str, path: Path) -> subprocess.CompletedProcess[str]:
    """What `blender --command extension validate` runs."""
    (python,) = command(version)
    (validator,) = Path(python).parents[1].glob("lib/*/site-packages/bpy/*/**/cli/blender_ext.py")
    return subprocess.run(
        [python, str(validator), "validate", str(path)], capture_output=True, text=True
    )


@pytest.mark.parametrize("version", VALIDATING)
def test_blenders_validator_accepts_the_package(version: str, tmp_path: Path):
    result = validated(version, package.build(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("version", VALIDATING)
def test_it_would_refuse_another(version: str, tmp_path: Path):
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(package.build(tmp_path)) as whole, zipfile.ZipFile(broken, "w") as copy:
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith("blender_manifest.toml"):
                content = content.replace(b"blender_version_min", b"oldest")
            copy.writestr(name, content)
    assert validated(version, broken).returncode != 0
