"""clusters: every picture and text in its cluster, as k_selection fitted it. The clustering is in core/clustering.

Not here: which k, and the fit itself (k_selection).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.assets.metadata import markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.assigning import distances_of_all, means_of_all
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.clustering import CLUSTERS
from mkt_assets.core.clustering.labels import Labels, cluster_means, distances, rank_in_cluster
from mkt_assets.orchestration.partitions import window
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.stored.items import Items, read_items
from mkt_assets.stored.large_items import LargeItems, read_large_items


@step(
    CLUSTERS,
    version=3,
    group="clusters",
    kinds={"python", "duckdb", "scikitlearn"},
    deps=["k_selection"],
    description="Every picture and every text of the window in its k-means cluster, as k_selection fitted it at the k "
    "it chose. Ids are by size, 0 is the largest; the same items have the same ids, whatever their order, process or "
    "number of threads.",
)
def clusters(run: Run, warehouse: Warehouse) -> Made:
    """Give every item the label that the chosen fit gave it, with its distance and rank."""
    tried = warehouse.read("k_selection", [run.crawl_date]).to_pylist()
    chosen = {row["modality"]: row for row in tried if row["chosen"]}
    parts = {m: _clustered(warehouse, m, chosen.get(m), run.crawl_date) for m in MODALITIES}
    return Made(
        pa.concat_tables(parts.values()),
        {
            "images": parts["image"].num_rows,
            "texts": parts["text"].num_rows,
            "image_clusters": len(set(parts["image"]["cluster_id"].to_pylist())),
            "text_clusters": len(set(parts["text"]["cluster_id"].to_pylist())),
            "largest_clusters": markdown_table(_largest(parts)),
        },
    )


def _clustered(
    warehouse: Warehouse, modality: str, chosen: Mapping[str, Any] | None, crawl_date: date
) -> pa.Table:
    """Rows of clusters for one modality; none where nothing was to be clustered.

    Raises:
        ContractError: if the vectors are not those that k_selection fitted.
    """
    first = crawl_date if chosen is None else chosen["window_start"]
    dates = window(crawl_date, (crawl_date - first).days + 1)
    labels = np.array([] if chosen is None else chosen["labels"], dtype=np.int64)
    is_large = chosen is not None and chosen["n_fitted"] is not None
    items = (read_large_items if is_large else read_items)(warehouse, modality, dates)
    sha256, distance = None, np.empty(0)
    if len(items.frame) == len(labels):
        sha256, distance = _distances(items, labels)
    if (None if chosen is None else chosen["items_sha256"]) != sha256 or len(items.frame) != len(labels):
        which = "nothing" if chosen is None else f"{chosen['n_items']} of {chosen['encoder']}"
        raise ContractError(
            f"k_selection of {crawl_date} fitted other {modality} vectors ({which}) than there are now "
            f"({len(items.frame)} of {items.encoder}), or is of an earlier version: materialize k_selection again."
        )
    if chosen is None:
        return CLUSTERS.empty()
    frame = items.frame.assign(
        crawl_date=crawl_date,
        modality=modality,
        cluster_id=labels,
        distance=distance,
        rank_in_cluster=rank_in_cluster(labels, distance),
        encoder=items.encoder,
    )
    return pa.Table.from_pandas(frame[CLUSTERS.column_names], CLUSTERS.arrow_schema(), preserve_index=False)


def _distances(items: Items | LargeItems, labels: Labels) -> tuple[str | None, NDArray[np.float64]]:
    """Which items these are, and how far each is from the mean of its cluster."""
    if isinstance(items, LargeItems):
        digest = items.digest()
        means = means_of_all(items, labels, digest)
        return digest.hexdigest(), distances_of_all(items, labels, means)
    if not len(labels):
        return None, np.empty(0)
    return items.sha256, distances(items.vectors, labels, cluster_means(items.vectors, labels))


def _largest(parts: Mapping[str, pa.Table], n: int = 8) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for modality, table in parts.items():
        items: pd.DataFrame = table.select(["cluster_id", "post_id", "poster_id"]).to_pandas()
        groups = items.groupby("cluster_id")
        for cluster_id, members in list(groups)[:n]:
            rows.append(
                {
                    "modality": modality,
                    "cluster": cluster_id,
                    "items": len(members),
                    "posts": members["post_id"].nunique(),
                    "posters": members["poster_id"].nunique(),
                }
            )
    return rows
