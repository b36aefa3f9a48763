from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.core.media.matting import (
    MAX_CUTOUT_SIDE,
    Matte,
    VerdictThresholds,
    composite,
    cut_out,
    downscale_for_matting,
    encode_cutout,
    matte_picture,
    verdict,
)


class FixedBoxMatting:
    """Finds the person in a fixed part of any picture, and keeps the sizes it was shown."""

    model_id, version, licence = "fixed-box", "1", "MIT"

    def __init__(
        self, left: float = 0.25, top: float = 0.5, right: float = 0.75, bottom: float = 1.0
    ) -> None:
        self.box = (left, top, right, bottom)
        self.seen: list[tuple[int, ...]] = []

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.seen.append(image.shape)
        height, width = image.shape[:2]
        left, top, right, bottom = self.box
        alpha = np.zeros((height, width), np.float32)
        alpha[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 1
        return alpha


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_a_matte_says_where_the_person_is_and_how_large() -> None:
    matte = matte_picture(noise(80, 40), FixedBoxMatting())
    assert matte.source == "model"
    assert matte.alpha.shape == (40, 80)
    assert matte.alpha.dtype == np.uint8
    assert matte.bbox == (20, 20, 60, 40)
    assert matte.foreground_ratio == pytest.approx(0.25)


def test_an_empty_matte_has_no_box_and_cannot_be_cut_out() -> None:
    picture = noise(80, 40)
    matte = matte_picture(picture, FixedBoxMatting(0, 0, 0, 0))
    assert (matte.bbox, matte.foreground_ratio) == (None, 0.0)
    with pytest.raises(ValueError, match="nothing to cut out"):
        cut_out(picture, matte)


def test_a_real_alpha_channel_is_the_matte_and_the_model_is_not_asked() -> None:
    model = FixedBoxMatting()
    own = np.zeros((40, 80), np.uint8)
    own[10:20, 30:50] = 200
    picture = noise(80, 40)
    picture.putalpha(Image.fromarray(own))
    matte = matte_picture(picture, model)
    assert matte.source == "input_alpha"
    np.testing.assert_array_equal(matte.alpha, own)
    assert matte.bbox == (30, 10, 50, 20)
    assert model.seen == []


@pytest.mark.parametrize("transparent", [0, 10], ids=["opaque", "rounded corners"])
def test_an_alpha_channel_that_hides_next_to_nothing_is_no_matte(transparent: int) -> None:
    own = np.full((40, 80), 255, np.uint8)
    own.flat[:transparent] = 0
    picture = noise(80, 40)
    picture.putalpha(Image.fromarray(own))
    assert matte_picture(picture, FixedBoxMatting()).source == "model"


def test_a_large_picture_is_matted_small_and_answered_in_its_own_pixels() -> None:
    model = FixedBoxMatting()
    matte = matte_picture(Image.new("RGB", (3200, 1000)), model)
    assert model.seen == [(500, 1600, 3)]
    assert matte.alpha.shape == (1000, 3200)
    assert matte.foreground_ratio == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(matte.bbox or (), (800, 500, 2400, 1000), atol=3)


@given(st.integers(8, 3000), st.integers(8, 3000))
@settings(max_examples=20, deadline=None)
def test_downscaling_keeps_the_shape_and_never_enlarges(width: int, height: int) -> None:
    small = downscale_for_matting(Image.new("L", (width, height)), max_side=400)
    assert max(small.size) == min(400, max(width, height))
    assert small.width / small.height == pytest.approx(width / height, rel=0.6 / min(small.size) + 1e-9)


@pytest.mark.parametrize(
    ("ratio", "expected", "says"),
    [
        (0.0, "rejected", "no person was found"),
        (0.004, "rejected", "0.4%"),
        (0.005, "flagged", "small: 0.5%"),
        (0.0999, "flagged", "less than 10%"),
        (0.1, "kept", None),
        (0.9, "kept", None),
        (0.95, "flagged", "more than 90%"),
    ],
)
def test_a_verdict_has_a_reason_unless_the_matte_is_kept(
    ratio: float, expected: str, says: str | None
) -> None:
    judged, reason = verdict(ratio)
    assert judged == expected
    assert (reason is None) if says is None else (reason is not None and says in reason)


def test_thresholds_can_be_set() -> None:
    assert verdict(0.3, VerdictThresholds(reject_below=0.4))[0] == "rejected"
    assert verdict(0.05, VerdictThresholds(flag_below=0.01))[0] == "kept"


def test_a_cut_out_is_the_box_with_nothing_of_the_background() -> None:
    picture = noise(80, 40)
    found = matte_picture(picture, FixedBoxMatting())
    alpha = found.alpha.copy()
    alpha[30, 40] = 0
    matte = replace(found, alpha=alpha)
    cutout = cut_out(picture, matte)
    assert (cutout.mode, cutout.size) == ("RGBA", (40, 20))
    assert cutout.getpixel((20, 10)) == (0, 0, 0, 0)
    assert cutout.getpixel((0, 0)) == (*np.asarray(picture)[20, 20], 255)


def test_a_cut_out_of_a_huge_picture_is_bounded_and_still_fits_its_place() -> None:
    width, height = 4 * MAX_CUTOUT_SIDE, 40
    matte = matte_picture(Image.new("RGB", (width, height), "red"), FixedBoxMatting(0, 0, 1, 1))
    cutout = cut_out(Image.new("RGB", (width, height), "red"), matte)
    assert cutout.size == (MAX_CUTOUT_SIDE, 10)
    assert matte.bbox is not None
    frame = composite(cutout, width=width, height=height, bbox=matte.bbox)
    assert frame.size == (width, height)
    assert frame.getpixel((width // 2, 20)) == (255, 0, 0)


def test_a_composite_puts_the_person_back_over_the_colour() -> None:
    cutout = Image.new("RGBA", (10, 20), (200, 0, 0, 255))
    cutout.putpixel((0, 0), (0, 0, 0, 0))
    frame = composite(cutout, width=100, height=60, bbox=(30, 40, 40, 60), colour=(1, 2, 3))
    pixels = np.asarray(frame)
    assert (pixels == (200, 0, 0)).all(axis=2).sum() == 199
    assert (pixels[40:60, 30:40] == (200, 0, 0)).all(axis=2).sum() == 199
    assert (pixels[0, 0] == (1, 2, 3)).all()
    assert (pixels[40, 30] == (1, 2, 3)).all()


@given(st.integers(1, 900), st.integers(1, 900), st.data())
@settings(max_examples=40, deadline=None)
def test_a_small_composite_keeps_the_place_and_never_loses_the_person(
    width: int, height: int, data: st.DataObject
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    cutout = Image.new("RGBA", (right - left, bottom - top), (255, 255, 255, 255))
    frame = composite(cutout, width=width, height=height, bbox=(left, top, right, bottom), max_side=100)
    assert max(frame.size) == min(100, max(width, height))
    found = frame.convert("L").getbbox()
    assert found is not None
    scale = min(1.0, 100 / max(width, height))
    np.testing.assert_allclose(found, np.array((left, top, right, bottom)) * scale, atol=1.51)


def test_an_encoded_cut_out_keeps_its_alpha_exactly_and_its_colours_nearly() -> None:
    ramp = np.zeros((64, 64, 4), np.uint8)
    ramp[..., :3] = np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None]
    ramp[..., 3] = np.linspace(0, 255, 64, dtype=np.uint8)[:, None]
    data = encode_cutout(Image.fromarray(ramp))
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.mode) == ("WEBP", "RGBA")
        back = np.asarray(opened).astype(int)
    np.testing.assert_array_equal(back[..., 3], ramp[..., 3])
    assert np.abs(back[1:, :, :3] - ramp[1:, :, :3]).max() <= 12


def test_what_is_hidden_does_not_reach_the_file() -> None:
    picture = np.asarray(noise(64, 64))
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[20:40, 20:40] = 0
    other = picture.copy()
    other[20:40, 20:40] = 255 - other[20:40, 20:40]
    matte = Matte(alpha, "model", 0.9, (0, 0, 64, 64))
    one, another = (encode_cutout(cut_out(Image.fromarray(pixels), matte)) for pixels in (picture, other))
    assert one == another


def test_a_models_matte_is_stored_in_steps_that_the_eye_cannot_tell() -> None:
    class Ramp:
        model_id, version, licence = "ramp", "1", "MIT"

        def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.tile(np.linspace(0, 1, image.shape[1], dtype=np.float32), (image.shape[0], 1))

    alpha = matte_picture(Image.new("RGB", (512, 4)), Ramp()).alpha
    assert len(np.unique(alpha)) == 64
    assert (alpha[0, 0], alpha[0, -1]) == (0, 255)
    assert np.abs(alpha[0].astype(float) - np.linspace(0, 255, 512)).max() <= 3
