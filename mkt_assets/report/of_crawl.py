"""The report's facts of a crawl, from its stored tables; and the pictures of its items.

Not here: what becomes of single tables' rows (from_tables, history), what the page says of the facts (answers, page).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.report.facts import Facts, Item, ItemMap, Made
from mkt_assets.report.from_tables import (
    clusters_of,
    curve_of,
    map_of,
    members_of,
    pairs_of,
    posts_of,
    refused_of,
    seen_of,
)
from mkt_assets.report.history import compared_with, events_of, first_seen_of, trends_of
from mkt_assets.report.rows import records
from mkt_assets.report.tiles import Tiles
from mkt_assets.resources.files import FileStore
from mkt_assets.stored.crawl import Crawl
from mkt_assets.stored.mattes import open_thumbnail

_PLAIN_MATCH = 0.9
"""A caption that matches its pictures better than this share of others tells of what is in them; by chance 1 of 10."""
ModelUsed = tuple[str, str, str]
"""Role (matting, image or text), id and version of a model."""


def facts_of(
    crawl: Crawl,
    *,
    trends: pd.DataFrame,
    models: Sequence[tuple[str, str, str, str]],
    settings: Sequence[tuple[str, str]],
    packages: Sequence[tuple[str, str]],
    made: Sequence[Made],
    reported: Collection[date] = (),
) -> Facts:
    """All that the page tells of a crawl.

    Args:
        crawl: Its tables.
        trends: Rows of `trends`, of all crawl dates.
        models: Role, id, version and licence of the models behind the rows.
        settings: Names and values of the settings behind the rows.
        packages: Names and versions.
        made: When what it is made of was materialized.
        reported: The crawl dates that have a report.
    """
    of_date = crawl.identities[crawl.identities["crawl_date"] == crawl.crawl_date]
    dated = dict(zip(crawl.clusters["post_id"], crawl.clusters["item_crawl_date"], strict=True))
    by_sight = {"image": seen_of(crawl.table("seen_words"))}
    styles, topics = (
        clusters_of(m, crawl.profiles, of_date, trends, crawl.crawl_date, dated, by_sight.get(m))
        for m in MODALITIES
    )
    counted = crawl.ratios.drop_duplicates("image_cluster")
    n_with, n_without = int(counted["n_with_text"].sum()), int(counted["n_without_text"].sum())
    starts = [row["window_start"] for row in records(crawl.k_selection) if row["window_start"] is not None]
    rejects = crawl.table("rejects")
    return Facts(
        crawl_date=crawl.crawl_date,
        window_start=min(starts, default=None),
        compared_with=compared_with(crawl.identities, crawl.crawl_date),
        styles=styles,
        topics=topics,
        pairs=pairs_of(crawl.ratios),
        n_pictures=n_with + n_without,
        n_with_caption=n_with,
        trends=trends_of(trends, crawl.crawl_date, (*styles, *topics)),
        events=events_of(crawl.identities, crawl.crawl_date, (*styles, *topics)),
        curves=tuple(c for m in MODALITIES if (c := curve_of(m, crawl.k_selection)) is not None),
        methods=tuple(records(crawl.table("method_comparison"))),
        maps=tuple(_map(crawl, modality) for modality in MODALITIES),
        posts=posts_of(crawl.posts),
        quality=_quality(crawl, n_with, n_with + n_without),
        rejects=_rejects(rejects),
        models=tuple(models),
        settings=tuple(settings),
        packages=tuple(packages),
        made=tuple(made),
        members=members_of(crawl.clusters),
        refused=refused_of(rejects),
        first_seen=first_seen_of(crawl.sightings, of_date, trends, crawl.crawl_date),
        before=max((day for day in reported if day < crawl.crawl_date), default=None),
        after=min((day for day in reported if day > crawl.crawl_date), default=None),
    )


def models_of(crawl: Crawl) -> list[ModelUsed]:
    """Every model that the rows say they are made by."""
    of_date = crawl.mattes[crawl.mattes["item_crawl_date"] == crawl.crawl_date]
    matting = {str(model).partition(" ") for model in of_date["matting_model"].dropna()}
    found = [("matting", model, version) for model, _, version in sorted(matting)]
    columns = ["crawl_date", "encoder", "encoder_version"]
    for role in MODALITIES:
        used = crawl.table(f"{role}_embeddings", columns).drop_duplicates()
        found += [(role, str(row["encoder"]), str(row["encoder_version"])) for row in records(used)]
    return found


def tiles_of(crawl: Crawl, media: FileStore) -> Tiles:
    """Cut-outs by item."""
    paths = {
        Item(row["item_crawl_date"], str(row["post_id"]), str(row["frame"])): str(row["matte_path"])
        for row in records(crawl.mattes)
        if row["matte_path"] is not None
    }

    def tile(item: Item, max_size: tuple[int, int]) -> Image.Image | None:
        path = paths.get(item)
        if path is None or not media.exists(path):
            return None
        return open_thumbnail(media, path, max_size)

    return tile


def _map(crawl: Crawl, modality: str) -> ItemMap:
    items, method = crawl.located(modality)
    of_rows = [
        (Item(row["item_crawl_date"], str(row["post_id"]), row["frame"]), int(row["cluster_id"]))
        for row in records(items)
    ]
    return map_of(modality, of_rows, items[["x", "y"]].to_numpy(np.float64), method)


def _quality(crawl: Crawl, n_with: int, n_pictures: int) -> Mapping[str, tuple[int, int | None]]:
    posts = crawl.table("raw_posts", ["poster_id", "n_likes_is_lower_bound"])
    verdicts = crawl.mattes.loc[crawl.mattes["item_crawl_date"] == crawl.crawl_date, "verdict"]
    has_text = crawl.table("summaries", ["has_text"])["has_text"]
    chunks = crawl.table("text_embeddings", ["n_chunks"])["n_chunks"]
    pictures = crawl.profiles[crawl.profiles["modality"] == "image"]
    n_posts, n_seen = len(posts), len(verdicts)
    matches = crawl.table("caption_matches", ["percentile"])["percentile"].dropna()
    matched = {"matched": (int((matches >= _PLAIN_MATCH).sum()), len(matches))} if len(matches) else {}
    return {
        "posts": (n_posts, None),
        "accounts": (int(posts["poster_id"].nunique()), None),
        "pictures": (int((verdicts == "kept").sum()), n_seen),
        "flagged": (int((verdicts == "flagged").sum()), n_seen),
        "rejected": (int((verdicts == "rejected").sum()), n_seen),
        "captions": (int(has_text.sum()), n_posts),
        "no_text": (int((~has_text.astype(bool)).sum()), n_posts),
        "chunks": (int((chunks > 1).sum()), len(chunks)),
        "dupes": (int(pictures["n_near_duplicates"].sum()), int(pictures["n_items"].sum())),
        **matched,
        "coverage": (n_with, n_pictures),
        "bounds": (int(posts["n_likes_is_lower_bound"].fillna(value=False).sum()), n_posts),
    }


def _rejects(rejects: pd.DataFrame) -> tuple[tuple[str, str, int], ...]:
    rows = rejects.groupby(["asset", "reason"]).size().reset_index(name="n")
    ordered = rows.sort_values(["n", "asset", "reason"], ascending=[False, True, True])
    of_rows: list[dict[str, Any]] = records(ordered)
    return tuple((str(r["asset"]), str(r["reason"]), int(r["n"])) for r in of_rows)
