from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.selfie_segmentation import WEIGHTS, SelfieSegmentation


@pytest.fixture(scope="module")
def model() -> SelfieSegmentation:
    return SelfieSegmentation()


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    corners = np.array([[[250, 200, 90], [30, 60, 200]], [[10, 120, 60], [240, 240, 240]]], np.uint8)
    return np.asarray(Image.fromarray(corners).resize((width, height), Image.Resampling.BICUBIC))


def plush() -> NDArray[np.uint8]:
    """A toy rabbit: ears, a round head, button eyes, a round body, on a shelf."""
    picture = Image.new("RGB", (360, 480), (225, 210, 180))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 380, 360, 480), fill=(60, 110, 150))
    grey = (170, 165, 180)
    for box in ((130, 30, 165, 160), (195, 30, 230, 160), (110, 120, 250, 250), (95, 230, 265, 400)):
        draw.ellipse(box, fill=grey, outline=(90, 85, 100), width=3)
    for x in (150, 200):
        draw.ellipse((x, 170, x + 12, 182), fill=(20, 20, 20))
    draw.ellipse((172, 195, 188, 207), fill=(230, 150, 150))
    return np.asarray(picture)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((120, 90, 3), np.uint8),
        np.full((120, 90, 3), 255, np.uint8),
        gradient(300, 400),
        gradient(400, 90),
        np.random.default_rng(0).integers(0, 256, (400, 300, 3), dtype=np.uint8),
        plush(),
    ],
    ids=["black", "white", "gradient", "wide gradient", "noise", "plush"],
)
def test_where_nobody_is_the_matte_is_empty(model: SelfieSegmentation, picture: NDArray[np.uint8]) -> None:
    alpha = model.alpha(picture)
    assert alpha.shape == picture.shape[:2]
    assert not alpha.any()


@pytest.mark.parametrize("size", [(8, 8), (8, 300), (300, 8), (513, 257)])
def test_the_matte_has_the_size_of_the_picture(model: SelfieSegmentation, size: tuple[int, int]) -> None:
    alpha = model.alpha(gradient(*size))
    assert (alpha.shape, alpha.dtype) == ((size[1], size[0]), np.float32)


def test_threads_get_what_one_thread_gets(model: SelfieSegmentation) -> None:
    pictures = [np.roll(plush(), 40 * i, axis=1) for i in range(4)]
    views = [Image.fromarray(picture) for picture in pictures]
    alone = [model._segment(view) for view in views]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(model._segment, views))
    np.testing.assert_array_equal(alone, together)
    assert np.ptp(alone) > 0


def test_other_weights_are_refused_in_one_sentence(tmp_path: Path) -> None:
    damaged = bytearray(WEIGHTS.read_bytes())
    damaged[1000] ^= 1
    path = tmp_path / "weights.tflite"
    path.write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"expected 8d13b7fae74a\.\.: .* restore it from the npm package"):
        SelfieSegmentation(path)
    with pytest.raises(WeightsError, match="is missing; it comes from the npm package"):
        SelfieSegmentation(tmp_path / "none.tflite")
