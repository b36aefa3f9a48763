"""Behaviour of the summary of a post: what is kept, what is taken out, and how fields are joined."""

from __future__ import annotations

import time
from pathlib import Path

import emoji
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.core.text.platform_text import strip_platform_suffix
from mkt_assets.core.text.summaries import Summarizer, clean_markup
from mkt_assets.core.text.word_lists import load_stop_words
from mkt_assets_tests.hostile.guards import guarded

SUMMARIZER = Summarizer(load_stop_words())


def summary(
    title: str | None = None, content: str | None = None, tags: list[str | None] | None = None
) -> str:
    return SUMMARIZER.summarize(title, content, tags).summary


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("夏日穿搭 - 小红书", "夏日穿搭"),
        ("夏日穿搭-小红书", "夏日穿搭"),
        ("夏日穿搭\u3000－\u00a0小红书 ", "夏日穿搭"),
        ("夏日穿搭 - 小红书 - 小红书", "夏日穿搭"),
        ("夏日穿搭 - 小紅書", "夏日穿搭"),
        (" - 小红书", ""),
        ("小红书", ""),
    ],
)
def test_the_platform_suffix_is_stripped_in_all_its_forms(title: str, expected: str):
    result = SUMMARIZER.summarize(title, None, None)
    assert result.summary == expected
    assert result.removed_platform_suffix


def test_a_title_that_ends_in_the_platforms_name_without_a_dash_has_no_suffix():
    assert strip_platform_suffix("记录在小红书") == ("记录在小红书", False)


def test_markup_becomes_plain_text():
    assert clean_markup("白色<br>连衣裙&amp;帽子\u3000\t\n好看<br/>") == "白色 连衣裙&帽子 好看"
    assert clean_markup("我<3裙子 5<6>4") == "我<3裙子 5<6>4"
    assert clean_markup("a\x00b\u200bc\ufeff\ud800d") == "abcd"


def test_topic_markers_inside_hashtags_are_taken_out():
    assert clean_markup("#穿搭[话题]##小个子[话题]# 好看") == "#穿搭 #小个子 好看"
    assert clean_markup("#ins 风[话题]#") == "#ins风"


def test_a_text_of_nothing_but_an_address_is_empty():
    for address in (
        "https://xhslink.com/a/AbCdEf",
        " xhslink.com/a/AbCdEf ",
        "www.example.com/p?id=1 https://b.c/d",
    ):
        assert not SUMMARIZER.summarize("", address, None).has_text
    assert summary("", "裙子 https://xhslink.com/a/AbCdEf") == "裙子 https://xhslink.com/a/AbCdEf"


def test_stop_words_are_removed_in_traditional_characters_too_and_the_rest_stays_as_written():
    result = SUMMARIZER.summarize(None, "我們喜歡這個穿搭，還沒有買什麼，慢慢等著的連衣裙", None)
    assert result.summary == "喜歡穿搭，沒有買，慢慢等連衣裙"
    assert result.removed_words == ("我們", "這個", "還", "什麼", "著", "的")


def test_encoders_read_no_emoji_and_no_address_unless_nothing_else_is_left():
    def read(text: str, summarizer: Summarizer = SUMMARIZER) -> str:
        return summarizer.summarize(None, text, None).encoder_text

    assert read("裙子🔥🔥好 https://xhslink.com/a/b 看👗") == "裙子 好 看"
    assert read("🔥 https://xhslink.com/a/b") == ":fire: https://xhslink.com/a/b"
    assert read("10:30:45 见 :fire:") == "10:30:45 见 :fire:"  # the author's own colons
    as_the_original = Summarizer(load_stop_words(), emoji_in_vectors=True)
    assert read("裙子🔥", as_the_original) == "裙子:fire:"


def test_stickers_are_taken_out_and_recorded_or_named_as_emoji_are():
    result = SUMMARIZER.summarize("衬衫[笑哭R]", "牛仔裤[蹲后续H][doge] [白色]", None)
    assert result.summary == "衬衫 牛仔裤 [白色]"
    assert result.removed_words == ("[笑哭R]", "[蹲后续H]", "[doge]")
    named = Summarizer(load_stop_words(), name_stickers=True).summarize(None, "衬衫[笑哭R]", None)
    assert (named.summary, named.removed_words) == ("衬衫:笑哭:", ("[笑哭R]",))


