"""Drawing clothes on a figure: tops, skirts, trousers, coats.

Not here: which ones make a style (mkt_sample/outfits).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mkt_sample.accessories import draw_shoe
from mkt_sample.canvas import (
    Canvas,
    Colour,
    Paint,
    Points,
    along,
    darker,
    limb,
    points,
    smooth,
    tube,
)
from mkt_sample.figure import HIP_Y, SIDES, Figure

Detail = Callable[[Canvas, Figure], None]


@dataclass(frozen=True, slots=True)
class Top:
    """What covers the trunk; `sleeve` is its length as a share of the arm."""

    paint: Paint
    hem_y: float = 3.2
    sleeve: float = 0.0
    sleeve_width: float = 0.17
    ease: float = 0.03
    neckline: str = "crew"
    puff: bool = False


@dataclass(frozen=True, slots=True)
class Skirt:
    """A skirt from `waist_y` to `hem_y`, `flare` wider at the hem, with that many pleats."""

    paint: Paint
    hem_y: float
    flare: float
    waist_y: float = 2.65
    waves: int = 0
    pleats: int = 0
    slit: bool = False


@dataclass(frozen=True, slots=True)
class Trousers:
    """Trousers down to `length` of the leg, with half widths at thigh, knee and hem."""

    paint: Paint
    length: float = 0.97
    widths: tuple[float, float, float] = (0.34, 0.25, 0.22)
    waist_y: float = 2.75
    seam: Colour | None = None
    seam_width: float = 0.06


@dataclass(frozen=True, slots=True)
class Coat:
    """What is worn over, open by `gap` in the middle; `hem_y` sets whether it is a jacket or a coat."""

    paint: Paint
    lining: Colour
    hem_y: float
    gap: float = 0.2
    ease: float = 0.1
    flare: float = 0.1
    sleeve_width: float = 0.21


@dataclass(frozen=True, slots=True)
class Outfit:
    """Everything worn, and `details` drawn before the arms."""

    shoes: str
    shoe_colour: Colour
    top: Top
    bottom: Skirt | Trousers | None = None
    coat: Coat | None = None
    sock: Colour | None = None
    sock_length: float = 0.0
    bag: str = ""
    bag_colour: Colour = (60, 50, 46)
    details: tuple[Detail, ...] = ()


def ground_colour(paint: Paint) -> Colour:
    """A paint's colour, for its seams and folds."""
    if isinstance(paint, Image.Image):
        red, green, blue = paint.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # pyright: ignore[reportGeneralTypeIssues]
        return int(red), int(green), int(blue)
    return paint


def draw_legs(canvas: Canvas, figure: Figure, skin: Colour, outfit: Outfit) -> None:
    """Bare legs, socks and shoes."""
    for index, side in enumerate(SIDES):
        leg, snug = figure.legs[index], 0.82 if isinstance(outfit.bottom, Trousers) else 1.0
        canvas.fill(
            tube(
                _leg_spine(leg), [radius * figure.build * snug for radius in (0.29, 0.27, 0.175, 0.165, 0.09)]
            ),
            skin,
            volume=0.45,
        )
        if outfit.sock is not None:
            spine = _leg_spine(leg)
            start = 1.0 - outfit.sock_length
            sock = np.stack([_at(spine, share) for share in np.linspace(start, 1.0, 4)])
            radii = np.interp(
                np.linspace(start, 1.0, 4), (0, 0.35, 0.5, 0.7, 1.0), (0.3, 0.26, 0.2, 0.185, 0.11)
            )
            canvas.fill(tube(sock, list(radii * figure.build)), outfit.sock, volume=0.45)
        draw_shoe(canvas, leg[2], side, outfit.shoes, outfit.shoe_colour)


def draw_bottom(canvas: Canvas, figure: Figure, bottom: Skirt | Trousers) -> None:
    """A skirt or trousers."""
    if isinstance(bottom, Skirt):
        _draw_skirt(canvas, figure, bottom)
    else:
        _draw_trousers(canvas, figure, bottom)


def draw_chest(canvas: Canvas, figure: Figure, skin: Colour) -> None:
    """Neck, shoulders and neckline, as far as a top leaves them bare."""
    canvas.fill(figure.trunk(1.3, 3.0), skin, volume=0.3)
    neck = points(
        (figure.centre(1.1) - 0.17, 0.8),
        (figure.centre(1.1) + 0.17, 0.8),
        (figure.centre(1.4) + 0.2, 1.48),
        (figure.centre(1.4) - 0.2, 1.48),
    )
    canvas.fill(neck, darker(skin, 0.06), volume=0.3)
    x = figure.centre(1.4)
    canvas.shade(
        smooth(points((x - 0.15, 0.95), (x + 0.15, 0.95), (x + 0.14, 1.12), (x, 1.22), (x - 0.14, 1.12))),
        darker(skin, 0.5),
        0.3,
    )
    for side in SIDES:
        canvas.stroke(points((x + side * 0.07, 1.5), (x + side * 0.4, 1.46)), darker(skin, 0.4), 0.02, 0.35)


