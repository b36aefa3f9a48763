"""cluster_profiles: what every style and topic is, with a name. The counting is in core/profiles and core/keywords."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from mkt_assets.assets.step import markdown_table, result, table_asset
from mkt_assets.contract.schema import CLUSTER_PROFILES, MODALITIES
from mkt_assets.core.profiles.account_words import ONE_ACCOUNT, shown_name
from mkt_assets.core.profiles.keywords import Caption, CaptionWords
from mkt_assets.core.profiles.profiles import profile_clusters
from mkt_assets.core.rounding import percent
from mkt_assets.core.vectors import to_matrix
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.settings import Settings

COUNTS = ("n_likes", "n_likes_is_lower_bound", "n_collects", "n_collects_is_lower_bound")


class ClusterProfilesConfig(dg.Config):
    """Run configuration; a field left out keeps the setting."""

    low_support_posts: int | None = Field(default=None, description="fewer posts than this are low support")


def build_cluster_profiles(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        CLUSTER_PROFILES,
        settings,
        group="findings",
        kinds={"python", "duckdb", "pandas"},
        deps=["clusters"],
        code_version=f"2-{settings.low_support_posts}",
        description="Every style and topic: its name and keywords (class-based TF-IDF of the captions), size, "
        "most typical members, accounts and how concentrated they are, near duplicates, median likes and collects.",
    )
    def cluster_profiles(
        context: dg.AssetExecutionContext,
        config: ClusterProfilesConfig,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            settings = settings.overridden_by(config)
            clusters = warehouse.read("clusters", [crawl_date]).to_pandas()
            profiles = _profiles(warehouse, clusters, settings.low_support_posts)
            rows = _rows(profiles, clusters, crawl_date)
            warehouse.replace_partition("cluster_profiles", crawl_date, rows)
            return result(rows.num_rows, _metadata(profiles))

    return cluster_profiles


def _profiles(warehouse: Warehouse, clusters: pd.DataFrame, min_posts: int) -> pd.DataFrame:
    """Rows of core/profiles; none where nothing was clustered."""
    if clusters.empty:
        return pd.DataFrame()
    items = {m: clusters[clusters["modality"] == m].reset_index(drop=True) for m in MODALITIES}
    item_dates = sorted(set(clusters["item_crawl_date"]))
    versions = clusters[["item_crawl_date", "post_id"]].drop_duplicates()
    summaries = _of_versions(
        warehouse.read(
            "summaries", item_dates, columns=["crawl_date", "post_id", "poster_id", "summary", "has_text"]
        ),
        versions,
    )
    words = CaptionWords()
    captions = {
        row["post_id"]: Caption(row["poster_id"], words.of(row["summary"]))
        for row in summaries[summaries["has_text"]].to_dict("records")
    }
    posts = warehouse.read("raw_posts", item_dates, columns=["crawl_date", "post_id", *COUNTS])
    return profile_clusters(
        items,
        {m: vectors_of(warehouse, m, items[m], item_dates) for m in MODALITIES},
        _of_versions(posts, versions),
        captions,
        min_posts=min_posts,
    )


def _of_versions(rows: pa.Table, versions: pd.DataFrame) -> pd.DataFrame:
    """The rows of the versions of posts that were clustered."""
    frame = rows.to_pandas().rename(columns={"crawl_date": "item_crawl_date"})
    return frame.merge(versions, on=["item_crawl_date", "post_id"]).drop(columns="item_crawl_date")


def vectors_of(
    warehouse: Warehouse, modality: str, items: pd.DataFrame, item_dates: Sequence[date]
) -> NDArray[np.float32]:
    """(n, d) vectors of the items, in their order.

    Raises:
        ContractError: an item has no vector any more.
    """
    keys = ["item_crawl_date", "post_id", *(["frame"] if modality == "image" else [])]
    rows = warehouse.read(
        f"{modality}_embeddings", item_dates, columns=["crawl_date", *keys[1:], "embedding"]
    )
    places = rows.drop_columns(["embedding"]).to_pandas().rename(columns={"crawl_date": "item_crawl_date"})
    found = items[keys].merge(places.assign(position=np.arange(len(places))), on=keys, how="left")["position"]
    if found.isna().any():
        raise ContractError(
            f"{int(found.isna().sum())} clustered {modality} items have no vector any more: materialize "
            "clusters again."
        )
    return to_matrix(rows["embedding"])[found.to_numpy(np.int64)]


def _rows(profiles: pd.DataFrame, clusters: pd.DataFrame, crawl_date: date) -> pa.Table:
    if profiles.empty:
        return CLUSTER_PROFILES.empty()
    encoders = clusters.groupby("modality")["encoder"].first()
    frame = profiles.assign(crawl_date=crawl_date, encoder=profiles["modality"].map(encoders))
    return pa.Table.from_pandas(
        frame[CLUSTER_PROFILES.column_names], CLUSTER_PROFILES.arrow_schema(), preserve_index=False
    )


def _metadata(profiles: pd.DataFrame) -> dict[str, Any]:
    if profiles.empty:
        return {"styles": 0, "topics": 0}
    by = {m: profiles[profiles["modality"] == m] for m in MODALITIES}
    return {
        "styles": len(by["image"]),
        "topics": len(by["text"]),
        "named_by_keywords": int((profiles["name_by"] == "keywords").sum()),
        "named_by_one_account": int((profiles["name_by"] == ONE_ACCOUNT).sum()),
        "one_poster_clusters": int(profiles["one_poster"].sum()),
        "low_support_clusters": int(profiles["low_support"].sum()),
        "near_duplicates": int(profiles["n_near_duplicates"].sum()),
        "largest_style_share": float(by["image"]["share"].max()) if len(by["image"]) else 0.0,
        "largest_topic_share": float(by["text"]["share"].max()) if len(by["text"]) else 0.0,
        "largest_styles": markdown_table(_largest(by["image"])),
        "largest_topics": markdown_table(_largest(by["text"])),
    }


def _largest(profiles: pd.DataFrame, n: int = 12) -> list[dict[str, object]]:
    """The largest clusters, for the UI."""
    return [
        {
            "cluster": row["cluster_id"],
            "name": shown_name(row["name"], row["name_by"]),
            "share": percent(row["share"]),
            "items": row["n_items"],
            "posts": row["n_posts"],
            "posters": f"{row['n_posters']} (one account)" if row["one_poster"] else row["n_posters"],
            "keywords": " ".join(row["keywords"]),
            "median likes": _likes(row["likes_median"], row["likes_median_is_lower_bound"]),
            "support": "low" if row["low_support"] else "",
        }
        for row in profiles.sort_values("cluster_id").head(n).to_dict("records")
    ]


def _likes(median: float | None, is_lower_bound: bool) -> str:
    if median is None or np.isnan(median):
        return ""
    return f"{'≥ ' if is_lower_bound else ''}{median:,.0f}"
