"""Words that set a cluster apart although one account alone uses them: shown, and marked."""

from __future__ import annotations

from mkt_assets.core.profiles.account_words import shown_name, words_by_post
from mkt_assets.core.profiles.keywords import Caption, cluster_keywords


def crawl(of_camping: str) -> tuple[dict[str, Caption], dict[int, set[str]]]:
    """Posts on camping, by one account or by many, and posts of many on work."""
    captions: dict[str, Caption] = {}
    for i in range(30):
        by = "loud" if of_camping == "one" else f"a{i % 10}"
        captions[f"camp{i}"] = Caption(by, frozenset({"露营", "帐篷", "周末"}))
        captions[f"work{i}"] = Caption(f"b{i % 10}", frozenset({"通勤", "西装", "周末"}))
    return captions, {0: {f"camp{i}" for i in range(30)}, 1: {f"work{i}" for i in range(30)}}


def test_one_accounts_words_are_found_where_accounts_together_have_none():
    captions, posts = crawl("one")
    assert cluster_keywords(captions, posts)[0] == []
    assert words_by_post(captions, posts, {})[0] == ["帐篷", "露营"]


def test_words_that_are_everywhere_set_nothing_apart():
    captions, posts = crawl("many")
    assert "周末" not in words_by_post(captions, posts, {})[0]


def test_a_post_that_repeats_another_does_not_count():
    captions, posts = crawl("one")
    assert words_by_post(captions, posts, {0: {f"camp{i}" for i in range(28)}})[0] == []


def test_without_captions_there_are_no_words():
    assert words_by_post({}, {0: {"p"}, 1: set()}, {}) == {0: [], 1: []}


def test_names_of_one_accounts_words_and_of_what_is_seen_are_marked():
    assert shown_name("白色 · 蕾丝", "seen") == "白色 · 蕾丝 ‡"
    assert shown_name("露营 · 帐篷", "one_account") == "露营 · 帐篷 †"
    assert shown_name("露营 · 帐篷", "keywords") == "露营 · 帐篷"
