"""What the report tells of, as plain values.

Not here: how they are made from the tables (of_crawl, from_tables, history), what is said of them (answers, news).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mkt_assets.report.text import Text, say

N_TILES = 8
N_CAPTIONS = 3
LINE_LENGTH = 140

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A picture (with `frame`) or a caption of a post."""

    crawl_date: date
    post_id: str
    frame: str | None


@dataclass(frozen=True)
class Post:
    """What is shown of a post; its `url` is as it was crawled, and not yet safe to link to.

    `caption` is whole; `account` is a pseudonym; counts are None where the platform showed none, and with
    `likes_at_least` there may be more likes.
    """

    caption: str
    url: str | None
    account: str = ""
    published: date | None = None
    likes: int | None = None
    likes_at_least: bool = False
    collects: int | None = None

    @property
    def line(self) -> str:
        """The caption in one line, of at most `LINE_LENGTH` characters."""
        line = " ".join(self.caption.split())
        return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"


@dataclass(frozen=True)
class Member:
    """A clustered item and its place in its cluster: 1 is the most typical."""

    modality: str
    cluster_id: int
    item: Item
    rank: int


@dataclass(frozen=True)
class Refused:
    """A row of what could not be used: `where` is the file and row, `post_id` the post where it is known."""

    asset: str
    reason: str
    where: str
    post_id: str | None


@dataclass(frozen=True)
class Cluster:
    """A style or a topic of this crawl; `name` is its identity's, the same in every crawl's report.

    `previous` is the crawl date of the cluster that it goes on from or was split off; `is_new` and `is_back` (after
    an absence) are tested, where `event` only says how clusters were matched. `seen` are words that its pictures show,
    `keywords` such as stand in its captions.
    """

    modality: str
    cluster_id: int
    identity: str
    name: Text
    named_by: str
    keywords: tuple[str, ...]
    n_items: int
    n_posts: int
    n_posters: int
    share: float
    likes: tuple[float, float | None, float | None, bool] | None
    n_near_duplicates: int
    low_support: bool
    one_poster: bool
    event: str
    previous: date | None
    is_new: bool
    is_back: bool
    direction: str
    typical: tuple[Item, ...]
    seen: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A style and a topic, and how far to believe that they go together.

    `share` is of the style's pictures with a caption, `rank` its place among the style's, 1 the largest (ties as in
    core/crosstab); `cautious_lift` is the lift nearest to 1 that its interval
    allows, and what is coloured and sorted by; `poster_q` is asked by account and corrected for all pairs. `seen` is
    whether pictures and captions agree by sight; None: they cannot be compared.
    """

    style: int
    topic: int
    rank: int
    share: float
    low: float
    high: float
    lift: float
    cautious_lift: float
    q: float
    poster_q: float
    n_posts: int
    n_posters: int
    largest_poster_share: float | None
    supported: bool
    seen: bool | None = None


@dataclass(frozen=True)
class Trend:
    """The shares of an identity over the crawl dates, the newest last.

    No direction where later crawls decided it. With `fresh_only`, of posts published since the crawl before alone.
    """

    modality: str
    identity: str
    name: Text
    days: tuple[date, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    n_posts: int
    direction: str
    change: float
    fresh_only: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened to a style or topic on a crawl date; `other` is whom it was split off or took in."""

    crawl_date: date
    modality: str
    what: str
    name: Text
    other: Text


@dataclass(frozen=True)
class Curve:
    """Inertia over k, and which k was chosen why."""

    modality: str
    ks: tuple[int, ...]
    inertia: tuple[float, ...]
    chosen: Row


@dataclass(frozen=True)
class Placed:
    """An item on the map: where, whose, how many equal ones it stands for."""

    item: Item
    x: float
    y: float
    cluster_id: int
    n_items: int


@dataclass(frozen=True)
class ItemMap:
    """The map of a modality."""

    modality: str
    method: str
    n_all: int
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Made:
    """An asset's latest materialization that this report is made of."""

    asset: str
    run_id: str
    at: datetime
    code_version: str


@dataclass(frozen=True)
class Facts:
    """All that the report of a crawl date tells.

    `compared_with` has, by modality, the last earlier crawl date whose clusters this crawl's were matched with;
    a modality without one, or without clusters now, is missing. `first_seen` has, by identity, the posts behind the
    newest point of its trend. `before` and `after` are the nearest crawl dates that have a report.
    """

    crawl_date: date
    window_start: date | None
    compared_with: Mapping[str, date]
    styles: tuple[Cluster, ...]
    topics: tuple[Cluster, ...]
    pairs: tuple[Pair, ...]
    n_pictures: int
    n_with_caption: int
    trends: tuple[Trend, ...]
    events: tuple[Event, ...]
    curves: tuple[Curve, ...]
    methods: tuple[Row, ...]
    maps: tuple[ItemMap, ...]
    posts: Mapping[tuple[date, str], Post]
    quality: Mapping[str, tuple[int, int | None]]
    rejects: tuple[tuple[str, str, int], ...]
    models: tuple[tuple[str, str, str, str], ...]
    settings: tuple[tuple[str, str], ...]
    packages: tuple[tuple[str, str], ...]
    made: tuple[Made, ...]
    members: tuple[Member, ...] = ()
    refused: tuple[Refused, ...] = ()
    first_seen: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    before: date | None = None
    after: date | None = None

    def clusters(self, modality: str) -> tuple[Cluster, ...]:
        """Styles or topics, largest first."""
        return self.styles if modality == "image" else self.topics

    def name_of(self, modality: str, cluster_id: int) -> Text:
        """The name of a cluster of this crawl."""
        found = [c.name for c in self.clusters(modality) if c.cluster_id == cluster_id]
        return found[0] if found else numbered(modality, cluster_id)


def numbered(modality: str, number: int | str) -> Text:
    """The name of a cluster that has none."""
    return say(f"numbered_{modality}", number=str(number))
