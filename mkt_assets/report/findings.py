"""The five answers at the top of the report, in sentences chosen and made from the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mkt_assets.core.trends import MIN_TIMES
from mkt_assets.report.facts import Cluster, Facts
from mkt_assets.report.markup import Both, Text, counted, joined, percent, say

MOST_NAMES = 4
MOST_LINKS = 3
_COMMA = say("list_comma")


@dataclass(frozen=True)
class Answer:
    """A question and its answer in sentences."""

    question: str
    sentences: tuple[Both, ...]


def answers(facts: Facts) -> tuple[Answer, ...]:
    """The five questions of an analyst, answered."""
    return (
        Answer("which_styles", (_in_all(facts.styles, "image"),)),
        Answer("which_topics", (_in_all(facts.topics, "text"),)),
        Answer("which_links", links(facts)),
        Answer("what_is_new", news(facts)),
        Answer("what_not_to_believe", doubts(facts)),
    )


def headline(facts: Facts) -> Both:
    """The crawl in a line: the strongest link if there is one, or else the largest style."""
    sentences = links(facts)
    if any(pair.supported for pair in facts.pairs):
        return sentences[0]
    return _in_all(facts.styles, "image")


def _in_all(clusters: Sequence[Cluster], modality: str) -> Both:
    if not clusters:
        return say("no_styles" if modality == "image" else "no_topics")
    n_items = sum(cluster.n_items for cluster in clusters)
    held, n_largest = 0, 0
    for cluster in clusters:
        held, n_largest = held + cluster.n_items, n_largest + 1
        if 2 * held >= n_items:
            break
    if modality == "image":
        return say(
            "styles_in_all",
            styles=counted(len(clusters), "style"),
            pictures=counted(n_items, "picture"),
            n=str(n_largest),
        )
    return say(
        "topics_in_all",
        topics=counted(len(clusters), "topic"),
        captions=counted(n_items, "caption"),
        n=str(n_largest),
    )


def links(facts: Facts) -> tuple[Both, ...]:
    """The strongest supported links, and how many of all they are."""
    n_pairs = counted(len(facts.pairs), "pair")
    if not facts.pairs:
        return (say("no_pairs"),)
    believed = sorted((pair for pair in facts.pairs if pair.supported), key=lambda pair: (pair.q, -pair.lift))
    if not believed:
        return (say("no_links", pairs=n_pairs),)
    sentences = [
        say(
            "link",
            style=facts.name_of("image", pair.style),
            topic=facts.name_of("text", pair.topic),
            share=percent(pair.share),
            lift=f"{pair.lift:.1f}",
            posts=counted(pair.n_posts, "post"),
            accounts=counted(pair.n_posters, "account"),
        )
        for pair in believed[:MOST_LINKS]
    ]
    return (*sentences, say("links_in_all", n=str(len(believed)), pairs=n_pairs))


def news(facts: Facts) -> tuple[Both, ...]:
    """What came and went since the crawl before, and what rises or falls."""
    if facts.previous_crawl_date is None:
        return (say("first_crawl"),)
    sentences: list[Both] = []
    for modality, kind in (("image", "style"), ("text", "topic")):
        clusters = facts.clusters(modality)
        if born := [c.name for c in clusters if c.event == "born"]:
            sentences.append(say(f"born_{kind}", names=_names(born)))
        if split := [c.name for c in clusters if c.event == "split"]:
            sentences.append(say(f"split_{modality}", names=_names(split)))
        gone = [
            event.name
            for event in facts.events
            if (event.modality, event.what, event.crawl_date)
            == (modality, "ended", facts.previous_crawl_date)
        ]
        if gone:
            sentences.append(say(f"gone_{modality}", names=_names(gone)))
    if not sentences:
        sentences.append(say("all_continued", date=facts.previous_crawl_date.isoformat()))
    return (*sentences, *_moves(facts))


def _moves(facts: Facts) -> list[Both]:
    tested = [trend for trend in facts.trends if trend.direction not in ("", "too few crawls")]
    crawls = counted(facts.n_crawls, "crawl")
    if not tested:
        return [say("too_few_crawls", n=str(MIN_TIMES), crawls=crawls)]
    sentences: list[Both] = []
    for direction in ("rising", "falling"):
        moved = [
            say("moved", name=trend.name, change=f"{100 * trend.change:+.0f}")
            for trend in tested
            if trend.direction == direction
        ]
        if moved:
            sentences.append(say(direction, names=_names(moved)))
    return sentences or [say("no_moves", crawls=crawls)]


def doubts(facts: Facts) -> tuple[Both, ...]:
    """What not to build on."""
    sentences: list[Both] = []
    few = [[c for c in clusters if c.low_support] for clusters in (facts.styles, facts.topics)]
    if any(few):
        sentences.append(
            say("few_posts", styles=counted(len(few[0]), "style"), topics=counted(len(few[1]), "topic"))
        )
    single = [[c for c in clusters if c.one_poster] for clusters in (facts.styles, facts.topics)]
    if any(single):
        names = [cluster.name for clusters in single for cluster in clusters]
        sentences.append(
            say(
                "one_account",
                styles=counted(len(single[0]), "style"),
                topics=counted(len(single[1]), "topic"),
                names=_names(names),
            )
        )
    n_unsupported = sum(not pair.supported for pair in facts.pairs)
    if n_unsupported:
        pairs = counted(len(facts.pairs), "pair")
        sentences.append(say("unsupported_pairs", n=str(n_unsupported), pairs=pairs))
    without = [curve.modality for curve in facts.curves if curve.chosen["chosen_by"] == "bend"]
    if without:
        both = len(without) == 2
        what = "styles_and_topics" if both else "styles_word" if without[0] == "image" else "topics_word"
        sentences.append(say("no_elbow", what=say(what)))
    if facts.n_pictures and facts.n_with_caption < facts.n_pictures:
        share = percent(1 - facts.n_with_caption / facts.n_pictures)
        sentences.append(say("no_caption_share", share=share))
    n_rejected = sum(n for *_, n in facts.rejects)
    if n_rejected:
        sentences.append(say("rejected_in_all", files=counted(n_rejected, "file")))
    copies = [sum(c.n_near_duplicates for c in clusters) for clusters in (facts.styles, facts.topics)]
    if any(copies):
        sentences.append(
            say("copies", pictures=counted(copies[0], "picture"), captions=counted(copies[1], "caption"))
        )
    return tuple(sentences) or (say("nothing_to_doubt"),)


def _names(names: Sequence[Text]) -> Both:
    more = len(names) - MOST_NAMES
    shown = joined(names[:MOST_NAMES], _COMMA)
    return joined([shown, f"… +{more}"], _COMMA) if more > 0 else shown
