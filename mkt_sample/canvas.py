"""The drawing surface: smooth shapes in body units onto a supersampled picture and its exact mask.

What is drawn (people, clothes, rooms) belongs in the modules that use it.

Not here: what is drawn: people (mkt_sample/people), clothes (mkt_sample/garments), rooms (mkt_sample/scenes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Points = NDArray[np.float64]
Paint = Colour | Image.Image

SUPERSAMPLING = 2
TEXTURE_SPAN = 4.0
"""Body units (head heights) that one texture tile covers."""

_SHADOW: Colour = (28, 20, 40)
_SAMPLES = 7
_STEPS = np.arange(_SAMPLES) / _SAMPLES
_CATMULL_ROM = 0.5 * np.stack(
    [
        -_STEPS + 2 * _STEPS**2 - _STEPS**3,
        2 - 5 * _STEPS**2 + 3 * _STEPS**3,
        _STEPS + 4 * _STEPS**2 - 3 * _STEPS**3,
        -(_STEPS**2) + _STEPS**3,
    ],
    axis=1,
)


def points(*pairs: tuple[float, float]) -> Points:
    """An (n, 2) array of x, y pairs."""
    return np.array(pairs, dtype=np.float64)


def smooth(outline: Points) -> Points:
    """The closed Catmull-Rom curve through an (n, 2) outline, seven points a segment."""
    neighbours = np.stack([np.roll(outline, shift, axis=0) for shift in (1, 0, -1, -2)])
    return np.einsum("sk,knc->nsc", _CATMULL_ROM, neighbours).reshape(-1, 2)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0..1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """`colour` with a share of shadow in it."""
    return mix(colour, _SHADOW, share)


def lighter(colour: Colour, share: float) -> Colour:
    """`colour` with a share of white in it."""
    return mix(colour, (255, 255, 255), share)


@lru_cache(maxsize=32)
def _volume_profile(light: int, volume: float) -> Image.Image:
    across = np.linspace(-1, 1, 256)
    shade = volume * (150 * np.abs(across) ** 3 + 70 * np.clip(across * light, 0, 1))
    return Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)[None, :], "L")


class Canvas:
    """A picture being drawn, twice as large as it will be, and the mask of the persons on it.

    Shapes come in body units (x to the right, y down, a head is 1 high); `place` says where body units
    lie in the picture.
    """

    def __init__(self, background: Image.Image, light: int = 1) -> None:
        self.size = background.size
        large = (background.width * SUPERSAMPLING, background.height * SUPERSAMPLING)
        self._picture = background.resize(large, Image.Resampling.NEAREST)
        self._mask = Image.new("L", large, 0)
        self._light = light
        self._draw = ImageDraw.Draw(self._picture, "RGBA")
        self._draw_mask = ImageDraw.Draw(self._mask)
        self._unit = 1.0
        self._turn = np.eye(2)
        self._origin = np.zeros(2)

    def place(self, *, x: float, y: float, unit: float, lean: float = 0.0, mirrored: bool = False) -> None:
        """Put the body's origin at pixel (x, y), a head being `unit` pixels high, leaning by radians."""
        self._unit = unit * SUPERSAMPLING
        cos, sin = math.cos(lean) * self._unit, math.sin(lean) * self._unit
        self._turn = np.array([[cos, sin], [-sin, cos]]) * np.array([-1.0 if mirrored else 1.0, 1.0])
        self._origin = np.array([x, y]) * SUPERSAMPLING

    def fill(self, outline: Points, paint: Paint, *, volume: float = 0.0) -> None:
        """Fill an outline with a colour or texture; `volume` (0..1) darkens it towards its sides."""
        pixels = self._pixels(outline)
        flat = pixels.ravel().tolist()
        self._draw_mask.polygon(flat, fill=255)
        if not isinstance(paint, Image.Image):
            self._draw.polygon(flat, fill=paint)
        box = self._box(pixels)
        if box is None or (volume == 0.0 and not isinstance(paint, Image.Image)):
            return
        size = (box[2] - box[0], box[3] - box[1])
        stencil = Image.new("L", size, 0)
        ImageDraw.Draw(stencil).polygon((pixels - np.array(box[:2])).ravel().tolist(), fill=255)
        if isinstance(paint, Image.Image):
            self._picture.paste(self._texture(paint, outline, size), box, stencil)
        if volume > 0.0:
            profile = _volume_profile(self._light, volume).resize(size, Image.Resampling.NEAREST)
            self._picture.paste(_SHADOW, box, ImageChops.multiply(stencil, profile))

    def shade(self, outline: Points, colour: Colour, alpha: float) -> None:
        """Tint an area that is already drawn; the mask stays as it is."""
        self._draw.polygon(self._pixels(outline).ravel().tolist(), fill=(*colour, round(alpha * 255)))

    def stroke(self, path: Points, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Draw a line on what is already drawn, `width` in body units."""
        wide = max(1, round(width * self._unit))
        self._draw.line(
            self._pixels(path).ravel().tolist(), fill=(*colour, round(alpha * 255)), width=wide, joint="curve"
        )

    def strap(self, path: Points, colour: Colour, width: float) -> None:
        """Draw a line that belongs to the person (a bag's strap, glasses)."""
        wide = max(2, round(width * self._unit))
        flat = self._pixels(path).ravel().tolist()
        self._draw.line(flat, fill=colour, width=wide, joint="curve")
        self._draw_mask.line(flat, fill=255, width=wide, joint="curve")

    def finish(self) -> tuple[Image.Image, Image.Image]:
        """The picture (RGB) and its mask (L, 0..255 at edges), at their final size."""
        return self._picture.reduce(SUPERSAMPLING), self._mask.reduce(SUPERSAMPLING)

    def _pixels(self, outline: Points) -> Points:
        return outline @ self._turn.T + self._origin

    def _box(self, pixels: Points) -> tuple[int, int, int, int] | None:
        left, top = np.floor(pixels.min(axis=0)).astype(int)
        right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + 1
        width, height = self._picture.size
        box = (max(int(left), 0), max(int(top), 0), min(int(right), width), min(int(bottom), height))
        return box if box[0] < box[2] and box[1] < box[3] else None

    def _texture(self, tile: Image.Image, outline: Points, size: tuple[int, int]) -> Image.Image:
        per_unit = tile.width / TEXTURE_SPAN
        zoom = per_unit / self._unit
        wide, high = min(size[0] * zoom, tile.width), min(size[1] * zoom, tile.height)
        left = abs(float(outline[0, 0]) * per_unit * 0.37) % max(tile.width - wide, 1e-6)
        return tile.resize(size, Image.Resampling.NEAREST, box=(left, 0, left + wide, high))


def ellipse(x: float, y: float, radius_x: float, radius_y: float, angle: float = 0.0) -> Points:
    """Outline of an ellipse around (x, y), turned by radians."""
    around = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    across, down = radius_x * np.cos(around), radius_y * np.sin(around)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.stack([x + across * cos - down * sin, y + across * sin + down * cos], axis=1)


def tube(spine: Points, radii: Sequence[float]) -> Points:
    """Outline of a limb: a smooth tube along an (n, 2) spine with a radius at each of its points."""
    ahead = np.gradient(spine, axis=0)
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1])[:, None], 1e-9)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * np.asarray(radii)[:, None]
    start = spine[0] - ahead[0] * radii[0] * 0.6
    end = spine[-1] + ahead[-1] * radii[-1] * 0.6
    return smooth(np.vstack([start[None], spine + normal, end[None], (spine - normal)[::-1]]))


def limb(spine: Points, radii: Sequence[float]) -> list[Points]:
    """Outlines of a limb along a five-point spine: one tube, or two where it bends sharply in the middle."""
    upper, lower = spine[2] - spine[0], spine[4] - spine[2]
    if float(upper @ lower) > 0.5 * float(np.hypot(*upper) * np.hypot(*lower)):
        return [tube(spine, radii)]
    # a single tube would cross itself at the bend and leave a hole there
    return [tube(spine[:3], radii[:3]), tube(spine[2:], radii[2:])]


def along(spine: Points, share: float) -> Points:
    """The first `share` (0..1) of a three-point spine, as five points, the middle one at the bend."""
    first = float(np.hypot(*(spine[1] - spine[0])))
    second = float(np.hypot(*(spine[2] - spine[1])))
    end = share * (first + second)
    bend = first if end > first * 1.1 else end / 2
    at = np.array([0.0, bend / 2, bend, (bend + end) / 2, end])
    knots = np.array([0.0, first, first + second])
    return np.stack([np.interp(at, knots, spine[:, axis]) for axis in (0, 1)], axis=1)
