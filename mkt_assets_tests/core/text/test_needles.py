"""Looking for texts: in every spelling that files have them in, and never in what is somebody else's."""

from __future__ import annotations

import json

import pytest

from mkt_assets.core.text.needles import MASK, Needles

TITLE = "紫藤裙子\n第一次穿"


@pytest.mark.parametrize(
    "text",
    [
        TITLE,
        f"a{TITLE}b",
        json.dumps(TITLE),
        json.dumps(json.dumps(TITLE)),
        json.dumps([TITLE], ensure_ascii=False),
    ],
)
def test_a_text_is_found_and_masked_as_it_is_and_as_json_has_it(text: str) -> None:
    needles = Needles([TITLE])
    assert needles.are_in(text)
    assert needles.are_in_bytes(text.encode())
    assert not needles.are_in(needles.masked(text))
    assert MASK in needles.masked(text)


def test_a_text_is_found_in_utf_16() -> None:
    assert Needles([TITLE]).are_in_bytes(b"\x00\xff" + TITLE.encode("utf-16-le"))


def test_a_longer_id_of_somebody_else_is_left_whole() -> None:
    needles = Needles(["abcdefgh"], ["abcdefgh2", "x_abcdefgh"])
    text = "abcdefgh2 abcdefgh x_abcdefgh"
    assert needles.masked(text) == f"abcdefgh2 {MASK} x_abcdefgh"
    assert not needles.are_in("abcdefgh2 x_abcdefgh")
    assert not needles.are_in_bytes(b"abcdefgh2 x_abcdefgh")


def test_of_two_texts_that_begin_alike_the_longer_is_masked_whole() -> None:
    assert Needles(["abcdefgh", "abcdefghij"]).masked("abcdefghij abcdefghi") == f"{MASK} {MASK}i"


def test_short_texts_and_none_find_nothing() -> None:
    for needles in (Needles([]), Needles(["裙子"])):
        assert not needles
        assert not needles.are_in("裙子")
        assert not needles.are_in_bytes("裙子".encode())
        assert needles.masked("裙子") == "裙子"
