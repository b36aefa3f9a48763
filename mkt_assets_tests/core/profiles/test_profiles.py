"""Profiles: members, copies, accounts and medians of a cluster, known beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mkt_assets.contract.tables.profiles import CLUSTER_PROFILES
from mkt_assets.core.profiles.keywords import Caption
from mkt_assets.core.profiles.profiles import (
    N_TYPICAL,
    NEAR_DUPLICATE,
    Group,
    groups_of,
    median_with_interval,
    near_duplicate_leaders,
    profile_clusters,
    repeated_posts,
    typical_members,
    unit_centroid,
)


def unit(X: NDArray[np.float64]) -> NDArray[np.float32]:
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def group(
    posts: list[str], leaders: list[int], frames: list[str] | None = None, posters: list[str] | None = None
) -> Group:
    n = len(posts)
    items = pd.DataFrame(
        {"post_id": posts, "poster_id": posters or posts, "frame": frames or [f"image_{i}" for i in range(n)]}
    )
    return Group(items, np.eye(n, dtype=np.float32), np.array(leaders))


def crawl(
    n: int = 24, *, seed: int = 0
) -> tuple[dict[str, pd.DataFrame], dict[str, NDArray[np.float32]], pd.DataFrame, dict[str, Caption]]:
    """A crawl of n posts, one picture and one text each, in two styles and two topics."""
    rng = np.random.default_rng(seed)
    posts, posters = [f"p{i:02d}" for i in range(n)], [f"a{i % 7}" for i in range(n)]
    items: dict[str, pd.DataFrame] = {}
    vectors: dict[str, NDArray[np.float32]] = {}
    for modality in ("image", "text"):
        X = unit(np.eye(8)[np.arange(n) % 2] * 3 + rng.normal(size=(n, 8)))
        frame = pd.DataFrame({"cluster_id": np.arange(n) % 2, "post_id": posts, "poster_id": posters})
        frame["frame"] = "post" if modality == "image" else None
        distance = pd.Series([float(np.linalg.norm(x - X[i % 2 :: 2].mean(axis=0))) for i, x in enumerate(X)])
        frame["rank_in_cluster"] = distance.groupby(frame["cluster_id"]).rank(method="first").astype(int)
        items[modality], vectors[modality] = frame, X
    counts = pd.DataFrame(
        {
            "post_id": posts,
            "n_likes": pd.array(rng.integers(1, 999, n), dtype="Int64"),
            "n_likes_is_lower_bound": False,
            "n_collects": pd.array([pd.NA] * n, dtype="Int64"),
            "n_collects_is_lower_bound": False,
        }
    )
    words = (frozenset({"西装", "通勤"}), frozenset({"旗袍", "国风"}))
    captions = {post: Caption(posters[i], words[i % 2]) for i, post in enumerate(posts)}
    return items, vectors, counts, captions


def test_every_cluster_has_one_row_with_the_tables_columns() -> None:
    profiles = profile_clusters(*crawl(), min_posts=5)
    of_asset = {"crawl_date", "encoder", "proposed_name", "proposed_by"}
    assert set(profiles.columns) - {"name", "name_by"} == set(CLUSTER_PROFILES.column_names) - of_asset
    assert profiles[["modality", "cluster_id"]].to_numpy().tolist() == [
        ["image", 0],
        ["image", 1],
        ["text", 0],
        ["text", 1],
    ]
    assert profiles["name"].tolist() == ["西装 · 通勤", "国风 · 旗袍"] * 2
    assert profiles["n_posts"].tolist() == [12] * 4
    assert profiles["n_with_likes"].tolist() == [12] * 4
    assert profiles["collects_median"].isna().all()
    assert not profiles["low_support"].any()


def test_a_cluster_of_one_accounts_words_is_named_by_them_and_says_so() -> None:
    items, vectors, posts, captions = crawl(40)
    loud = {
        post: Caption("loud" if "旗袍" in c.words else c.poster_id, c.words) for post, c in captions.items()
    }
    found = profile_clusters(items, vectors, posts, loud, min_posts=5)
    named = found[found["modality"] == "text"].set_index("name")["name_by"].to_dict()
    assert named == {"西装 · 通勤": "keywords", "国风 · 旗袍": "one_account"}


def test_a_profile_does_not_depend_on_the_order_of_the_rows() -> None:
    items, vectors, posts, captions = crawl()
    turned = np.random.default_rng(1).permutation(len(posts))
    again = profile_clusters(
        {m: frame.iloc[turned].reset_index(drop=True) for m, frame in items.items()},
        {m: X[turned] for m, X in vectors.items()},
        posts.iloc[turned],
        dict(reversed(captions.items())),
        min_posts=5,
    )
    once = profile_clusters(items, vectors, posts, captions, min_posts=5)
    pd.testing.assert_frame_equal(again.drop(columns="centroid"), once.drop(columns="centroid"))
    np.testing.assert_array_equal(np.stack(list(again["centroid"])), np.stack(list(once["centroid"])))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_shares_sum_to_1_and_typical_items_are_members(seed: int, n: int) -> None:
    items, vectors, posts, captions = crawl(n, seed=seed)
    profiles = profile_clusters(items, vectors, posts, captions, min_posts=5)
    for modality, rows in profiles.groupby("modality"):
        assert rows["share"].sum() == pytest.approx(1)
        assert rows["name"].is_unique
        for row in rows.to_dict("records"):
            frame = items[str(modality)]
            members = frame[frame["cluster_id"] == row["cluster_id"]]
            assert set(row["typical_post_ids"]) <= set(members["post_id"])
            assert row["typical_post_ids"][0] == row["medoid_post_id"]
            medoid = members.loc[members["rank_in_cluster"] == 1, "post_id"].item()
            assert row["medoid_post_id"] == medoid
            assert 1 <= len(row["typical_post_ids"]) == len(row["typical_frames"]) <= N_TYPICAL
            assert 1 - 1e-9 <= row["n_effective_posters"] <= row["n_posters"] + 1e-9
            assert np.linalg.norm(row["centroid"]) == pytest.approx(1, abs=1e-6)


def test_a_cluster_that_one_account_made_is_flagged() -> None:
    items, vectors, posts, captions = crawl(40)
    frame = items["image"]
    mine = frame["cluster_id"] == 0
    frame.loc[mine, "poster_id"] = ["other", *["loud"] * (int(mine.sum()) - 1)]
    profiles = profile_clusters(items, vectors, posts, captions, min_posts=5).set_index(
        ["modality", "cluster_id"]
    )
    assert profiles["one_poster"].to_dict() == {
        ("image", 0): True,
        ("image", 1): False,
        ("text", 0): False,
        ("text", 1): False,
    }
    assert profiles.loc[("image", 0), "top_poster_share"] == pytest.approx(19 / 20)
    assert profiles.loc[("image", 0), "n_effective_posters"] == pytest.approx(1 / (0.95**2 + 0.05**2))


def test_fewer_posts_than_asked_for_are_low_support() -> None:
    profiles = profile_clusters(*crawl(10), min_posts=6)
    assert profiles["low_support"].all()


def test_copies_follow_the_first_that_is_like_them() -> None:
    a, b = np.eye(6)[0], np.eye(6)[1]
    rows = unit(np.stack([a, b, a + 0.1 * b, b + 0.1 * a, a + b, a]))
    assert near_duplicate_leaders(rows).tolist() == [0, 1, 0, 1, 4, 0]


def test_a_chain_of_small_changes_does_not_join_what_differs() -> None:
    step = 0.8 * np.arccos(NEAR_DUPLICATE)
    angles = step * np.arange(6)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert near_duplicate_leaders(rows).tolist() == [0, 0, 2, 2, 4, 4]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(0, 60), block=st.integers(1, 70))
def test_leaders_are_the_same_in_blocks_of_any_size(seed: int, n: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    X = unit(rng.normal(size=(5, 4))[rng.integers(0, 5, n)] + 0.15 * rng.normal(size=(n, 4)))
    expected = list(range(n))
    for i in range(n):
        near = [j for j in range(i) if expected[j] == j and float(X[i] @ X[j]) >= 0.98]
        expected[i] = near[0] if near else i
    assert near_duplicate_leaders(X, similarity=0.98, block=block).tolist() == expected


def test_a_post_repeats_another_by_its_caption_or_by_all_of_its_pictures() -> None:
    of = group(["a", "b", "b", "c", "c", "d"], [0, 0, 0, 0, 4, 5])
    assert repeated_posts(of, {}) == {"b"}
    assert repeated_posts(of, {"a": "a", "d": "a"}) == {"b", "d"}
    # frames of one video are like each other: the post is still there once
    assert repeated_posts(group(["a", "a", "a"], [0, 0, 0]), {"a": "a"}) == set()


def test_typical_members_are_of_many_posts_and_never_copies() -> None:
    of = group(["a", "a", "b", "b", "c"], [0, 1, 0, 3, 4])
    assert typical_members(of, 3) == [0, 3, 4]
    assert typical_members(of, 4) == [0, 1, 3, 4]
    assert typical_members(of, 9) == [0, 1, 3, 4]


def test_members_of_a_cluster_come_nearest_first() -> None:
    items = pd.DataFrame(
        {
            "cluster_id": [1, 0, 0],
            "post_id": ["a", "b", "c"],
            "poster_id": ["x", "x", "y"],
            "frame": None,
            "rank_in_cluster": [1, 2, 1],
        },
        index=pd.Index([7, 3, 5]),
    )
    found = groups_of(items, np.eye(3, dtype=np.float32))
    assert {c: g.items["post_id"].tolist() for c, g in found.items()} == {0: ["c", "b"], 1: ["a"]}
    assert found[0].vectors.argmax(axis=1).tolist() == [2, 1]


def test_opposite_vectors_have_the_first_as_direction() -> None:
    X = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert unit_centroid(X).tolist() == [1, 0]


def test_a_median_has_an_interval_from_six_counts_on() -> None:
    five, six = median_with_interval(range(5), [False] * 5), median_with_interval(range(6), [False] * 6)
    assert (five.value, five.low, five.high, five.n) == (2, None, None, 5)
    assert (six.value, six.low, six.high, six.n) == (2.5, 0, 5, 6)
    assert median_with_interval([], []).value is None


def test_the_interval_holds_the_true_median_in_95_of_100_crawls() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        found = median_with_interval(np.exp(rng.normal(5, 2, 25)), [False] * 25)
        held += found.low is not None and found.high is not None and found.low <= np.exp(5) <= found.high
    assert 0.94 <= held / 2000 <= 0.975


def test_few_counts_of_at_least_do_not_touch_the_median() -> None:
    shown = [*range(1, 10), 10_000, 10_000]
    found = median_with_interval(shown, [False] * 9 + [True] * 2)
    assert (found.value, found.is_lower_bound) == (6, False)
    assert (found.low, found.high) == (2, None)


def test_where_most_counts_are_at_least_so_is_the_median() -> None:
    found = median_with_interval([5] + [10_000] * 8, [False] + [True] * 8)
    assert (found.value, found.is_lower_bound, found.high) == (10_000, True, None)
    # a lower bound that lies below the median says as little as one above
    low = median_with_interval([10, 20_000, 30_000], [True, False, False])
    assert (low.value, low.is_lower_bound) == (20_000, True)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), min_size=1, max_size=60))
def test_a_known_median_is_that_of_any_true_counts(counts: list[tuple[int, bool]]) -> None:
    shown, bounds = np.array([n for n, _ in counts]), np.array([b for _, b in counts])
    found = median_with_interval(shown, bounds)
    assert found.value is not None
    for more in (0, 1, 10**9):
        true = float(np.median(shown + more * bounds))
        assert true >= found.value
        assert found.is_lower_bound or true == found.value
    assert found.low is None or found.low <= found.value


def test_the_tables_words_say_the_threshold() -> None:
    [column] = [c for c in CLUSTER_PROFILES.columns if c.name == "n_near_duplicates"]
    assert f"{NEAR_DUPLICATE:g}" in column.doc
