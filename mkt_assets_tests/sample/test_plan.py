from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_sample.lexicon import TOPICS
from mkt_sample.outfits import STYLES
from mkt_sample.plan import (
    CHINA_HOURS,
    COUNT_FORMS,
    CROSSTAB,
    DATE_FORMS,
    SPECIALS,
    TOPIC_WITHOUT_PICTURES,
    Crawl,
    allocate_cells,
    largest_remainder,
    plan_crawls,
)

IMAGES = {"picture": 1, "pictures": 3, "video": 3}


def crawls(n_posts: int = 90, seed: int = 1, shuffled: bool = False, n_dates: int = 3) -> list[Crawl]:
    return list(
        plan_crawls(
            n_crawl_dates=n_dates,
            n_posts=n_posts,
            seed=seed,
            first_crawl_date=date(2024, 6, 13),
            shuffled=shuffled,
        )
    )


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 50), min_size=1, max_size=12), st.integers(0, 500))
def test_allocated_counts_sum_to_the_total_and_keep_the_order_of_the_shares(
    shares: dict[str, int], total: int
):
    counts = largest_remainder({key: float(share) for key, share in shares.items()}, total)
    assert sum(counts.values()) == total
    largest = max(shares.values())
    for key, share in shares.items():
        for other, less in shares.items():
            assert share <= less or counts[key] >= counts[other]
            assert share != less or share == largest or counts[key] == counts[other]


def test_the_planted_table_has_pure_rows_ties_a_style_without_text_and_a_topic_without_pictures():
    assert set(CROSSTAB) == set(STYLES)
    assert len(STYLES) == 10 and len(TOPICS) == 8
    assert sum(len(row) == 1 for row in CROSSTAB.values()) >= 3
    assert sum(not row for row in CROSSTAB.values()) == 1
    assert {topic for row in CROSSTAB.values() for topic in row} == set(TOPICS) - {TOPIC_WITHOUT_PICTURES}
    for style in ("white_dress", "floral_dress"):
        ratios = sorted(CROSSTAB[style].values(), reverse=True)
        assert ratios[1] > ratios[2] == ratios[3]
    for row in CROSSTAB.values():
        assert not row or sum(row.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("n_posts", [80, 85, 91, 120, 157, 200, 1000])
@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_the_planted_top_topic_is_the_top_in_every_drop_by_posts_and_by_pictures(
    n_posts: int, progress: float
):
    posts: dict[str, Counter[str]] = defaultdict(Counter)
    images: dict[str, Counter[str]] = defaultdict(Counter)
    cells = allocate_cells(n_posts, progress)
    assert sum(cells.values()) == n_posts
    for cell, n in cells.items():
        if cell.style and cell.topic:
            posts[cell.style][cell.topic] += n
            images[cell.style][cell.topic] += n * IMAGES[cell.medium]
    for style, row in CROSSTAB.items():
        if row:
            top = max(row, key=lambda topic: row[topic])
            for counts in (posts[style], images[style]):
                assert all(counts[top] > n for topic, n in counts.items() if topic != top), (style, counts)


def test_tied_topics_stay_tied_in_the_drop():
    counts = Counter[str]()
    for cell, n in allocate_cells(150, 0.0).items():
        if cell.style == "white_dress":
            counts[cell.topic] += n
    assert counts["new_chinese"] == counts["bags_and_shoes"] > 0


def test_a_tenth_of_the_posts_is_seen_again_with_the_same_identity():
    first, second, _ = crawls(n_posts=200)
    again = [post for post in second.posts if post.n_seen_before]
    assert 0.10 <= len(again) / 200 <= 0.12
    before = {post.post_id: post for post in first.posts}
    assert all(
        (before[post.post_id].poster_id, before[post.post_id].topic) == (post.poster_id, post.topic)
        for post in again
    )
    assert 1 <= sum(post.edited for post in again) <= 2


def test_ids_hold_the_time_of_publication_and_are_marked_as_invented():
    for crawl in crawls():
        assert len({post.post_id for post in crawl.posts}) == len(crawl.posts) == 90
        for post in crawl.posts:
            seconds = int(post.post_id[:8], 16)
            at_utc = post.published - CHINA_HOURS - timedelta(seconds=seconds)
            assert (at_utc.year, at_utc.month, at_utc.day, at_utc.hour) == (1970, 1, 1, 0)
            assert post.post_id[8:16] == "5e5e5e5e" and post.poster_id.startswith("5e5e")
            assert len(post.post_id) == len(post.poster_id) == 24
            assert post.published.date() < crawl.crawl_date


def test_four_posters_write_three_posts_in_five():
    posters = Counter(post.poster_id for post in crawls(n_posts=1000, n_dates=1)[0].posts)
    top = sum(n for _, n in posters.most_common(4)) / 1000
    assert 0.57 <= top <= 0.63
    assert 35 <= len(posters) <= 40


def test_lengths_are_mixed_alike_in_every_topic():
    posts = [post for crawl in crawls(n_posts=400, n_dates=2) for post in crawl.posts if post.topic]
    for topic in TOPICS:
        lengths = Counter(post.length for post in posts if post.topic == topic)
        assert 0.55 <= lengths["long"] / lengths.total() <= 0.65, topic
        assert 0.22 <= lengths["title_only"] / lengths.total() <= 0.34, topic
    assert 0.02 <= sum(post.tagless for post in posts) / len(posts) <= 0.06


def test_every_oddity_of_counts_dates_and_media_occurs():
    three = crawls(n_posts=90)
    for crawl in three:
        assert {post.count_form for post in crawl.posts} >= set(COUNT_FORMS)
        assert {post.date_form for post in crawl.posts} >= set(DATE_FORMS)
    assert {post.special for crawl in three for post in crawl.posts} == {"", *SPECIALS}
    assert all(sum(bool(post.special) for post in crawl.posts) <= 5 for crawl in three)
    assert [crawl.layout for crawl in three] == ["original", "mediacrawler", "original"]


def test_shuffling_keeps_the_topics_and_breaks_their_tie_to_the_styles():
    (plain,), (shuffled,) = crawls(300, n_dates=1), crawls(300, n_dates=1, shuffled=True)
    assert Counter(p.topic for p in plain.posts) == Counter(p.topic for p in shuffled.posts)

    def share_of_top(crawl: Crawl) -> float:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for post in crawl.posts:
            if post.topic and post.cell.style and not post.special:
                counts[post.cell.style][post.topic] += 1
        return sum(max(row.values()) for row in counts.values()) / sum(row.total() for row in counts.values())

    assert share_of_top(plain) > 0.6
    assert share_of_top(shuffled) < 0.4
    assert all(p.topic == "" for p in shuffled.posts if p.cell.style == "evening_gown" and not p.special)
