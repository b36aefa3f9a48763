"""Whichever crawlers wrote a crawl, and in whichever formats: its posts are the same rows."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mkt_assets.crawlers.drop import Ingest, ingest_drop
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets_tests.crawler_files import WRITERS, Written, random_posts

CRAWL = date(2024, 6, 13)
# What every format has; others lack the place, the shares, or the time of the fetch.
COMMON = (
    *("crawl_date", "post_id", "poster_id", "post_url", "title", "content", "tags"),
    *("n_likes", "n_likes_is_lower_bound", "n_collects", "n_comments", "published_at", "published_from"),
)


@pytest.fixture
def hasher(tmp_path: Path) -> AccountHasher:
    return AccountHasher(tmp_path / "key" / "poster.key")


def ingest(drop: Path, hasher: AccountHasher) -> Ingest:
    drop.mkdir(parents=True, exist_ok=True)
    return ingest_drop(drop, CRAWL, hash_poster=hasher.hash)


def common(result: Ingest) -> list[dict[str, Any]]:
    return result.posts.select(COMMON).to_pylist()


def write_mixed(drop: Path, posts: list[Written], seed: int) -> None:
    """Each post by one to three crawlers, some of them twice."""
    rng = random.Random(seed)
    parts: dict[str, list[Written]] = {}
    for post in posts:
        for name in rng.sample(sorted(WRITERS), rng.randrange(1, 4)):
            parts.setdefault(name, []).append(post)
    for name, part in parts.items():
        WRITERS[name](drop / f"from_{name}" if rng.random() < 0.5 else drop, part)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path, hasher: AccountHasher) -> None:
    posts = random_posts(1, 30)
    WRITERS["mediacrawler_jsonl"](tmp_path / "a", posts)
    WRITERS[name](tmp_path / "b", posts)
    expected, result = ingest(tmp_path / "a", hasher), ingest(tmp_path / "b", hasher)
    assert len(common(expected)) == 30
    assert common(result) == common(expected)
    assert (result.n_rows, result.rejects.num_rows) == (30, 0)


@pytest.mark.parametrize("seed", range(10))
def test_a_crawl_in_mixed_formats_gives_the_rows_of_one_format(
    seed: int, tmp_path: Path, hasher: AccountHasher
) -> None:
    posts = random_posts(seed, 40)
    single = sorted(WRITERS)[seed % len(WRITERS)]
    WRITERS[single](tmp_path / "single", posts)
    write_mixed(tmp_path / "mixed", posts, seed)
    expected, result = ingest(tmp_path / "single", hasher), ingest(tmp_path / "mixed", hasher)
    assert common(result) == common(expected)
    assert [row["post_id"] for row in common(result)] == sorted(post.post_id for post in posts)
    assert result.rejects.num_rows == 0
    assert result.n_rows == 40 + result.n_merged


def test_a_hashed_creator_is_the_same_person_as_the_plain_id_of_an_older_crawl(
    tmp_path: Path, hasher: AccountHasher
) -> None:
    posts = random_posts(3, 20)
    WRITERS["mediacrawler_csv"](tmp_path / "older", posts[:10])
    WRITERS["mediacrawler_hashed_csv"](tmp_path / "newer", posts[10:])
    found = [
        row["poster_id"]
        for drop in ("older", "newer")
        for row in sorted(common(ingest(tmp_path / drop, hasher)), key=lambda r: r["post_id"])
    ]
    written = [
        post.user_id for part in (posts[:10], posts[10:]) for post in sorted(part, key=lambda p: p.post_id)
    ]
    assert len(set(found)) == len(set(written))
    assert len(set(zip(found, written, strict=True))) == len(set(found))


def test_no_name_or_account_of_any_crawler_is_in_the_result(tmp_path: Path, hasher: AccountHasher) -> None:
    posts = random_posts(4, 12)
    for name, writer in WRITERS.items():
        writer(tmp_path / "drop" / name, posts)
    result = ingest(tmp_path / "drop", hasher)
    everything = repr((result.posts.to_pylist(), result.rejects.to_pylist(), result.files))
    assert not [post.user_id for post in posts if post.user_id in everything]
    assert "a_b_" not in everything
    assert "小红_" not in everything
