"""Drawing a whole person in an outfit and a pose.

Not here: garments (mkt_sample/garments), heads (mkt_sample/head), joints (mkt_sample/figure).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np

from mkt_sample.accessories import draw_bag
from mkt_sample.canvas import Canvas, Colour, ellipse, limb, tube
from mkt_sample.figure import Figure, Pose, random_pose
from mkt_sample.garments import (
    Outfit,
    draw_bottom,
    draw_chest,
    draw_coat_back,
    draw_coat_front,
    draw_legs,
    draw_sleeve,
    draw_top,
)
from mkt_sample.head import Head, draw_hair_behind, draw_head, random_head
from mkt_sample.outfits import STYLES


@dataclass(frozen=True, slots=True)
class Person:
    """Who is drawn: looks, clothes and pose."""

    head: Head
    outfit: Outfit
    pose: Pose
    build: float

    def moved(self, rng: random.Random) -> Person:
        """The same person an instant later."""
        return replace(self, pose=self.pose.moved(rng))


def random_person(rng: random.Random, style: str) -> Person:
    """A person dressed in a style; skin, hair, build and pose do not depend on the style."""
    head, pose, build = random_head(rng), random_pose(rng), rng.uniform(0.92, 1.16)
    return Person(head=head, outfit=STYLES[style](rng), pose=pose, build=build)


def draw_person(canvas: Canvas, person: Person) -> None:
    """Draw a person where the canvas is placed, from the back to the front."""
    figure, outfit, skin = Figure(person.pose, person.build), person.outfit, person.head.skin
    if outfit.coat is not None:
        draw_coat_back(canvas, figure, outfit.coat)
    draw_hair_behind(canvas, figure, person.head)
    draw_legs(canvas, figure, skin, outfit)
    draw_chest(canvas, figure, skin)
    if outfit.bottom is not None:
        draw_bottom(canvas, figure, outfit.bottom)
    draw_top(canvas, figure, outfit.top, skin)
    if outfit.coat is not None:
        draw_coat_front(canvas, figure, outfit.coat)
    for detail in outfit.details:
        detail(canvas, figure)
    if outfit.bag:
        draw_bag(canvas, figure, outfit.bag, outfit.bag_colour)
    for index in (0, 1):
        _draw_arm(canvas, figure, index, skin)
        draw_sleeve(canvas, figure, index, outfit)
    draw_head(canvas, figure, person.head)


def _draw_arm(canvas: Canvas, figure: Figure, index: int, skin: Colour) -> None:
    arm = figure.arms[index]
    shoulder, elbow, wrist = arm
    spine = np.stack([shoulder, (shoulder + elbow) / 2, elbow, (elbow + wrist) / 2, wrist])
    radii = [radius * figure.build for radius in (0.145, 0.135, 0.11, 0.105, 0.075)]
    for part in limb(spine, radii):
        canvas.fill(part, skin, volume=0.4)
    ahead = (wrist - elbow) / float(np.hypot(*(wrist - elbow)))
    beside = np.array([-ahead[1], ahead[0]])
    palm = wrist + ahead * 0.13
    canvas.fill(
        ellipse(float(palm[0]), float(palm[1]), 0.1, 0.085, float(np.arctan2(ahead[1], ahead[0]))), skin
    )
    for finger in range(4):
        root = palm + ahead * 0.06 + beside * (0.055 - 0.037 * finger)
        tip = root + ahead * (0.15 if finger in (1, 2) else 0.12) + beside * (0.01 - 0.008 * finger)
        canvas.fill(tube(np.stack([root, (root + tip) / 2, tip]), [0.026, 0.025, 0.02]), skin)
    thumb = np.stack([wrist + ahead * 0.04, palm + beside * 0.1, palm + beside * 0.11 + ahead * 0.09])
    canvas.fill(tube(thumb, [0.035, 0.03, 0.022]), skin)