def test_stop_words_and_interjections_are_removed_in_place():
    result = SUMMARIZER.summarize(None, "我的裙子真好看啊！哈哈哈哈 小红书见～", None)
    assert result.summary == "裙子真好看！ 见"
    assert result.removed_words == ("我", "的", "啊", "哈哈哈哈", "小红书", "～")


def test_negations_sizes_colours_and_numbers_survive():
    text = "不显胖 没有色差 别买 无袖 非棉 小个子 大码 S M L XL 1.2万 三件 白色 黑 一个"
    assert summary(None, text) == text


@pytest.mark.parametrize(
    "word",
    ["粗跟鞋", "毛呢大衣", "哈伦裤", "过膝靴", "及踝", "连体裤", "同款", "着装", "微胖", "A字裙", "V领"],
)
def test_fashion_words_are_not_cut_at_a_stop_word(word: str):
    assert summary(None, f"今天{word}推荐") == f"今天{word}推荐"


def test_english_stop_words_go_but_abbreviations_and_compounds_stay():
    assert summary(None, "This is the new dress, and it's on fire") == "new dress, on fire"
    assert (
        summary(None, "US 6 IT 38 A 字裙 off-the-shoulder don't")
        == "US 6 IT 38 A 字裙 off-the-shoulder don't"
    )


def test_tildes_of_a_range_stay():
    assert summary(None, "S~XL 150～160 好看~") == "S~XL 150～160 好看"


def test_latin_words_do_not_grow_together_where_a_stop_word_stood():
    assert summary(None, "coach的bag") == "coach bag"


def test_house_accounts_of_the_platform_go_and_other_mentions_stay():
    assert summary(None, "@薯队长 @小红书时尚 @我的裁缝 裙子") == "@我的裁缝 裙子"


def test_hashtags_are_kept_whole():
    assert summary(None, "今天的#我的日常 #笔记灵感 穿搭") == "今天#我的日常 #笔记灵感 穿搭"


def test_emoji_become_names_that_are_never_segmented_nor_stopped():
    assert summary(None, "好看🔥的👩‍👩‍👧❤️ :man_facepalming: :Japanese_here_button:") == (
        "好看:fire::family_woman_woman_girl::red_heart: :man_facepalming: :Japanese_here_button:"
    )


def test_emoji_names_are_in_the_language_asked_for():
    chinese = Summarizer(load_stop_words(), emoji_language="zh")
    assert chinese.summarize(None, "裙子🔥", None).summary == emoji.demojize("裙子🔥", language="zh")


def test_an_unknown_emoji_language_is_refused():
    with pytest.raises(ValueError, match="'xx'"):
        Summarizer(frozenset(), emoji_language="xx")


def test_every_emoji_survives_as_its_name():
    lost = [e for e in emoji.EMOJI_DATA if summary(None, f"裙{e}子") != emoji.demojize(f"裙{e}子")]
    assert len(emoji.EMOJI_DATA) > 1000
    assert lost == []


def test_words_are_those_of_the_authors_text_and_not_of_what_is_left_grown_together():
    result = SUMMARIZER.summarize("我的圣诞的节日", "奈雪的茶杯和短裙，#我的日常", ["小個子"])
    assert result.summary == "圣诞节日 奈雪茶杯短裙，#我的日常 #小個子"
    assert result.words == ("圣诞", "节日", "奈雪", "茶杯", "短裙", "我的日常", "小个子")


def test_a_text_that_says_nothing_has_no_words():
    assert SUMMARIZER.summarize(None, "！！ https://a.b/c", None).words == ()
    assert SUMMARIZER.summarize(None, "哈哈哈 🔥", None).words == ()


def test_no_word_is_a_stop_word_but_for_whole_hashtags():
    words = SUMMARIZER.summarize(None, "这是我的新裙子 it is the dress 好看～ @薯队长 #我的", None).words
    assert words == ("新", "裙子", "dress", "好看", "我的")


def test_fields_are_joined_in_order_each_once():
    assert (
        summary("标题裙 - 小红书", "正文 #穿搭", ["穿搭", "小个子", "小个子"]) == "标题裙 正文 #穿搭 #小个子"
    )


def test_a_longer_hashtag_does_not_stand_for_a_shorter_tag():
    assert summary(None, "#穿搭分享", ["穿搭", "#OOTD", "ootd"]) == "#穿搭分享 #穿搭 #OOTD"


