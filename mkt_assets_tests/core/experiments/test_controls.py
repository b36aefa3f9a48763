"""Behaviour of the controls: what a clustering may have found instead of style."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from sklearn.metrics import adjusted_mutual_info_score

from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.experiments.comparison import group_backgrounds
from mkt_assets.core.experiments.controls import (
    agreement,
    background_pixels,
    copied_neighbours,
    copied_pictures,
    copied_texts,
    difference_hash,
    nearest_neighbours,
    once_a_post,
    same_group_neighbours,
    without_copies,
)
from mkt_assets.core.experiments.methods import NOISE, Trial, try_method
from mkt_assets.models.colour_histogram import ColourHistogram, colour_histogram


def trial(labels: list[int]) -> Trial:
    rows = np.arange(len(labels))
    fitted = np.asarray(labels)
    return Trial(fitted, "", 0.0, ((rows, fitted), (rows[::2], fitted[::2])))


def test_a_clustering_that_is_the_accounts_agrees_with_them_and_one_that_is_not_does_not():
    accounts = [f"a{i % 4}" for i in range(80)]
    assert agreement(trial([i % 4 for i in range(80)]), accounts).value == pytest.approx(1)
    shuffled = np.random.default_rng(0).permutation(80) % 4
    assert abs(agreement(trial(shuffled.tolist()), accounts).value) < 0.1


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=2, max_size=60))
def test_an_agreement_is_the_adjusted_mutual_information_of_scikit_learn(pairs: list[tuple[int, int]]):
    groups, labels = map(list, zip(*pairs, strict=True))
    found = agreement(trial(labels), groups).value
    if len(set(groups)) < 2 or len(set(labels)) < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(adjusted_mutual_info_score(groups, labels), abs=1e-9)


def test_noise_and_items_without_a_reference_do_not_count():
    labels, reference = [0, 0, 1, 1, NOISE, 1], ["x", "x", "y", "y", "x", None]
    assert agreement(trial(labels), reference).value == pytest.approx(1)
    assert np.isnan(agreement(trial(labels), [None] * 6).value)


def test_the_error_of_an_agreement_is_about_as_wide_as_fresh_samples_differ():
    def nearest_axis(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
        return X.argmax(axis=1).astype(np.int64), ""

    def sample(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        style = rng.integers(0, 4, 120)
        topic = np.where(rng.random(120) < 0.6, style, rng.integers(0, 4, 120))
        points = np.eye(4)[style] + 0.1 * rng.normal(size=(120, 4))
        X = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
        found = agreement(try_method(nearest_axis, X, 4), topic.tolist())
        return found.value, found.error

    values, errors = zip(*(sample(seed) for seed in range(30)), strict=True)
    assert 0.6 < np.median(errors) / np.std(values) < 1.7


def test_frames_of_one_post_do_not_make_an_agreement():
    rng = np.random.default_rng(0)
    posts = np.repeat(np.arange(40), 3)
    style, room = rng.integers(0, 6, 40)[posts], rng.integers(0, 6, 40)[posts]
    each = agreement(trial(style.tolist()), room.tolist()).value
    once = agreement(trial(style.tolist()), once_a_post(room.tolist(), posts.tolist())).value
    assert abs(once) < 0.1 < each
    assert once_a_post(["a", "a", None], ["p", "p", "q"]) == ["a", None, None]


def test_copies_are_counted_once():
    is_copy = copied_texts(["法式连衣裙", "法式连衣裙", "法式连衣裙", "黑色西装"])
    assert without_copies(["a", "a", "a", "b"], np.array([1, 0, 0, 0]), is_copy) == ["a", None, None, "b"]
    assert without_copies(["a"], np.array([-1]), is_copy) == ["a"]


def test_the_nearest_neighbour_is_of_another_post():
    X = np.array([[1, 0], [0.999, 0.04], [0.6, 0.8], [0, 1]], np.float32)
    assert nearest_neighbours(X, ["p", "p", "q", "r"]).tolist() == [2, 2, 3, 2]
    assert nearest_neighbours(X, ["p"] * 4).tolist() == [-1] * 4


def test_the_expected_share_of_the_same_account_is_what_shuffled_neighbours_give():
    rng = np.random.default_rng(2)
    posts = np.repeat(np.arange(300), rng.integers(1, 4, 300))
    groups = (posts % 17).tolist()
    points = rng.normal(size=(len(posts), 16)).astype(np.float32)
    X = points / np.linalg.norm(points, axis=1, keepdims=True)
    found, expected = same_group_neighbours(nearest_neighbours(X, posts.tolist()), groups, posts.tolist())
    assert found == pytest.approx(expected, abs=0.03)
    one_post = nearest_neighbours(X, [0] * len(X))
    assert np.isnan(same_group_neighbours(one_post, [0] * len(X), [0] * len(X))).all()
    assert np.isnan(copied_neighbours(one_post, lambda i, j: True))


def drawn(shift: int, noise: int = 0) -> Image.Image:
    image = Image.new("RGB", (120, 160), (40, 90, 160))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20 + shift, 10, 60 + shift, 50), fill=(220, 180, 150))
    draw.rectangle((25 + shift, 50, 70 + shift, 150 - shift), fill=(200, 40, 40))
    pixels = np.asarray(image).astype(int) + np.random.default_rng(noise).integers(-3, 4, (160, 120, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def test_a_picture_saved_again_is_a_copy_and_another_pose_is_not():
    hashes = [
        difference_hash(drawn(0)),
        difference_hash(drawn(0, noise=9).resize((90, 120))),
        difference_hash(drawn(35)),
    ]
    is_copy = copied_pictures(hashes)
    assert is_copy(0, 1)
    assert not is_copy(0, 2)


def test_a_caption_with_another_ending_is_a_copy_and_another_caption_is_not():
    texts = [
        "今天穿了一条白色的法式连衣裙真的太好看了姐妹们快冲",
        "今天穿了一条白色的法式连衣裙真的太好看了姐妹们快",
        "黑色西装通勤",
    ]
    is_copy = copied_texts(texts)
    assert is_copy(0, 1)
    assert not is_copy(0, 2)


def test_only_pixels_that_are_surely_not_the_person_describe_the_background():
    image = Image.new("RGB", (40, 80), (0, 0, 200))
    image.paste((255, 0, 0), (10, 20, 30, 80))
    alpha = Image.new("L", (40, 80), 0)
    alpha.paste(255, (10, 20, 30, 80))
    seen = background_pixels(image, alpha)
    assert len(seen) > 0
    assert (seen == (0, 0, 200)).all()
    assert len(background_pixels(image, Image.new("L", (40, 80), 255))) == 0


def test_backgrounds_of_the_same_colours_are_one_group_and_an_unseen_one_is_none():
    rng = np.random.default_rng(0)
    colours = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200)])
    pictures = [colours[i % 3] + rng.integers(-25, 25, (400, 3)) for i in range(60)]
    rows = [colour_histogram(p.clip(0, 255).astype(np.uint8)) for p in pictures]
    rows.append(colour_histogram(np.zeros((0, 3), np.uint8)))
    groups = group_backgrounds(np.stack(rows))
    assert groups[-1] is None
    assert len(set(groups[:-1])) == 3
    assert all(groups[i] == groups[i % 3] for i in range(60))
    assert group_backgrounds(np.stack(rows[:5])) == [None] * 5


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=60))
def test_a_colour_histogram_is_a_unit_vector_that_knows_no_places(pixels: list[tuple[int, int, int]]):
    forward = colour_histogram(np.array(pixels, np.uint8))
    assert np.linalg.norm(forward) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(forward, colour_histogram(np.array(pixels[::-1], np.uint8)))


def test_the_floor_tells_colours_apart_and_not_shapes():
    encoder = ColourHistogram()
    red, mirrored, blue = (
        drawn(0),
        drawn(0).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        Image.new("RGB", (9, 9), "blue"),
    )
    a, b, c = encoder.encode(np.stack([encoder.prepare(image) for image in (red, mirrored, blue)]))
    assert a @ b > 0.99
    assert a @ c < 0.5
