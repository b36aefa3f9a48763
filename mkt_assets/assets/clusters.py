"""clusters: every picture and text in its cluster, at the chosen k. The clustering is in core/kmeans."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.step import markdown_table, result, table_asset
from mkt_assets.contract.schema import CLUSTERS, MODALITIES
from mkt_assets.core.clustering.kmeans import cluster_means, distances, fit_sweep, rank_in_cluster, refine
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of, window
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.items import read_items


class ClustersConfig(dg.Config):
    """Run configuration; a field left out keeps the setting."""

    random_state: int | None = None


def build_clusters(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        CLUSTERS,
        settings,
        group="clusters",
        kinds={"python", "duckdb", "scikitlearn"},
        deps=["k_selection"],
        code_version=f"2-{settings.random_state}-{settings.window_crawl_dates}",
        description="Every picture and every text of the window in its k-means cluster. Ids are by size, 0 is "
        "the largest; the same items have the same ids, whatever their order, process or number of threads.",
    )
    def clusters(
        context: dg.AssetExecutionContext,
        config: ClustersConfig,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            settings = settings.overridden_by(config)
            tried = warehouse.read("k_selection", [crawl_date]).to_pylist()
            curves = {m: [row for row in tried if row["modality"] == m] for m in MODALITIES}
            parts = {m: _clustered(warehouse, m, curves[m], crawl_date, settings) for m in MODALITIES}
            rows = pa.concat_tables(parts.values())
            warehouse.replace_partition("clusters", crawl_date, rows)
            return result(
                rows.num_rows,
                {
                    "images": parts["image"].num_rows,
                    "texts": parts["text"].num_rows,
                    "image_clusters": len(set(parts["image"]["cluster_id"].to_pylist())),
                    "text_clusters": len(set(parts["text"]["cluster_id"].to_pylist())),
                    "largest_clusters": markdown_table(_largest(parts)),
                },
            )

    return clusters


def _clustered(
    warehouse: Warehouse,
    modality: str,
    curve: Sequence[Mapping[str, object]],
    crawl_date: date,
    settings: Settings,
) -> pa.Table:
    """Rows of clusters for one modality; none where nothing was to be clustered.

    Raises:
        ContractError: if the vectors are not those that k was chosen for.
    """
    items = read_items(warehouse, modality, window(crawl_date, settings.window_crawl_dates))
    ks = [int(str(row["k"])) for row in curve]
    chosen = next((row for row in curve if row["chosen"]), None)
    expected = (None, 0) if chosen is None else (chosen["encoder"], chosen["n_items"])
    if (items.encoder, len(items.vectors)) != expected:
        raise ContractError(
            f"k_selection of {crawl_date} was made for other {modality} vectors ({expected[1]} of {expected[0]}) "
            f"than there are now ({len(items.vectors)} of {items.encoder}): materialize k_selection again."
        )
    if chosen is None:
        return CLUSTERS.empty()
    # the sweep that k was chosen on, so that the clusters are those the curve speaks of
    sweep = fit_sweep(items.vectors, ks, random_state=settings.random_state)
    labels = refine(items.vectors, sweep.labels(int(str(chosen["k"]))))
    distance = distances(items.vectors, labels, cluster_means(items.vectors, labels))
    frame = items.frame.assign(
        crawl_date=crawl_date,
        modality=modality,
        cluster_id=labels,
        distance=distance,
        rank_in_cluster=rank_in_cluster(labels, distance),
        encoder=items.encoder,
    )
    return pa.Table.from_pandas(frame[CLUSTERS.column_names], CLUSTERS.arrow_schema(), preserve_index=False)


def _largest(parts: dict[str, pa.Table], n: int = 8) -> list[dict[str, object]]:
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
