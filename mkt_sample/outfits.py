"""The ten styles: which garments, colours and patterns make each, and how far one style varies."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mkt_sample import textures
from mkt_sample.canvas import Colour, darker, lighter
from mkt_sample.details import (
    buttons,
    frog_closure,
    lapels,
    panels,
    sash,
    scarf,
    sequins,
    shirt_front,
    tie,
    vest,
    zip_front,
)
from mkt_sample.garments import Coat, Outfit, Skirt, Top, Trousers


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
    cloth = rng.choice((textures.lace(white), textures.lace(white), textures.woven(white, 3.0)))
    return Outfit(
        shoes=rng.choice(("heels", "flats")),
        shoe_colour=rng.choice(((238, 226, 210), (226, 198, 178))),
        top=Top(
            cloth, hem_y=2.8, sleeve=rng.uniform(0.3, 0.45), sleeve_width=0.18, neckline="square", puff=True
        ),
        bottom=Skirt(cloth, hem_y=rng.uniform(4.3, 4.9), flare=rng.uniform(0.6, 0.8), waves=9, pleats=9),
        bag=rng.choice(("", "hand")),
        bag_colour=rng.choice(((214, 184, 150), (240, 232, 222), (176, 120, 92))),
        details=(sash(_jitter(rng, (232, 222, 206)), 2.68),),
    )


def _black_suit(rng: random.Random) -> Outfit:
    black = _jitter(rng, (38, 38, 44), 6)
    cloth = rng.choice((textures.woven(black, 3.0), textures.pinstripe(black)))
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
            shirt_front((246, 246, 248), (160, 160, 170)),
            lapels(black, 2.65, gap),
            buttons((92, 88, 90), (2.75, 3.05), gap + 0.07),
        ),
    )


def _red_qipao(rng: random.Random) -> Outfit:
    red = _jitter(rng, (182, 28, 40), 10)
    gold = (222, 180, 92)
    cloth = rng.choice((textures.brocade(red, gold), textures.brocade(red, (236, 196, 120))))
    return Outfit(
        shoes="heels",
        shoe_colour=rng.choice(((168, 32, 40), (206, 170, 96))),
        top=Top(
            cloth, hem_y=3.0, sleeve=rng.choice((0.12, 0.22, 0.3)), sleeve_width=0.16, neckline="mandarin"
        ),
        bottom=Skirt(
            cloth, hem_y=rng.uniform(5.2, 6.2), flare=rng.uniform(-0.12, 0.0), waist_y=2.7, slit=True
        ),
        bag=rng.choice(("", "hand")),
        bag_colour=(206, 170, 96),
        details=(frog_closure(gold),),
    )


def _striped_denim(rng: random.Random) -> Outfit:
    line = rng.choice(((196, 48, 58), (206, 70, 56), (180, 40, 66)))
    denim = textures.woven(_jitter(rng, (94, 128, 170), 18), 8.0)
    return Outfit(
        shoes="sneakers",
        shoe_colour=(240, 240, 238),
        top=Top(
            textures.stripes((246, 244, 238), line, rng.choice((28, 34, 40))),
            hem_y=rng.uniform(3.0, 3.25),
            sleeve=rng.uniform(0.72, 0.97),
            sleeve_width=0.18,
            ease=0.06,
        ),
        bottom=Trousers(
            denim,
            length=rng.uniform(0.9, 0.97),
            widths=(0.35, 0.29, rng.uniform(0.28, 0.36)),
            seam=(206, 170, 110),
            seam_width=0.02,
        ),
        bag=rng.choice(("", "cross", "tote")),
        bag_colour=rng.choice(((226, 214, 190), (130, 84, 52))),
    )


def _floral_dress(rng: random.Random) -> Outfit:
    ground = _jitter(rng, (250, 214, 110), 6)
    cloth = textures.flowers(
        ground, rng.choice(((232, 84, 110), (240, 120, 70))), (96, 150, 84), rng.choice((12, 14, 17))
    )
    return Outfit(
        shoes=rng.choice(("flats", "heels")),
        shoe_colour=rng.choice(((150, 98, 62), (236, 226, 208))),
        top=Top(cloth, hem_y=2.75, sleeve=rng.uniform(0.55, 0.7), sleeve_width=0.19, neckline="v", puff=True),
        bottom=Skirt(cloth, hem_y=rng.uniform(5.4, 6.2), flare=rng.uniform(0.4, 0.65), waves=7),
        bag=rng.choice(("", "tote", "cross")),
        bag_colour=(206, 172, 120),
        details=(sash((96, 150, 84), 2.68),),
    )


def _camel_coat(rng: random.Random) -> Outfit:
    camel = _jitter(rng, (188, 142, 92), 8)
    gap = rng.uniform(0.2, 0.3)
    return Outfit(
        shoes="boots",
        shoe_colour=rng.choice(((66, 44, 34), (44, 36, 34))),
        top=Top(textures.woven((238, 230, 214), 6.0), hem_y=3.3, neckline="crew", ease=0.05),
        bottom=Trousers(textures.woven((84, 66, 56), 4.0), widths=(0.32, 0.23, 0.19)),
        coat=Coat(
            textures.woven(camel, 5.0),
            darker(camel, 0.45),
            hem_y=rng.uniform(5.4, 6.0),
            gap=gap,
            ease=0.14,
            flare=0.3,
        ),
        bag=rng.choice(("", "hand")),
        bag_colour=(110, 68, 44),
        details=(
            lapels(camel, 2.5, gap),
            buttons((92, 62, 40), (2.8, 3.3), gap + 0.08),
            scarf(rng.choice(((226, 214, 196), (150, 104, 72), (196, 176, 150)))),
        ),
    )


def _sports_set(rng: random.Random) -> Outfit:
    teal = _jitter(rng, (24, 160, 150), 10)
    neon = (226, 250, 90)
    return Outfit(
        shoes="sneakers",
        shoe_colour=rng.choice((neon, (250, 130, 90))),
        top=Top(teal, hem_y=rng.uniform(2.4, 2.5), ease=0.01, neckline="straps"),
        bottom=Trousers(
            teal, widths=(0.3, 0.19, 0.12), length=rng.uniform(0.86, 0.95), waist_y=2.6, seam=neon
        ),
        bag="",
        details=(panels(neon, 2.4),),
    )


def _plaid_skirt(rng: random.Random) -> Outfit:
    navy = _jitter(rng, (42, 54, 96), 6)
    cloth = textures.plaid((150, 40, 58), (36, 40, 78), (240, 226, 196))
    return Outfit(
        shoes="flats",
        shoe_colour=(50, 32, 30),
        top=Top(
            textures.woven((246, 246, 248), 2.0),
            hem_y=2.9,
            sleeve=rng.choice((0.3, 0.95)),
            sleeve_width=0.19,
            neckline="shirt",
        ),
        bottom=Skirt(cloth, hem_y=rng.uniform(4.1, 4.5), flare=rng.uniform(0.35, 0.5), waves=8, pleats=11),
        sock=rng.choice((navy, (246, 246, 246))),
        sock_length=rng.uniform(0.4, 0.5),
        bag=rng.choice(("", "cross")),
        bag_colour=(96, 58, 44),
        details=(vest(navy), shirt_front((246, 246, 248), (180, 180, 190)), tie((166, 40, 56))),
    )


def _down_jacket(rng: random.Random) -> Outfit:
    pink = _jitter(rng, (240, 164, 188), 8)
    return Outfit(
        shoes="boots",
        shoe_colour=rng.choice(((236, 228, 220), (206, 178, 156))),
        top=Top((246, 240, 236), hem_y=3.1),
        bottom=Trousers(textures.woven((226, 226, 234), 3.0), widths=(0.33, 0.27, 0.24)),
        coat=Coat(
            textures.quilt(pink),
            darker(pink, 0.3),
            hem_y=rng.uniform(3.45, 3.85),
            gap=0.0,
            ease=0.26,
            flare=0.06,
            sleeve_width=0.3,
        ),
        bag=rng.choice(("", "cross")),
        bag_colour=(250, 246, 240),
        details=(zip_front(lighter(pink, 0.55), 3.5),),
    )


def _evening_gown(rng: random.Random) -> Outfit:
    violet = _jitter(rng, (98, 54, 150), 10)
    cloth = textures.satin(violet)
    return Outfit(
        shoes="heels",
        shoe_colour=(196, 186, 206),
        top=Top(cloth, hem_y=2.74, ease=0.02, neckline="straps"),
        bottom=Skirt(cloth, hem_y=rng.uniform(6.7, 7.05), flare=rng.uniform(0.35, 0.6), waves=5),
        bag=rng.choice(("", "hand")),
        bag_colour=(206, 200, 214),
        details=(sequins((236, 224, 250), rng.randrange(4)),),
    )


STYLES: Mapping[str, Callable[[random.Random], Outfit]] = MappingProxyType(
    {
        "white_dress": _white_dress,
        "black_suit": _black_suit,
        "red_qipao": _red_qipao,
        "striped_denim": _striped_denim,
        "floral_dress": _floral_dress,
        "camel_coat": _camel_coat,
        "sports_set": _sports_set,
        "plaid_skirt": _plaid_skirt,
        "down_jacket": _down_jacket,
        "evening_gown": _evening_gown,
    }
)
