from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from mkt_assets.models.imagebind.pictures import MEAN, STANDARD_DEVIATION, prepare_picture


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("size", "resized", "left_top"),
    [
        ((300, 400), (224, 298), (0, 37)),
        ((400, 301), (297, 224), (36, 0)),  # 36.5 is rounded to the even number
        ((224, 224), (224, 224), (0, 0)),
        ((50, 100), (224, 448), (0, 112)),
    ],
)
def test_a_picture_is_resized_by_its_short_side_and_cut_in_the_middle(
    size: tuple[int, int], resized: tuple[int, int], left_top: tuple[int, int]
) -> None:
    picture = noise(*size)
    left, top = left_top
    square = picture.resize(resized, Image.Resampling.BICUBIC).crop((left, top, left + 224, top + 224))
    expected = (np.asarray(square, np.float32) / np.float32(255) - MEAN) / STANDARD_DEVIATION
    assert np.array_equal(prepare_picture(picture), expected.transpose(2, 0, 1))


def test_values_are_clips() -> None:
    prepared = prepare_picture(Image.new("RGB", (10, 10), (255, 0, 0)))
    assert prepared.dtype == np.float32
    assert prepared[:, 0, 0] == pytest.approx([1.9303, -1.7521, -1.4802], abs=1e-4)


def test_a_very_long_strip_shows_its_middle_and_takes_little_memory() -> None:
    strip = Image.new("RGB", (4, 8000), "black")
    strip.paste((255, 255, 255), (0, 3900, 4, 4100))
    tracemalloc.start()
    prepared = prepare_picture(strip)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (prepared > 1.9).all()
    assert peak < 20_000_000


def test_grey_and_transparent_pictures_are_read_as_colour() -> None:
    for mode in ("L", "RGBA", "P"):
        assert prepare_picture(Image.new(mode, (30, 40))).shape == (3, 224, 224)
