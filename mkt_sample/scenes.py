"""Backgrounds without a person: rooms, streets, shops, parks, walls and studio paper, drawn once and then varied."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mkt_sample.canvas import Colour, darker, lighter, mix

Size = tuple[int, int]
VARIANTS = 6
_WIDTH, _HEIGHT = 640, 960
_HORIZON = 640
Draw = ImageDraw.ImageDraw

_WALLS: tuple[Colour, ...] = (
    (232, 222, 208),
    (214, 224, 220),
    (206, 212, 226),
    (236, 214, 204),
    (222, 226, 206),
    (198, 190, 184),
    (240, 236, 230),
    (176, 190, 186),
)
_FLOORS: tuple[Colour, ...] = (
    (186, 148, 108),
    (150, 116, 86),
    (206, 196, 184),
    (170, 168, 170),
    (214, 186, 150),
)
_GREENS: tuple[Colour, ...] = ((86, 130, 84), (64, 106, 76), (120, 150, 92), (98, 140, 110))


def scene(rng: random.Random, size: Size) -> Image.Image:
    """A background of the given size: a drawn scene, cropped, mirrored and tinted at random."""
    picture = _drawn(rng.choice(tuple(_SCENES)), rng.randrange(VARIANTS))
    zoom = rng.uniform(0.78, 1.0)
    high = min(_HEIGHT * zoom, _WIDTH * zoom * size[1] / size[0])
    wide = high * size[0] / size[1]
    left, top = rng.uniform(0, _WIDTH - wide), (_HEIGHT - high) * rng.uniform(0.7, 1.0)
    view = picture.resize(size, Image.Resampling.NEAREST, box=(left, top, left + wide, top + high))
    if rng.random() < 0.5:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    brightness = rng.uniform(0.88, 1.06)
    return view.point([min(255, round(value * brightness)) for value in range(256)] * 3)


def with_grain(picture: Image.Image, rng: random.Random) -> Image.Image:
    """The picture with the fine noise of a camera."""
    x, y = rng.randrange(200), rng.randrange(200)
    grain = _grain().crop((x, y, x + picture.width, y + picture.height))
    return ImageChops.add(picture, grain, 1, -10)


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    noise = np.random.default_rng(5).normal(10, 2.6, (1400, 1400, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.repeat(noise, 3, axis=2), 0, 255).astype(np.uint8), "RGB")


@lru_cache(maxsize=64)
def _drawn(kind: str, variant: int) -> Image.Image:
    rng = random.Random(f"{kind}:{variant}")
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), (220, 220, 220))
    _SCENES[kind](picture, rng)
    return _lit(picture.filter(ImageFilter.GaussianBlur(rng.uniform(1.2, 3.2))), rng)


def _lit(picture: Image.Image, rng: random.Random) -> Image.Image:
    """The picture under a lamp somewhere above, falling off with the distance; a little warm or cold."""
    across, down = np.meshgrid(np.linspace(0, _WIDTH / _HEIGHT, 40), np.linspace(0, 1, 60))
    distance = np.hypot(across - rng.uniform(0.06, 0.6), down - rng.uniform(0.0, 0.5))
    tint = np.array([1.0, rng.uniform(0.97, 1.0), rng.uniform(0.92, 1.0)])
    light = np.clip(255 * (1.02 - 0.26 * distance[..., None]) * tint, 0, 255).astype(np.uint8)
    return ImageChops.multiply(
        picture, Image.fromarray(light, "RGB").resize(picture.size, Image.Resampling.BILINEAR)
    )


def _floor(draw: Draw, rng: random.Random, colour: Colour, top: int = _HORIZON) -> None:
    draw.rectangle((0, top, _WIDTH, _HEIGHT), fill=colour)
    vanish = rng.uniform(0.3, 0.7) * _WIDTH
    for step in range(-14, 30):
        x = vanish + (step - 7) * 90
        draw.line((vanish + (x - vanish) * 0.35, top, x, _HEIGHT), fill=darker(colour, 0.16), width=2)
    draw.rectangle((0, top - 14, _WIDTH, top), fill=lighter(colour, 0.4))


def _plant(draw: Draw, rng: random.Random, x: float, ground: float, size: float) -> None:
    green = rng.choice(_GREENS)
    for _ in range(16):
        angle, reach = rng.uniform(-1.1, 1.1), size * rng.uniform(0.6, 1.2)
        tip_x, tip_y = x + reach * math.sin(angle), ground - size * 0.5 - reach * math.cos(angle)
        middle_x, middle_y = (x + tip_x) / 2, (ground - size * 0.5 + tip_y) / 2
        side = size * 0.09
        leaf = [
            (x, ground - size * 0.5),
            (middle_x - side, middle_y),
            (tip_x, tip_y),
            (middle_x + side, middle_y + side),
        ]
        draw.polygon(leaf, fill=mix(green, (200, 220, 150), rng.uniform(0, 0.35)))
    pot = rng.choice(((232, 226, 216), (188, 110, 78), (90, 90, 94)))
    half = size * 0.26
    draw.polygon(
        [
            (x - half, ground - size * 0.55),
            (x + half, ground - size * 0.55),
            (x + half * 0.7, ground),
            (x - half * 0.7, ground),
        ],
        fill=pot,
    )


def _window(draw: Draw, rng: random.Random, left: int, top: int, wide: int, high: int) -> None:
    sky = rng.choice(((206, 228, 246), (244, 232, 206), (190, 214, 232)))
    draw.rectangle((left - 12, top - 12, left + wide + 12, top + high + 12), fill=(248, 246, 242))
    draw.rectangle((left, top, left + wide, top + high), fill=sky)
    draw.rectangle((left, top + high * 0.7, left + wide, top + high), fill=mix(rng.choice(_GREENS), sky, 0.4))
    for share in (0.333, 0.667):
        draw.rectangle(
            (left + wide * share - 4, top, left + wide * share + 4, top + high), fill=(248, 246, 242)
        )
    curtain = rng.choice(_WALLS)
    for side in (left - 40, left + wide - 20):
        for fold in range(4):
            x = side + fold * 16
            draw.rectangle(
                (x, top - 30, x + 16, _HORIZON - 20), fill=darker(curtain, 0.05 + 0.08 * (fold % 2))
            )


def _room(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    wall = rng.choice(_WALLS)
    draw.rectangle((0, 0, _WIDTH, _HORIZON), fill=wall)
    _floor(draw, rng, rng.choice(_FLOORS))
    if rng.random() < 0.6:
        _window(draw, rng, rng.randrange(40, 340), rng.randrange(60, 160), 220, 330)
    for _ in range(rng.randrange(1, 4)):
        x, y, wide, high = (
            rng.randrange(20, 520),
            rng.randrange(60, 300),
            rng.randrange(70, 130),
            rng.randrange(80, 160),
        )
        draw.rectangle((x, y, x + wide, y + high), fill=(250, 248, 244), outline=darker(wall, 0.5), width=6)
        draw.ellipse((x + 22, y + 26, x + wide - 22, y + high - 26), fill=rng.choice(_WALLS[:5]))
    sofa = rng.choice(((148, 160, 150), (196, 176, 156), (120, 128, 148), (206, 160, 140)))
    left = rng.randrange(-120, 380)
    draw.rounded_rectangle((left, 470, left + 360, 700), 36, fill=darker(sofa, 0.1))
    draw.rounded_rectangle((left + 20, 570, left + 340, 730), 30, fill=sofa)
    _plant(draw, rng, rng.choice((60, 580)), 740, 150)


def _street(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    sky = rng.choice(((192, 216, 238), (226, 224, 222), (246, 222, 194)))
    for y in range(0, _HORIZON, 4):
        draw.rectangle((0, y, _WIDTH, y + 4), fill=lighter(sky, 0.6 * y / _HORIZON))
    x = -20
    while x < _WIDTH:
        wide, high = rng.randrange(110, 200), rng.randrange(280, 600)
        front = rng.choice(
            ((196, 176, 160), (166, 150, 146), (208, 200, 188), (150, 160, 170), (178, 126, 104))
        )
        draw.rectangle((x, _HORIZON - high, x + wide, _HORIZON), fill=front)
        for row in range(_HORIZON - high + 24, _HORIZON - 130, 56):
            for column in range(x + 16, x + wide - 26, 40):
                glass = rng.choice(((120, 140, 160), (236, 214, 160), (90, 104, 120)))
                draw.rectangle((column, row, column + 24, row + 36), fill=glass)
        awning = rng.choice(((186, 70, 66), (60, 96, 88), (232, 206, 150), (70, 80, 110)))
        draw.rectangle((x + 10, _HORIZON - 96, x + wide - 10, _HORIZON - 4), fill=(74, 76, 82))
        draw.polygon(
            [
                (x, _HORIZON - 120),
                (x + wide, _HORIZON - 120),
                (x + wide + 8, _HORIZON - 88),
                (x - 8, _HORIZON - 88),
            ],
            fill=awning,
        )
        x += wide
    _floor(draw, rng, rng.choice(((178, 176, 174), (156, 152, 150), (198, 190, 178))))
    if rng.random() < 0.7:
        _tree(draw, rng, rng.choice((50, 600)), _HORIZON + 30, 260)


def _tree(draw: Draw, rng: random.Random, x: float, ground: float, size: float) -> None:
    draw.rectangle((x - 9, ground - size, x + 9, ground), fill=(104, 80, 62))
    green = rng.choice(_GREENS)
    for _ in range(26):
        centre_x, centre_y, radius = (
            x + rng.gauss(0, size * 0.26),
            ground - size * 1.1 + rng.gauss(0, size * 0.22),
            size * rng.uniform(0.1, 0.2),
        )
        shade = mix(green, (226, 232, 150), rng.uniform(0, 0.4))
        draw.ellipse((centre_x - radius, centre_y - radius, centre_x + radius, centre_y + radius), fill=shade)


def _park(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    sky = rng.choice(((186, 214, 240), (214, 226, 234), (250, 226, 200)))
    for y in range(0, _HORIZON, 4):
        draw.rectangle((0, y, _WIDTH, y + 4), fill=lighter(sky, 0.7 * y / _HORIZON))
    for layer in range(3):
        hill = mix(rng.choice(_GREENS), sky, 0.5 - 0.2 * layer)
        top = 420 + 70 * layer
        ridge = [
            (x, top + 40 * math.sin(x / rng.uniform(60, 120) + layer)) for x in range(-20, _WIDTH + 40, 20)
        ]
        draw.polygon([*ridge, (_WIDTH + 40, _HEIGHT), (-20, _HEIGHT)], fill=hill)
    for _ in range(4):
        _tree(draw, rng, rng.uniform(0, _WIDTH), rng.uniform(560, 660), rng.uniform(150, 300))
    grass = rng.choice(((136, 170, 96), (112, 150, 90), (170, 178, 110)))
    draw.rectangle((0, 640, _WIDTH, _HEIGHT), fill=grass)
    draw.polygon([(250, 640), (360, 640), (640, _HEIGHT), (60, _HEIGHT)], fill=(214, 200, 176))


def _shop(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    wall, wood = rng.choice(_WALLS), rng.choice(_FLOORS)
    draw.rectangle((0, 0, _WIDTH, _HORIZON), fill=wall)
    _floor(draw, rng, rng.choice(_FLOORS))
    tones = tuple(mix(rng.choice(_WALLS), rng.choice(_FLOORS), rng.uniform(0.1, 0.9)) for _ in range(8))
    for shelf in range(3):
        y = 150 + 150 * shelf
        draw.rectangle((20, y, 300, y + 12), fill=wood)
        x = 30
        while x < 270:
            wide, high = rng.randrange(20, 52), rng.randrange(36, 100)
            draw.rounded_rectangle((x, y - high, x + wide, y), 6, fill=rng.choice(tones))
            x += wide + rng.randrange(4, 14)
    draw.rectangle((340, 250, 630, 258), fill=(70, 66, 64))
    for x in range(352, 616, 20):
        draw.rectangle((x, 268, x + 18, rng.randrange(480, 560)), fill=rng.choice(tones))
    draw.rectangle((344, 250, 352, _HORIZON + 40), fill=(70, 66, 64))
    draw.rectangle((618, 250, 626, _HORIZON + 40), fill=(70, 66, 64))
    for x in (120, 320, 520):
        draw.ellipse((x - 26, 20, x + 26, 60), fill=(255, 246, 222))


def _wall(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    base = rng.choice((*_WALLS, (178, 104, 84), (150, 138, 128)))
    draw.rectangle((0, 0, _WIDTH, _HEIGHT), fill=base)
    if rng.random() < 0.5:
        for row in range(0, _HORIZON + 60, 30):
            for column in range(-70 + (row // 30 % 2) * 35, _WIDTH, 70):
                brick = mix(base, darker(base, 0.4), rng.uniform(0.0, 0.4))
                draw.rectangle((column + 2, row + 2, column + 67, row + 27), fill=brick)
    else:
        for x in range(0, _WIDTH, 80):
            draw.rectangle((x, 0, x + 3, _HORIZON), fill=darker(base, 0.14))
    _floor(draw, rng, rng.choice(_FLOORS), _HORIZON + 60)
    _plant(draw, rng, rng.choice((70, 570)), 790, 170)


def _studio(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    top = rng.choice((*_WALLS, (168, 184, 206), (206, 174, 186), (160, 170, 150)))
    bottom = lighter(top, 0.35)
    for y in range(0, _HEIGHT, 4):
        share = min(1.0, max(0.0, (y - 500) / 260))
        draw.rectangle((0, y, _WIDTH, y + 4), fill=mix(top, bottom, share))
    if rng.random() < 0.5:
        tone, x = mix(top, rng.choice(_FLOORS), 0.35), rng.randrange(60, 420)
        draw.pieslice((x, 180, x + 300, 900), 180, 360, fill=tone)
        draw.rectangle((x, 540, x + 300, 760), fill=tone)


def _cafe(picture: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    wall = mix(rng.choice(_WALLS), (96, 72, 58), rng.uniform(0.1, 0.5))
    draw.rectangle((0, 0, _WIDTH, _HORIZON), fill=wall)
    _floor(draw, rng, rng.choice(_FLOORS[:2]))
    draw.rounded_rectangle((70, 120, 300, 320), 10, fill=(52, 56, 54))
    for line in range(6):
        draw.rectangle((96, 150 + 26 * line, rng.randrange(160, 270), 156 + 26 * line), fill=(206, 206, 196))
    draw.rectangle((-10, 500, rng.randrange(300, 460), 720), fill=darker(wall, 0.4))
    for x in range(360, 640, 110):
        draw.line((x, 0, x, 150), fill=(50, 46, 44), width=4)
        draw.ellipse((x - 34, 140, x + 34, 196), fill=(252, 224, 160))
    draw.ellipse((430, 590, 640, 640), fill=lighter(wall, 0.3))
    draw.rectangle((528, 620, 542, 760), fill=(60, 54, 52))
    _plant(draw, rng, 600, 600, 80)


_SCENES: Mapping[str, Callable[[Image.Image, random.Random], None]] = MappingProxyType(
    {
        "room": _room,
        "street": _street,
        "park": _park,
        "shop": _shop,
        "wall": _wall,
        "studio": _studio,
        "cafe": _cafe,
    }
)
