"""What the report tells of, as plain values, made from the warehouse's tables. No HTML here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.charts.maps import lay_out
from mkt_assets.report.markup import Both, Text, web_link

N_TILES = 8
N_CAPTIONS = 3
CAPTION_LENGTH = 140
MAP_ITEMS = 1500
"""Drawn on the map, of each modality; more would neither be seen nor fit into a page that can be mailed."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A picture (with `frame`) or a caption of a post."""

    crawl_date: date
    post_id: str
    frame: str | None


@dataclass(frozen=True)
class Post:
    """What is shown of a post."""

    caption: str
    url: str | None


@dataclass(frozen=True)
class Cluster:
    """A style or a topic of this crawl; `name` is its identity's, the same in every crawl's report."""

    modality: str
    cluster_id: int
    identity: str
    name: Text
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
    direction: str
    typical: tuple[Item, ...]


@dataclass(frozen=True)
class Pair:
    """A style and a topic, and how far to believe that they go together."""

    style: int
    topic: int
    share: float
    low: float
    high: float
    lift: float
    q: float
    poster_p: float
    n_posts: int
    n_posters: int
    supported: bool


@dataclass(frozen=True)
class Trend:
    """The shares of an identity over the crawl dates; the newest crawl is last."""

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
    """All that the report of a crawl date tells."""

    crawl_date: date
    window_start: date | None
    previous_crawl_date: date | None
    n_crawls: int
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

    def clusters(self, modality: str) -> tuple[Cluster, ...]:
        """Styles or topics, largest first."""
        return self.styles if modality == "image" else self.topics

    def name_of(self, modality: str, cluster_id: int) -> Text:
        """The name of a cluster of this crawl."""
        found = [c.name for c in self.clusters(modality) if c.cluster_id == cluster_id]
        return found[0] if found else numbered(modality, cluster_id)


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows, with None for what is missing."""
    rows: list[Row] = []
    for row in frame.to_dict("records"):
        rows.append({str(name): None if _is_missing(value) else value for name, value in row.items()})
    return rows


def _is_missing(value: object) -> bool:
    return (
        value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    )


def numbered(modality: str, number: int | str) -> Both:
    """The name of a cluster that has none."""
    return (
        Both(f"style {number}", f"风格 {number}")
        if modality == "image"
        else Both(f"topic {number}", f"话题 {number}")
    )


def clusters_of(
    modality: str,
    profiles: pd.DataFrame,
    identities: pd.DataFrame,
    trends: pd.DataFrame,
    item_dates: Mapping[str, date],
) -> tuple[Cluster, ...]:
    """Clusters of one modality of a crawl date, largest first.

    Args:
        modality: image or text.
        profiles: `cluster_profiles` rows of the crawl date.
        identities: `cluster_identities` rows of the crawl date; may be empty.
        trends: `trends` rows of all dates; may be empty.
        item_dates: By post, the crawl date whose items of it were clustered.
    """
    known = {(r["modality"], r["cluster_id"]): r for r in records(identities)}
    directions = {
        r["identity"]: str(r["direction"]) for r in records(trends[trends["basis"] == "crawl_date"])
    }
    clusters: list[Cluster] = []
    for row in records(profiles[profiles["modality"] == modality]):
        number = int(row["cluster_id"])
        lasting = known.get((modality, number), {})
        clusters.append(
            Cluster(
                modality=modality,
                cluster_id=number,
                identity=str(lasting.get("identity", "")),
                name=_name(modality, number, row, lasting),
                keywords=tuple(str(word) for word in row["keywords"]),
                n_items=int(row["n_items"]),
                n_posts=int(row["n_posts"]),
                n_posters=int(row["n_posters"]),
                share=float(row["share"]),
                likes=_likes(row),
                n_near_duplicates=int(row["n_near_duplicates"]),
                low_support=bool(row["low_support"]),
                one_poster=bool(row["one_poster"]),
                event=str(lasting.get("event", "first")),
                direction=directions.get(lasting.get("identity"), ""),
                typical=_typical(row, item_dates),
            )
        )
    return tuple(sorted(clusters, key=lambda c: (-c.n_items, c.cluster_id)))


def _name(modality: str, number: int, profile: Row, lasting: Row) -> Text:
    if lasting and lasting["name_by"] != "identity":
        return str(lasting["name"])
    if profile["name_by"] != "number":
        return str(profile["name"])
    return numbered(modality, number)


def _likes(row: Row) -> tuple[float, float | None, float | None, bool] | None:
    if row["likes_median"] is None:
        return None
    return row["likes_median"], row["likes_low"], row["likes_high"], bool(row["likes_median_is_lower_bound"])


def _typical(row: Row, item_dates: Mapping[str, date]) -> tuple[Item, ...]:
    frames = [str(frame) or None for frame in row["typical_frames"]]
    posts = [str(post) for post in row["typical_post_ids"]]
    return tuple(
        Item(item_dates[post], post, frame)
        for post, frame in zip(posts, frames, strict=True)
        if post in item_dates
    )


def pairs_of(ratios: pd.DataFrame) -> tuple[Pair, ...]:
    """The pairs that occur, from `crosstab_ratios` rows of unit image."""
    return tuple(
        Pair(
            style=int(row["image_cluster"]),
            topic=int(row["text_cluster"]),
            share=float(row["ratio"]),
            low=float(row["ratio_low"]),
            high=float(row["ratio_high"]),
            lift=float(row["lift"]),
            q=float(row["q_value"]),
            poster_p=float(row["poster_p_value"]),
            n_posts=int(row["n_posts"]),
            n_posters=int(row["n_posters"]),
            supported=bool(row["supported"]),
        )
        for row in records(ratios.dropna(subset=["text_cluster"]))
    )


def trends_of(trends: pd.DataFrame, until: date, shown: Iterable[Cluster]) -> tuple[Trend, ...]:
    """Trends of this crawl's clusters, as far as this crawl date: what moves first, then the largest."""
    names = {cluster.identity: cluster for cluster in shown}
    found: list[Trend] = []
    of_crawls = trends[(trends["basis"] == "crawl_date") & (trends["identity"].isin(list(names)))]
    for identity, rows in of_crawls.groupby("identity"):
        points = [r for r in records(rows.sort_values("crawl_date")) if r["crawl_date"] <= until]
        if points:
            cluster = names[str(identity)]
            found.append(
                Trend(
                    modality=cluster.modality,
                    identity=str(identity),
                    name=cluster.name,
                    days=tuple(r["crawl_date"] for r in points),
                    shares=tuple(float(r["share"]) for r in points),
                    lows=tuple(float(r["share_low"]) for r in points),
                    highs=tuple(float(r["share_high"]) for r in points),
                    n_posts=sum(int(r["n_posts"]) for r in points),
                    direction=str(points[-1]["direction"]),
                    change=float(points[-1]["change"] or 0.0),
                )
            )
    moves = ("rising", "falling")
    return tuple(
        sorted(
            found,
            key=lambda t: (
                t.direction not in moves,
                -abs(t.change) * (t.direction in moves),
                -t.n_posts,
                t.identity,
            ),
        )
    )


