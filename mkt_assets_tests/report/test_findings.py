from __future__ import annotations

from dataclasses import replace

from mkt_assets.report.facts import Facts
from mkt_assets.report.findings import answers, doubts, headline, links, news
from mkt_assets_tests.report.a_crawl import BEFORE, a_crawl, cluster, curve, pair, trend


def english(sentences: object) -> str:
    return " ".join(sentence.en for sentence in sentences)  # type: ignore[attr-defined]


def test_the_five_questions_are_asked_in_order_and_each_is_answered():
    said = answers(a_crawl())
    assert [a.question for a in said] == [
        "which_styles",
        "which_topics",
        "which_links",
        "what_is_new",
        "what_not_to_believe",
    ]
    assert all(a.sentences for a in said)


def test_only_supported_links_are_told_strongest_first():
    facts = a_crawl(pairs=(pair(0, 1, q=0.02), pair(1, 0, q=0.001), pair(1, 1, supported=False, q=0.5)))
    told = links(facts)
    assert len(told) == 3
    assert told[0].en.startswith("“<b>运动</b>” goes with “职场 · 上班”: 62%")
    assert told[1].en.startswith("“通勤 · 西装” goes with “健身 · 跑步”")
    assert told[-1].en.startswith("2 of 3 pairs")
    assert headline(facts) == told[0]


def test_without_a_supported_link_none_is_claimed():
    facts = a_crawl(pairs=(pair(0, 0, supported=False),))
    assert "None of 1 pair" in english(links(facts))
    assert "2 styles" in headline(facts).en


def test_without_captions_there_are_no_links_to_speak_of():
    assert "no style goes with any topic" in english(links(a_crawl(pairs=())))


def test_the_first_crawl_claims_no_news():
    facts = a_crawl(previous_crawl_date=None)
    assert "first crawl" in english(news(facts))
    assert len(news(facts)) == 1


def test_what_came_and_what_went_is_named():
    born = replace(cluster("image", 1, "运动"), event="born")
    gone = replace(a_crawl().events[0], crawl_date=BEFORE, what="ended", name="旗袍")
    said = english(news(a_crawl(styles=(cluster("image", 0, "西装"), born), events=(gone,))))
    assert "New styles: 运动." in said
    assert "Styles no longer there: 旗袍." in said


def test_trends_are_told_only_where_there_are_any():
    said = english(news(a_crawl()))
    assert "Rising: “通勤 · 西装” (+20 points)." in said
    assert "Falling" not in said
    flat = a_crawl(trends=(trend("image", 0, "x", "flat"),))
    assert "No share rises or falls" in english(news(flat))
    early = a_crawl(trends=(trend("image", 0, "x", "too few crawls"),), n_crawls=2)
    assert "It takes 3 crawls" in english(news(early))


def test_a_sound_crawl_is_not_doubted():
    facts = a_crawl(pairs=(pair(0, 0),))
    assert "Nothing stands out" in english(doubts(facts))


def test_every_weakness_is_told():
    weak: Facts = a_crawl(
        styles=(cluster("image", 0, "孤例", low_support=True, one_poster=True, n_near_duplicates=3),),
        curves=(curve("image", "bend"), curve("text", "bend")),
        n_with_caption=30,
        rejects=(("raw_posts", "The row has no post id.", 4),),
    )
    said = english(doubts(weak))
    for part in (
        "1 style and 0 topics rest on few posts",
        "mostly one account's: 孤例",
        "2 of 3 pairs of style and topic are not supported",
        "The number of styles and topics is a choice",
        "25% of the pictures have no caption",
        "4 rows or files could not be used",
        "3 pictures and 0 captions are near copies",
    ):
        assert part in said


def test_many_names_are_cut_short_and_counted():
    styles = tuple(replace(cluster("image", i, f"风格{i}"), event="born") for i in range(7))
    assert "风格3, … +3." in english(news(a_crawl(styles=styles)))