def test_a_tag_counts_as_repeated_in_any_case_and_with_its_marker():
    assert summary("#Ootd 裙子", "衣服", ["ootd[话题]#", "OOTD"]) == "#Ootd 裙子 衣服"


def test_a_title_that_a_crawler_made_from_the_content_is_not_repeated():
    content = "这条裙子" + "特别显瘦显高" * 10
    assert summary(content[:40], content) == summary(None, content)
    assert summary("裙子", "裙子显瘦") == "裙子 裙子显瘦"


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_fields_add_nothing_and_never_a_literal_nan(missing: None):
    result = SUMMARIZER.summarize(missing, missing, None)
    assert (result.summary, result.has_text, result.removed_words) == ("", False, ())
    assert summary("裙子", missing, [missing, "穿搭"]) == "裙子 #穿搭"


def test_the_real_word_nan_survives():
    assert summary("nan - 小红书", "nan 裙子") == "nan nan 裙子"


@pytest.mark.parametrize("content", ["哈哈哈啊", "！！ ｜ ~", "<br>", "\u200b\u3164", "小红书"])
def test_a_post_without_a_word_has_no_text(content: str):
    result = SUMMARIZER.summarize(None, content, None)
    assert (result.summary, result.has_text) == ("", False)


WORDS = "我的 裙子 不要 没有 哈哈哈 啊 the dress not 小个子 XL 150~160 nan １２ の 한글 ｜ @薯队长 小红书"
NAMES = "#穿搭 #我的日常 #ootd🔥 🔥 👩\u200d🦰 ➕ :fire: :man_dancing: [偷笑R] &amp; <br> \u3000"
FRAGMENTS = st.sampled_from([*WORDS.split(" "), *NAMES.split(" "), "\n"])
TEXTS = st.lists(FRAGMENTS | st.text(max_size=5), max_size=12).map(" ".join)


@given(TEXTS)
def test_a_second_summary_keeps_tags_emoji_and_negations(text: str):
    once = summary(None, text)
    twice = summary(None, once)
    for kept in (
        "#我的日常",
        "#ootd:fire:",
        ":man_dancing:",
        "没有",
        "不要",
        "XL",
        "小个子",
        "150~160",
        "nan",
    ):
        assert twice.count(kept) == once.count(kept)


def without_nan(text: str) -> bool:
    return "nan" not in emoji.demojize(text).casefold()


@given(TEXTS.filter(without_nan), st.none() | TEXTS.filter(without_nan))
def test_no_nan_comes_from_nowhere(content: str, title: str | None):
    assert "nan" not in summary(title, content, [None])


@given(st.text(), st.text(), st.lists(st.text(max_size=8), max_size=4))
def test_any_text_gives_one_tidy_line(title: str, content: str, tags: list[str | None]):
    result = summary(title, content, tags)
    assert result == " ".join(result.split())
    assert not set(result) & set("\x00\u200b\u200d\ufe0f\ufeff")
    result.encode("utf-8")


def test_a_list_of_ones_own_replaces_the_shipped_one(tmp_path: Path):
    path = tmp_path / "mine.txt"
    path.write_text("裙子 Dress", encoding="utf-8")
    assert Summarizer(load_stop_words([path])).summarize(None, "我的裙子", None).summary == "我的"


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["-", "~", "#", "[", "@", ":", "&", "<", "\u200d", "哈", "- 小红书"]))
def test_long_runs_take_no_long_time(character: str):
    start = time.perf_counter()
    SUMMARIZER.summarize(character * 20_000, character * 20_000, None)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("joined", ["😀" + "\u200d" * 300_000 + "😀", "👩\u200d" * 100_000])
def test_a_caption_of_endless_joined_emoji_is_summarized_like_any(joined: str):
    with guarded(seconds=60):
        assert SUMMARIZER.summarize(None, f"白裙{joined}", None).summary.startswith("白裙")


def test_thousands_of_emoji_are_left_out_instead_of_named():
    assert SUMMARIZER.summarize(None, "白裙" + "😀" * 5_000, None).summary == "白裙"


def test_a_title_of_nothing_but_the_platforms_name_is_empty():
    with guarded(seconds=60):
        assert strip_platform_suffix(" - 小红书" * 300_000) == ("", True)
