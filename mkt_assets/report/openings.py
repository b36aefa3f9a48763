"""Which posts a finding opens: selections as they stand in the page's address, and how many posts they have.

Not here: the sentences (answers, news), reading an address (report/scripts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mkt_assets.report.answers import sentence_of_link, strongest_links
from mkt_assets.report.facts import Cluster, Facts, Pair
from mkt_assets.report.text import Message, Reason, Text, counted, say

FILE_NAME = "report.html"
"""Of the report of a crawl date, in its folder."""
MOST_OPENED = 4
"""Styles and topics of a sentence that are opened from it: as many as it names."""


@dataclass(frozen=True)
class Opening:
    """A link to posts: its address in the page, and what it says."""

    address: str
    label: Text


def address_of(*clusters: Cluster, **more: str) -> str:
    """The selection of posts that are in all of these clusters, by their lasting ids: true of later crawls, too.

    Examples:
        >>> from mkt_assets.report.openings import address_of
        >>> address_of(refused="0")
        '#refused=0'
    """
    keys = {"image": "style", "text": "topic"}
    named = {keys[cluster.modality]: cluster.identity or str(cluster.cluster_id) for cluster in clusters}
    return "#" + urlencode({**named, **more})


def of_cluster(cluster: Cluster) -> Opening:
    """The posts of a style or topic."""
    return Opening(address_of(cluster), say("see_posts", posts=counted(cluster.n_posts, "post")))


def of_pair(facts: Facts, pair: Pair) -> Opening | None:
    """The posts of a style and a topic together; None where one is not on the page."""
    style = [c for c in facts.styles if c.cluster_id == pair.style]
    topic = [c for c in facts.topics if c.cluster_id == pair.topic]
    if not style or not topic:
        return None
    return Opening(address_of(style[0], topic[0]), say("see_posts", posts=counted(pair.n_posts, "post")))


def of_trend(facts: Facts, identity: str) -> Opening | None:
    """The posts behind the newest point of a trend; None where they are not of this crawl."""
    posts = facts.first_seen.get(identity)
    cluster = next((c for c in (*facts.styles, *facts.topics) if c.identity == identity), None)
    if cluster is None or not posts:
        return None
    label = say("see_new", posts=counted(len(posts), "post"), date=facts.crawl_date.isoformat())
    return Opening(address_of(cluster, new="1"), label)


def openings_of(facts: Facts, sentence: Text) -> tuple[Opening, ...]:
    """What a sentence of the answers opens: the posts of its link, or of the styles and topics that it lists."""
    for pair in strongest_links(facts):
        if sentence == sentence_of_link(facts, pair):
            opening = of_pair(facts, pair)
            return () if opening is None else (opening,)
    if not isinstance(sentence, Message):
        return ()
    clusters = (*facts.styles, *facts.topics)
    listed: Mapping[str, Iterable[Cluster]] = {
        "few_posts": (c for c in clusters if c.low_support),
        "one_account": (c for c in clusters if c.one_poster),
        "born_image": (c for c in facts.styles if c.is_new),
        "born_text": (c for c in facts.topics if c.is_new),
        "back_image": (c for c in facts.styles if c.is_back),
        "back_text": (c for c in facts.topics if c.is_back),
        "rising": (c for c in clusters if c.direction == "rising"),
        "falling": (c for c in clusters if c.direction == "falling"),
    }
    if sentence.key == "rejected_in_all":
        return tuple(
            Opening(address_of(refused=str(n)), say("refused_some", reason=Reason(reason), n=f"{count:,}"))
            for n, (_, reason, count) in enumerate(facts.rejects[:MOST_OPENED])
        )
    return tuple(_named(c) for c in list(listed.get(sentence.key, ()))[:MOST_OPENED])


def _named(cluster: Cluster) -> Opening:
    return Opening(
        address_of(cluster), say("named_posts", name=cluster.name, posts=counted(cluster.n_posts, "post"))
    )
