"""Keywords and names: planted words are found, and what is one account's, copied or chance is not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mkt_assets.core.profiles.keywords import (
    LONGEST_IN_NAME,
    N_KEYWORDS,
    Caption,
    class_tf_idf,
    cluster_keywords,
    cluster_names,
    telling_words,
)
from mkt_assets.core.text.summaries import Summarizer
from mkt_assets.core.text.word_lists import load_stop_words
from mkt_sample.captions import compose
from mkt_sample.lexicon import TOPICS

SUMMARIZER = Summarizer(load_stop_words())
PLANTED = {0: ("西装", "衬衫", "面试"), 1: ("旗袍", "盘扣", "国风"), 2: ("瑜伽裤", "跑步", "速干")}
FILLERS = tuple(f"填充{letter}" for letter in "甲乙丙丁戊己庚辛壬癸")


def planted(
    n: int = 60, *, seed: int = 0, shuffled: bool = False
) -> tuple[dict[str, Caption], dict[int, list[str]]]:
    """Posts of three topics by ten accounts: two of the topic's three words each, and three fillers."""
    rng = random.Random(seed)
    posts = [f"p{i:03d}" for i in range(n)]
    words = [frozenset((*rng.sample(PLANTED[i % 3], 2), *rng.sample(FILLERS, 3))) for i in range(n)]
    if shuffled:
        rng.shuffle(words)
    captions = {post: Caption(f"a{rng.randrange(10)}", w) for post, w in zip(posts, words, strict=True)}
    return captions, {c: posts[c::3] for c in range(3)}


def by_account(words: Sequence[str], accounts: Sequence[str], prefix: str) -> dict[str, Caption]:
    return {f"{prefix}{i}": Caption(account, frozenset(words)) for i, account in enumerate(accounts)}


@pytest.mark.parametrize(
    "nothing", ["我", "155", "一件", "第三天", "1.5", "100斤", "ootd", "今天", "分享", "穿搭"]
)
def test_what_says_nothing_alone_is_no_keyword(nothing: str) -> None:
    assert telling_words([nothing, "旗袍"]) == {"旗袍"}


def test_the_platforms_words_are_no_keywords() -> None:
    words = SUMMARIZER.summarize("旗袍笔记灵感 - 小红书", "小红书薯队长的旗袍", []).words
    assert telling_words(words) == {"旗袍"}


def test_planted_words_become_the_keywords() -> None:
    captions, posts_of = planted()
    found = cluster_keywords(captions, posts_of)
    assert {cluster: set(words) for cluster, words in found.items()} == {
        cluster: set(words) for cluster, words in PLANTED.items()
    }


def test_shuffled_captions_have_hardly_any_keyword() -> None:
    runs = [cluster_keywords(*planted(seed=seed, shuffled=True)) for seed in range(40)]
    # q < 0.05: in at most one run of twenty anything at all, give or take
    assert sum(any(words for words in found.values()) for found in runs) <= 4


def generated(*, shuffled: bool = False) -> tuple[dict[str, Caption], dict[int, list[str]]]:
    """Captions as the sample crawl has them, 12 a topic, by 15 accounts; shuffled: dealt to posts at random."""
    rng = random.Random(4)
    topics = list(TOPICS)
    texts = [compose(rng, topics[i % len(topics)], ("short", "long")[i % 3 > 0]) for i in range(96)]
    if shuffled:
        rng.shuffle(texts)
    words = [telling_words(SUMMARIZER.summarize(t.title, t.content, t.tags).words) for t in texts]
    captions = {f"p{i:02d}": Caption(f"a{rng.randrange(15)}", said) for i, said in enumerate(words)}
    posts = list(captions)
    return captions, {c: posts[c :: len(topics)] for c in range(len(topics))}


def test_topics_of_a_generated_crawl_are_named_by_their_own_words() -> None:
    names = cluster_names(cluster_keywords(*generated()), "text")
    for cluster, topic in enumerate(TOPICS):
        name, name_by = names[cluster]
        assert name_by == "keywords"
        of_topic = str(TOPICS[topic]).casefold()
        assert all(word in of_topic for word in name.split(" · ")), (topic, name)


def test_shuffled_captions_of_a_generated_crawl_name_hardly_a_cluster() -> None:
    names = cluster_names(cluster_keywords(*generated(shuffled=True)), "text")
    assert sum(name_by == "number" for _, name_by in names.values()) >= 7


def test_keywords_do_not_depend_on_the_order_of_posts() -> None:
    captions, posts_of = planted(seed=5)
    turned = dict(reversed(captions.items()))
    assert cluster_keywords(captions, posts_of) == cluster_keywords(
        turned, {c: posts[::-1] for c, posts in reversed(posts_of.items())}
    )