def draw_top(canvas: Canvas, figure: Figure, top: Top, skin: Colour) -> None:
    """The trunk's cover, then the skin its neckline leaves free."""
    start = 1.72 if top.neckline == "straps" else 1.32
    canvas.fill(figure.trunk(start, top.hem_y, top.ease), top.paint, volume=0.5)
    x, seam = figure.centre(1.45), darker(ground_colour(top.paint), 0.35)
    if top.neckline == "straps":
        for side in SIDES:
            canvas.stroke(points((x + side * 0.36, 1.78), (x + side * 0.3, 1.4)), seam, 0.05)
    elif top.neckline == "mandarin":
        canvas.fill(
            points((x - 0.2, 1.16), (x + 0.2, 1.16), (x + 0.26, 1.46), (x - 0.26, 1.46)),
            top.paint,
            volume=0.4,
        )
    else:
        depth = {"crew": 1.52, "v": 1.95, "shirt": 1.72, "square": 1.74}[top.neckline]
        opening = smooth(
            points(
                (x - 0.24, 1.3),
                (x + 0.24, 1.3),
                (x + 0.2, (1.4 + depth) / 2),
                (x, depth),
                (x - 0.2, (1.4 + depth) / 2),
            )
        )
        canvas.fill(opening, skin)
        canvas.stroke(opening[7:], seam, 0.022, 0.6)
    if top.hem_y > 2.7:
        _draw_folds(canvas, figure, seam)


def draw_coat_back(canvas: Canvas, figure: Figure, coat: Coat) -> None:
    """The lining that shows between a long coat's fronts."""
    canvas.fill(figure.trunk(1.4, coat.hem_y - 0.08, coat.ease - 0.06, coat.flare), coat.lining)


def draw_coat_front(canvas: Canvas, figure: Figure, coat: Coat) -> None:
    """The two fronts."""
    whole = figure.trunk(1.34, coat.hem_y, coat.ease, coat.flare)
    half = len(whole) // 2
    outer = {-1: whole[:half], 1: whole[half:][::-1]}
    seam = darker(ground_colour(coat.paint), 0.4)
    for side in SIDES:
        edge = outer[side]
        inner = np.stack(
            [
                np.array([figure.centre(y) + side * coat.gap * share, y])
                for y, share in zip(edge[::-1, 1], np.linspace(1.0, 0.85, len(edge)), strict=True)
            ]
        )
        canvas.fill(np.vstack([edge, inner]), coat.paint, volume=0.4)
        canvas.stroke(inner, seam, 0.025, 0.8)


def draw_sleeve(canvas: Canvas, figure: Figure, index: int, outfit: Outfit) -> None:
    """The sleeve of the coat, or else of the top."""
    arm = figure.arms[index]
    if outfit.coat is not None:
        width, paint, share, puff = outfit.coat.sleeve_width, outfit.coat.paint, 0.97, False
    else:
        width, paint, share, puff = (
            outfit.top.sleeve_width,
            outfit.top.paint,
            outfit.top.sleeve,
            outfit.top.puff,
        )
    if share <= 0.0:
        return
    spine = along(arm, share)
    radii = [width * 1.02, width * 1.04, width * 0.97, width * 0.92, width * 0.88]
    if puff:
        radii = [width, width * 1.5, width * 1.6, width * 1.5, width * 0.9]
    for part in limb(spine, radii):
        canvas.fill(part, paint, volume=0.5)
    seam = darker(ground_colour(paint), 0.4)
    across = points((-0.1, 0.0), (0.1, 0.04)) * (width / 0.17)
    canvas.stroke(spine[2] + across, seam, 0.02, 0.35)
    canvas.stroke(spine[2] + np.array([0.0, 0.09]) + across * 0.8, seam, 0.02, 0.25)


def _leg_spine(leg: Points) -> Points:
    hip, knee, ankle = leg
    return np.stack([hip, (hip + knee) / 2, knee, knee + (ankle - knee) * 0.35, ankle])


def _at(spine: Points, share: float) -> Points:
    knots = np.linspace(0, 1, len(spine))
    return np.array([np.interp(share, knots, spine[:, axis]) for axis in (0, 1)])


