"""How well captions describe pictures is found where it is planted, and not where posts are shuffled."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.core.sight.matches import MAX_COMPARED, LinkMatches, Side, match_links, match_posts
from mkt_assets_tests.core.sight.planted import Planted, planted, unit


def test_captions_of_what_is_shown_match_better_than_most_and_shuffled_ones_as_half_of_them() -> None:
    of = planted(1)
    captions = unit(of.pictures + 0.1 * np.random.default_rng(1).normal(size=of.pictures.shape))
    shuffled = np.random.default_rng(2).permutation(len(captions))
    assert match_posts(of.pictures, captions, of.accounts).percentile.mean() > 0.95
    assert match_posts(of.pictures, captions[shuffled], of.accounts).percentile.mean() == pytest.approx(
        0.5, abs=0.03
    )


def test_a_caption_that_is_near_to_every_picture_is_no_good_match() -> None:
    of = planted(2)
    captions = of.pictures.copy()
    captions[0] = unit(of.pictures.mean(axis=0, dtype=np.float64)[None])[0]
    matches = match_posts(of.pictures, captions, of.accounts)
    # nearer to its pictures than most captions are, yet as near to all others
    assert matches.percentile[0] < 0.8 < matches.percentile[1:].min()


def test_a_post_is_compared_with_other_accounts_posts_only_and_with_no_more_than_are_needed() -> None:
    of = planted(3, n=40)
    alone = match_posts(of.pictures, of.pictures, np.zeros(40, dtype=np.int64))
    assert np.isnan(alone.percentile).all() and not alone.n_compared.any()
    assert alone.cosine == pytest.approx(np.ones(40), abs=1e-5)
    n = MAX_COMPARED + 200
    vectors = np.eye(4, dtype=np.float32)[np.arange(n) % 4]
    many = match_posts(vectors, vectors, np.arange(n))
    assert many.n_compared.max() == 2 * MAX_COMPARED


def links(of: Planted, captions: NDArray[np.float32], topics: NDArray[np.int64]) -> LinkMatches:
    return match_links(Side(of.pictures, of.styles, of.accounts), Side(captions, topics, of.accounts))


def test_styles_agree_with_the_topics_whose_words_they_show_without_their_own_captions() -> None:
    of = planted(1)
    # a topic to a style, written by other posts than those that show it
    topics = np.random.default_rng(5).permutation(of.styles)
    captions = unit(
        8.0 * of.word_vectors[2 * topics] + np.random.default_rng(6).normal(size=of.pictures.shape)
    )
    assert np.array_equal(links(of, captions, topics).agrees, np.eye(6, dtype=bool))


def test_captions_shuffled_over_topics_agree_with_no_style() -> None:
    agreed = 0
    for seed in range(10):
        of = planted(seed)
        topics = np.random.default_rng(seed).permutation(of.styles)
        agreed += int(links(of, of.pictures, topics).agrees.sum())
    assert agreed <= 0.02 * 10 * 36


def test_a_topic_of_one_account_says_nothing_of_its_own_pictures() -> None:
    groups = np.array([0, 0, 1, 1])
    one = Side(np.eye(3, dtype=np.float32)[groups], groups, np.zeros(4, dtype=np.int64))
    found = match_links(one, one)
    assert not found.contrast.any() and not found.agrees.any()
