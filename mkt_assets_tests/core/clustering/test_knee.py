"""Behaviour of the elbow rule and of the choice of k."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.knee import MIN_STRENGTH, choose_k, default_ks, find_knee
from mkt_assets.core.clustering.silhouette import silhouette
from mkt_assets_tests.calibration.elbows import cloud


def planted(k: int, n: int, d: int, spread: float, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(k, d))[np.arange(n) % k] + spread * rng.normal(size=(n, d))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("k", "spread"), [(4, 0.5), (7, 0.8), (12, 0.3), (16, 0.6)])
def test_the_planted_number_of_clusters_is_the_elbow(k: int, spread: float):
    sweep = fit_sweep(planted(k, 200, 64, spread, seed=k), range(2, 41), n_init=2)
    knee = find_knee(sweep.ks, sweep.inertia)
    assert knee.k is not None
    assert abs(knee.k - k) <= max(1, 0.1 * k)
    assert f"k = {knee.k}" in knee.reason


@pytest.mark.parametrize("k", [4, 9, 15, 23, 37, 58])
@pytest.mark.parametrize("d", [32, 512])
def test_the_numbers_tried_find_unequal_clusters_within_a_tenth(k: int, d: int):
    rng = np.random.default_rng(k * d)
    sizes = np.concatenate([np.full(k, 4), rng.multinomial(10 * k, rng.dirichlet(np.full(k, 3.0)))])
    of = np.concatenate([np.repeat(np.arange(k), sizes[:k]), np.repeat(np.arange(k), sizes[k:])])
    points = rng.normal(size=(k, d))[of] + rng.uniform(0.2, 0.6) * rng.normal(size=(len(of), d))
    X = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    sweep = fit_sweep(X, default_ks(len(X)), n_init=2)
    knee = find_knee(sweep.ks, sweep.inertia, n_items=len(X))
    assert knee.k is not None
    assert abs(knee.k - k) <= 0.1 * k


@pytest.mark.parametrize("d", [8, 64, 512])
@pytest.mark.parametrize("n", [200, 800])
def test_uniform_noise_on_the_sphere_has_no_elbow(n: int, d: int):
    points = np.random.default_rng(n + d).normal(size=(n, d))
    X = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    sweep = fit_sweep(X, default_ks(n), n_init=1)
    assert find_knee(sweep.ks, sweep.inertia, n_items=n).k is None


@pytest.mark.parametrize("d", [2, 3, 10, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_uniform_noise_has_no_elbow(d: int, seed: int):
    X = np.random.default_rng(seed).uniform(size=(200, d)).astype(np.float32)
    sweep = fit_sweep(X, default_ks(200), n_init=2)
    knee = find_knee(sweep.ks, sweep.inertia)
    assert knee.k is None
    assert knee.strength < MIN_STRENGTH
    assert "no elbow" in knee.reason


@given(st.integers(1, 50), st.floats(1, 1e6))
def test_the_law_of_noise_has_no_elbow_in_any_dimension(d: int, scale: float):
    ks = np.arange(2, 60)
    assert find_knee(ks.tolist(), scale * ks ** (-2 / d)).k is None


def test_an_elbow_that_few_items_hide_is_seen_per_degree_of_freedom():
    n, ks = 200, default_ks(200)
    curve = [(n - k) * (8.0 / min(k, 8)) ** 1.5 for k in ks]
    assert find_knee(ks, curve, n_items=n).k == 8
    assert find_knee(ks, [float(n - k) for k in ks], n_items=n).k is None


def test_a_straight_line_and_a_constant_have_no_elbow():
    ks = list(range(2, 40))
    assert find_knee(ks, [100.0 - 2 * k for k in ks]).k is None
    assert find_knee(ks, [3.0] * len(ks)).k is None
    assert find_knee(ks, [0.0] * len(ks)).k is None


def test_an_unlucky_start_does_not_move_the_elbow():
    ks = list(range(2, 31))
    curve = [10.0 * (8 - k) + 5 if k < 8 else 5.0 * (8 / k) ** 0.1 for k in ks]
    assert find_knee(ks, curve).k == 8
    curve[ks.index(20)] = 9.0
    assert find_knee(ks, curve).k == 8


@given(st.floats(1e-3, 1e6))
def test_the_scale_of_the_inertia_does_not_matter(scale: float):
    ks = list(range(2, 31))
    curve = np.array([10.0 * (8 - k) + 5 if k < 8 else 5.0 * (8 / k) ** 0.1 for k in ks])
    assert find_knee(ks, curve * scale).k == 8


def test_two_values_show_no_elbow_and_a_deaf_rule_none():
    assert "three k" in find_knee([2, 3], [5.0, 1.0]).reason
    ks = list(range(2, 31))
    curve = [10.0 * (8 - k) + 5 if k < 8 else 5.0 * (8 / k) ** 0.1 for k in ks]
    assert find_knee(ks, curve, sensitivity=30).k is None


@pytest.mark.parametrize(
    ("ks", "inertia"),
    [([3, 2], [1, 2]), ([2, 3], [1]), ([0, 1], [1, 1]), ([2, 3], [1, np.nan]), ([2, 3], [1, -1])],
)
def test_curves_that_are_none_are_refused(ks: list[int], inertia: list[float]):
    with pytest.raises(ValueError, match=r"ascend|shape|finite"):
        find_knee(ks, inertia)


KS = [2, 3, 4, 5, 6, 7, 8]
ELBOW_AT_4 = [100.0, 60.0, 10.0, 9.8, 9.6, 9.4, 9.2]
NO_ELBOW = [100.0 / k for k in KS]


def test_the_elbow_is_chosen_and_another_opinion_of_the_silhouette_is_told():
    agreed = choose_k(KS, ELBOW_AT_4, [0.1, 0.2, 0.9, 0.3, 0.2, 0.1, 0.1], n_distinct=40)
    assert (agreed.k, agreed.chosen_by, "silhouette" in agreed.reason) == (4, "knee", False)
    other = choose_k(KS, ELBOW_AT_4, [0.9, 0.2, 0.5, 0.3, 0.2, 0.1, None], n_distinct=40)
    assert (other.k, other.chosen_by) == (4, "knee")
    assert "silhouette is best at k = 2" in other.reason


def test_without_an_elbow_the_bend_of_the_plain_curve_is_taken_and_said():
    choice = choose_k(KS, NO_ELBOW, [None, 0.2, 0.2, 0.4, 0.4, 0.1, np.nan], n_distinct=40)
    assert (choice.k, choice.chosen_by) == (4, "bend")
    assert "no elbow" in choice.reason
    assert "silhouette is best at k = 5" in choice.reason
    unknown = choose_k([1, 2], [1.0, 0.0], [None, None], n_distinct=2)
    assert (unknown.k, unknown.chosen_by) == (1, "bend")


def test_the_bend_of_the_original_curves_is_where_a_ruler_finds_it():
    images = [3750, 3588, 3395, 3232, 3156, 3018, 2922, 2780, 2587]
    # how many images is not published; vectors of length 1 and this inertia mean well above 3,750
    choice = choose_k([20, 30, 50, 80, 100, 150, 200, 300, 500], images, [None] * 9, n_distinct=9000)
    assert (choice.k, choice.chosen_by) == (150, "bend")
    texts = [4.73, 4.04, 3.74, 3.58, 3.34, 3.02, 2.67, 2.475]
    choice = choose_k([5, 10, 15, 20, 30, 50, 80, 100], texts, [None] * 8, n_distinct=1790)
    assert (choice.k, choice.chosen_by) == (30, "bend")


def test_a_pin_is_honoured_and_clipped_to_the_distinct_items():
    pinned = choose_k(KS, ELBOW_AT_4, [0.1] * 7, n_distinct=40, pin=7)
    assert (pinned.k, pinned.chosen_by, pinned.reason) == (7, "pin", "pinned to k = 7")
    clipped = choose_k(KS, ELBOW_AT_4, [0.1] * 7, n_distinct=8, pin=100)
    assert (clipped.k, clipped.chosen_by) == (8, "pin")
    assert "clipped to the 8 distinct" in clipped.reason
    with pytest.raises(ValueError, match="k = 30 was not fitted"):
        choose_k(KS, ELBOW_AT_4, [0.1] * 7, n_distinct=40, pin=30)


def test_where_only_one_k_can_be_tried_it_is_taken():
    choice = choose_k([1], [0.0], [None], n_distinct=1)
    assert (choice.k, choice.chosen_by) == (1, "only")


def test_nothing_to_choose_from_is_refused():
    with pytest.raises(ValueError, match="no item was clustered"):
        choose_k([], [], [], n_distinct=0)
    with pytest.raises(ValueError, match="2 silhouettes"):
        choose_k(KS, ELBOW_AT_4, [0.1, 0.2], n_distinct=9)


@pytest.mark.parametrize(
    ("n_distinct", "ks"), [(0, ()), (1, (1,)), (2, (2,)), (3, (2,)), (12, (2, 3)), (20, (2, 3, 4, 5))]
)
def test_small_crawls_try_the_few_numbers_they_can(n_distinct: int, ks: tuple[int, ...]):
    assert default_ks(n_distinct) == ks


@given(st.integers(1, 100_000), st.integers(1, 300), st.sampled_from([100, 200]))
def test_the_numbers_tried_ascend_within_bounds_and_hold_the_pin(n_distinct: int, pin: int, largest: int):
    ks = default_ks(n_distinct, largest=largest)
    assert list(ks) == sorted(set(ks))
    assert 1 <= len(ks) <= 49
    assert ks[-1] == min(largest, max(2, n_distinct // 4), n_distinct)
    assert min(pin, n_distinct) in default_ks(n_distinct, largest=largest, pin=pin)


def test_a_range_can_be_given_and_an_empty_one_is_refused():
    assert default_ks(5000, smallest=20, largest=200)[::47] == (20, 200)
    with pytest.raises(ValueError, match="to try"):
        default_ks(100, smallest=9, largest=3)
    with pytest.raises(ValueError, match="pinned to 0"):
        default_ks(100, pin=0)


def test_an_elbow_that_long_directions_could_make_is_not_believed_without_the_items():
    X = cloud(1.5, 300, 64, np.random.default_rng(0), sphere=False)
    sweep = fit_sweep(X, default_ks(300), n_init=1)
    assert find_knee(sweep.ks, sweep.inertia, n_items=300).k is not None
    choice = choose_k(sweep.ks, sweep.inertia, [None] * len(sweep.ks), n_distinct=300)
    assert choice.chosen_by == "bend"
    assert "the items that could tell were not given" in choice.reason


def test_all_of_it_finds_planted_clusters_from_vectors_and_says_what_a_pin_passes_over():
    X = planted(9, 180, 256, 0.5, seed=3)
    sweep = fit_sweep(X, default_ks(180, pin=5), n_init=2)
    silhouettes = [silhouette(X, sweep.labels(k)) for k in sweep.ks]
    choice = choose_k(sweep.ks, sweep.inertia, silhouettes, n_distinct=180, vectors=X)
    assert (choice.k, choice.chosen_by) == (9, "knee")
    assert choice.strength > choice.needed
    pinned = choose_k(sweep.ks, sweep.inertia, silhouettes, n_distinct=180, vectors=X, pin=5)
    assert (pinned.k, pinned.chosen_by, pinned.reason) == (5, "pin", "pinned to k = 5")
    assert "k = 9" in pinned.by_itself
