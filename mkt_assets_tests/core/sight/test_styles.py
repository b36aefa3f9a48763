"""Styles get the words that their pictures show, and none that they do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from mkt_assets.core.sight.styles import N_WORDS, SeenWord, seen_words
from mkt_assets.core.sight.vocabulary import Word
from mkt_assets_tests.core.sight.planted import N_STYLES, Planted, planted


def seen(of: Planted) -> list[SeenWord]:
    return seen_words(of.pictures, of.styles, of.accounts, of.words, of.word_vectors)


def test_every_style_gets_the_words_that_were_planted_in_it_first() -> None:
    of = planted(1)
    found = seen(of)
    best = {(s.style, of.words.index(s.word)) for s in found if s.rank <= 2}
    assert best == {(style, 2 * style + i) for style in range(N_STYLES) for i in (0, 1)}
    assert all(s.q < 0.05 and s.contrast > 0 for s in found)


def test_at_most_three_words_a_style_each_of_another_kind() -> None:
    of = planted(2)
    one_kind = [Word("colour", word.zh, word.en) for word in of.words]
    assert max(Counter(s.style for s in seen(of)).values()) <= N_WORDS
    assert Counter(s.style for s in seen(replace(of, words=one_kind))) == dict.fromkeys(range(N_STYLES), 1)


def test_pictures_shuffled_over_styles_are_of_no_word() -> None:
    for seed in range(20):
        of = planted(seed)
        shuffled = np.random.default_rng(seed).permutation(of.styles)
        assert seen(replace(of, styles=shuffled)) == []


def test_styles_that_differ_in_what_no_word_is_for_get_one_in_a_twentieth_of_cases_or_so() -> None:
    named = [{s.style for s in seen(planted(seed, strength=0.0))} for seed in range(30)]
    assert sum(map(len, named)) <= 0.1 * 30 * N_STYLES


def test_what_one_or_two_accounts_show_is_not_the_styles() -> None:
    of = planted(3)
    of_two = np.where(of.styles == 0, of.accounts % 2, of.accounts)
    assert 0 not in {s.style for s in seen(replace(of, accounts=of_two))}


def test_the_order_of_pictures_does_not_matter_and_no_picture_gives_no_word() -> None:
    of = planted(4)
    order = np.random.default_rng(0).permutation(len(of.styles))
    other = replace(of, pictures=of.pictures[order], styles=of.styles[order], accounts=of.accounts[order])
    assert [(s.style, s.word) for s in seen(other)] == [(s.style, s.word) for s in seen(of)]
    nothing = replace(of, pictures=of.pictures[:0], styles=of.styles[:0], accounts=of.accounts[:0])
    assert seen(nothing) == []
