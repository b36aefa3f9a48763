from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.charts.palette import (
    CLUSTER_COLOURS,
    INK,
    PAPER,
    REST,
    cluster_colour,
    faint,
    ink_on,
    mixed,
    rgb,
)

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def oklab(colour: str, eye: str) -> NDArray[np.float64]:
    """Ottosson (2020)."""
    value = np.array(rgb(colour)) / 255
    linear = EYES[eye] @ np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return lab @ np.cbrt(np.clip(cones @ linear, 0, None))


@pytest.mark.parametrize(("eye", "least"), [("normal", 0.06), ("deuteranope", 0.045), ("protanope", 0.045)])
def test_24_colours_are_apart_for_every_eye(eye: str, least: float):
    # 0.02 is about the least difference that is seen side by side.
    places = [oklab(colour, eye) for colour in CLUSTER_COLOURS]
    assert len(places) == 24
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(places, 2)) > least


def test_colours_are_apart_from_paper_and_from_the_rest():
    for ground in (PAPER, REST):
        assert (
            min(np.linalg.norm(oklab(c, "normal") - oklab(ground, "normal")) for c in CLUSTER_COLOURS) > 0.06
        )


def test_a_cluster_keeps_its_colour_and_120_clusters_have_one_each():
    colours = [cluster_colour(cluster_id) for cluster_id in range(120)]
    assert colours[:24] == list(CLUSTER_COLOURS)
    assert len(set(colours)) == 120
    assert cluster_colour(120) == colours[0]


def test_ink_is_light_on_dark_and_dark_on_light():
    assert ink_on("#000000") == PAPER
    assert ink_on("#ffffff") == INK


def test_faint_is_most_of_the_way_to_paper():
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert faint("#000000") == "#b2b2b2"
    assert len({faint(colour) for colour in CLUSTER_COLOURS}) == 24
