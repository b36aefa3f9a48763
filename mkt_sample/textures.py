"""Cloth patterns as tiles (stripes, plaid, flowers, knit, lace ..): colours in, picture out."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from mkt_sample.canvas import Colour, darker, lighter, mix

_SIDE = 512


def _shape(side: int, colour: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    tile = Image.new("RGB", (side, side), colour)
    return tile, ImageDraw.Draw(tile, "RGBA")


@lru_cache(maxsize=32)
def stripes(ground: Colour, line: Colour, period: int) -> Image.Image:
    """Horizontal stripes, `period` in pixels of a 512-pixel tile."""
    tile, draw = _shape(_SIDE, ground)
    for top in range(0, _SIDE, period):
        draw.rectangle((0, top, _SIDE, top + round(period * 0.42)), fill=line)
    return tile


@lru_cache(maxsize=32)
def plaid(ground: Colour, wide: Colour, thin: Colour) -> Image.Image:
    """A tartan of broad and thin crossing bands."""
    tile, draw = _shape(_SIDE, ground)
    for start in range(0, _SIDE, 64):
        for band, width, colour, alpha in ((start, 24, wide, 130), (start + 40, 4, thin, 220)):
            draw.rectangle((band, 0, band + width, _SIDE), fill=(*colour, alpha))
            draw.rectangle((0, band, _SIDE, band + width), fill=(*colour, alpha))
    return tile


@lru_cache(maxsize=32)
def flowers(ground: Colour, petals: Colour, leaf: Colour, size: int) -> Image.Image:
    """Scattered five-petalled flowers and leaves."""
    tile, draw = _shape(_SIDE, ground)
    rng = random.Random(size)
    for row in range(0, _SIDE, size * 3):
        for column in range(0, _SIDE, size * 3):
            x, y = column + rng.uniform(0, size * 2), row + rng.uniform(0, size * 2)
            draw.ellipse((x + size * 0.6, y + size * 0.5, x + size * 1.7, y + size * 1.0), fill=leaf)
            colour = mix(petals, (255, 255, 255), rng.choice((0.0, 0.3, 0.6)))
            for dx, dy in ((0, -0.5), (0.48, -0.15), (0.3, 0.4), (-0.3, 0.4), (-0.48, -0.15)):
                centre_x, centre_y, radius = x + dx * size, y + dy * size, size * 0.36
                box = (centre_x - radius, centre_y - radius, centre_x + radius, centre_y + radius)
                draw.ellipse(box, fill=colour)
            draw.ellipse(
                (x - size * 0.2, y - size * 0.2, x + size * 0.2, y + size * 0.2), fill=(246, 205, 84)
            )
    return tile


@lru_cache(maxsize=32)
def brocade(ground: Colour, thread: Colour) -> Image.Image:
    """Silk with round medallions, as on a qipao."""
    tile, draw = _shape(_SIDE, ground)
    for row, top in enumerate(range(0, _SIDE, 84)):
        for left in range((row % 2) * 48, _SIDE, 96):
            for radius in (26, 17, 8):
                box = (left - radius, top - radius, left + radius, top + radius)
                draw.ellipse(box, outline=(*thread, 190), width=4)
            draw.line((left - 26, top, left + 26, top), fill=(*thread, 120), width=3)
            draw.line((left, top - 26, left, top + 26), fill=(*thread, 120), width=3)
    return tile


@lru_cache(maxsize=32)
def woven(ground: Colour, strength: float, horizontal: bool = False) -> Image.Image:
    """Plain cloth with a fine irregular weave (denim, wool, knit)."""
    noise = np.random.default_rng(7).normal(0, 1, (_SIDE, _SIDE)).astype(np.float32)
    axis = 1 if horizontal else 0
    grain = np.sum([np.roll(noise, shift, axis=axis) for shift in range(8)], axis=0) / 2.8
    cloth = np.asarray(ground, dtype=np.float32) + (grain * strength)[..., None]
    return Image.fromarray(np.clip(cloth, 0, 255).astype(np.uint8), "RGB")


@lru_cache(maxsize=32)
def pinstripe(ground: Colour) -> Image.Image:
    """Thin pale vertical lines, as on a suit."""
    tile, draw = _shape(_SIDE, ground)
    for left in range(0, _SIDE, 22):
        draw.line((left, 0, left, _SIDE), fill=(*lighter(ground, 0.35), 150), width=2)
    return tile


@lru_cache(maxsize=32)
def lace(ground: Colour) -> Image.Image:
    """White-on-white eyelets in rows."""
    tile, draw = _shape(_SIDE, ground)
    for row, top in enumerate(range(0, _SIDE, 24)):
        for left in range((row % 2) * 13, _SIDE, 26):
            draw.ellipse((left - 3, top - 4, left + 3, top + 4), fill=darker(ground, 0.2))
            draw.ellipse((left - 6, top - 7, left + 6, top + 7), outline=lighter(ground, 0.8), width=2)
    return tile


@lru_cache(maxsize=32)
def quilt(ground: Colour) -> Image.Image:
    """Padded horizontal chambers with a light top and a dark seam, as on a down jacket."""
    period = 58
    height = np.arange(_SIDE) % period / period
    light = 26 * np.sin(height * np.pi) - 60 * (height < 0.07) - 12 * height
    rows = np.asarray(ground, dtype=np.float32)[None, :] + light[:, None]
    return Image.fromarray(
        np.repeat(np.clip(rows, 0, 255).astype(np.uint8)[:, None, :], _SIDE, axis=1), "RGB"
    )


@lru_cache(maxsize=32)
def satin(ground: Colour) -> Image.Image:
    """Smooth cloth with long soft vertical highlights."""
    across = np.linspace(0, 6 * np.pi, _SIDE)
    light = 22 * np.sin(across) + 14 * np.sin(across * 2.3 + 1)
    columns = np.asarray(ground, dtype=np.float32)[None, :] + light[:, None]
    return Image.fromarray(
        np.repeat(np.clip(columns, 0, 255).astype(np.uint8)[None, :, :], _SIDE, axis=0), "RGB"
    )
