"""Drawing a head: face, hair in a handful of cuts, glasses and hats."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mkt_sample.canvas import Canvas, Colour, Points, darker, ellipse, lighter, mix, points, smooth
from mkt_sample.figure import SIDES, Figure

SKINS: tuple[Colour, ...] = (
    (250, 224, 206),
    (243, 208, 184),
    (234, 192, 164),
    (222, 174, 142),
    (192, 140, 106),
    (148, 102, 76),
)
HAIRS: tuple[Colour, ...] = (
    (28, 24, 28),
    (40, 30, 28),
    (58, 38, 30),
    (88, 56, 40),
    (122, 82, 56),
    (156, 112, 76),
    (96, 52, 58),
)
Placement = Callable[[Points], Points]
CUTS = ("long", "wavy", "bob", "ponytail", "bun", "braids", "short")


@dataclass(frozen=True, slots=True)
class Head:
    """How a head looks; independent of the clothes."""

    skin: Colour
    hair: Colour
    cut: str
    fringe: str
    iris: Colour
    lips: Colour
    smile: float
    gaze: float
    face_width: float
    glasses: str
    hat: str
    hat_colour: Colour


def random_head(rng: random.Random) -> Head:
    """A head with independent features."""
    return Head(
        skin=rng.choices(SKINS, (5, 6, 5, 3, 2, 1))[0],
        hair=rng.choices(HAIRS, (6, 5, 4, 3, 2, 1, 1))[0],
        cut=rng.choice(CUTS),
        fringe=rng.choice(("straight", "curtain", "side", "none")),
        iris=rng.choice(((52, 34, 26), (70, 46, 32), (34, 26, 26))),
        lips=rng.choice(((196, 84, 88), (180, 62, 74), (214, 116, 110), (166, 50, 58))),
        smile=rng.uniform(0.0, 1.0),
        gaze=rng.uniform(-0.02, 0.02),
        face_width=rng.uniform(0.335, 0.375),
        glasses=rng.choices(("", "round", "sun"), (86, 9, 5))[0],
        hat=rng.choices(("", "cap", "beret", "straw"), (88, 4, 4, 4))[0],
        hat_colour=rng.choice(
            ((52, 56, 70), (206, 190, 160), (150, 60, 58), (236, 232, 224), (110, 120, 92))
        ),
    )


def draw_hair_behind(canvas: Canvas, figure: Figure, head: Head) -> None:
    """The hair that hangs behind neck and shoulders."""
    back = darker(head.hair, 0.25)
    place = figure.head_frame
    if head.cut in ("long", "wavy"):
        end = 2.3 if head.cut == "long" else 2.05
        wave = 0.0 if head.cut == "long" else 0.1
        canvas.fill(
            place(
                smooth(
                    _mirrored(
                        (0.0, 0.0),
                        (0.36, 0.1),
                        (0.47, 0.55),
                        (0.48 + wave, 1.1),
                        (0.46, 1.55),
                        (0.44 + wave, end),
                    )
                )
            ),
            back,
            volume=0.5,
        )
    elif head.cut == "bob":
        canvas.fill(
            place(smooth(_mirrored((0.0, -0.01), (0.36, 0.08), (0.49, 0.5), (0.52, 0.95), (0.42, 1.2)))),
            back,
            volume=0.4,
        )
    elif head.cut == "ponytail":
        canvas.fill(
            place(
                smooth(
                    points(
                        (0.1, 0.12),
                        (0.5, 0.1),
                        (0.66, 0.55),
                        (0.58, 1.25),
                        (0.5, 1.7),
                        (0.42, 1.2),
                        (0.38, 0.6),
                    )
                )
            ),
            back,
            volume=0.4,
        )
    elif head.cut == "bun":
        canvas.fill(place(ellipse(0.0, -0.1, 0.22, 0.2)), head.hair, volume=0.5)
    elif head.cut == "braids":
        for side in SIDES:
            for knot in range(6):
                canvas.fill(
                    place(ellipse(side * (0.4 + 0.012 * knot), 0.85 + 0.2 * knot, 0.12 - 0.008 * knot, 0.13)),
                    back,
                    volume=0.5,
                )
    canvas.fill(place(ellipse(0.0, 0.5, 0.42, 0.5)), back)


def draw_head(canvas: Canvas, figure: Figure, head: Head) -> None:
    """Face, hair and what is worn on the head."""
    place, wide = figure.head_frame, head.face_width
    for side in SIDES:
        canvas.fill(place(ellipse(side * (wide + 0.01), 0.58, 0.06, 0.11)), darker(head.skin, 0.1))
    face = smooth(
        _mirrored(
            (0.0, 0.1),
            (wide * 0.8, 0.2),
            (wide, 0.5),
            (wide * 0.93, 0.72),
            (wide * 0.58, 0.92),
            (wide * 0.14, 1.005),
        )
    )
    canvas.fill(place(face), head.skin, volume=0.35)
    _draw_features(canvas, place, head)
    _draw_hair_in_front(canvas, place, head)
    if head.glasses:
        _draw_glasses(canvas, place, head)
    if head.hat:
        _draw_hat(canvas, place, head)


def _draw_features(canvas: Canvas, place: Placement, head: Head) -> None:
    dark = darker(head.hair, 0.2)
    for side in SIDES:
        canvas.shade(place(ellipse(side * 0.2, 0.71, 0.085, 0.055)), (232, 110, 104), 0.22)
        x = side * 0.155
        almond = smooth(
            points((x - 0.085, 0.555), (x - 0.03, 0.522), (x + 0.03, 0.522), (x + 0.085, 0.55), (x, 0.588))
        )
        canvas.shade(place(ellipse(x, 0.53, 0.11, 0.055)), darker(head.skin, 0.3), 0.35)
        canvas.shade(place(almond), (250, 248, 246), 1.0)
        canvas.shade(place(ellipse(x + head.gaze, 0.552, 0.036, 0.037)), head.iris, 1.0)
        canvas.shade(place(ellipse(x + head.gaze, 0.552, 0.017, 0.018)), (12, 8, 10), 1.0)
        canvas.shade(place(ellipse(x + head.gaze + 0.012, 0.54, 0.009, 0.009)), (255, 255, 255), 0.9)
        lash = points((x - 0.09, 0.556), (x - 0.035, 0.52), (x + 0.035, 0.52), (x + 0.092, 0.548))
        canvas.stroke(place(lash), (24, 16, 18), 0.022)
        brow = points((x - side * 0.085, 0.445), (x + side * 0.01, 0.42), (x + side * 0.11, 0.445))
        canvas.stroke(place(brow), dark, 0.03, 0.75)
    canvas.shade(
        place(smooth(points((0.0, 0.56), (0.05, 0.7), (0.045, 0.735), (0.01, 0.72)))),
        darker(head.skin, 0.45),
        0.32,
    )
    canvas.stroke(
        place(points((-0.045, 0.735), (0.0, 0.75), (0.045, 0.735))), darker(head.skin, 0.5), 0.014, 0.6
    )
    corner = 0.85 - 0.028 * head.smile
    half = 0.085 + 0.025 * head.smile
    upper = smooth(
        points((-half, corner), (-0.035, 0.828), (0.0, 0.838), (0.035, 0.828), (half, corner), (0.0, 0.858))
    )
    lower = smooth(points((-half, corner), (0.0, 0.858), (half, corner), (0.0, 0.9 + 0.01 * head.smile)))
    canvas.shade(place(lower), lighter(head.lips, 0.18), 1.0)
    canvas.shade(place(upper), darker(head.lips, 0.12), 1.0)


def _draw_hair_in_front(canvas: Canvas, place: Placement, head: Head) -> None:
    hair, shine = head.hair, lighter(head.hair, 0.22)
    line = 0.2 if head.fringe == "none" else 0.26
    cap = _mirrored(
        (0.0, -0.04),
        (0.27, 0.0),
        (0.42, 0.24),
        (0.425, 0.56),
        (0.36, 0.6),
        (0.35, 0.4),
        (0.24, line),
        (0.0, line - 0.04),
    )
    canvas.fill(place(smooth(cap)), hair)
    if head.fringe == "straight":
        fringe = points(
            (-0.35, 0.2),
            (0.0, 0.1),
            (0.35, 0.2),
            (0.33, 0.42),
            (0.16, 0.43),
            (0.0, 0.41),
            (-0.17, 0.43),
            (-0.33, 0.41),
        )
        canvas.fill(place(smooth(fringe)), hair)
    elif head.fringe == "curtain":
        for side in SIDES:
            lock = points(
                (0.0, 0.08),
                (side * 0.26, 0.16),
                (side * 0.38, 0.46),
                (side * 0.345, 0.66),
                (side * 0.3, 0.44),
                (side * 0.14, 0.28),
            )
            canvas.fill(place(smooth(lock)), hair)
    elif head.fringe == "side":
        canvas.fill(
            place(
                smooth(
                    points((-0.3, 0.12), (0.1, 0.06), (0.36, 0.26), (0.35, 0.5), (0.2, 0.36), (-0.16, 0.26))
                )
            ),
            hair,
        )
    if head.cut in ("long", "wavy", "bob"):
        end = {"long": 1.95, "wavy": 1.75, "bob": 1.12}[head.cut]
        for side in SIDES:
            lock = points(
                (side * 0.33, 0.3),
                (side * 0.425, 0.45),
                (side * 0.47, 1.0),
                (side * 0.43, end),
                (side * 0.35, end - 0.25),
                (side * 0.345, 0.75),
            )
            canvas.fill(place(smooth(lock)), hair)
            canvas.stroke(
                place(points((side * 0.39, 0.5), (side * 0.42, 0.9), (side * 0.4, end - 0.15))),
                shine,
                0.02,
                0.45,
            )
    canvas.stroke(place(points((-0.22, 0.1), (-0.05, 0.045), (0.16, 0.075))), shine, 0.03, 0.45)
    canvas.stroke(place(points((0.02, -0.02), (-0.02, 0.1))), darker(hair, 0.5), 0.015, 0.6)


def _draw_glasses(canvas: Canvas, place: Placement, head: Head) -> None:
    dark = (30, 26, 30)
    for side in SIDES:
        rim = ellipse(side * 0.16, 0.555, 0.125, 0.1)
        if head.glasses == "sun":
            canvas.shade(place(rim), dark, 0.93)
        canvas.stroke(place(np.vstack([rim, rim[:1]])), dark, 0.022)
    canvas.stroke(place(points((-0.04, 0.54), (0.04, 0.54))), dark, 0.025)


def _draw_hat(canvas: Canvas, place: Placement, head: Head) -> None:
    colour = head.hat_colour
    if head.hat == "cap":
        canvas.fill(
            place(smooth(_mirrored((0.0, -0.12), (0.3, -0.06), (0.43, 0.24), (0.2, 0.27)))),
            colour,
            volume=0.5,
        )
        canvas.fill(
            place(
                smooth(
                    points((-0.4, 0.22), (0.0, 0.16), (0.4, 0.22), (0.34, 0.34), (0.0, 0.3), (-0.34, 0.34))
                )
            ),
            darker(colour, 0.25),
        )
    elif head.hat == "beret":
        canvas.fill(
            place(
                smooth(
                    points(
                        (-0.46, 0.12),
                        (-0.2, -0.16),
                        (0.25, -0.16),
                        (0.52, 0.06),
                        (0.44, 0.24),
                        (0.0, 0.2),
                        (-0.4, 0.24),
                    )
                )
            ),
            colour,
            volume=0.5,
        )
    else:
        straw = mix(colour, (222, 190, 130), 0.8)
        canvas.fill(
            place(smooth(_mirrored((0.0, -0.16), (0.26, -0.12), (0.36, 0.2), (0.0, 0.24)))), straw, volume=0.5
        )
        canvas.fill(place(ellipse(0.0, 0.22, 0.78, 0.12)), darker(straw, 0.08), volume=0.3)
        canvas.stroke(place(points((-0.36, 0.14), (0.0, 0.18), (0.36, 0.14))), darker(colour, 0.5), 0.06)


def _mirrored(*right: tuple[float, float]) -> Points:
    """An outline given by its right half, from the top down."""
    half = points(*right)
    left = half[::-1] * np.array([-1.0, 1.0])
    return np.vstack([half, left[np.abs(left[:, 0]) > 1e-9]])
