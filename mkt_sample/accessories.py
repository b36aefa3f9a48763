"""Drawing shoes and bags.

Not here: clothes (mkt_sample/garments).
"""

from __future__ import annotations

from mkt_sample.canvas import Canvas, Colour, Points, darker, ellipse, lighter, points, smooth
from mkt_sample.figure import Figure


def draw_bag(canvas: Canvas, figure: Figure, kind: str, colour: Colour) -> None:
    """A bag in the left hand or across the body."""
    seam = darker(colour, 0.45)
    if kind == "cross":
        hip = (figure.centre(3.3) + 0.62, 3.35)
        canvas.stroke(points((figure.centre(1.5) - 0.42, 1.42), hip), seam, 0.045)
        x, y, half, tall = hip[0], hip[1], 0.33, 0.42
    else:
        hand = figure.arms[0][2] + (figure.arms[0][2] - figure.arms[0][1]) * 0.2
        x, y, half, tall = (
            float(hand[0]),
            float(hand[1]) + 0.42,
            (0.4 if kind == "tote" else 0.3),
            (0.72 if kind == "tote" else 0.4),
        )
        canvas.strap(
            points(
                (x - half * 0.6, y), (x - half * 0.3, y - 0.4), (x + half * 0.3, y - 0.4), (x + half * 0.6, y)
            ),
            seam,
            0.045,
        )
    body = points((x - half, y), (x + half, y), (x + half * 1.12, y + tall), (x - half * 1.12, y + tall))
    canvas.fill(body, colour, volume=0.5)
    canvas.stroke(
        points((x - half, y + tall * 0.36), (x, y + tall * 0.5), (x + half, y + tall * 0.36)),
        seam,
        0.025,
        0.8,
    )
    canvas.shade(ellipse(x, y + tall * 0.5, 0.04, 0.04), (226, 196, 120), 1.0)


def draw_shoe(canvas: Canvas, ankle: Points, side: int, kind: str, colour: Colour) -> None:
    """Sneakers, flats, heels or boots under an ankle."""
    x, y = float(ankle[0]), float(ankle[1])
    toe = x + side * 0.1
    if kind == "boots":
        canvas.fill(
            points((x - 0.17, y - 0.75), (x + 0.17, y - 0.75), (x + 0.13, y + 0.1), (x - 0.13, y + 0.1)),
            colour,
            volume=0.5,
        )
    if kind == "heels":
        canvas.fill(
            points(
                (x - side * 0.08, y + 0.02),
                (x - side * 0.02, y + 0.02),
                (x - side * 0.05, y + 0.34),
                (x - side * 0.09, y + 0.34),
            ),
            darker(colour, 0.2),
        )
        canvas.fill(
            smooth(
                points(
                    (x - 0.09, y + 0.02),
                    (x + 0.09, y + 0.02),
                    (toe + 0.11, y + 0.24),
                    (toe, y + 0.37),
                    (toe - 0.12, y + 0.25),
                )
            ),
            colour,
            volume=0.4,
        )
        canvas.shade(ellipse((x + toe) / 2, y + 0.06, 0.075, 0.08), (236, 200, 176), 0.55)
        return
    upper = smooth(
        points(
            (x - 0.13, y - 0.05),
            (x + 0.13, y - 0.05),
            (toe + 0.18, y + 0.2),
            (toe + 0.1, y + 0.34),
            (toe - 0.1, y + 0.34),
            (toe - 0.18, y + 0.2),
        )
    )
    canvas.fill(upper, colour, volume=0.4)
    sole = (246, 244, 240) if kind == "sneakers" else darker(colour, 0.55)
    canvas.fill(
        smooth(
            points(
                (toe - 0.19, y + 0.24), (toe + 0.19, y + 0.24), (toe + 0.15, y + 0.37), (toe - 0.15, y + 0.37)
            )
        ),
        sole,
    )
    if kind == "sneakers":
        for step in range(3):
            canvas.stroke(
                points((x - 0.07, y + 0.03 + 0.06 * step), (x + 0.09, y + 0.05 + 0.06 * step)),
                lighter(colour, 0.5),
                0.022,
            )
    else:
        canvas.stroke(points((x - 0.11, y + 0.1), (x + 0.13, y + 0.1)), darker(colour, 0.5), 0.035, 0.8)
