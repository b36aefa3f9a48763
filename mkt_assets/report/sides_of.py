"""What the page of two crawls tells, from their stored tables.

Not here: what is claimed (core/over_time/side_by_side), what the page says of it (sides).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.core.over_time.novelty import CrawlItems
from mkt_assets.core.over_time.side_by_side import side_by_side
from mkt_assets.report.facts import Cluster, Post, Row
from mkt_assets.report.from_tables import clusters_of, posts_of
from mkt_assets.report.rows import records
from mkt_assets.report.text import Text, say
from mkt_assets.report.wording import BOTH_KINDS
from mkt_assets.stored.crawl import Crawl

ItemsOf = Callable[[str, date], CrawlItems | None]
"""Clustered items of a modality and crawl date; None where their vectors are no longer those that were clustered."""


@dataclass(frozen=True)
class Side:
    """A crawl: how much is in it, and where its report is, relative to the page; None where there is none."""

    crawl_date: date
    n_posts: int
    n_accounts: int
    report: str | None


@dataclass(frozen=True)
class Part:
    """What a crawl has of a style or topic; no cluster, and a share of 0, where it has none."""

    cluster: Cluster | None
    n_posts: int
    n_accounts: int
    largest: float | None
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A style or topic in both crawls; `what` as core/over_time/side_by_side says it; no q where it is too few."""

    modality: str
    name: Text
    what: str
    q: float | None
    account_p: float | None
    parts: tuple[Part, Part]


@dataclass(frozen=True)
class Kind:
    """All styles, or all topics; or why they cannot be compared."""

    modality: str
    rows: tuple[Compared, ...]
    why_not: Text | None = None
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Sides:
    """Two crawls side by side, the earlier one first; `n_both` is the number of posts that are in both."""

    crawls: tuple[Side, Side]
    n_both: int
    kinds: tuple[Kind, ...]
    posts: dict[tuple[date, str], Post]


def sides_of(
    crawls: tuple[Crawl, Crawl],
    items_of: ItemsOf,
    trends: pd.DataFrame,
    reports: tuple[str | None, str | None],
    *,
    min_posts: int,
) -> Sides:
    """All that the page tells of two crawls.

    Args:
        crawls: Their tables, the earlier one first.
        items_of: See `ItemsOf`.
        trends: Rows of `trends`, of all crawl dates.
        reports: Addresses of their reports, relative to the page.
        min_posts: Groups of fewer posts are too few to tell.
    """
    posts = [crawl.table("raw_posts", ["post_id", "poster_id"]) for crawl in crawls]
    sides = [
        Side(crawl.crawl_date, of["post_id"].nunique(), of["poster_id"].nunique(), report)
        for crawl, of, report in zip(crawls, posts, reports, strict=True)
    ]
    return Sides(
        crawls=(sides[0], sides[1]),
        n_both=len({*posts[0]["post_id"]} & {*posts[1]["post_id"]}),
        kinds=tuple(_kind(modality, crawls, items_of, trends, min_posts) for modality in MODALITIES),
        posts=posts_of(crawls[0].posts) | posts_of(crawls[1].posts),
    )


def _kind(
    modality: str, crawls: tuple[Crawl, Crawl], items_of: ItemsOf, trends: pd.DataFrame, min_posts: int
) -> Kind:
    clusters = [{c.identity: c for c in _clusters(modality, crawl, trends)} for crawl in crawls]
    if why_not := _why_not(modality, crawls, clusters):
        return Kind(modality, (), why_not)
    items = [items_of(modality, crawl.crawl_date) for crawl in crawls]
    earlier, later = items
    if earlier is None or later is None:
        lost = crawls[items.index(None)].crawl_date.isoformat()
        why_not = say(
            "sides_vectors", what=_what(modality), date=lost, command=f"mkt run --crawl-date {lost}"
        )
        return Kind(modality, (), why_not)
    then, now = ({c.cluster_id: identity for identity, c in of.items()} for of in clusters)
    found = records(side_by_side(earlier, later, (then, now), min_posts=min_posts))
    rows = tuple(_compared(modality, row, clusters) for row in found)
    return Kind(modality, rows, notes=_notes(modality, crawls, trends))


def _clusters(modality: str, crawl: Crawl, trends: pd.DataFrame) -> tuple[Cluster, ...]:
    of_date = crawl.identities[crawl.identities["crawl_date"] == crawl.crawl_date]
    dated = dict(zip(crawl.clusters["post_id"], crawl.clusters["item_crawl_date"], strict=True))
    return clusters_of(modality, crawl.profiles, of_date, trends, crawl.crawl_date, dated)


def _compared(modality: str, row: Row, clusters: list[dict[str, Cluster]]) -> Compared:
    parts = [
        Part(
            cluster=of.get(row["identity"]),
            n_posts=int(row[f"n_posts_{side}"]),
            n_accounts=int(row[f"n_accounts_{side}"]),
            largest=row[f"largest_{side}"],
            share=float(row[f"share_{side}"]),
            low=float(row[f"low_{side}"]),
            high=float(row[f"high_{side}"]),
        )
        for side, of in zip(("earlier", "later"), clusters, strict=True)
    ]
    name = next(part.cluster.name for part in reversed(parts) if part.cluster)
    return Compared(modality, name, row["what"], row["q_value"], row["poster_p_value"], (parts[0], parts[1]))


def _why_not(modality: str, crawls: tuple[Crawl, Crawl], clusters: list[dict[str, Cluster]]) -> Text | None:
    """Why the crawls' clusters of a modality cannot be compared, as far as the tables tell."""
    for crawl, found in zip(crawls, clusters, strict=True):
        if not found:
            return say("sides_none", date=crawl.crawl_date.isoformat(), what=_what(modality))
    encoders = [
        " + ".join(sorted(crawl.profiles.loc[crawl.profiles["modality"] == modality, "encoder"].unique()))
        for crawl in crawls
    ]
    if encoders[0] == encoders[1]:
        return None
    earlier, later = (crawl.crawl_date.isoformat() for crawl in crawls)
    return say(
        "sides_encoders",
        what=_what(modality),
        earlier=earlier,
        later=later,
        one=encoders[0],
        other=encoders[1],
        command=f"mkt run --crawl-date {earlier} --crawl-date {later}",
    )


def _notes(modality: str, crawls: tuple[Crawl, Crawl], trends: pd.DataFrame) -> tuple[Text, ...]:
    """What a reader should know of the crawls before she believes a difference."""
    earlier, later = crawls
    notes: list[Text] = []
    of_crawls = trends[(trends["modality"] == modality) & (trends["basis"] == "crawl_date")]
    is_first = (crawls[0].identities["crawl_date"] >= earlier.crawl_date).all()
    if is_first and of_crawls["fresh_only"].eq(other=True).any():
        notes.append(say("sides_stock", date=earlier.crawl_date.isoformat()))
    since = later.items(modality)["item_crawl_date"].min()
    if since <= earlier.crawl_date:
        notes.append(say("sides_window", later=later.crawl_date.isoformat(), date=since.isoformat()))
    return tuple(notes)


def _what(modality: str) -> Text:
    return say(BOTH_KINDS[(modality,)])