def test_a_word_of_one_account_is_no_keyword_however_often_it_posts() -> None:
    captions, posts_of = planted()
    captions |= by_account(["阿栗家", "西装"], ["loud"] * 15, "x")
    posts_of[0] = [*posts_of[0], *(f"x{i}" for i in range(15))]
    assert "阿栗家" not in cluster_keywords(captions, posts_of)[0]
    # nor if another account says it once
    captions |= by_account(["阿栗家", "西装"], ["other"], "y")
    posts_of[0] = [*posts_of[0], "y0"]
    assert "阿栗家" not in cluster_keywords(captions, posts_of)[0]


def test_the_loudest_account_does_not_choose_the_best_word() -> None:
    accounts = [f"b{i}" for i in range(8)]
    captions = by_account(["旗袍"], accounts, "m") | by_account(["旗袍", "口头禅"], ["loud"] * 20, "l")
    captions |= by_account(["口头禅", "旗袍"], accounts[:3], "n")
    captions |= by_account(["大衣"], [f"c{i}" for i in range(40)], "o")
    posts_of = {0: [p for p in captions if p[0] in "mln"], 1: [p for p in captions if p[0] == "o"]}
    assert cluster_keywords(captions, posts_of)[0][0] == "旗袍"


def test_copies_count_once() -> None:
    captions, posts_of = planted(seed=3)
    copies = by_account(["抽奖福利"], [f"bot{i}" for i in range(6)], "copy")
    members = {0: [*posts_of[0], *copies], 1: posts_of[1], 2: posts_of[2]}
    assert "抽奖福利" in cluster_keywords(captions | copies, members)[0]
    found = cluster_keywords(captions | copies, members, {0: set(list(copies)[1:])})
    assert "抽奖福利" not in found[0]
    assert set(found[0]) == set(PLANTED[0])


def test_posts_without_caption_and_clusters_without_posts_are_no_problem() -> None:
    captions, posts_of = planted()
    found = cluster_keywords(captions, {**posts_of, 7: ["unknown"], 8: []})
    assert (found[7], found[8]) == ([], [])
    assert cluster_keywords({}, {0: ["unknown"]}) == {0: []}
    assert cluster_keywords(captions, {}) == {}


def test_one_cluster_alone_has_nothing_to_be_set_apart_from() -> None:
    captions, _ = planted()
    assert cluster_keywords(captions, {0: list(captions)}) == {0: []}


def test_class_tf_idf_is_that_of_the_paper() -> None:
    counts = np.array([[3, 1, 0], [0, 1, 5], [0, 0, 0]])
    scores = class_tf_idf(counts)
    a = 10 / 3  # mean words of a class
    assert_allclose(scores[0], [3 / 4 * np.log(1 + a / 3), 1 / 4 * np.log(1 + a / 2), 0])
    assert_allclose(scores[2], 0)


def test_a_name_is_the_two_best_keywords_that_do_not_repeat_each_other() -> None:
    names = cluster_names({0: ["西装", "西装外套", "通勤穿搭", "职场穿搭"]}, "text")
    assert names == {0: ("西装 · 通勤穿搭", "keywords")}
    assert cluster_names({0: ["约会穿搭", "约会"]}, "text")[0] == ("约会穿搭", "keywords")


def test_a_cluster_without_keywords_is_called_by_its_number() -> None:
    assert cluster_names({7: []}, "image") == {7: ("style 7", "number")}
    assert cluster_names({7: ["长" * (LONGEST_IN_NAME + 1)]}, "text") == {7: ("topic 7", "number")}


def test_the_larger_cluster_keeps_a_name_that_two_could_have() -> None:
    names = cluster_names({0: ["旗袍", "国风"], 1: ["旗袍", "国风", "盘扣"], 2: ["旗袍", "国风"]}, "image")
    assert [names[c][0] for c in range(3)] == ["旗袍 · 国风", "旗袍 · 盘扣", "旗袍 · 国风 (2)"]


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.integers(0, 30),
        st.lists(st.sampled_from(["旗袍", "国风", "西装", "西装裤", "通勤", "ootd"]), unique=True),
        max_size=12,
    )
)
def test_names_are_unique_whatever_the_keywords(keywords: Mapping[int, list[str]]) -> None:
    names = cluster_names(keywords, "image")
    assert names.keys() == keywords.keys()
    assert len({name for name, _ in names.values()}) == len(names)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_keywords_are_always_words_of_several_accounts_of_the_cluster(data: st.DataObject) -> None:
    words = st.frozensets(st.sampled_from(["旗袍", "西装", "跑步", *FILLERS[:3]]), max_size=4)
    drawn = data.draw(st.lists(st.tuples(words, st.sampled_from("abcd"), st.integers(0, 2)), max_size=40))
    captions = {f"p{i}": Caption(account, word) for i, (word, account, _) in enumerate(drawn)}
    posts_of = {c: [f"p{i}" for i, (_, _, own) in enumerate(drawn) if own == c] for c in range(3)}
    for cluster, found in cluster_keywords(captions, posts_of).items():
        assert len(found) <= N_KEYWORDS
        for word in found:
            assert len({captions[p].poster_id for p in posts_of[cluster] if word in captions[p].words}) >= 2
