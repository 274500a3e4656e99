"""Films made on the spot."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from diffbgm.demo.film import Truth
from diffbgm.video.analysis import VideoAnalysis, analyse_film
from diffbgm.video.clip import Clip
from diffbgm.video.embeddings import EmbeddingCache
from tests.video.small_clip import CLIP, COCA, save_model

FilmWriter = Callable[..., Path]


@pytest.fixture
def write_film(tmp_path: Path) -> FilmWriter:
    """write_film(pictures, rate=..., name=..., ...) encodes RGB pictures and returns the path.

    `ticks` are presentation times in units of 1/1000 s, one a picture, for a variable rate.
    """

    def write(
        pictures: Iterable[np.ndarray],
        rate: Fraction = Fraction(24),
        name: str = "film.mp4",
        ticks: list[int] | None = None,
        rotation: int = 0,
        pixel_aspect: Fraction | None = None,
        codec: str = "libx264",
        options: dict[str, str] | None = None,
        codec_options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = container.add_stream(codec, rate, options=codec_options or {})
            pictures = list(pictures)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = "yuv420p" if codec != "ffv1" else "bgr0"
            if ticks:
                stream.codec_context.time_base = Fraction(1, 1000)
            if rotation:
                stream.set_display_rotation(rotation)
            if pixel_aspect:
                stream.codec_context.sample_aspect_ratio = pixel_aspect
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, 1 / rate
                if ticks:
                    frame.pts, frame.time_base = ticks[number], Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def write_sound(tmp_path: Path) -> Callable[[], Path]:
    """A file with sound alone."""

    def write() -> Path:
        path = tmp_path / "sound.m4a"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", 48000, layout="mono")
            tone = np.sin(np.arange(48000) / 20).astype(np.float32)[None]
            for start in range(0, 48000, 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(tone[:, start : start + 1024]), "fltp", "mono"
                )
                frame.sample_rate, frame.pts = 48000, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture(scope="session")
def analysis_of_demo(demo: tuple[Path, Truth]) -> VideoAnalysis:
    """The demo film, its cuts detected."""
    return analyse_film(demo[0])


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP, as `install.py clip` leaves a large one; not to be changed."""
    return save_model(tmp_path_factory.mktemp("models") / "clip", CLIP)


@pytest.fixture(scope="session")
def coca_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CoCa; not to be changed."""
    return save_model(tmp_path_factory.mktemp("models") / "coca", COCA)


@pytest.fixture
def clip(clip_folder: Path, tmp_path: Path) -> Clip:
    """The small CLIP with an empty cache."""
    return Clip(clip_folder, "cpu", EmbeddingCache(tmp_path / "cache"))