def events_of(identities: pd.DataFrame, until: date) -> tuple[Event, ...]:
    """What happened to styles and topics up to a crawl date, latest first."""
    rows = [row for row in records(identities) if row["crawl_date"] <= until]
    names = {row["identity"]: identity_name(row) for row in rows}
    events: list[Event] = []
    for row in rows:

        def event(what: str, other: Text = "", row: Row = row) -> Event:
            return Event(row["crawl_date"], str(row["modality"]), what, names[row["identity"]], other)

        if row["event"] == "born":
            events.append(event("born"))
        elif row["event"] == "split":
            events.append(event("split", names.get(row["split_from"], str(row["split_from"]))))
        elif row["event"] == "merged":
            events += [event("merged", names.get(other, str(other))) for other in row["absorbed"]]
        # an end is known only from a later crawl, and said only if the posts are gone, too
        if row["is_gone"] and row["last_seen"] == row["crawl_date"] < until:
            events.append(event("ended"))
    order = ["born", "split", "merged", "ended"]
    return tuple(
        sorted(
            events, key=lambda e: (-e.crawl_date.toordinal(), e.modality, order.index(e.what), str(e.name))
        )
    )


def identity_name(row: Row) -> Text:
    """The name of an identity; one that has none has a few digits."""
    if row["name_by"] != "identity":
        return str(row["name"])
    return numbered(str(row["modality"]), str(row["identity"]).rpartition("-")[2][:4])


def curve_of(modality: str, k_selection: pd.DataFrame) -> Curve | None:
    """The elbow of one modality, from `k_selection` rows; None without any."""
    rows = records(k_selection[k_selection["modality"] == modality].sort_values("k"))
    chosen = [row for row in rows if row["chosen"]]
    if not chosen:
        return None
    return Curve(
        modality, tuple(int(r["k"]) for r in rows), tuple(float(r["inertia"]) for r in rows), chosen[0]
    )


def map_of(
    modality: str, items: Sequence[tuple[Item, int]], vectors: NDArray[np.float32], seed: int
) -> ItemMap:
    """Where the items of a modality lie; items and their cluster ids as the rows of `vectors`."""
    if not items:
        return ItemMap(modality, "PCA", 0, ())
    labels = np.array([cluster_id for _, cluster_id in items], dtype=np.int64)
    placed = lay_out(vectors, labels, MAP_ITEMS, seed)
    at = _unit_square(placed.positions)
    return ItemMap(
        modality,
        placed.method,
        len(items),
        tuple(
            Placed(items[row][0], float(x), float(y), int(label), int(n))
            for row, (x, y), label, n in zip(placed.rows, at, placed.labels, placed.n_items, strict=True)
        ),
    )


def _unit_square(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions in 0 to 1, their proportions kept."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    side = max(float((high - low).max()), 1e-9)
    return (positions - (low + high) / 2) / side + 0.5


def posts_of(posts: pd.DataFrame) -> dict[tuple[date, str], Post]:
    """Captions and links by crawl date and post, from item_crawl_date, post_id, caption, post_url."""
    return {
        (pd.Timestamp(row["item_crawl_date"]).date(), str(row["post_id"])): Post(
            shortened(str(row["caption"] or "")), web_link(row["post_url"])
        )
        for row in records(posts)
    }


def shortened(caption: str) -> str:
    """A caption in one line, of at most `CAPTION_LENGTH` characters."""
    line = " ".join(caption.split())
    return line if len(line) <= CAPTION_LENGTH else line[: CAPTION_LENGTH - 1] + "…"
