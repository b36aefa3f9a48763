"""The ten styles: which garments, colours and patterns make each, and how far one style varies."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from mkt_assets.sample import textures
from mkt_assets.sample.canvas import Canvas, Colour, darker, ellipse, lighter, points, smooth
from mkt_assets.sample.figure import SIDES, Figure
from mkt_assets.sample.garments import Coat, Detail, Outfit, Skirt, Top, Trousers


def _shirt_front(colour: Colour, buttons: Colour) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        for side in SIDES:
            collar = points((x + side * 0.03, 1.62), (x + side * 0.2, 1.27), (x + side * 0.34, 1.42), (x + side * 0.2, 1.72))
            canvas.fill(collar, colour)
            canvas.stroke(collar[:3], darker(colour, 0.35), 0.015, 0.5)
        for step in range(4):
            y = 1.85 + 0.27 * step
            canvas.shade(ellipse(figure.centre(y), y, 0.022, 0.022), buttons, 0.9)

    return draw


def _lapels(colour: Colour, end: float, gap: float) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        x, down = figure.centre(1.45), figure.centre(end)
        for side in SIDES:
            lapel = points((x + side * 0.2, 1.3), (x + side * 0.36, 1.42), (x + side * 0.5, 1.85), (x + side * 0.36, 1.9), (down + side * gap, end), (down + side * (gap - 0.05), end - 0.1))
            canvas.fill(lapel, lighter(colour, 0.1))
            canvas.stroke(lapel, darker(colour, 0.45), 0.02, 0.7)

    return draw


def _buttons(colour: Colour, rows: tuple[float, ...], across: float) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        for y in rows:
            for side in SIDES if across else (1,):
                canvas.shade(ellipse(figure.centre(y) + side * across, y, 0.045, 0.045), colour, 1.0)

    return draw


def _frog_closure(thread: Colour) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        path = points((x, 1.46), (x + 0.18, 1.6), (x + 0.4, 1.74), (x + 0.52, 1.95))
        canvas.stroke(path, thread, 0.05)
        for at in path[:3]:
            canvas.stroke(at + points((-0.1, -0.05), (0.1, 0.05)), thread, 0.05)
            canvas.shade(ellipse(float(at[0]), float(at[1]), 0.035, 0.035), lighter(thread, 0.4), 1.0)

    return draw


def _tie(colour: Colour) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.5)
        for side in SIDES:
            canvas.shade(smooth(points((x, 1.58), (x + side * 0.24, 1.5), (x + side * 0.27, 1.72), (x, 1.64))), colour, 1.0)
            canvas.shade(points((x, 1.62), (x + side * 0.14, 1.98), (x + side * 0.06, 1.98)), darker(colour, 0.2), 1.0)

    return draw


def _scarf(colour: Colour) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        x = figure.centre(1.4)
        canvas.fill(smooth(points((x - 0.34, 1.16), (x + 0.34, 1.16), (x + 0.42, 1.42), (x, 1.62), (x - 0.42, 1.42))), colour, volume=0.4)
        canvas.fill(points((x + 0.08, 1.45), (x + 0.34, 1.4), (x + 0.36, 2.6), (x + 0.1, 2.62)), colour, volume=0.4)
        for step in range(4):
            left = x + 0.12 + 0.065 * step
            canvas.stroke(points((left, 2.6), (left, 2.76)), darker(colour, 0.2), 0.03)

    return draw


def _panels(colour: Colour, y: float) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        for side in SIDES:
            x = figure.centre(2.2)
            half = figure.half_width(2.2)
            canvas.shade(points((x + side * half, 1.75), (x + side * (half - 0.14), 1.8), (x + side * (half - 0.16), y), (x + side * half, y)), colour, 1.0)

    return draw


def _sash(colour: Colour, y: float) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        band = figure.trunk(y - 0.09, y + 0.09, 0.05)
        canvas.shade(band, colour, 1.0)
        x = figure.centre(y) + 0.12
        for side in SIDES:
            canvas.shade(smooth(points((x, y), (x + side * 0.2, y - 0.12), (x + side * 0.22, y + 0.1))), darker(colour, 0.12), 1.0)

    return draw


def _sequins(colour: Colour, seed: int) -> Detail:
    spots = np.random.default_rng(seed).uniform(-1, 1, (70, 2))

    def draw(canvas: Canvas, figure: Figure) -> None:
        for across, down in spots:
            y = 2.1 + 1.5 * (down + 1) / 2
            x = figure.centre(y) + across * figure.half_width(y) * 0.9
            canvas.shade(ellipse(x, y, 0.014, 0.014), colour, 0.9)

    return draw


def _zip(colour: Colour, end: float) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        canvas.stroke(points((figure.centre(1.4), 1.3), (figure.centre(end), end)), colour, 0.035)
        x = figure.centre(1.4)
        canvas.fill(smooth(points((x - 0.36, 1.12), (x + 0.36, 1.12), (x + 0.4, 1.4), (x, 1.5), (x - 0.4, 1.4))), colour, volume=0.4)

    return draw


def _jitter(rng: random.Random, colour: Colour, amount: int = 8) -> Colour:
    # steps of a third, so that few different textures are drawn (they are cached by colour)
    shift = rng.choice((-amount, 0, amount))
    tint = rng.choice((-amount // 2, 0, amount // 2))
    red, green, blue = colour
    return _byte(red + shift + tint), _byte(green + shift), _byte(blue + shift - tint)


def _byte(value: int) -> int:
    return max(0, min(255, value))


def _white_dress(rng: random.Random) -> Outfit:
    white = _jitter(rng, (246, 243, 238), 6)
    cloth = textures.lace(white)
    return Outfit(
        shoes=rng.choice(("heels", "flats")),
        shoe_colour=rng.choice(((238, 226, 210), (226, 198, 178))),
        top=Top(cloth, hem_y=2.8, sleeve=rng.uniform(0.3, 0.45), sleeve_width=0.18, neckline="square", puff=True),
        bottom=Skirt(cloth, hem_y=rng.uniform(4.9, 5.5), flare=rng.uniform(0.6, 0.8), waves=9),
        bag=rng.choice(("", "hand")),
        bag_colour=(214, 184, 150),
        details=(_sash(_jitter(rng, (232, 222, 206)), 2.68),),
    )


def _black_suit(rng: random.Random) -> Outfit:
    black = _jitter(rng, (38, 38, 44), 6)
    cloth = textures.woven(black, 3.0)
    gap = rng.uniform(0.12, 0.2)
    return Outfit(
        shoes=rng.choice(("heels", "flats")),
        shoe_colour=(24, 22, 26),
        top=Top(rng.choice(((244, 244, 246), (228, 234, 244))), hem_y=3.1, neckline="shirt"),
        bottom=Trousers(cloth, widths=(0.35, rng.uniform(0.26, 0.3), rng.uniform(0.24, 0.31))),
        coat=Coat(cloth, (30, 30, 34), hem_y=rng.uniform(3.55, 3.85), gap=gap, ease=0.09, flare=0.04),
        bag=rng.choice(("", "hand", "tote")),
        bag_colour=(52, 46, 48),
        details=(
            _shirt_front((246, 246, 248), (160, 160, 170)),
            _lapels(black, 2.65, gap),
            _buttons((92, 88, 90), (2.75, 3.05), gap + 0.07),
        ),
    )


def _red_qipao(rng: random.Random) -> Outfit:
    red = _jitter(rng, (182, 28, 40), 10)
    gold = (222, 180, 92)
    cloth = textures.brocade(red, gold)
    return Outfit(
        shoes="heels",
        shoe_colour=rng.choice(((168, 32, 40), (206, 170, 96))),
        top=Top(cloth, hem_y=3.0, sleeve=rng.choice((0.12, 0.22, 0.3)), sleeve_width=0.16, neckline="mandarin"),
        bottom=Skirt(cloth, hem_y=rng.uniform(5.2, 6.2), flare=rng.uniform(-0.12, 0.0), waist_y=2.7, slit=True),
        bag=rng.choice(("", "hand")),
        bag_colour=(206, 170, 96),
        details=(_frog_closure(gold),),
    )


def _striped_denim(rng: random.Random) -> Outfit:
    line = rng.choice(((36, 48, 92), (30, 34, 52)))
    denim = textures.woven(_jitter(rng, (94, 128, 170), 10), 8.0)
    return Outfit(
        shoes="sneakers",
        shoe_colour=(240, 240, 238),
        top=Top(textures.stripes((246, 244, 238), line, rng.choice((34, 38))), hem_y=rng.uniform(3.0, 3.25), sleeve=rng.uniform(0.72, 0.97), sleeve_width=0.18, ease=0.06),
        bottom=Trousers(denim, length=rng.uniform(0.9, 0.97), widths=(0.35, 0.29, rng.uniform(0.28, 0.36)), seam=(206, 170, 110)),
        bag=rng.choice(("", "cross", "tote")),
        bag_colour=rng.choice(((226, 214, 190), (130, 84, 52))),
    )


def _floral_skirt(rng: random.Random) -> Outfit:
    yellow = _jitter(rng, (246, 208, 96), 8)
    ground = _jitter(rng, (64, 122, 86), 8)
    return Outfit(
        shoes=rng.choice(("flats", "heels")),
        shoe_colour=rng.choice(((150, 98, 62), (236, 226, 208))),
        top=Top(textures.woven(yellow, 5.0), hem_y=2.75, sleeve=rng.choice((0.2, 0.28, 0.5)), sleeve_width=0.17, neckline=rng.choice(("crew", "v"))),
        bottom=Skirt(textures.flowers(ground, (240, 128, 152), (150, 196, 120), 22), hem_y=rng.uniform(5.4, 6.1), flare=rng.uniform(0.4, 0.6), waves=6),
        bag=rng.choice(("", "tote", "cross")),
        bag_colour=(206, 172, 120),
    )


def _camel_coat(rng: random.Random) -> Outfit:
    camel = _jitter(rng, (188, 142, 92), 8)
    gap = rng.uniform(0.2, 0.3)
    return Outfit(
        shoes="boots",
        shoe_colour=rng.choice(((66, 44, 34), (44, 36, 34))),
        top=Top(textures.woven((238, 230, 214), 6.0), hem_y=3.3, neckline="crew", ease=0.05),
        bottom=Trousers(textures.woven((84, 66, 56), 4.0), widths=(0.32, 0.23, 0.19)),
        coat=Coat(textures.woven(camel, 5.0), darker(camel, 0.45), hem_y=rng.uniform(5.4, 6.0), gap=gap, ease=0.14, flare=0.3),
        bag=rng.choice(("", "hand")),
        bag_colour=(110, 68, 44),
        details=(_lapels(camel, 2.5, gap), _buttons((92, 62, 40), (2.8, 3.3), gap + 0.08), _scarf(rng.choice(((226, 214, 196), (150, 104, 72), (196, 176, 150))))),
    )


def _sports_set(rng: random.Random) -> Outfit:
    teal = _jitter(rng, (24, 160, 150), 10)
    neon = (226, 250, 90)
    return Outfit(
        shoes="sneakers",
        shoe_colour=rng.choice((neon, (250, 130, 90))),
        top=Top(teal, hem_y=rng.uniform(2.4, 2.5), ease=0.01, neckline="straps"),
        bottom=Trousers(teal, widths=(0.3, 0.19, 0.12), length=rng.uniform(0.86, 0.95), waist_y=2.6, seam=neon),
        bag="",
        details=(_panels(neon, 2.4),),
    )


def _plaid_skirt(rng: random.Random) -> Outfit:
    navy = _jitter(rng, (42, 54, 96), 6)
    cloth = textures.plaid((150, 40, 58), (36, 40, 78), (240, 226, 196))
    return Outfit(
        shoes="flats",
        shoe_colour=(50, 32, 30),
        top=Top(textures.woven((246, 246, 248), 2.0), hem_y=2.9, sleeve=rng.choice((0.3, 0.95)), sleeve_width=0.19, neckline="shirt"),
        bottom=Skirt(cloth, hem_y=rng.uniform(4.1, 4.5), flare=rng.uniform(0.35, 0.5), waves=8, pleats=11),
        sock=rng.choice((navy, (246, 246, 246))),
        sock_length=rng.uniform(0.4, 0.5),
        bag=rng.choice(("", "cross")),
        bag_colour=(96, 58, 44),
        details=(_vest(navy), _shirt_front((246, 246, 248), (180, 180, 190)), _tie((166, 40, 56))),
    )


def _vest(colour: Colour) -> Detail:
    def draw(canvas: Canvas, figure: Figure) -> None:
        left = figure.trunk(1.45, 2.85, 0.04)
        x = figure.centre(1.5)
        canvas.fill(left, colour, volume=0.5)
        canvas.shade(points((x - 0.26, 1.4), (x + 0.26, 1.4), (x, 2.05)), (246, 246, 248), 1.0)
        canvas.stroke(points((x - 0.27, 1.42), (x, 2.07), (x + 0.27, 1.42)), (236, 226, 200), 0.04)

    return draw


def _down_jacket(rng: random.Random) -> Outfit:
    pink = _jitter(rng, (240, 164, 188), 8)
    return Outfit(
        shoes="boots",
        shoe_colour=rng.choice(((236, 228, 220), (206, 178, 156))),
        top=Top((246, 240, 236), hem_y=3.1),
        bottom=Trousers(textures.woven((226, 226, 234), 3.0), widths=(0.33, 0.27, 0.24)),
        coat=Coat(textures.quilt(pink), darker(pink, 0.3), hem_y=rng.uniform(3.45, 3.85), gap=0.0, ease=0.26, flare=0.06, sleeve_width=0.3),
        bag=rng.choice(("", "cross")),
        bag_colour=(250, 246, 240),
        details=(_zip(lighter(pink, 0.55), 3.5),),
    )


def _evening_gown(rng: random.Random) -> Outfit:
    violet = _jitter(rng, (98, 54, 150), 10)
    cloth = textures.satin(violet)
    return Outfit(
        shoes="heels",
        shoe_colour=(196, 186, 206),
        top=Top(cloth, hem_y=2.9, ease=0.01, neckline="straps"),
        bottom=Skirt(cloth, hem_y=rng.uniform(6.7, 7.05), flare=rng.uniform(0.35, 0.6), waves=5),
        bag=rng.choice(("", "hand")),
        bag_colour=(206, 200, 214),
        details=(_sequins((236, 224, 250), rng.randrange(4)),),
    )


STYLES: Mapping[str, Callable[[random.Random], Outfit]] = MappingProxyType(
    {
        "white_dress": _white_dress,
        "black_suit": _black_suit,
        "red_qipao": _red_qipao,
        "striped_denim": _striped_denim,
        "floral_skirt": _floral_skirt,
        "camel_coat": _camel_coat,
        "sports_set": _sports_set,
        "plaid_skirt": _plaid_skirt,
        "down_jacket": _down_jacket,
        "evening_gown": _evening_gown,
    }
)
