"""What is sewn on, tied or buttoned: collars, lapels, sashes, closures, each as a function that draws it."""

from __future__ import annotations

import numpy as np

from mkt_sample.canvas import Canvas, Colour, darker, ellipse, lighter, points, smooth
from mkt_sample.figure import SIDES, Figure
from mkt_sample.garments import Detail


def shirt_front(colour: Colour, buttons: Colour) -> Detail:
    """Collar and buttons of a shirt."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        for side in SIDES:
            collar = points(
                (x + side * 0.03, 1.62),
                (x + side * 0.2, 1.27),
                (x + side * 0.34, 1.42),
                (x + side * 0.2, 1.72),
            )
            canvas.fill(collar, colour)
            canvas.stroke(collar[:3], darker(colour, 0.35), 0.015, 0.5)
        for step in range(4):
            y = 1.85 + 0.27 * step
            canvas.shade(ellipse(figure.centre(y), y, 0.022, 0.022), buttons, 0.9)

    return draw


def lapels(colour: Colour, end: float, gap: float) -> Detail:
    """Lapels down to `end`, `gap` apart."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        x, down = figure.centre(1.45), figure.centre(end)
        for side in SIDES:
            lapel = points(
                (x + side * 0.2, 1.3),
                (x + side * 0.36, 1.42),
                (x + side * 0.5, 1.85),
                (x + side * 0.36, 1.9),
                (down + side * gap, end),
                (down + side * (gap - 0.05), end - 0.1),
            )
            canvas.fill(lapel, lighter(colour, 0.1))
            canvas.stroke(lapel, darker(colour, 0.45), 0.02, 0.7)

    return draw


def buttons(colour: Colour, rows: tuple[float, ...], across: float) -> Detail:
    """Buttons at the heights in `rows`."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        for y in rows:
            for side in SIDES if across else (1,):
                canvas.shade(ellipse(figure.centre(y) + side * across, y, 0.045, 0.045), colour, 1.0)

    return draw


def frog_closure(thread: Colour) -> Detail:
    """A qipao's slanted closure with its knots."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        path = points((x, 1.46), (x + 0.18, 1.6), (x + 0.4, 1.74), (x + 0.52, 1.95))
        canvas.stroke(path, thread, 0.05)
        for at in path[:3]:
            canvas.stroke(at + points((-0.1, -0.05), (0.1, 0.05)), thread, 0.05)
            canvas.shade(ellipse(float(at[0]), float(at[1]), 0.035, 0.035), lighter(thread, 0.4), 1.0)

    return draw


def tie(colour: Colour) -> Detail:
    """A ribbon tied at the collar."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        for side in SIDES:
            canvas.shade(
                smooth(points((x, 1.58), (x + side * 0.24, 1.5), (x + side * 0.27, 1.72), (x, 1.64))),
                colour,
                1.0,
            )
            canvas.shade(
                points((x, 1.62), (x + side * 0.14, 1.98), (x + side * 0.06, 1.98)), darker(colour, 0.2), 1.0
            )

    return draw


def scarf(colour: Colour) -> Detail:
    """A scarf with one end hanging."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.4)
        canvas.fill(
            smooth(points((x - 0.34, 1.16), (x + 0.34, 1.16), (x + 0.42, 1.42), (x, 1.62), (x - 0.42, 1.42))),
            colour,
            volume=0.4,
        )
        canvas.fill(
            points((x + 0.08, 1.45), (x + 0.34, 1.4), (x + 0.36, 2.6), (x + 0.1, 2.62)), colour, volume=0.4
        )
        for step in range(4):
            left = x + 0.12 + 0.065 * step
            canvas.stroke(points((left, 2.6), (left, 2.76)), darker(colour, 0.2), 0.03)

    return draw


def panels(colour: Colour, y: float) -> Detail:
    """Coloured panels at the sides."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        for side in SIDES:
            x = figure.centre(2.2)
            half = figure.half_width(2.2)
            canvas.shade(
                points(
                    (x + side * half, 1.75),
                    (x + side * (half - 0.14), 1.8),
                    (x + side * (half - 0.16), y),
                    (x + side * half, y),
                ),
                colour,
                1.0,
            )

    return draw


def sash(colour: Colour, y: float) -> Detail:
    """A sash with a bow."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        band = figure.trunk(y - 0.09, y + 0.09, 0.05)
        canvas.shade(band, colour, 1.0)
        x = figure.centre(y) + 0.12
        for side in SIDES:
            canvas.shade(
                smooth(points((x, y), (x + side * 0.2, y - 0.12), (x + side * 0.22, y + 0.1))),
                darker(colour, 0.12),
                1.0,
            )

    return draw


def sequins(colour: Colour, seed: int) -> Detail:
    """Glitter over bodice and hips."""
    spots = np.random.default_rng(seed).uniform(-1, 1, (70, 2))

    def draw(canvas: Canvas, figure: Figure) -> None:
        for across, down in spots:
            y = 2.1 + 1.5 * (down + 1) / 2
            x = figure.centre(y) + across * figure.half_width(y) * 0.9
            canvas.shade(ellipse(x, y, 0.014, 0.014), colour, 0.9)

    return draw


def zip_front(colour: Colour, end: float) -> Detail:
    """A high collar and a zip."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        canvas.stroke(points((figure.centre(1.4), 1.3), (figure.centre(end), end)), colour, 0.035)
        x = figure.centre(1.4)
        canvas.fill(
            smooth(points((x - 0.36, 1.12), (x + 0.36, 1.12), (x + 0.4, 1.4), (x, 1.5), (x - 0.4, 1.4))),
            colour,
            volume=0.4,
        )

    return draw


def vest(colour: Colour) -> Detail:
    """A knitted vest with a V neck."""

    def draw(canvas: Canvas, figure: Figure) -> None:
        left = figure.trunk(1.45, 2.85, 0.04)
        x = figure.centre(1.5)
        canvas.fill(left, colour, volume=0.5)
        canvas.shade(points((x - 0.26, 1.4), (x + 0.26, 1.4), (x, 2.05)), (246, 246, 248), 1.0)
        canvas.stroke(points((x - 0.27, 1.42), (x, 2.07), (x + 0.27, 1.42)), (236, 226, 200), 0.04)

    return draw