def _draw_folds(canvas: Canvas, figure: Figure, seam: Colour) -> None:
    for side in SIDES:
        x = figure.centre(2.6)
        canvas.stroke(points((x + side * 0.44, 2.5), (x + side * 0.2, 2.66)), seam, 0.022, 0.3)
        canvas.stroke(points((x + side * 0.46, 2.7), (x + side * 0.24, 2.78)), seam, 0.02, 0.25)
        canvas.shade(
            smooth(
                points(
                    (x + side * 0.1, 2.16),
                    (x + side * 0.34, 2.24),
                    (x + side * 0.52, 2.1),
                    (x + side * 0.32, 2.18),
                )
            ),
            seam,
            0.25,
        )


def _draw_skirt(canvas: Canvas, figure: Figure, skirt: Skirt) -> None:
    top, bottom = skirt.waist_y, skirt.hem_y
    x, hem_x = figure.centre(top), figure.centre(3.5)
    waist = figure.half_width(top) + 0.03
    hip_y = min(3.35, (top + bottom) / 2)
    hip = figure.half_width(hip_y) + 0.05 + skirt.flare * 0.25
    hem = figure.half_width(3.4) + 0.02 + skirt.flare
    teeth = max(skirt.waves * 2, 4)
    hem_line = [
        (hem_x + hem * (1 - 2 * step / teeth), bottom + (0.06 if step % 2 else -0.04) * (skirt.waves > 0))
        for step in range(teeth + 1)
    ]
    side_y = (hip_y + bottom) / 2
    side = (hip + hem) / 2 + 0.02
    outline = points(
        (x + waist, top),
        (hem_x + hip, hip_y),
        (hem_x + side, side_y),
        *hem_line,
        (hem_x - side, side_y),
        (hem_x - hip, hip_y),
        (x - waist, top),
    )
    canvas.fill(outline, skirt.paint, volume=0.55)
    seam = darker(ground_colour(skirt.paint), 0.4)
    count = skirt.pleats or 5
    for step in range(1, count):
        across = 1 - 2 * step / count
        fold = points((hem_x + hip * across * 0.9, hip_y + 0.15), (hem_x + hem * across, bottom - 0.03))
        if skirt.pleats:
            fold = np.vstack([points((x + waist * across, top)), fold])
        canvas.stroke(fold, seam, *((0.03, 0.55) if skirt.pleats else (0.045, 0.16)))
    canvas.stroke(points((x - waist, top), (x + waist, top)), seam, 0.04, 0.6)
    if skirt.slit:
        canvas.stroke(points((hem_x + hip * 0.6, hip_y + 0.5), (hem_x + hem * 0.72, bottom)), seam, 0.05, 0.9)


def _draw_trousers(canvas: Canvas, figure: Figure, trousers: Trousers) -> None:
    seam = trousers.seam or darker(ground_colour(trousers.paint), 0.35)
    x, hip_x = figure.centre(trousers.waist_y), figure.centre(HIP_Y)
    waist, hip = figure.half_width(trousers.waist_y) + 0.02, figure.half_width(3.25) + 0.02
    outer = (0.31 + trousers.widths[0]) * figure.build
    right = [(x + waist, trousers.waist_y), (hip_x + hip, 3.25), (hip_x + outer, HIP_Y + 0.12)]
    left = [
        (2 * hip_x - right[2][0], right[2][1]),
        (2 * hip_x - right[1][0], 3.25),
        (x - waist, trousers.waist_y),
    ]
    yoke = points(*right, (hip_x, HIP_Y + 0.38), *left)
    for index, side in enumerate(SIDES):
        spine = along(figure.legs[index], trousers.length)
        thigh, knee, hem = (width * figure.build for width in trousers.widths)
        radii = [thigh, (thigh + knee) / 2, knee, (knee + hem) / 2, hem]
        canvas.fill(tube(spine, radii), trousers.paint, volume=0.5)
        outside = spine + np.array([side, 0.0]) * np.asarray(radii)[:, None] * 0.82
        canvas.stroke(
            outside if trousers.seam else spine[1:],
            seam,
            trousers.seam_width if trousers.seam else 0.02,
            0.9 if trousers.seam else 0.3,
        )
        canvas.stroke(points((-0.12, 0.0), (0.1, 0.05)) + spine[2], seam, 0.025, 0.35)
    canvas.fill(yoke, trousers.paint, volume=0.3)
    canvas.stroke(
        points((x, trousers.waist_y), (figure.centre(HIP_Y), HIP_Y + 0.4)),
        darker(ground_colour(trousers.paint), 0.4),
        0.022,
        0.6,
    )
    canvas.stroke(
        figure.trunk(trousers.waist_y, trousers.waist_y + 0.14, 0.03),
        darker(ground_colour(trousers.paint), 0.4),
        0.018,
        0.5,
    )
