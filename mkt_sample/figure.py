"""Where a person's joints are: poses and proportions in body units. Nothing is drawn here.

A figure is 7.3 heads high: the top of the head at y = 0, the chin at 1, the soles at 7.3, x = 0 in the middle.

Not here: drawing (mkt_sample/people).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import numpy as np

from mkt_sample.canvas import Points, points

SIDES = (-1, 1)
HEIGHT = 7.3
HIP_Y = 3.55
HEAD_SCALE = 1.1
"""Heads are drawn a little large, as fashion illustrations for phones do."""

_LEVELS = (1.15, 1.36, 1.45, 1.62, 2.0, 2.45, 2.72, 3.05, 3.4, 3.75)
_HALF_WIDTHS = (0.17, 0.42, 0.66, 0.69, 0.61, 0.49, 0.46, 0.53, 0.63, 0.62)

_ARMS = (
    (9.0, 3.0),  # hanging
    (16.0, -8.0),  # relaxed
    (47.0, -42.0),  # hand on the hip
    (20.0, -118.0),  # forearm across, holding something
    (14.0, -152.0),  # hand at the shoulder or at a phone
    (40.0, 158.0),  # waving
    (62.0, -165.0),  # hand at the hair
)
_LEGS = (
    ((3.0, 2.0), (3.0, 2.0)),
    ((8.0, 6.0), (8.0, 6.0)),
    ((1.0, 0.0), (15.0, -3.0)),
    ((4.0, -3.0), (-4.0, -6.0)),
    ((5.0, 2.0), (12.0, 9.0)),
)


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees from straight down, outwards positive: (upper, lower) a limb; shifts in body units."""

    arms: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[tuple[float, float], tuple[float, float]]
    hip_shift: float
    shoulder_shift: float
    head_tilt: float
    lean: float

    def moved(self, rng: random.Random, amount: float = 1.0) -> Pose:
        """The same pose an instant later: every joint a few degrees away."""

        def move(limb: tuple[float, float]) -> tuple[float, float]:
            return limb[0] + rng.gauss(0, 3.5 * amount), limb[1] + rng.gauss(0, 7.0 * amount)

        return replace(
            self,
            arms=(move(self.arms[0]), move(self.arms[1])),
            hip_shift=self.hip_shift + rng.gauss(0, 0.03 * amount),
            shoulder_shift=self.shoulder_shift + rng.gauss(0, 0.03 * amount),
            head_tilt=self.head_tilt + rng.gauss(0, 3.0 * amount),
        )


def random_pose(rng: random.Random) -> Pose:
    """A pose as people take it for a picture of their clothes."""
    legs = rng.choice(_LEGS)
    pose = Pose(
        arms=(rng.choice(_ARMS[:3]), rng.choice(_ARMS)),
        legs=legs if rng.random() < 0.5 else (legs[1], legs[0]),
        hip_shift=rng.uniform(-0.1, 0.1),
        shoulder_shift=rng.uniform(-0.08, 0.08),
        head_tilt=rng.gauss(0, 6.0),
        lean=rng.gauss(0, 0.03),
    )
    return pose.moved(rng, 0.6)


class Figure:
    """The joints of a person in a pose; `build` widens (1.0 = slim)."""

    def __init__(self, pose: Pose, build: float = 1.0) -> None:
        self.pose = pose
        self.build = build
        self.arms = tuple(self._arm(side) for side in (0, 1))
        self.legs = tuple(self._leg(side) for side in (0, 1))

    def centre(self, y: float) -> float:
        """The spine's x at a height."""
        return float(
            np.interp(y, (1.4, 2.7, HIP_Y), (self.pose.shoulder_shift, 0.0, self.pose.hip_shift)),
        )

    def half_width(self, y: float) -> float:
        """Half the trunk's width at a height."""
        return float(np.interp(y, _LEVELS, _HALF_WIDTHS)) * self.build

    def trunk(self, top: float, bottom: float, ease: float = 0.0, flare: float = 0.0) -> Points:
        """Outline of the trunk between two heights, `ease` wider, and by `flare` wider still at the bottom."""
        levels = [top, *(y for y in _LEVELS if top + 0.05 < y < bottom - 0.05), bottom]
        sides: list[list[tuple[float, float]]] = [[], []]
        for y in levels:
            down = (y - top) / (bottom - top)
            half = self.half_width(y) + ease + flare * down**2
            for side, edge in zip(SIDES, sides, strict=True):
                edge.append((self.centre(y) + side * half, y))
        return points(*sides[0], *sides[1][::-1])

    def head_frame(self, outline: Points) -> Points:
        """Body coordinates of points drawn on an upright head whose chin is at (0, 1)."""
        angle = math.radians(self.pose.head_tilt)
        cos, sin = math.cos(angle), math.sin(angle)
        around = (outline - np.array([0.0, 1.1])) * HEAD_SCALE
        turned = around @ np.array([[cos, -sin], [sin, cos]]).T
        return turned + np.array([self.centre(1.3), 1.1])

    def _arm(self, index: int) -> Points:
        side = SIDES[index]
        upper, lower = (math.radians(angle) for angle in self.pose.arms[index])
        shoulder = np.array([self.centre(1.5) + side * (self.half_width(1.5) - 0.1), 1.56])
        elbow = shoulder + 1.28 * np.array([side * math.sin(upper), math.cos(upper)])
        wrist = elbow + 1.1 * np.array([side * math.sin(lower), math.cos(lower)])
        return np.stack([shoulder, elbow, wrist])

    def _leg(self, index: int) -> Points:
        side = SIDES[index]
        upper, lower = (math.radians(angle) for angle in self.pose.legs[index])
        hip = np.array([self.centre(HIP_Y) + side * 0.31 * self.build, HIP_Y])
        knee = hip + 1.72 * np.array([side * math.sin(upper), math.cos(upper)])
        ankle = knee + 1.68 * np.array([side * math.sin(lower), math.cos(lower)])
        return np.stack([hip, knee, ankle])
