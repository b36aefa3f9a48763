from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mkt_assets.report.answers import answers, doubts, headline, links, news
from mkt_assets.report.facts import Facts
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.text import Text
from mkt_assets_tests.report.a_crawl import BEFORE, a_crawl, cluster, curve, pair, trend


def english(sentences: Iterable[Text]) -> str:
    return " ".join(map(ENGLISH.write, sentences))


def test_the_five_questions_are_asked_in_order_and_each_is_answered():
    found = answers(a_crawl())
    assert [a.question for a in found] == [
        "which_styles",
        "which_topics",
        "which_links",
        "what_is_new",
        "what_not_to_believe",
    ]
    assert all(a.sentences for a in found)


def test_only_supported_links_are_listed_strongest_first():
    facts = a_crawl(pairs=(pair(0, 1, q=0.02), pair(1, 0, q=0.001), pair(1, 1, supported=False, q=0.5)))
    first, second, last = map(ENGLISH.write, links(facts))
    assert first.startswith("“<b>运动</b>” goes with “职场 · 上班”: 62%")
    assert second.startswith("“通勤 · 西装” goes with “健身 · 跑步”")
    assert last.startswith("2 of 3 pairs")
    assert headline(facts) == links(facts)[0]


def test_without_a_supported_link_none_is_claimed():
    facts = a_crawl(pairs=(pair(0, 0, supported=False),))
    assert "The only pair of style and topic is not supported" in english(links(facts))
    assert "2 styles" in ENGLISH.write(headline(facts))


def test_without_captions_there_are_no_links_to_speak_of():
    assert "no topic that a style could go with" in english(links(a_crawl(pairs=(), topics=())))
    assert "No post has both" in english(links(a_crawl(pairs=())))


def test_the_first_crawl_claims_no_news():
    sentences = news(a_crawl(compared_with={}))
    assert [ENGLISH.write(sentence) for sentence in sentences] == [
        "No earlier crawl has styles and topics to compare with."
    ]


def test_what_came_and_what_went_is_named():
    new = cluster("image", 1, "运动", event="born", is_new=True)
    back = cluster("image", 2, "汉服", previous=None, is_back=True)
    gone = replace(a_crawl().events[0], crawl_date=BEFORE, what="ended", name="旗袍")
    text = english(news(a_crawl(styles=(cluster("image", 0, "西装"), new, back), events=(gone,))))
    assert "New styles: 运动." in text
    assert "Styles back after an absence: 汉服." in text
    assert f"Styles of {BEFORE} no longer there: 旗袍 (seen in the report of that date)." in text


def test_what_is_not_tested_to_be_new_is_not_called_so():
    unmatched = cluster("image", 1, "运动", event="born", previous=None)
    text = english(news(a_crawl(styles=(cluster("image", 0, "西装"), unmatched))))
    assert "New" not in text
    assert (
        "1 style has no counterpart in the crawl of 2024-06-13, which chance or too few posts would" in text
    )


def test_trends_are_spoken_of_only_where_there_are_any():
    text = english(news(a_crawl()))
    assert "Rising: “通勤 · 西装” (+20 points)." in text
    assert "Falling" not in text
    assert "No share of topics rises or falls" in text
    later = a_crawl(trends=(trend("image", 0, "x", ""), trend("text", 0, "y", "")))
    assert "There are later crawls: what rises or falls among styles and topics" in english(news(later))


def test_a_change_of_less_than_a_point_is_not_a_change_of_nothing():
    assert "(+0.4 points)" in english(news(a_crawl(trends=(trend("image", 0, "x", "rising", 0.004),))))


def test_a_sound_crawl_is_not_doubted():
    facts = a_crawl(pairs=(pair(0, 0),))
    assert "No reason for doubt" in english(doubts(facts))


def test_a_number_of_clusters_that_halves_agree_on_is_no_choice():
    plain = curve("image", "bend")
    plain = replace(plain, chosen=plain.chosen | {"half_stability": 0.99})
    text = english(doubts(a_crawl(curves=(plain, curve("text", "bend")))))
    assert "The number of topics is a choice" in text
    stable = replace(plain, chosen=plain.chosen | {"half_stability": 0.6, "stability": 1.0})
    assert "Nothing singles out a number of styles, though" in english(doubts(a_crawl(curves=(stable,))))


def test_a_link_says_what_it_rests_on():
    sentence = ENGLISH.write(links(a_crawl())[0])
    assert sentence.endswith("It rests on 9 posts by 6 accounts; the largest account wrote 33% of them.")
    assert (
        "62% of its pictures with a caption, 3.1 times the share in all styles together, at least 2.1"
        in sentence
    )
    unknown = ENGLISH.write(links(a_crawl(pairs=(pair(0, 0, largest_poster_share=None),)))[0])
    assert unknown.endswith("It rests on 9 posts by 6 accounts.")


def test_every_weakness_is_named():
    weak: Facts = a_crawl(
        styles=(
            cluster(
                "image",
                0,
                "孤例 †",
                low_support=True,
                one_poster=True,
                n_near_duplicates=3,
                named_by="one_account",
            ),
        ),
        curves=(curve("image", "bend"), curve("text", "bend")),
        n_with_caption=30,
        rejects=(("raw_posts", "The row has no post id.", 4),),
    )
    text = english(doubts(weak))
    for part in (
        "1 style rests on few posts; take it for an anecdote",
        "1 style is at least nine tenths one account's: 孤例",
        "1 style is named by one account's words (†)",
        "2 of 3 pairs of style and topic are not supported",
        "The number of styles and topics is a choice",
        "25% of the pictures have no caption",
        "4 rows, files or pictures could not be used",
        "3 pictures nearly repeat another",
    ):
        assert part in text


def test_many_names_are_cut_short_and_counted():
    styles = tuple(replace(cluster("image", i, f"风格{i}"), event="born", is_new=True) for i in range(7))
    assert "风格3, … +3." in english(news(a_crawl(styles=styles)))
