"""What the report tells of one crawl, made from the rows of its tables.

Not here: what it tells of several (history), which tables there are (of_crawl).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.maps.dots import to_dots
from mkt_assets.report.facts import (
    Cluster,
    Curve,
    Item,
    ItemMap,
    Member,
    Pair,
    Placed,
    Post,
    Refused,
    Row,
    numbered,
)
from mkt_assets.report.history import directions_of, identity_name
from mkt_assets.report.rows import records
from mkt_assets.report.text import Term, Text

MAP_ITEMS = 1500
"""Drawn on the map, of each modality; more would neither be seen nor fit into a page that can be mailed."""


def clusters_of(
    modality: str,
    profiles: pd.DataFrame,
    identities: pd.DataFrame,
    trends: pd.DataFrame,
    until: date,
    item_dates: Mapping[str, date],
    seen: Mapping[int, tuple[Text, ...]] | None = None,
) -> tuple[Cluster, ...]:
    """Clusters of one modality of a crawl date, largest first.

    Args:
        modality: image or text.
        profiles: `cluster_profiles` rows of the crawl date.
        identities: `cluster_identities` rows of the crawl date; may be empty.
        trends: `trends` rows of all dates; may be empty.
        until: The crawl date.
        item_dates: By post, the crawl date whose items of it were clustered.
        seen: By cluster, the words that its pictures show.
    """
    known = {(r["modality"], r["cluster_id"]): r for r in records(identities)}
    directions = directions_of(trends, until)
    clusters: list[Cluster] = []
    for row in records(profiles[profiles["modality"] == modality]):
        number = int(row["cluster_id"])
        lasting = known.get((modality, number), {})
        clusters.append(
            Cluster(
                modality=modality,
                cluster_id=number,
                identity=str(lasting.get("identity", "")),
                name=identity_name(lasting) if lasting else numbered(modality, number),
                named_by=str(lasting.get("name_by", "")),
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
                previous=lasting.get("previous_crawl_date"),
                is_new=bool(lasting.get("is_new")),
                is_back=bool(lasting.get("is_back")),
                direction=directions.get(str(lasting.get("identity")), ""),
                typical=_typical(row, item_dates),
                seen=(seen or {}).get(number, ()),
            )
        )
    return tuple(sorted(clusters, key=lambda c: (-c.n_items, c.cluster_id)))


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


def _first_known(row: Row, *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def seen_of(seen_words: pd.DataFrame) -> Mapping[int, tuple[Text, ...]]:
    """By style, the words that its pictures show, best first, from `seen_words` rows."""
    words: dict[int, tuple[Text, ...]] = {}
    for row in records(seen_words.sort_values(["cluster_id", "rank"])):
        term = Term((("en", str(row["word_en"])), ("zh", str(row["word_zh"]))))
        words[int(row["cluster_id"])] = (*words.get(int(row["cluster_id"]), ()), term)
    return words


def pairs_of(ratios: pd.DataFrame) -> tuple[Pair, ...]:
    """The pairs that occur, from `crosstab_ratios` rows of unit image."""
    return tuple(
        Pair(
            style=int(row["image_cluster"]),
            topic=int(row["text_cluster"]),
            rank=int(row["rank"]),
            share=float(row["ratio"]),
            low=float(row["ratio_low"]),
            high=float(row["ratio_high"]),
            lift=float(row["lift"]),
            # rows of before these columns have neither
            cautious_lift=float(_first_known(row, "cautious_lift", "lift")),
            q=float(row["q_value"]),
            poster_q=float(_first_known(row, "poster_q_value", "poster_p_value")),
            n_posts=int(row["n_posts"]),
            n_posters=int(row["n_posters"]),
            largest_poster_share=row.get("largest_poster_share"),
            supported=bool(row["supported"]),
            seen=None if row.get("sight_agrees") is None else bool(row["sight_agrees"]),
        )
        for row in records(ratios.dropna(subset=["text_cluster"]))
    )


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
    modality: str, items: Sequence[tuple[Item, int]], positions: NDArray[np.float64], method: str
) -> ItemMap:
    """Where the items of a modality lie; items and their cluster ids as the rows of the (n, 2) `positions`."""
    if not items:
        return ItemMap(modality, method, 0, ())
    labels = np.array([cluster_id for _, cluster_id in items], dtype=np.int64)
    dots = to_dots(positions, labels, max_items=MAP_ITEMS)
    at = _unit_square(dots.positions)
    return ItemMap(
        modality,
        method,
        len(items),
        tuple(
            Placed(items[row][0], float(x), float(y), int(label), int(n))
            for row, (x, y), label, n in zip(dots.rows, at, dots.labels, dots.n_items, strict=True)
        ),
    )


def _unit_square(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions in 0 to 1, their proportions kept."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    side = max(float((high - low).max()), 1e-9)
    return (positions - (low + high) / 2) / side + 0.5


def posts_of(posts: pd.DataFrame) -> dict[tuple[date, str], Post]:
    """Posts by crawl date and id, from rows as `Crawl.posts` has them."""
    return {
        (pd.Timestamp(row["item_crawl_date"]).date(), str(row["post_id"])): Post(
            caption=str(row["caption"] or ""),
            url=row["post_url"],
            account=str(row["poster_id"] or ""),
            published=pd.Timestamp(row["published_at"]).date() if row["published_at"] is not None else None,
            likes=None if row["n_likes"] is None else int(row["n_likes"]),
            likes_at_least=bool(row["n_likes_is_lower_bound"]),
            collects=None if row["n_collects"] is None else int(row["n_collects"]),
        )
        for row in records(posts)
    }


def members_of(clusters: pd.DataFrame) -> tuple[Member, ...]:
    """The clustered items, from rows of `clusters`."""
    return tuple(
        Member(
            modality=str(row["modality"]),
            cluster_id=int(row["cluster_id"]),
            item=Item(row["item_crawl_date"], str(row["post_id"]), row["frame"]),
            rank=int(row["rank_in_cluster"]),
        )
        for row in records(clusters)
    )


def refused_of(rejects: pd.DataFrame) -> tuple[Refused, ...]:
    """Each row, file or picture that could not be used, from rows of `rejects`."""
    return tuple(
        Refused(
            asset=str(row["asset"]),
            reason=str(row["reason"]),
            where=str(row["source_file"] or "")
            + (f":{int(row['source_row'])}" if row["source_row"] is not None else ""),
            post_id=None if row["post_id"] is None else str(row["post_id"]),
        )
        for row in records(rejects)
    )
