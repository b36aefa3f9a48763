"""`mkt export`: a crawl date's tables and pictures, written to a folder that others can take away."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from mkt_assets.core.original_files import (
    all_categories_table,
    category_ratios,
    clustered_labels,
    clustered_summaries,
    combined,
    without_formulas,
)
from mkt_assets.resources import open_warehouse
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.schema import TABLES
from mkt_assets.settings import Settings, SettingsError


def export_crawl(settings: Settings, crawl_date: date, out_dir: Path) -> list[tuple[Path, int]]:
    """Write `tables/*.parquet`, `charts/*.png`, and CSV files in the original project's shapes.

    Returns:
        What was written: (path, number of rows), pictures left out.

    Raises:
        SettingsError: if the crawl date was never materialized.
        FileExistsError: if `out_dir` has something in it.
    """
    warehouse = open_warehouse(settings)
    if warehouse.read("raw_posts", [crawl_date], columns=["post_id"]).num_rows == 0:
        raise SettingsError(
            f"the warehouse in {settings.home} has no posts of {crawl_date}: materialize it first."
        )
    if out_dir.exists() and any(out_dir.iterdir()):
        raise FileExistsError(f"{out_dir} is not empty: name a new folder, or empty it.")
    (out_dir / "tables").mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, int]] = []
    for name in TABLES:
        rows = warehouse.read(name, [crawl_date])
        path = out_dir / "tables" / f"{name}.parquet"
        pq.write_table(rows, path)
        written.append((path, rows.num_rows))
    for name, frame in _original_files(warehouse, crawl_date).items():
        path = out_dir / name
        # with a byte-order mark, as a spreadsheet needs it to read Chinese
        without_formulas(frame).to_csv(path, index=False, encoding="utf-8-sig")
        written.append((path, len(frame)))
    _copy_charts(warehouse, FileStore(settings.charts_dir), crawl_date, out_dir / "charts")
    return written


def _original_files(warehouse: Warehouse, crawl_date: date) -> dict[str, pd.DataFrame]:
    clusters = warehouse.read("clusters", [crawl_date]).to_pandas()
    item_dates = sorted(set(clusters["item_crawl_date"])) or [crawl_date]
    summaries = warehouse.read(
        "summaries", item_dates, columns=["crawl_date", "post_id", "summary"]
    ).to_pandas()
    ratios = warehouse.read("crosstab_ratios", [crawl_date]).to_pandas()
    by_image = ratios[ratios["unit"] == "image"]
    labels = clustered_labels(clusters)
    texts = clustered_summaries(clusters, summaries.rename(columns={"crawl_date": "item_crawl_date"}))
    n_clusters = clusters.groupby("modality")["cluster_id"].nunique()
    return {
        f"clustered_labels{n_clusters.get('image', 0)}.csv": labels,
        f"clustered_summaries{n_clusters.get('text', 0)}.csv": texts,
        "combined_clustered_matched_image_text.csv": combined(labels, texts),
        "category_ratios.csv": category_ratios(by_image),
        "all_categories_table_final.csv": all_categories_table(by_image),
    }


def _copy_charts(warehouse: Warehouse, files: FileStore, crawl_date: date, out_dir: Path) -> None:
    out_dir.mkdir()
    for chart in warehouse.read("charts", [crawl_date], columns=["name", "part", "path"]).to_pylist():
        shutil.copyfile(files.path(chart["path"]), out_dir / f"{chart['name']}_{chart['part']}.png")
