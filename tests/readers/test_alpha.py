"""Animations that lie over the shot below: WebP, GIF and ProRes 4444 with an alpha channel."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from diffbgm.readers.alpha import is_transparent

Pictures = list[np.ndarray]


def pictures(*alphas: int) -> Pictures:
    """One of 32 x 32 for each, a ramp whose upper half has that alpha."""
    rgba = np.full((32, 32, 4), 255, np.uint8)
    rgba[..., :3] = np.arange(32, dtype=np.uint8)[:, None] * 7
    made = []
    for alpha in alphas:
        made.append(rgba.copy())
        made[-1][:16, :, 3] = alpha
    return made


def write_pillow(path: Path, made: Pictures) -> None:
    first, *others = [Image.fromarray(each, "RGBA") for each in made]
    more = {"lossless": True} if path.suffix == ".webp" else {"disposal": 2}
    first.save(path, save_all=True, append_images=others, duration=40, **more)


def write_prores(path: Path, made: Pictures) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("prores_ks", 25, options={"profile": "4444"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuva444p10le"
        for each in made:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(each, "rgba")))
        container.mux(stream.encode(None))


WRITERS = {"a.webp": write_pillow, "a.gif": write_pillow, "a.mov": write_prores}
CASES = {(0, 0, 0): True, (0, 255, 255): True, (255, 255, 255): False, (255, 0, 0): True}


@pytest.mark.parametrize(
    ("name", "alphas"),
    # Pillow writes a GIF that begins opaque without any transparency.
    [(n, a) for n in WRITERS for a in CASES if (n, a) != ("a.gif", (255, 0, 0))],
)
def test_an_animation_lies_over_where_it_lets_through(
    tmp_path: Path, name: str, alphas: tuple[int, ...]
):
    WRITERS[name](tmp_path / name, pictures(*alphas))
    assert is_transparent(tmp_path / name) == CASES[alphas]
