"""A post's pictures: persons of a style in front of a scene, with their exact masks.

Not here: the files (mkt_sample/media).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image

from mkt_sample.canvas import Canvas
from mkt_sample.figure import HEIGHT
from mkt_sample.people import Person, draw_person, random_person
from mkt_sample.scenes import scene, with_grain

PICTURE_SIZES = ((540, 720), (540, 720), (540, 720), (432, 768), (600, 720))
VIDEO_SIZE = (360, 640)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture (RGB) and the mask of the persons on it (L, 255 = person)."""

    picture: Image.Image
    mask: Image.Image


@dataclass(frozen=True, slots=True)
class Framing:
    """How much of a person is seen: `heads` head heights fill the picture's height, from `top` above the head."""

    heads: float
    top: float
    x: float


def random_framing(rng: random.Random) -> Framing:
    """The whole figure, most often; else down to the knees or to the hips."""
    heads = rng.choices((rng.uniform(7.6, 8.4), rng.uniform(5.6, 6.6), rng.uniform(4.5, 5.0)), (60, 32, 8))[0]
    return Framing(heads=heads, top=rng.uniform(0.12, 0.3), x=rng.uniform(0.4, 0.6))


def draw_picture(background: Image.Image, people: list[tuple[Person, Framing]], rng: random.Random) -> Drawn:
    """Persons in front of a background, lit from one side."""
    canvas = Canvas(background, light=rng.choice((-1, 1)))
    width, height = background.size
    for person, framing in people:
        unit = height / framing.heads
        canvas.place(
            x=width * framing.x,
            y=unit * framing.top,
            unit=unit,
            lean=person.pose.lean,
            mirrored=rng.random() < 0.5,
        )
        draw_person(canvas, person)
    picture, mask = canvas.finish()
    return Drawn(with_grain(picture, rng), mask)


def draw_pictures(rng: random.Random, style: str, n_pictures: int, size: tuple[int, int]) -> list[Drawn]:
    """`n_pictures` of one person on one day: the same clothes, other poses and views."""
    person = random_person(rng, style)
    drawn: list[Drawn] = []
    for _ in range(n_pictures):
        drawn.append(draw_picture(scene(rng, size), [(person, random_framing(rng))], rng))
        person = person.moved(rng)
    return drawn


def draw_video(rng: random.Random, style: str, n_poses: int) -> list[Image.Image]:
    """Stills of a clip: one person before one background, moving a little; two views of each pose."""
    person, framing, background = random_person(rng, style), random_framing(rng), scene(rng, VIDEO_SIZE)
    light = random.Random(rng.random())
    state = light.getstate()
    frames: list[Image.Image] = []
    for _ in range(n_poses):
        light.setstate(state)
        picture = draw_picture(background, [(person, framing)], light).picture
        frames += [picture, _drifted(picture)]
        person = person.moved(rng)
    return frames


def draw_empty(rng: random.Random, size: tuple[int, int]) -> Drawn:
    """A scene without anybody."""
    return Drawn(with_grain(scene(rng, size), rng), Image.new("L", size, 0))


def draw_far_away(rng: random.Random, style: str, size: tuple[int, int]) -> Drawn:
    """A person who covers less than a tenth of the picture."""
    framing = Framing(heads=HEIGHT * 2.2, top=HEIGHT * 0.9, x=rng.uniform(0.35, 0.65))
    return draw_picture(scene(rng, size), [(random_person(rng, style), framing)], rng)


def draw_close_up(rng: random.Random, style: str, size: tuple[int, int]) -> Drawn:
    """A person who covers more than nine tenths of the picture."""
    framing = Framing(heads=1.0, top=-1.62, x=0.5)
    return draw_picture(scene(rng, size), [(random_person(rng, style), framing)], rng)


def draw_two(rng: random.Random, style: str, size: tuple[int, int]) -> Drawn:
    """Two persons side by side."""
    people = [
        (random_person(rng, style), Framing(heads=rng.uniform(7.8, 8.4), top=0.3, x=x)) for x in (0.29, 0.71)
    ]
    return draw_picture(scene(rng, size), people, rng)


def _drifted(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    box = (width * 0.02, height * 0.02, width * 0.99, height * 0.99)
    return picture.resize(picture.size, Image.Resampling.BILINEAR, box=box)
