"""trends: the share of every style and topic over time, and what rises or falls. The tests are in core/over_time."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_table, preview
from mkt_assets.assets.step import Derived, Run, step
from mkt_assets.charts.trends import draw_trends
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.over_time import TRENDS
from mkt_assets.core.over_time.identities import CLUSTER_KEY
from mkt_assets.core.over_time.trends import trends as trends_of
from mkt_assets.core.over_time.versions import versions_by_date
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse

# What a report of a crawl date draws; a direction is of all crawls, and told where they are no later ones.
AS_OF_DATE = ["modality", "identity", "name", "share", "share_low", "share_high", "n_posts"]
SOURCES = {
    "cluster_identities": [*CLUSTER_KEY, "identity", "name", "encoder", "split_from", "absorbed"],
    "clusters": [*CLUSTER_KEY, "post_id", "poster_id", "item_crawl_date"],
    "raw_posts": ["crawl_date", "post_id", "published_at"],
    "trends": [*AS_OF_DATE, "crawl_date", "basis"],
}
FOLDER = "trends"


@step(
    TRENDS,
    version=3,
    group="findings",
    kinds={"python", "duckdb", "matplotlib"},
    deps=["cluster_identities"],
    description="The share of every style and topic in the posts of each crawl date, and of each month of "
    "publication; every post counts once, in its first crawl, and not at all if it is of a stock that had gathered "
    "before. Which shares rise or fall, by a test that allows for crawls and accounts that differ, corrected for "
    "the number of tests, and confirmed without any one account.",
)
def trends(run: Run, warehouse: Warehouse, chart_files: FileStore) -> Derived:
    """Test and draw the shares of all crawl dates."""
    before: dict[date, str] = {}

    def derive(tables: Mapping[str, pa.Table]) -> pa.Table:
        before.update(_versions(tables["trends"].to_pandas()))
        found = trends_of(items_of(tables))
        return pa.Table.from_pandas(found, TRENDS.arrow_schema(), preserve_index=False)

    rows = warehouse.replace_derived("trends", SOURCES, derive).to_pandas()
    shown: dict[str, Any] = {}
    for modality in MODALITIES:
        picture = draw_trends(modality, rows[rows["modality"] == modality])
        chart_files.write(f"{FOLDER}/{picture.name}.png", picture.png)
        shown[picture.name] = preview(picture)
    return Derived(len(rows), {**_metadata(rows), **shown}, _versions(rows), before)


def _versions(rows: pd.DataFrame) -> dict[date, str]:
    of_crawls = rows[rows["basis"] == "crawl_date"].sort_values("crawl_date")
    # of what has not been seen yet, a report says nothing
    seen = of_crawls.groupby(["modality", "identity"])["n_posts"].cumsum() > 0
    return versions_by_date(of_crawls[seen], AS_OF_DATE)


def items_of(tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Clustered items with their identity and time of publication, as core/over_time/trends takes them."""
    identities, clusters = tables["cluster_identities"].to_pandas(), tables["clusters"].to_pandas()
    posts = tables["raw_posts"].to_pandas().rename(columns={"crawl_date": "item_crawl_date"})
    items = clusters.merge(identities, on=CLUSTER_KEY)
    return items.merge(posts, on=["item_crawl_date", "post_id"], how="left")


def _metadata(rows: pd.DataFrame) -> dict[str, Any]:
    of_crawls = rows[rows["basis"] == "crawl_date"]
    tested = of_crawls.drop_duplicates(["modality", "identity"])
    moved = tested[tested["direction"].isin(["rising", "falling"])]
    moved = moved.sort_values("change", key=lambda change: -change.abs())
    return {
        "n_rising": int((tested["direction"] == "rising").sum()),
        "n_falling": int((tested["direction"] == "falling").sum()),
        "n_flat": int((tested["direction"] == "flat").sum()),
        "n_too_few_crawls": int((tested["direction"] == "too few crawls").sum()),
        "rising_and_falling": markdown_table(
            [
                {
                    "modality": row["modality"],
                    "name": row["name"],
                    "direction": row["direction"],
                    "change of share": f"{100 * row['change']:+.1f} points ({100 * row['change_low']:+.1f} to "
                    f"{100 * row['change_high']:+.1f})",
                    "accounts": row["n_posters"],
                    "q": f"{row['q_value']:.2g}",
                    "p by account": f"{row['poster_p_value']:.2g}",
                }
                for row in moved.to_dict("records")
            ]
        ),
    }
