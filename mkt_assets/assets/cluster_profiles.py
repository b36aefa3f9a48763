"""cluster_profiles: what every style and topic is, and the name its words propose. The counting is in core/profiles."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.profiles import CLUSTER_PROFILES
from mkt_assets.core.profiles.account_words import ONE_ACCOUNT
from mkt_assets.core.profiles.keywords import Caption, telling_words
from mkt_assets.core.profiles.profiles import profile_clusters
from mkt_assets.core.rounding import percent
from mkt_assets.core.text.segmenter import Segmenter, words_of
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.items import vectors_of

COUNTS = ("n_likes", "n_likes_is_lower_bound", "n_collects", "n_collects_is_lower_bound")


@step(
    CLUSTER_PROFILES,
    version=4,
    group="findings",
    kinds={"python", "duckdb", "pandas"},
    deps=["clusters", "summaries"],
    settings=("low_support_posts",),
    description="Every style and topic: its keywords (class-based TF-IDF of the captions) and the name they propose, "
    "size, most typical members, accounts and how concentrated they are, near duplicates, median likes and collects.",
)
def cluster_profiles(run: Run, warehouse: Warehouse) -> Made:
    """Count and describe every cluster."""
    crawl_date, settings = run.crawl_date, run.settings
    clusters = warehouse.read("clusters", [crawl_date]).to_pandas()
    if clusters.empty:
        return Made(CLUSTER_PROFILES.empty(), _metadata(pd.DataFrame()))
    item_dates = sorted(set(clusters["item_crawl_date"]))
    versions = clusters[["item_crawl_date", "post_id"]].drop_duplicates()
    columns = ["crawl_date", "post_id", "poster_id", "summary", "has_text", "words"]
    summaries = _of_versions(warehouse.read("summaries", item_dates, columns=columns), versions)
    posts = warehouse.read("raw_posts", item_dates, columns=["crawl_date", "post_id", *COUNTS])
    items = {m: clusters[clusters["modality"] == m].reset_index(drop=True) for m in MODALITIES}
    profiles = profile_clusters(
        items,
        {m: vectors_of(warehouse.read, m, items[m], item_dates) for m in MODALITIES},
        _of_versions(posts, versions),
        _captions(summaries),
        min_posts=settings.low_support_posts,
    )
    told = _metadata(profiles)
    if n := int((summaries["has_text"] & summaries["words"].isna()).sum()):
        run.log(
            f"{n} captions have no words, as an earlier version summarized them; they are cut as they stand."
        )
        told["captions_without_words"] = n
    return Made(_rows(profiles, clusters, crawl_date), told)


def _captions(summaries: pd.DataFrame) -> dict[str, Caption]:
    """The words of each post that has a text; a summary of an earlier version has none, and is cut as it stands."""
    texts = summaries[summaries["has_text"]]
    segmenter = cache(Segmenter)  # loads a dictionary, which is hardly ever needed

    def words(row: Mapping[Any, Any]) -> Iterable[str]:
        return words_of(segmenter().pieces(row["summary"])) if row["words"] is None else row["words"]

    return {
        row["post_id"]: Caption(row["poster_id"], telling_words(words(row)))
        for row in texts.to_dict("records")
    }


def _of_versions(rows: pa.Table, versions: pd.DataFrame) -> pd.DataFrame:
    """The rows of the versions of posts that were clustered."""
    frame = rows.to_pandas().rename(columns={"crawl_date": "item_crawl_date"})
    return frame.merge(versions, on=["item_crawl_date", "post_id"]).drop(columns="item_crawl_date")


def _rows(profiles: pd.DataFrame, clusters: pd.DataFrame, crawl_date: date) -> pa.Table:
    encoders = clusters.groupby("modality")["encoder"].first()
    says_something = profiles["name_by"] != "number"
    frame = profiles.assign(
        crawl_date=crawl_date,
        encoder=profiles["modality"].map(encoders),
        proposed_name=profiles["name"].where(says_something, None),
        proposed_by=profiles["name_by"].where(says_something, None),
    )
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
        "with_keywords": int((profiles["name_by"] == "keywords").sum()),
        "with_words_of_one_account": int((profiles["name_by"] == ONE_ACCOUNT).sum()),
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
