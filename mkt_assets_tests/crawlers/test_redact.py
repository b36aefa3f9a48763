from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.crawlers.redact import Redactor, storable

ACCOUNT, POST = "5e5e5e5e00000000000000aa", "666e3aa05e5e5e5e00000001"
REDACTOR = Redactor(lambda account: "HASH", frozenset({ACCOUNT, "u1"}), frozenset({POST}))


def test_a_known_account_is_hashed_wherever_it_stands_in_a_path() -> None:
    assert REDACTOR.path(f"media/{ACCOUNT}/{POST}/post.png") == f"media/HASH/{POST}/post.png"
    assert REDACTOR.path(f"06-11_{ACCOUNT}_{POST}_post.png") == f"06-11_HASH_{POST}_post.png"
    assert REDACTOR.path("media/u1/p1/post.png") == "media/HASH/p1/post.png"
    assert REDACTOR.path("06-11_u1_p1_post.png") == "06-11_HASH_p1_post.png"
    assert REDACTOR.path("x/u1.csv") == "x/HASH.csv"


def test_what_looks_like_an_account_is_hashed_in_a_path_even_if_unknown() -> None:
    assert REDACTOR.path("0123456789abcdef01234567_x/notes.pdf") == "HASH_x/notes.pdf"
    assert REDACTOR.path("0123456789abcdef/a.csv") == "HASH/a.csv"


def test_a_name_in_front_of_an_account_goes_with_it() -> None:
    assert REDACTOR.path(f"小红_{ACCOUNT}/标题_{POST}/info.json") == f"HASH/标题_{POST}/info.json"
    assert REDACTOR.path("a_b_0123456789abcdef01234567/x.pdf") == "HASH/x.pdf"


def test_ordinary_names_stay() -> None:
    for name in ("xhs/jsonl/search_contents_2026-08-14.jsonl", "01_post_data_2024-06-16.csv", "目录/表.csv"):
        assert REDACTOR.path(name) == name


def test_only_long_known_accounts_are_looked_for_in_texts() -> None:
    assert REDACTOR.text(f"看@{ACCOUNT}的u1 and {POST}") == f"看@HASH的u1 and {POST}"
    assert REDACTOR.text(f"/profile_{ACCOUNT}?x") == "/profile_HASH?x"


@given(st.text())
def test_a_text_without_accounts_is_unchanged(text: str) -> None:
    assert REDACTOR.text(text) == text


@given(st.text(st.characters(), max_size=30))
def test_a_storable_text_can_be_encoded_and_has_no_zero_bytes(text: str) -> None:
    kept = storable(text + "\ud83d\0")
    assert "\0" not in kept
    assert kept.encode().decode() == kept
