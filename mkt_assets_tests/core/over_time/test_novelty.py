"""Behaviour of what is called new, gone or back: what many accounts post shows, what one does or few do does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mkt_assets.core.over_time.novelty import CrawlItems, Regions, fewer_elsewhere
from mkt_assets_tests.calibration.cases import Case, measure
from mkt_assets_tests.calibration.novelty import (
    BEFORE,
    CASES,
    DIMENSION,
    GROUP,
    NOW,
    World,
    announced,
    draw,
    unit,
)

RNG = np.random.default_rng(0)
PLACES = unit(RNG.standard_normal((4, DIMENSION)))


def crawl(sizes: Sequence[int], accounts: Sequence[Sequence[str]] | None = None, seed: int = 0) -> CrawlItems:
    """So many posts near each place, a cluster a place, each by an account of its own or by those given in turn."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    noise = 0.05 * np.random.default_rng(seed).standard_normal((len(clusters), DIMENSION))
    by = [f"{seed}-{i}" for i in range(len(clusters))]
    if accounts is not None:
        by = [accounts[c][i % len(accounts[c])] for i, c in enumerate(clusters.tolist())]
    vectors = unit(PLACES[clusters] + noise).astype(np.float32)
    return CrawlItems(vectors, clusters.tolist(), [f"p{seed}-{i}" for i in range(len(clusters))], by)


def here(sizes: Sequence[int], accounts: Sequence[Sequence[str]] | None = None) -> Regions:
    return Regions(crawl(sizes, accounts))


def test_what_the_other_crawl_has_not_is_fewer_and_what_it_has_is_not():
    found = fewer_elsewhere(here([30, 30, 30, 20]), crawl([30, 30, 30], seed=1))
    assert found["fewer"].tolist() == [False, False, False, True]
    assert found["n_posts_there"].tolist()[3] == 0
    assert found["n_posts_here"].between(18, 30).all()
    # of the 20 and 0 posts, dealt out 110 to 90: a chance of .55 each, and accounts alike
    assert found["p_value"].tolist()[3] == pytest.approx(0.55**20, rel=0.05)
    assert found["q_value"].tolist()[3] == pytest.approx(4 * found["p_value"].tolist()[3])


def test_what_one_or_two_accounts_post_is_never_fewer():
    many = [f"a{i}" for i in range(30)]
    for of_last in (["a1"], ["a1", "a2"]):
        found = fewer_elsewhere(
            here([30, 30, 30, 60], [many, many, many, of_last]), crawl([30, 30, 30], [many] * 3, seed=1)
        )
        assert not found["fewer"].any(), of_last


def test_a_group_that_one_account_fills_and_others_touch_is_not_fewer():
    many = [f"a{i}" for i in range(30)]
    filled = ["a1"] * 12 + ["a2", "a3", "a4"]
    args = crawl([30, 30, 30], [many] * 3, seed=1)
    assert not fewer_elsewhere(here([30, 30, 30, 60], [many] * 3 + [filled]), args)["fewer"].any()
    assert fewer_elsewhere(here([30, 30, 30, 60], [many] * 4), args)["fewer"].tolist()[3]


def test_a_share_that_is_only_half_of_the_other_crawls_is_not_gone():
    found = fewer_elsewhere(here([300, 300, 300, 200]), crawl([300, 300, 300, 80], seed=1))
    assert found["q_value"].tolist()[3] < 0.001
    assert not found["fewer"].any()


@pytest.mark.parametrize(
    ("sizes", "others"), [([1], [30, 30]), ([30, 30, 4], [30, 30]), ([30, 30], [1]), ([1], [1])]
)
def test_of_few_posts_nothing_is_said(sizes: list[int], others: list[int]):
    one, other = crawl(sizes), crawl(others, seed=1)
    assert not fewer_elsewhere(Regions(one), other)["fewer"].any()
    assert not fewer_elsewhere(Regions(other), one)["fewer"].any()


def test_a_post_with_many_pictures_counts_once():
    one, other = crawl([30, 30, 30, 20]), crawl([30, 30, 30], seed=1)
    album = replace(
        one,
        posts=[
            p if c < 3 else f"album-{i % 2}"
            for i, (p, c) in enumerate(zip(one.posts, one.clusters, strict=True))
        ],
    )
    found = fewer_elsewhere(Regions(album), other)
    assert found["n_posts_here"].tolist()[3] == 2
    assert not found["fewer"].any()


def test_neither_rows_nor_cluster_ids_matter():
    one, other = crawl([30, 30, 30, 20]), crawl([25, 30, 30], seed=1)
    plain = fewer_elsewhere(Regions(one), other)
    order: list[int] = np.random.default_rng(3).permutation(len(one.posts)).tolist()
    shuffled = CrawlItems(
        one.vectors[order],
        [3 - one.clusters[i] for i in order],
        [one.posts[i] for i in order],
        [one.accounts[i] for i in order],
    )
    pd.testing.assert_frame_equal(
        fewer_elsewhere(Regions(shuffled), other).iloc[::-1].reset_index(drop=True),
        plain.reset_index(drop=True),
        rtol=1e-9,
    )


def test_a_group_that_comes_stays_away_and_returns_is_new_gone_and_back():
    posts = draw(World(group=0.1, parts="posts"), np.random.default_rng(5))
    first, later = (posts[posts["crawl_date"] == day] for day in (NOW, BEFORE))
    last = first.assign(post_id=first["post_id"] + "-again")
    days = pd.date_range("2024-06-01", periods=4).date
    without = first[first["topic"] != GROUP].assign(post_id=lambda f: f["post_id"] + "-0")
    crawls = [
        part.assign(crawl_date=day) for part, day in zip((without, first, later, last), days, strict=True)
    ]
    found = announced(pd.concat(crawls), 21, seed=0)
    of_group = found[found["topic"] == GROUP].drop_duplicates("crawl_date").set_index("crawl_date")
    assert of_group["event"].tolist() == ["born", "continued"]
    assert of_group["is_new"].tolist() == [True, False]
    assert of_group["is_back"].tolist() == [False, True]
    assert bool(of_group["is_gone"].iloc[0])
    assert of_group["identity"].nunique() == 1
    assert found.loc[found["topic"] != GROUP, ["is_new", "is_gone", "is_back"]].sum().sum() == 0
    of_first = found[found["crawl_date"] == days[0]]
    assert of_first[["is_new", "n_posts_before", "novelty_q_value"]].isna().all().all()
    assert of_first["n_posts_after"].notna().all()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.claim}: {case.world}")
def test_claims_keep_what_they_promise(case: Case):
    assert measure(case, n_runs=3).kept
