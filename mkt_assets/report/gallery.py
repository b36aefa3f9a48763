"""Styles with their pictures and topics with their captions: a card each, and the largest beside the answers.

Not here: markup (report/templates), which pairs are supported (core/crosstab/belief).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mkt_assets.core.profiles.account_words import ONE_ACCOUNT, SEEN
from mkt_assets.core.rounding import count
from mkt_assets.report.facts import N_CAPTIONS, N_TILES, Cluster, Facts, Item, Post
from mkt_assets.report.openings import Opening, of_cluster
from mkt_assets.report.text import Text, counted, say
from mkt_assets.report.tiles import TILE_SIZE, Tiles, data_uri, in_threads

Posts = Mapping[tuple[date, str], Post]
"""Posts by crawl date and id."""

_N_KEYWORDS = 6
_N_LARGEST_STYLES, _N_LARGEST_TOPICS = 4, 5


@dataclass(frozen=True)
class Picture:
    """A picture as data, with its post's caption and address."""

    src: str
    post_id: str
    caption: str
    url: str | None


@dataclass(frozen=True)
class Caption:
    """A caption in a line, with its post and its address."""

    post_id: str
    line: str
    url: str | None


@dataclass(frozen=True)
class Card:
    """What is shown of a style or topic; `linked` are those of the other modality that it goes with."""

    cluster: Cluster
    size: Text
    likes: Text | None
    badges: tuple[str, ...]
    warnings: tuple[str, ...]
    keywords: tuple[str, ...]
    seen: tuple[Text, ...]
    pictures: tuple[Picture, ...]
    captions: tuple[Caption, ...]
    linked: tuple[Cluster, ...]
    opening: Opening


@dataclass(frozen=True)
class Largest:
    """One of the largest clusters, with a picture or a bar (its width in CSS)."""

    cluster: Cluster
    picture: str | None = None
    width: str = ""


def values_of(facts: Facts, tiles: Tiles) -> Mapping[str, object]:
    """Values of the templates: cards of all styles and topics, and the largest of them."""
    linked = _linked(facts)
    shown = list(dict.fromkeys(item for style in facts.styles for item in style.typical[:N_TILES]))
    made = dict(zip(shown, in_threads(lambda item: picture_of(item, facts.posts, tiles), shown), strict=True))

    def pictures(cluster: Cluster) -> tuple[Picture, ...]:
        return tuple(found for item in cluster.typical[:N_TILES] if (found := made[item]))

    def captions(cluster: Cluster) -> tuple[Caption, ...]:
        return captions_of(cluster, facts.posts)

    return {
        "styles": [_card(style, linked, pictures=pictures(style)) for style in facts.styles],
        "topics": [_card(topic, linked, captions=captions(topic)) for topic in facts.topics],
        "largest_styles": _largest_styles(facts, made),
        "largest_topics": _largest_topics(facts),
    }


def picture_of(item: Item, posts: Posts, tiles: Tiles) -> Picture | None:
    """The picture of an item; None where there is none."""
    image, post = tiles(item, TILE_SIZE), posts.get((item.crawl_date, item.post_id))
    if image is None:
        return None
    return Picture(data_uri(image), item.post_id, post.line if post else "", post.url if post else None)


def captions_of(cluster: Cluster, posts: Posts) -> tuple[Caption, ...]:
    """The captions of the most typical posts of a cluster that have one."""
    found = ((item, posts.get((item.crawl_date, item.post_id))) for item in cluster.typical)
    written = [Caption(item.post_id, post.line, post.url) for item, post in found if post and post.caption]
    return tuple(written[:N_CAPTIONS])


def _largest_styles(facts: Facts, pictures: Mapping[Item, Picture | None]) -> list[Largest]:
    largest: list[Largest] = []
    for style in facts.styles[:_N_LARGEST_STYLES]:
        picture = next((pictures[item] for item in style.typical[:1]), None)
        largest.append(Largest(style, picture=picture.src if picture else None))
    return largest


def _largest_topics(facts: Facts) -> list[Largest]:
    topics = facts.topics[:_N_LARGEST_TOPICS]
    most = max((topic.share for topic in topics), default=1.0)
    return [Largest(topic, width=f"{100 * topic.share / most:.1f}%") for topic in topics]


def _card(
    cluster: Cluster,
    linked: Mapping[tuple[str, int], tuple[Cluster, ...]],
    *,
    pictures: tuple[Picture, ...] = (),
    captions: tuple[Caption, ...] = (),
) -> Card:
    return Card(
        cluster=cluster,
        size=_size(cluster),
        likes=_likes(cluster),
        badges=_badges(cluster),
        warnings=_warnings(cluster),
        keywords=cluster.keywords[:_N_KEYWORDS],
        seen=cluster.seen,
        pictures=pictures,
        captions=captions,
        linked=linked.get((cluster.modality, cluster.cluster_id), ()),
        opening=of_cluster(cluster),
    )


def _size(cluster: Cluster) -> Text:
    posts, accounts = counted(cluster.n_posts, "post"), counted(cluster.n_posters, "account")
    if cluster.modality == "text":
        return say("size_text", posts=posts, accounts=accounts)
    return say("size_image", pictures=counted(cluster.n_items, "picture"), posts=posts, accounts=accounts)


def _likes(cluster: Cluster) -> Text | None:
    if cluster.likes is None:
        return None
    median, low, high, is_bound = cluster.likes
    likes = say("likes_word", 1 if median == 1 else 2, n=count(median))
    shown = say("at_least", n=likes) if is_bound else likes
    if low is None or high is None:
        return say("likes_alone", likes=shown)
    return say("likes", likes=shown, low=count(low), high=count(high))


def _badges(cluster: Cluster) -> tuple[str, ...]:
    keys = ["new"] * cluster.is_new + ["back"] * cluster.is_back + ["merged"] * (cluster.event == "merged")
    moves = [f"{cluster.direction}_badge"] if cluster.direction in ("rising", "falling") else []
    return (*keys, *moves)


def _warnings(cluster: Cluster) -> tuple[str, ...]:
    keys = ["few"] * cluster.low_support + ["mostly_one"] * cluster.one_poster
    marked = {ONE_ACCOUNT: "one_accounts_words", SEEN: "seen_name"}.get(cluster.named_by)
    return (*keys, *([marked] if marked else []))


def _linked(facts: Facts) -> Mapping[tuple[str, int], tuple[Cluster, ...]]:
    """By modality and cluster, those of the other modality that it has a supported link to, the strongest first."""
    styles, topics = ({c.cluster_id: c for c in clusters} for clusters in (facts.styles, facts.topics))
    linked: dict[tuple[str, int], tuple[Cluster, ...]] = {}
    for pair in sorted(facts.pairs, key=lambda pair: -pair.lift):
        if pair.supported and pair.style in styles and pair.topic in topics:
            for key, other in (
                (("image", pair.style), topics[pair.topic]),
                (("text", pair.topic), styles[pair.style]),
            ):
                linked[key] = (*linked.get(key, ()), other)
    return linked
