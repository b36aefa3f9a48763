"""Crawls at the edge, written post by post, their tables made by the platform's own functions, and their facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.cluster_identities import identities_of, read_clusters
from mkt_assets.assets.crosstab_ratios import ratios_of
from mkt_assets.assets.trends import items_of
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.schema import TABLES
from mkt_assets.core.over_time.novelty import CrawlItems, claims
from mkt_assets.core.over_time.trends import trends
from mkt_assets.core.profiles.identity_names import name_identities
from mkt_assets.core.profiles.keywords import Caption
from mkt_assets.core.profiles.profiles import profile_clusters
from mkt_assets.report import of_crawl
from mkt_assets.report.facts import Facts
from mkt_assets.stored.crawl import Crawl

DAYS = tuple(date(2024, 6, 10) + timedelta(days=n) for n in range(6))
REJECTED = -1
_MIN_POSTS = 5


@dataclass(frozen=True)
class Shot:
    """A post of a crawl; style None is no picture, REJECTED one that could not be used, topic None no text."""

    day: date
    post: str
    account: str
    style: int | None
    topic: int | None


class Shelf:
    """Tables that are read as a warehouse's are."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.frames = frames

    def read(
        self, table: str, crawl_dates: Sequence[date] | None = None, *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        rows = self.frames[table]
        if crawl_dates is not None:
            rows = rows[rows["crawl_date"].isin(list(crawl_dates))]
        # columns that no sentence is made of are not filled
        schema = pa.schema([field.with_nullable(True) for field in TABLES[table].arrow_schema()])
        found = pa.Table.from_pandas(rows[TABLES[table].column_names], schema, preserve_index=False)
        return found.select(list(columns)) if columns else found


def shots(day: date, n: int, kinds: Sequence[tuple[int | None, int | None]], **how: Any) -> list[Shot]:
    """N posts, their (style, topic) the kinds in turn, by `n_accounts` in turn; `first` is the first post's number."""
    n_accounts, first = how.get("n_accounts", 8), how.get("first", 0)
    return [
        Shot(day, f"p{i:04d}", f"a{(i // len(kinds)) % n_accounts}", *kinds[i % len(kinds)])
        for i in range(first, first + n)
    ]


def shelf(posts: Iterable[Shot]) -> Shelf:
    """The tables of these posts, as the platform's steps make them; k is the number of planted clusters."""
    known = list(posts)
    frames = {name: _frame(name, []) for name in TABLES}
    days = sorted({shot.day for shot in known})
    frames["raw_posts"] = _frame("raw_posts", [_post(shot) for shot in known])
    frames["summaries"] = _frame("summaries", [_summary(shot) for shot in known])
    pictures = [shot for shot in known if shot.style is not None]
    frames["matted_images"] = _frame("matted_images", [_matte(shot) for shot in pictures])
    rejects = [shot for shot in pictures if shot.style == REJECTED]
    frames["rejects"] = _frame("rejects", [_reject(shot) for shot in rejects])
    clusters = [row for day in days for m in MODALITIES for row in _clusters(known, day, m)]
    frames["clusters"] = _frame("clusters", clusters)
    frames["k_selection"] = _frame("k_selection", _chosen(frames["clusters"]))
    profiles = [_profiles(frames["clusters"], known, day) for day in days]
    frames["cluster_profiles"] = _frame("cluster_profiles", [r for part in profiles for r in part])
    parts = [_ratios(frames["clusters"], day) for day in days]
    frames["crosstab_ratios"] = _frame("crosstab_ratios", [r for part in parts for r in part])
    if len(frames["cluster_profiles"]):
        frames["cluster_identities"] = _frame("cluster_identities", _identities(frames, known))
        of = {name: Shelf(frames).read(name) for name in ("cluster_identities", "clusters", "raw_posts")}
        of["cluster_identities"] = of["cluster_identities"].select(
            ["crawl_date", "modality", "cluster_id", "identity", "name"]
        )
        of["raw_posts"] = of["raw_posts"].select(["crawl_date", "post_id", "published_at"])
        frames["trends"] = _frame("trends", trends(items_of(of)).to_dict("records"))
    return Shelf(frames)


def facts_of(tables: Shelf, day: date) -> Facts:
    """What the report of a day tells of these tables."""
    trends_so_far = tables.read("trends").to_pandas()
    return of_crawl.facts_of(
        Crawl(tables.read, day), trends=trends_so_far, models=(), settings=(), packages=(), made=()
    )


def items_on(tables: Shelf, known: Sequence[Shot]) -> Callable[[str, date], CrawlItems]:
    """The clustered items of a modality and day, with their vectors."""
    of = {(shot.day, shot.post): shot for shot in known}

    def items_of(modality: str, day: date) -> CrawlItems:
        members = tables.frames["clusters"]
        rows = members[(members["modality"] == modality) & (members["crawl_date"] == day)]
        vectors = [_vector(_kind(of[day, p], modality) or 0, p) for p in rows["post_id"]]
        columns = (rows[name].tolist() for name in ("cluster_id", "post_id", "poster_id"))
        return CrawlItems(np.array(vectors, dtype=np.float32), *columns)

    return items_of


def _frame(name: str, rows: Iterable[Mapping[Any, Any]]) -> pd.DataFrame:
    columns = TABLES[name].column_names
    filled = [{column: row.get(column) for column in columns} for row in rows]
    return pd.DataFrame(filled, columns=columns, dtype=object)


def _post(shot: Shot) -> dict[str, Any]:
    zeros = {c.name: 0 for c in TABLES["raw_posts"].columns if c.type == "BIGINT" and not c.nullable}
    return zeros | {
        "crawl_date": shot.day,
        "post_id": shot.post,
        "poster_id": shot.account,
        "title": shot.post,
        "n_likes": 3,
        "n_likes_is_lower_bound": False,
        "n_collects_is_lower_bound": False,
        "published_at": datetime.combine(shot.day, datetime.min.time()),
    }


def _summary(shot: Shot) -> dict[str, Any]:
    has_text = shot.topic is not None
    return {"crawl_date": shot.day, "post_id": shot.post, "has_text": has_text, "summary": ""}


def _matte(shot: Shot) -> dict[str, Any]:
    verdict = "rejected" if shot.style == REJECTED else "kept"
    return {"crawl_date": shot.day, "post_id": shot.post, "frame": "post", "verdict": verdict}


def _reject(shot: Shot) -> dict[str, Any]:
    return {"crawl_date": shot.day, "asset": "matted_images", "reason": "The picture shows nobody."}


def _kind(shot: Shot, modality: str) -> int | None:
    kind = shot.style if modality == "image" else shot.topic
    return None if kind == REJECTED else kind


def _vector(kind: int, post: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng([kind, int(post[1:])])
    vector = 4 * np.eye(16)[kind] + rng.normal(size=16)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _clusters(known: Sequence[Shot], day: date, modality: str) -> list[dict[str, Any]]:
    placed = [
        (shot, kind) for shot in known if shot.day == day and (kind := _kind(shot, modality)) is not None
    ]
    sizes = pd.Series([kind for _, kind in placed], dtype="int64").value_counts()
    number = {kind: i for i, kind in enumerate(sorted(sizes.index, key=lambda kind: (-sizes[kind], kind)))}
    seen: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for shot, kind in placed:
        seen[kind] = seen.get(kind, 0) + 1
        rows.append(
            {
                "crawl_date": day,
                "modality": modality,
                "cluster_id": number[kind],
                "post_id": shot.post,
                "poster_id": shot.account,
                "frame": "post" if modality == "image" else None,
                "distance": 0.5,
                "rank_in_cluster": seen[kind],
                "item_crawl_date": day,
                "encoder": "e 1",
            }
        )
    return rows


def _chosen(clusters: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for (day, modality), items in clusters.groupby(["crawl_date", "modality"]):
        k = items["cluster_id"].nunique()
        tried = range(1, k + 4) if k > 1 else [1]
        rows += [
            {"crawl_date": day, "modality": modality, "k": n, "inertia": 1 / n, "chosen": n == k}
            | {"chosen_by": ("bend" if k > 1 else "only") if n == k else None, "window_start": day}
            | {"reason": "it is so", "knee_strength": 0.0, "knee_needed": 0.06, "knee_sensitivity": 1.0}
            | {"n_fitted": None}
            for n in tried
        ]
    return rows


def _profiles(clusters: pd.DataFrame, known: Sequence[Shot], day: date) -> list[dict[Any, Any]]:
    of_day = clusters[clusters["crawl_date"] == day]
    if of_day.empty:
        return []
    items = {m: of_day[of_day["modality"] == m].reset_index(drop=True) for m in MODALITIES}
    by_post = {shot.post: shot for shot in known if shot.day == day}
    vectors = {
        m: np.array(
            [_vector(_kind(by_post[p], m) or 0, p) for p in frame["post_id"]], dtype=np.float32
        ).reshape(-1, 16)
        for m, frame in items.items()
    }
    posts = pd.DataFrame([_post(shot) for shot in by_post.values()])
    posts["n_collects"] = None
    captions = {
        p: Caption(shot.account, frozenset({f"word{shot.topic}", f"term{shot.topic}"}))
        for p, shot in by_post.items()
        if shot.topic is not None
    }
    found = profile_clusters(items, vectors, posts, captions, min_posts=_MIN_POSTS)
    found = found.rename(columns={"name": "proposed_name", "name_by": "proposed_by"})
    return found.assign(crawl_date=day, encoder="e 1").to_dict("records")


def _identities(frames: Mapping[str, pd.DataFrame], known: Sequence[Shot]) -> list[dict[Any, Any]]:
    tables = {name: Shelf(frames).read(name) for name in ("cluster_profiles", "clusters")}
    profiles, members, _ = read_clusters(tables)
    before = Shelf(frames).read("cluster_identities").to_pandas()
    items_of = items_on(Shelf(frames), known)
    found = claims(identities_of(profiles, members, before), items_of, min_posts=_MIN_POSTS)
    return name_identities(found, profiles, members, {})[0].to_dict("records")


def _ratios(clusters: pd.DataFrame, day: date) -> list[dict[Any, Any]]:
    of_day = clusters[clusters["crawl_date"] == day]
    return ratios_of(of_day, day, min_posts=_MIN_POSTS).to_dict("records")
