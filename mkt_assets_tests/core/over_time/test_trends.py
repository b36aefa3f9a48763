"""Behaviour of trends: a planted rise is found, a flat share and one busy account are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from mkt_assets.core.over_time.trend_posts import comparable, families, first_sightings
from mkt_assets.core.over_time.trend_tests import Posts, share_noise, trend_tests
from mkt_assets.core.over_time.trends import trends
from mkt_assets_tests.calibration.cases import Case, measure
from mkt_assets_tests.calibration.trends import CASES, evergreen, found_in, moves, split

FIRST = date(2024, 6, 1)
SHARES = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
COLUMNS = ["crawl_date", "modality", "encoder", "identity", "name", "post_id", "poster_id", "published_at"]


def item(number: int, identity: str, post_id: str, poster: str = "", **values: object) -> dict[str, object]:
    day = FIRST + timedelta(days=number)
    row = (day, "text", "e", identity, f"name of {identity}", post_id, poster or post_id, None)
    return {**dict(zip(COLUMNS, row, strict=True)), **values}


def crawls(
    rng: np.random.Generator,
    n_crawls: int,
    share_of_first: Callable[[float], float],
    *,
    n_posts: int = 120,
    n_posters: int = 60,
) -> pd.DataFrame:
    """Posts of five topics; the share of topic 0 is a function of time from 0 to 1, of the rest as they are."""
    rows: list[dict[str, object]] = []
    for number in range(n_crawls):
        first = share_of_first(number / max(1, n_crawls - 1))
        shares = np.append(first, SHARES[1:] / SHARES[1:].sum() * (1 - first))
        for i, topic in enumerate(rng.choice(5, n_posts, p=shares)):
            rows.append(item(number, f"topic-{topic}", f"{number}-{i}", f"poster-{rng.integers(n_posters)}"))
    return pd.DataFrame(rows)


def directions(found: pd.DataFrame) -> dict[str, str]:
    return dict(found.drop_duplicates("identity")[["identity", "direction"]].itertuples(index=False))


def test_a_planted_rising_topic_is_found_and_a_falling_one():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert directions(trends(crawls(rng, 6, lambda t: 0.05 + 0.35 * t)))["topic-0"] == "rising"
        assert directions(trends(crawls(rng, 6, lambda t: 0.40 - 0.35 * t)))["topic-0"] == "falling"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.claim} - {case.world}")
def test_what_is_flat_is_called_flat_and_what_rises_rising(case: Case):
    assert measure(case, n_runs=12).kept


def test_a_topic_that_is_cut_in_two_would_fall_if_nobody_knew_of_the_split():
    unknown = [split(seed).drop(columns="split_from") for seed in range(12)]
    assert sum(moves(trends(world)) for world in unknown) >= 4
    assert sum(moves(found_in("split", seed)) for seed in range(12)) <= 1


def test_an_evergreen_would_fall_if_nobody_knew_when_its_posts_were_published():
    unknown = [evergreen(seed).assign(published_at=None) for seed in range(12)]
    assert sum(moves(trends(world)) for world in unknown) >= 4
    found = [found_in("evergreen", seed) for seed in range(12)]
    assert sum(moves(of) for of in found) <= 1
    assert all(of["fresh_only"].all() for of in found)


def test_what_one_account_posts_is_no_trend():
    rng = np.random.default_rng(2)
    items = crawls(rng, 6, lambda _: 0.1)
    busy = [item(n, "topic-0", f"busy-{n}-{i}", "busy") for n in range(6) for i in range(12 * n)]
    found = trends(pd.concat([items, pd.DataFrame(busy)]))
    row = found[found["identity"] == "topic-0"].iloc[0]
    assert row["poster_p_value"] > 0.05
    assert row["direction"] == "flat"


def test_with_fewer_than_three_crawls_nothing_is_tested():
    for n in (1, 2):
        found = trends(crawls(np.random.default_rng(0), n, lambda t: 0.05 + 0.4 * t))
        assert set(found["direction"]) == {"too few crawls"}
        assert found[["p_value", "q_value", "poster_p_value"]].isna().all().all()
        assert found["slope"].isna().all() == (n == 1)


def test_a_post_that_is_crawled_again_counts_once_in_its_first_crawl():
    items = crawls(np.random.default_rng(0), 4, lambda _: 0.3)
    again = items.assign(crawl_date=items["crawl_date"].map(lambda day: day + timedelta(days=1)))
    again = again[again["crawl_date"] < FIRST + timedelta(days=4)].assign(
        identity="topic-1", name="name of topic-1"
    )
    pd.testing.assert_frame_equal(trends(pd.concat([again, items])), trends(items))
    assert len(first_sightings(pd.concat([items, again]))) == len(items)


def test_rows_in_another_order_give_the_same_table():
    items = crawls(np.random.default_rng(1), 4, lambda t: 0.1 + 0.2 * t)
    pd.testing.assert_frame_equal(trends(items.sample(frac=1, random_state=3)), trends(items))


def test_time_of_publication_is_told_apart_from_time_of_crawl():
    months = [datetime(2024, 1 + i, 15, 12) for i in range(4)]
    rows = [
        item(0, "topic-0" if i < 10 * month else "topic-1", f"{month}-{i}", published_at=months[month])
        for month in range(4)
        for i in range(40)
    ]
    rows.append(item(0, "topic-0", "when nobody knows"))
    found = trends(pd.DataFrame(rows)).set_index(["basis", "identity", "crawl_date"])
    by_crawl = found.loc["crawl_date"].loc["topic-0"].loc[FIRST]
    assert (by_crawl["n_posts"], by_crawl["n_posts_all"]) == (61, 161)
    by_month = found.loc["published_month"].loc["topic-0"]
    assert by_month.index.tolist() == [date(2024, m, 1) for m in (1, 2, 3, 4)]
    assert by_month["n_posts"].tolist() == [0, 10, 20, 30]
    assert set(by_month["direction"]) == {"rising"}
    assert str(by_crawl["direction"]) == "too few crawls"


def test_a_topic_that_is_absent_has_a_share_of_zero_there():
    rows = [item(0, "topic-0", "a"), item(1, "topic-1", "b"), item(2, "topic-1", "c")]
    found = trends(pd.DataFrame(rows)).set_index(["identity", "crawl_date"])["share"]
    assert found["topic-0"].tolist() == [1, 0, 0]
    assert found["topic-1"].tolist() == [0, 1, 1]


def test_a_picture_in_two_styles_is_a_post_of_both():
    rows = [item(0, "a", "1", modality="image"), item(0, "b", "1", modality="image")]
    rows.append(item(0, "b", "1", modality="image"))
    found = trends(pd.DataFrame(rows))
    assert found["n_posts"].tolist() == [1, 1]
    assert found["n_posts_all"].tolist() == [1, 1]


def test_without_items_there_are_no_trends():
    assert len(trends(pd.DataFrame(columns=COLUMNS))) == 0


def test_where_posts_are_all_that_varies_the_test_is_that_of_cochran_and_armitage():
    # Agresti 2002, table 2.7 (infant malformation and alcohol), an eighth of the two largest groups
    days, n_all = np.array([0, 0.5, 1.5, 4, 7]), np.array([2139, 1813, 793, 127, 38])
    malformed = np.array([6, 5, 5, 1, 1])
    at = np.repeat(np.arange(5), n_all)
    is_in = (np.arange(len(at)) - np.repeat(np.cumsum(n_all) - n_all, n_all) < malformed[at]).astype(float)[
        :, None
    ]
    posts = Posts(days, at, np.arange(len(at)))
    noise = share_noise(posts, is_in)
    only_posts = replace(noise, log_prior=np.where(np.arange(len(noise.log_prior)) == 0, 0.0, -1e9))
    found = trend_tests(posts, is_in, only_posts)
    mean, centred = is_in.mean(), days - n_all @ days / n_all.sum()
    score = centred @ malformed / np.sqrt(mean * (1 - mean) * (n_all @ centred**2))
    assert found.slope[0] == pytest.approx(centred @ malformed / (n_all @ centred**2))
    assert found.p[0] == pytest.approx(chi2.sf(score**2, 1))


def test_crawls_that_are_known_to_differ_count_alike_however_large_they_are():
    # shares jump about by far more than their posts explain, in small crawls as in a large one
    shares, n_all = np.array([0.1, 0.6, 0.2, 0.7, 0.1, 0.6]), np.array([50, 50, 1000, 50, 50, 50])
    at = np.repeat(np.arange(6), n_all)
    place = np.arange(len(at)) - np.repeat(np.cumsum(n_all) - n_all, n_all)
    first = (place < shares[at] * n_all[at]).astype(float)
    posts, is_in = Posts(np.arange(6.0), at, np.arange(len(at))), np.stack([first, 1 - first], axis=1)
    found = trend_tests(posts, is_in, share_noise(posts, is_in))
    assert found.slope[0] == pytest.approx(np.polyfit(np.arange(6), shares, 1)[0], rel=0.1)
    assert found.p.min() > 0.2


def test_an_account_that_arrives_with_a_topic_of_its_own_is_no_trend():
    rng = np.random.default_rng(3)
    items = crawls(rng, 6, lambda _: 0.1)
    arrived = [item(n, "topic-0", f"new-{n}-{i}", "new") for n in (4, 5) for i in range(60)]
    found = trends(pd.concat([items, pd.DataFrame(arrived)]))
    assert set(found["direction"]) == {"flat"}
    assert found.loc[found["identity"] == "topic-0", "n_posters"].min() > 20


def test_posts_of_unknown_accounts_are_of_an_account_each():
    items = crawls(np.random.default_rng(0), 6, lambda t: 0.05 + 0.35 * t)
    unknown = trends(items.assign(poster_id=None))
    assert directions(unknown)["topic-0"] == "rising"
    pd.testing.assert_frame_equal(unknown, trends(items.assign(poster_id=items["post_id"])))


def test_a_family_is_what_splits_and_mergers_connect():
    rows = [
        item(0, "a", "1"),
        item(1, "b", "2", split_from="a"),
        item(2, "c", "3", absorbed=["b"]),
        item(2, "d", "4", absorbed=[]),
        item(2, "e", "5", split_from="of an older encoder"),
    ]
    assert dict(families(pd.DataFrame(rows))) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "e"}
    found = trends(pd.DataFrame(rows)).drop_duplicates("identity").set_index("identity")["family"]
    assert found.where(found.notna(), None).to_dict() == {"a": "a", "b": "a", "c": "a", "d": None, "e": None}


def test_what_rises_with_its_family_rises():
    items = crawls(np.random.default_rng(1), 6, lambda t: 0.05 + 0.5 * t)
    half = (items["identity"] == "topic-0") & (np.arange(len(items)) % 2 == 0)
    late = half & (items["crawl_date"] >= FIRST + timedelta(days=3))
    items.loc[late, ["identity", "name"]] = "topic-new"
    items["split_from"] = pd.Series("topic-0", items.index).where(late, None)
    found = trends(items).drop_duplicates("identity").set_index("identity")
    assert found.loc["topic-new", "direction"] == "rising"
    assert found.loc["topic-new", "family"] == "topic-0"


def test_only_a_first_crawl_that_is_older_than_the_others_is_a_stock():
    rows = [item(7 * n, "a", f"{n}-{i}") for n in range(3) for i in range(20)]
    posts = pd.DataFrame(rows).assign(modality="text")
    day = pd.to_datetime(posts["crawl_date"])
    number = np.arange(60) % 20
    fresh = first_sightings(posts.assign(published_at=day - pd.to_timedelta(number % 7, "D")))
    old = first_sightings(posts.assign(published_at=day - pd.to_timedelta(20 * number, "D")))
    assert not comparable(fresh)[1] and not comparable(old)[1]
    is_first = (posts["crawl_date"] == FIRST).to_numpy()
    ages = np.where(is_first, 20 * number, number % 7)
    counted, fresh_only = comparable(
        first_sightings(posts.assign(published_at=day - pd.to_timedelta(ages, "D")))
    )
    assert fresh_only
    assert counted.groupby("crawl_date").size().tolist() == [1, 20, 20]
    unknown = posts.assign(published_at=(day - pd.to_timedelta(ages, "D")).where(~is_first | (number < 5)))
    assert not comparable(first_sightings(unknown))[1]


def test_the_only_topic_of_a_crawl_is_flat_whatever_its_sizes():
    found = trends(pd.DataFrame([item(n, "a", f"{n}-{i}") for n in range(5) for i in range(3 * n + 1)]))
    assert set(found["direction"]) == {"flat"}
    assert found["share"].eq(1).all() and found["change"].eq(0).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 25)), min_size=1, max_size=60),
    st.integers(1, 40),
)
def test_shares_are_shares_and_p_values_p_values(posts: list[tuple[int, int, int]], step: int):
    rows = [item(n * step, f"topic-{t}", f"{i}", f"{p}") for i, (n, t, p) in enumerate(posts)]
    found = trends(pd.DataFrame(rows))
    sums = found.groupby(["basis", "crawl_date"])["share"].sum()
    np.testing.assert_allclose(sums, 1)
    assert (found["share_low"] <= found["share"]).all() and (found["share"] <= found["share_high"]).all()
    tested = found.dropna(subset=["p_value"])
    for column in ("p_value", "q_value", "poster_p_value"):
        assert tested[column].between(0, 1).all()
    assert (tested["p_value"] <= tested["q_value"]).all()
    assert not found.duplicated(["modality", "identity", "basis", "crawl_date"]).any()


def test_one_poster_can_never_be_a_trend():
    at = np.repeat([0, 1, 2], 10)
    is_in = np.tile(np.arange(10), 3)[:, None] < 5 * at[:, None]
    for accounts, is_trend in ((np.zeros(30, dtype=np.intp), False), (np.arange(30), True)):
        posts = Posts(np.arange(3.0), at, accounts)
        found = trend_tests(posts, is_in.astype(float), share_noise(posts, is_in.astype(float)))
        assert (found.account_p[0] < 0.05) == is_trend
