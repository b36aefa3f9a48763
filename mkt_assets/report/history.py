"""What the report tells of several crawl dates together: trends, events, lasting names.

Not here: what it tells of one (from_tables), the trends and identities themselves (core/over_time).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from mkt_assets.report.facts import Cluster, Event, Row, Trend, numbered
from mkt_assets.report.rows import records
from mkt_assets.report.text import Text


def directions_of(trends: pd.DataFrame, until: date) -> dict[str, str]:
    """By identity, whether it rises or falls over the crawls; "" where a crawl later than `until` had a say in it."""
    of_crawls = trends[trends["basis"] == "crawl_date"]
    last = of_crawls.groupby("identity")["crawl_date"].transform("max")
    return {
        str(r["identity"]): str(r["direction"]) if day <= until else ""
        for r, day in zip(records(of_crawls), last, strict=True)
    }


def trends_of(trends: pd.DataFrame, until: date, shown: Iterable[Cluster]) -> tuple[Trend, ...]:
    """Trends of this crawl's clusters, as far as this crawl date: what moves first, then the largest."""
    names = {cluster.identity: cluster for cluster in shown}
    directions = directions_of(trends, until)
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
                    direction=directions[str(identity)],
                    change=float(points[-1]["change"] or 0.0),
                    fresh_only=bool(points[-1].get("fresh_only")),
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


def first_seen_of(
    sightings: pd.DataFrame, identities: pd.DataFrame, trends: pd.DataFrame, until: date
) -> dict[str, frozenset[str]]:
    """By identity, the posts behind the newest point of its trend: those that this crawl was the first to find.

    Args:
        sightings: Rows as `Crawl.sightings` has them.
        identities: `cluster_identities` rows of the crawl date.
        trends: `trends` rows of all dates.
        until: The crawl date.
    """
    points = trends[trends["basis"] == "crawl_date"]
    now = {str(r["identity"]): r for r in records(points[points["crawl_date"] == until])}
    of_cluster = {(r["modality"], r["cluster_id"]): str(r["identity"]) for r in records(identities)}
    found: dict[str, frozenset[str]] = {}
    first = sightings.groupby(["modality", "encoder", "post_id"])["crawl_date"].transform("min")
    new = sightings[(sightings["crawl_date"] == until) & (first == until)]
    earlier = [day for day in set(sightings["crawl_date"]) if day < until]
    for (modality, cluster_id), rows in new.groupby(["modality", "cluster_id"]):
        identity = of_cluster.get((str(modality), int(str(cluster_id))), "")
        if identity not in now:
            continue
        if now[identity].get("fresh_only") and earlier:
            published = pd.to_datetime(rows["published_at"], utc=True).dt.tz_localize(None)
            fresh = rows[published >= pd.Timestamp(max(earlier))]
        else:
            fresh = rows
        posts = frozenset(map(str, fresh["post_id"]))
        # of a first crawl that is a stock the trend knows better which are fresh: no posts rather than other ones
        if len(posts) == int(now[identity]["n_posts"]):
            found[identity] = posts
    return found


def compared_with(identities: pd.DataFrame, until: date) -> dict[str, date]:
    """By modality, the crawl date that `until` was matched with: the last earlier one with the same encoder."""
    found: dict[str, date] = {}
    for modality, rows in identities.groupby("modality"):
        now = rows[rows["crawl_date"] == until]
        earlier = rows[(rows["crawl_date"] < until) & rows["encoder"].isin(now["encoder"])]
        if len(earlier) and not (now["event"] == "first").all():
            found[str(modality)] = earlier["crawl_date"].max()
    return found


def events_of(identities: pd.DataFrame, until: date, shown: Iterable[Cluster]) -> tuple[Event, ...]:
    """What happened to styles and topics up to a crawl date, latest first.

    Of what came and what went only what is tested is told (is_new, is_gone).
    """
    rows = [row for row in records(identities) if row["crawl_date"] <= until]
    names = {row["identity"]: identity_name(row) for row in rows} | {c.identity: c.name for c in shown}
    events: list[Event] = []
    for row in rows:

        def event(what: str, other: Text = "", row: Row = row) -> Event:
            return Event(row["crawl_date"], str(row["modality"]), what, names[row["identity"]], other)

        if row.get("is_new") and row["split_from"]:
            events.append(event("split", names.get(row["split_from"], str(row["split_from"]))))
        elif row.get("is_new"):
            events.append(event("born"))
        elif row["event"] == "merged":
            events += [event("merged", names.get(other, str(other))) for other in row["absorbed"]]
        # an end is known only from a later crawl
        if row.get("is_gone") and row["last_seen"] == row["crawl_date"] < until:
            events.append(event("ended"))
    order = ["born", "split", "merged", "ended"]
    return tuple(
        sorted(
            events, key=lambda e: (-e.crawl_date.toordinal(), e.modality, order.index(e.what), str(e.name))
        )
    )


def identity_name(row: Row) -> Text:
    """The one name of an identity; one that nobody named is called by its kind, in the reader's language."""
    if row["name_by"] != "identity":
        return str(row["name"])
    return numbered(str(row["modality"]), str(row["name"]).partition(" ")[2] or str(row["name"]))
