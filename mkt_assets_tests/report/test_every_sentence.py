"""Crawls at the edge each have a report in which every sentence is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from mkt_assets.report.answers import answers, headline
from mkt_assets.report.cross_table import sentence_of_pair
from mkt_assets.report.facts import Facts
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.page import render
from mkt_assets_tests.report.edge_crawls import DAYS, REJECTED, Shelf, Shot, facts_of, shelf, shots
from mkt_assets_tests.report.truths import untrue

D0, D1, D2, D3, *_ = DAYS
PLAIN = [(0, 0), (1, 1), (2, 2)]
SHUFFLED = [(0, 0), (0, 1), (1, 0), (1, 1)]

CRAWLS: Mapping[str, tuple[list[Shot], Sequence[str], Sequence[str]]] = {
    "empty": ([], ["no post that could be used", "no news"], ["broad", "first", "rejected"]),
    "empty, after others": (
        [*shots(D0, 30, PLAIN), *shots(D1, 30, [(0, 0), (3, 3)], first=50)],
        ["no post that could be used", "no news", "nothing here to believe"],
        ["New", "no longer", "No reason"],
    ),
    "one post": (
        shots(D2, 1, PLAIN),
        ["1 picture is of one style", "The only pair", "No earlier crawl", "1 style and 1 topic rest"],
        ["are of", "New topics", "1 of 1"],
    ),
    "one post, after a crawl": (
        [*shots(D0, 60, PLAIN), *shots(D2, 1, [(7, 7)], first=90)],
        ["1 caption is of one topic", "1 style has no counterpart in the crawl of 2024-06-10"],
        ["New", "Rising", "no longer there"],
    ),
    "no captions": (
        shots(D2, 40, [(0, None), (1, None)]),
        ["so there is no topic", "There is no topic that a style", "100% of the pictures have no caption"],
        ["No picture", "supported"],
    ),
    "all pictures rejected": (
        shots(D2, 40, [(REJECTED, 0), (REJECTED, 1)]),
        ["All 40 pictures were rejected", "There is no style that a topic", "40 rows, files or pictures"],
        ["has a caption", "have no caption", "No picture"],
    ),
    "the only picture rejected": (
        shots(D2, 1, [(REJECTED, 0)]),
        ["The only picture was rejected", "1 row, file or picture could"],
        ["All 1"],
    ),
    "no pictures": (shots(D2, 40, [(None, 0), (None, 1)]), ["No picture came with the posts"], ["rejected"]),
    "one account": (
        shots(D2, 60, PLAIN, n_accounts=1),
        ["at least nine tenths one account's", "one account's words (†)", "None of 3 pairs"],
        ["goes with"],
    ),
    "one cluster": (
        [shot for i, day in enumerate((D0, D1)) for shot in shots(day, 40, SHUFFLED, first=100 * i)]
        + shots(D2, 40, [(0, 0)], first=200),
        ["40 pictures are of one style", "Of styles and topics this crawl has one only"],
        ["Rising", "+100", "largest"],
    ),
    "all duplicates": (
        [*shots(D0, 60, SHUFFLED), *shots(D2, 60, SHUFFLED)],
        ["2 styles and 2 topics were all there in the crawl of 2024-06-10", "so far it is 1 crawl."],
        ["New", "Rising"],
    ),
    "two dates without overlap": (
        [*shots(D0, 60, PLAIN), *shots(D2, 60, [(5, 5), (6, 6), (7, 7)], first=100)],
        [],
        ["there in the crawl of", "Rising"],
    ),
    "a date before the first": (
        [*shots(D2, 60, PLAIN), *shots(D3, 60, PLAIN, first=100), *shots(DAYS[4], 60, PLAIN, first=200)],
        ["No earlier crawl has styles and topics"],
        ["Rising", "no longer", "there are"],
    ),
    "a style back after an absence": (
        [*shots(D0, 60, PLAIN), *shots(D1, 60, PLAIN[:2], first=100), *shots(D2, 60, PLAIN, first=200)],
        [],
        ["were all there", "New"],
    ),
    "topics after a crawl without": (
        [*shots(D0, 40, [(0, None), (1, None)]), *shots(D2, 40, SHUFFLED, first=100)],
        ["No earlier crawl has topics", "This crawl's 2 styles were all there in the crawl of 2024-06-10"],
        ["topics of this crawl were", "New"],
    ),
    "three crawls, one of them empty": (
        [*shots(D0, 40, SHUFFLED), *shots(D2, 40, SHUFFLED, first=100)],
        ["It takes 3 crawls with new posts", "so far it is 2 crawls"],
        ["there are 3"],
    ),
    "three crawls alike": (
        [shot for i in range(3) for shot in shots(DAYS[i], 80, SHUFFLED, first=100 * i)],
        ["No share of styles and topics rises or falls beyond chance over 3 crawls"],
        ["Rising", "Falling"],
    ),
    "half the pictures with a caption": (
        shots(D2, 120, [(0, 0), (0, None), (1, 1), (1, None), (2, 2), (2, None)], n_accounts=20),
        ["100% of its pictures with a caption", "50% of the pictures have no caption"],
        ["50% of its pictures"],
    ),
    "pictures and captions of different posts": (
        shots(D2, 40, [(0, None), (None, 0), (1, None), (None, 1)]),
        ["No post has both a picture and a caption"],
        ["No picture has"],
    ),
    "nearly all of one topic": (
        [*shots(D2, 998, [(0, 0)], n_accounts=50), *shots(D2, 2, [(1, 0)], first=998)],
        ["the largest alone holds 99.8% of them", "1,000 captions are of one topic"],
        ["100% of them"],
    ),
}


@cache
def made(crawl: str) -> tuple[Shelf, Facts]:
    tables = shelf(CRAWLS[crawl][0])
    return tables, facts_of(tables, D2)


@pytest.mark.parametrize("crawl", CRAWLS)
def test_every_sentence_is_true_and_says_what_is_there(crawl: str) -> None:
    _, must, must_not = CRAWLS[crawl]
    tables, facts = made(crawl)
    sentences = [sentence for answer in answers(facts) for sentence in answer.sentences]
    cells = [sentence_of_pair(facts, pair) for pair in facts.pairs]
    assert untrue([headline(facts), *sentences, *cells], tables, D2) == []
    english = "\n".join(map(ENGLISH.write, sentences))
    assert [part for part in must if part not in english] == [], english
    assert [part for part in must_not if part in english] == [], english


def test_a_sentence_of_pair_another_crawl_is_not_true() -> None:
    """The judge of the other tests can say no."""
    tables = shelf(
        CRAWLS["half the pictures with a caption"][0] + shots(D1, 60, SHUFFLED, n_accounts=1, first=200)
    )
    sentences = [sentence for answer in answers(facts_of(tables, D1)) for sentence in answer.sentences]
    of_both = ("No earlier crawl", "The number of styles and topics is a choice")
    assert all(
        text.startswith(of_both)
        for text in {ENGLISH.write(s) for s in sentences} - set(untrue(sentences, tables, D2))
    )


@pytest.mark.parametrize("crawl", ["empty", "one post", "no captions", "all pictures rejected"])
def test_a_page_can_be_made_of_it(crawl: str) -> None:
    page = render(made(crawl)[1], lambda *_: None)
    assert "</html>" in page
