"""What two crawls show of each other: planted growth is found; dealt out at random, or of few accounts, nothing is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from mkt_assets.core.over_time.novelty import CrawlItems
from mkt_assets.core.over_time.side_by_side import side_by_side
from mkt_assets_tests.calibration.cases import Case, measure
from mkt_assets_tests.calibration.novelty import DIMENSION, unit
from mkt_assets_tests.calibration.sides import CASES

PLACES = unit(np.random.default_rng(0).standard_normal((6, DIMENSION)))
NAMES = "abcdef"


def crawl(sizes: Sequence[int], seed: int, n_accounts: int = 1000) -> tuple[CrawlItems, dict[int, str]]:
    """So many posts near each place, a cluster a place that has any, by so many accounts in turn."""
    place = np.repeat(np.arange(len(sizes)), sizes)
    noise = 0.05 * np.random.default_rng(seed).standard_normal((len(place), DIMENSION))
    vectors = unit(PLACES[place] + noise).astype(np.float32)
    by = [f"{seed if n_accounts > 20 else ''}-{i % n_accounts}" for i in range(len(place))]
    items = CrawlItems(vectors, place.tolist(), [f"p{seed}-{i}" for i in range(len(place))], by)
    return items, {int(at): NAMES[at] for at in np.unique(place)}


def compared(
    one: tuple[CrawlItems, dict[int, str]], other: tuple[CrawlItems, dict[int, str]]
) -> pd.DataFrame:
    return side_by_side(one[0], other[0], (one[1], other[1])).set_index("identity")


def test_what_was_planted_is_said_what_changed_most_first() -> None:
    found = compared(crawl([80, 80, 20, 30, 0, 50], 1), crawl([80, 20, 80, 0, 30, 50], 2))
    assert found["what"].to_dict() == {
        "e": "new", "c": "grown", "b": "shrunk", "d": "gone", "a": "kept", "f": "kept",
    }  # fmt: skip
    assert list(found["what"]) == ["new", "grown", "shrunk", "gone", "kept", "kept"]


def test_the_same_the_other_way_round_is_the_opposite() -> None:
    one, other = crawl([80, 80, 20, 30, 0, 50], 1), crawl([80, 20, 80, 0, 30, 50], 2)
    there, back = compared(one, other)["what"], compared(other, one)["what"]
    opposite = {"new": "gone", "gone": "new", "grown": "shrunk", "shrunk": "grown", "kept": "kept"}
    assert back.to_dict() == {name: opposite[what] for name, what in there.items()}


def test_posts_of_a_growth_that_are_dealt_out_at_random_show_none() -> None:
    (one, names), (other, _) = crawl([80, 80, 20, 50], 1), crawl([80, 20, 80, 50], 2)
    vectors = np.concatenate([one.vectors, other.vectors])
    clusters, posts, accounts = (
        [*one.clusters, *other.clusters],
        [*one.posts, *other.posts],
        [*one.accounts, *other.accounts],
    )
    order: list[int] = np.random.default_rng(3).permutation(len(posts)).tolist()
    dealt = [
        CrawlItems(
            vectors[half], [clusters[i] for i in half], [posts[i] for i in half], [accounts[i] for i in half]
        )
        for half in (order[: len(order) // 2], order[len(order) // 2 :])
    ]
    assert set(compared((dealt[0], names), (dealt[1], names))["what"]) == {"kept"}


def test_what_few_accounts_do_is_no_growth_and_what_has_no_counterpart_is_not_called_new() -> None:
    found = compared(crawl([80, 80, 20], 1, n_accounts=3), crawl([80, 20, 80, 30], 2, n_accounts=3))
    assert found["what"].to_dict() == {"a": "kept", "b": "kept", "c": "kept", "d": "only later"}
    assert found.loc["d", "n_posts_later"] == 30
    assert found.loc["d", "n_accounts_later"] == 3


def test_shares_are_of_the_crawls_posts_and_lie_in_intervals_that_few_accounts_make_wider() -> None:
    many = compared(crawl([60, 40], 1), crawl([20, 80], 2))
    few = compared(crawl([60, 40], 1, n_accounts=8), crawl([20, 80], 2, n_accounts=8))
    for found in (many, few):
        assert (found.loc["a", "share_earlier"], found.loc["a", "share_later"]) == (0.6, 0.2)
        for side in ("earlier", "later"):
            assert found[f"share_{side}"].between(found[f"low_{side}"], found[f"high_{side}"]).all()
    assert few.loc["a", "largest_earlier"] == pytest.approx(8 / 60)
    assert many.loc["a", "n_accounts_earlier"] == 60


def test_a_cluster_that_is_cut_in_two_has_not_shrunk_and_its_part_is_not_new() -> None:
    (one, names), (other, _) = crawl([120, 60], 1), crawl([120, 60], 2)
    halves = [2 if c == 0 and i % 2 else c for i, c in enumerate(other.clusters)]
    cut = CrawlItems(other.vectors, halves, other.posts, other.accounts)
    found = compared((one, names), (cut, {0: "a", 1: "b", 2: "c"}))
    assert (found.loc["a", "share_earlier"], found.loc["a", "share_later"]) == (120 / 180, 60 / 180)
    assert found["what"].to_dict() == {"a": "kept", "b": "kept", "c": "only later"}


def test_a_crawl_beside_itself_keeps_everything() -> None:
    one = crawl([60, 40, 20], 1)
    assert set(compared(one, one)["what"]) == {"kept"}


@pytest.mark.parametrize("case", [CASES[0], *CASES[-2:]], ids=lambda case: f"{case.claim}: {case.world}")
def test_claims_keep_what_they_promise(case: Case) -> None:
    assert measure(case, n_runs=3).kept
