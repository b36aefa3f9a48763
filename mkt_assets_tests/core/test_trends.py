"""Behaviour of trends: a planted rise is found, a flat share and one busy account are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.core.trends import first_sightings, fitted_slopes, poster_trend_tests, trend_tests, trends

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


def test_flat_topics_are_hardly_ever_called_rising_or_falling():
    moved = 0
    for seed in range(60):
        flat = trends(crawls(np.random.default_rng(seed), 3 + seed % 6, lambda _: 0.3, n_posts=80))
        moved += set(directions(flat).values()) != {"flat"}
    assert moved <= 3


def test_crawls_that_differ_more_than_posts_do_are_no_trend():
    rng = np.random.default_rng(0)
    moved = 0
    for _ in range(40):
        shares = rng.dirichlet(SHARES * 40, size=6)
        n = np.stack([rng.multinomial(150, row) for row in shares]).astype(np.float64)
        _, p = trend_tests(np.arange(6.0), n, n.sum(axis=1))
        moved += bool((p * 5 < 0.05).any())
    assert moved <= 4


def test_what_one_account_posts_is_no_trend():
    rng = np.random.default_rng(2)
    items = crawls(rng, 6, lambda _: 0.1)
    busy = [item(n, "topic-0", f"busy-{n}-{i}", "busy") for n in range(6) for i in range(12 * n)]
    found = trends(pd.concat([items, pd.DataFrame(busy)]))
    row = found[found["identity"] == "topic-0"].iloc[0]
    assert row["q_value"] < 0.05 < row["poster_p_value"]
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


def test_the_test_is_that_of_cochran_and_armitage_where_posts_are_all_that_varies():
    # Agresti 2002, table 2.7 (infant malformation and alcohol): z squared is 6.57, without continuity correction
    days = np.array([0, 0.5, 1.5, 4, 7])
    n_all = np.array([17114, 14502, 793, 127, 38.0])
    n = np.array([48, 38, 5, 1, 1.0])[:, None]
    slope, p = trend_tests(days, n, n_all)
    assert slope[0] == pytest.approx(fitted_slopes(days, n, n_all)[0])
    mean = n.sum() / n_all.sum()
    centred = days - n_all @ days / n_all.sum()
    assert slope[0] ** 2 / (mean * (1 - mean) / (n_all @ centred**2)) == pytest.approx(6.57, abs=0.01)
    assert 0.01 < p[0] < 0.2  # three degrees of freedom, and the points lie off the line


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
    days = np.repeat([0.0, 1.0, 2.0], 10)
    is_in = np.array([[i < 10 * day / 2] for day in (0, 1, 2) for i in range(10)], dtype=np.float64)
    assert poster_trend_tests(days, is_in, np.zeros(30, dtype=np.intp))[0] == 1.0
    assert poster_trend_tests(days, is_in, np.arange(30))[0] < 0.05
