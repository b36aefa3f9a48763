"""The background's colour is taken out of half-transparent pixels, and nothing out of opaque ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkt_assets.models.sghm.foreground import foreground_colours

RED, GREEN = np.array((200, 30, 40)), np.array((20, 180, 60))


def blend(alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    share = alpha[:, :, None]
    return np.rint(share * RED + (1 - share) * GREEN).astype(np.uint8)


def soft_edge() -> NDArray[np.float32]:
    """0 on the left, 1 on the right, a ramp of 20 pixels between."""
    ramp = np.clip((np.arange(200) - 90) / 20, 0, 1).astype(np.float32)
    return np.tile(ramp, (120, 1))


def test_along_a_soft_edge_the_planted_foreground_colour_is_nearly_found() -> None:
    alpha = soft_edge()
    edge = (alpha > 0.2) & (alpha < 1)
    before = np.abs(blend(alpha)[edge].astype(int) - RED).mean()
    after = np.abs(foreground_colours(blend(alpha), alpha)[edge].astype(int) - RED).mean()
    assert before > 30
    assert after < before / 5


def test_opaque_pixels_keep_their_colours() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    opaque = np.ones((60, 80), np.float32)
    assert np.abs(foreground_colours(picture, opaque).astype(int) - picture).max() <= 1


def test_a_matte_of_nobody_gives_a_picture_all_the_same() -> None:
    picture = np.full((30, 40, 3), 77, np.uint8)
    result = foreground_colours(picture, np.zeros((30, 40), np.float32))
    assert result.shape == picture.shape
    assert result.dtype == np.uint8
