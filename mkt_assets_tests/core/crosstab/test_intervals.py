"""Intervals: the published one for independent items, and one that few accounts cannot make look sure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.crosstab.intervals import (
    clustered_interval,
    effective_sizes,
    intraclass_correlation,
    wilson_interval,
)


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_wilson_interval_contains_the_share_and_narrows(n_of: int, n: int):
    share = min(n_of, n) / n
    low, high = wilson_interval([share, share], [n, 4 * n])
    assert 0 <= low[0] <= share <= high[0] <= 1
    assert high[1] - low[1] <= high[0] - low[0]


def test_the_wilson_interval_is_the_published_one():
    low, high = wilson_interval([0.1, 0.0], [20, 10])
    assert low == pytest.approx([0.0279, 0.0], abs=1e-4)
    assert high == pytest.approx([0.3010, 0.2775], abs=1e-4)


def test_with_one_post_an_account_the_interval_is_wilsons():
    of_each = np.eye(7)[:, :3]
    assert clustered_interval(of_each, np.ones((7, 1)))[0] == pytest.approx(
        wilson_interval([1 / 7] * 3, 7)[0]
    )


def test_accounts_that_always_write_the_same_count_once():
    one_topic_each = 10.0 * np.eye(6)
    assert intraclass_correlation(one_topic_each, [[10]] * 6) == 1
    assert (effective_sizes(one_topic_each, [[10]] * 6) <= 6).all()


def test_the_posts_of_a_single_account_say_little_of_others():
    low, high = clustered_interval([[100, 300]], [[400]])
    assert low[0] < 0.05 < 0.25 < 0.75 < high[0]


def test_posts_that_are_independent_within_accounts_keep_most_of_their_worth():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(20, [0.2] * 5, size=100)
    assert intraclass_correlation(counts, [[20]] * 100) < 0.02
    assert effective_sizes(counts, [[20]] * 100).mean() > 1400


def test_a_topic_on_which_accounts_differ_more_than_on_others_is_known_less():
    rng = np.random.default_rng(1)
    shared = rng.multinomial(20, [0.25] * 4, size=30)
    one_sided = np.where(np.arange(30) < 8, 20, 0)
    worth = effective_sizes(np.column_stack([shared, one_sided]), [[20]] * 30)
    assert worth[-1] < 30 < 100 < worth[:-1].min()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8), st.booleans())
def test_the_interval_by_account_contains_the_share_and_is_never_narrower(
    accounts: list[tuple[int, int]], also_another: bool
):
    hits = np.array([[n] for n, _ in accounts])
    trials = hits + np.array([[n] for _, n in accounts]) + also_another
    if trials.sum():
        low, high = clustered_interval(hits, trials)
        share = hits.sum() / trials.sum()
        plain = wilson_interval([share], [trials.sum()])
        assert 0 <= low[0] <= share <= high[0] <= 1
        assert low[0] <= plain[0][0] + 1e-12
        assert high[0] >= plain[1][0] - 1e-12
