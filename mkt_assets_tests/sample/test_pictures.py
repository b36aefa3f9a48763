from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from PIL import Image

from mkt_assets.models.selfie_segmentation import SelfieSegmentation
from mkt_sample.outfits import STYLES
from mkt_sample.pictures import (
    Drawn,
    draw_close_up,
    draw_empty,
    draw_far_away,
    draw_pictures,
    draw_two,
    draw_video,
)

SIZE = (540, 720)


def share(drawn: Drawn) -> float:
    return float((np.asarray(drawn.mask) > 127).mean())


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


def test_the_bundled_matting_model_recognises_the_drawn_people():
    model = SelfieSegmentation()
    ious: list[float] = []
    for number in range(40):
        drawn = draw_pictures(random.Random(number), list(STYLES)[number % 10], 1, SIZE)[0]
        truth = np.asarray(drawn.mask) > 127
        found = model.alpha(np.asarray(drawn.picture)) > 0.5
        ious.append(float((truth & found).sum() / (truth | found).sum()))
    assert np.mean(ious) >= 0.8
    assert np.mean(ious) >= 0.88 and np.quantile(ious, 0.1) >= 0.75  # measured: .94, worst .83


def test_the_bundled_matting_model_finds_nobody_in_most_empty_scenes():
    model = SelfieSegmentation()
    found = [
        float((model.alpha(np.asarray(draw_empty(random.Random(seed), SIZE).picture)) > 0.5).mean())
        for seed in range(12)
    ]
    assert sum(part > 0.02 for part in found) <= 2


def test_the_mask_is_where_the_person_changed_the_background():
    with_person = draw_pictures(random.Random(4), "red_qipao", 1, SIZE)[0]
    inside = np.asarray(with_person.mask) > 250
    pixels = np.asarray(with_person.picture).astype(int)
    red = (pixels[..., 0] > 110) & (pixels[..., 1] < 60) & (pixels[..., 2] < 70)
    assert red.sum() > 5000
    assert (red & inside).sum() / red.sum() > 0.97


@pytest.mark.parametrize("style", list(STYLES))
def test_specials_cover_what_they_say(style: str):
    rng = random.Random(7)
    assert 0.01 < share(draw_far_away(rng, style, SIZE)) < 0.1
    assert share(draw_close_up(rng, style, SIZE)) > 0.9
    assert share(draw_empty(rng, SIZE)) == 0.0
    mask = np.asarray(draw_two(rng, style, SIZE).mask) > 127
    assert mask[:, : SIZE[0] // 2].mean() > 0.1 and mask[:, SIZE[0] // 2 :].mean() > 0.1


def test_foregrounds_vary_twofold_around_a_quarter_of_the_picture():
    shares = [share(draw_pictures(random.Random(s), list(STYLES)[s % 10], 1, SIZE)[0]) for s in range(60)]
    low, middle, high = np.quantile(shares, [0.05, 0.5, 0.95])
    assert 0.08 < low < 0.2 < middle < 0.33 < high < 0.8


def test_pictures_are_equal_for_equal_seeds_and_differ_otherwise():
    one, same, other = (draw_pictures(random.Random(seed), "camel_coat", 1, SIZE)[0] for seed in (1, 1, 2))
    assert one.picture.tobytes() == same.picture.tobytes()
    assert difference(one.picture, other.picture) > 5


def test_frames_of_a_clip_are_alike_but_not_equal():
    frames = draw_video(random.Random(3), "sports_set", 3)
    other = draw_video(random.Random(4), "black_suit", 1)[0]
    assert len(frames) == 6
    for before, after in itertools.pairwise(frames):
        assert 0 < difference(before, after) < difference(before, other) / 2
