from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mkt_assets.charts.base import media_type, picture_of


def noise(width: int = 900, height: int = 600) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_a_picture_knows_its_size_and_is_the_same_every_time():
    first, second = (picture_of(noise(), "x", 2, "X") for _ in range(2))
    assert first == second
    assert (first.name, first.part, first.width, first.height) == ("x", 2, 900, 600)


def test_a_png_carries_no_date_or_software():
    with Image.open(io.BytesIO(picture_of(noise(), "x", 0, "X").png)) as image:
        assert image.info == {}


@pytest.mark.parametrize("max_bytes", [2_000, 8_000, 40_000])
def test_a_thumbnail_of_the_hardest_picture_keeps_both_limits(max_bytes: int):
    data = picture_of(noise(), "x", 0, "X").thumbnail(max_side=300, max_bytes=max_bytes)
    assert len(data) <= max_bytes
    with Image.open(io.BytesIO(data)) as image:
        assert 16 <= max(image.size) <= 300
        assert abs(image.width / image.height - 1.5) < 0.1
        assert media_type(data) == f"image/{str(image.format).lower()}" == "image/jpeg"


def test_a_thumbnail_of_a_photo_is_a_jpeg():
    rough = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 6, 3), dtype=np.uint8))
    data = picture_of(rough.resize((900, 600), Image.Resampling.BICUBIC), "x", 0, "X").thumbnail()
    assert media_type(data) == "image/jpeg"


def test_a_thumbnail_of_a_drawing_is_a_png():
    data = picture_of(Image.new("RGB", (900, 600), "teal"), "x", 0, "X").thumbnail()
    assert media_type(data) == "image/png"


def test_a_thumbnail_never_enlarges():
    data = picture_of(Image.new("RGB", (40, 20), "teal"), "x", 0, "X").thumbnail()
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (40, 20)


def test_an_impossible_thumbnail_is_an_error_that_says_what_to_allow():
    with pytest.raises(ValueError, match=r"x fits into 10 bytes: allow"):
        picture_of(noise(), "x", 0, "X").thumbnail(max_bytes=10)
