"""method_comparison: the original's choices against their alternatives, on a sample of this crawl.

What is drawn, tried and measured, and what the numbers say, is in core/experiments; what is read and embedded for it,
in compute/experiments.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_list, markdown_table, preview
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.charts.methods import draw_comparison
from mkt_assets.compute.engines import open_engine
from mkt_assets.compute.experiments import Experiments
from mkt_assets.contract.tables.methods import METHOD_COMPARISON
from mkt_assets.core.experiments.variants import Row, n_variants
from mkt_assets.core.experiments.verdicts import judge
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.models.colour_histogram import CARD as FLOOR
from mkt_assets.models.registry import IMAGE_ENCODERS, TEXT_ENCODERS
from mkt_assets.orchestration.partitions import window
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse

_SHOWN = (
    *("modality", "experiment", "variant", "status", "n_items", "n_clusters", "noise_share", "stability"),
    *("cross_agreement", "background_agreement", "poster_neighbours", "copied_neighbours", "seconds"),
)


@step(
    METHOD_COMPARISON,
    version=4,
    group="research",
    kinds={"python", "duckdb", "scikitlearn"},
    deps=["clusters", "matted_images", "summaries"],
    settings=("comparison_pictures", "comparison_texts", "background", "random_state", "window_crawl_dates"),
    description="K-means against DBSCAN, OPTICS and HDBSCAN, matted against unmatted pictures, and encoder "
    "against encoder, on a sample of this crawl, with controls: do clusters find accounts, backgrounds or copies?",
)
def method_comparison(
    run: Run,
    warehouse: Warehouse,
    cache: Cache,
    media: FileStore,
    models: Models,
    accounts: AccountHasher,
    media_memory: MediaMemory,
    drops: Drops,
    progress: ProgressListener,
) -> Made:
    """Run the experiments on a sample, and judge them."""
    crawl_date, settings = run.crawl_date, run.settings
    dates = window(crawl_date, settings.window_crawl_dates)
    experiments = Experiments(
        window=dates,
        settings=settings,
        warehouse=warehouse,
        cache=cache,
        media=media,
        models=models,
        media_memory=media_memory,
        hash_poster=accounts.hash,
        drops=drops,
        engine=open_engine(settings),
    )
    n_rows = n_variants(len(IMAGE_ENCODERS), len(TEXT_ENCODERS))
    bar = Progress("variants compared", n_rows, run.log, progress)
    rows: list[Row] = []
    for row in experiments.rows():
        rows.append(row)
        bar.advance()
    bar.finish()
    judge(rows, FLOOR.model_id)
    table = pa.Table.from_pylist(
        [{"crawl_date": crawl_date, **_nulls(row)} for row in rows], METHOD_COMPARISON.arrow_schema()
    )
    return Made(table, _metadata(table.to_pandas()))


def _nulls(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()
    }


def _metadata(frame: pd.DataFrame) -> dict[str, Any]:
    verdicts = [str(verdict) for verdict in frame["verdict"].dropna()]
    ran = frame[frame["status"] == "run"]
    methods = ran[ran["experiment"] == "methods"]
    return {
        "verdicts": markdown_list(verdicts or ["nothing to say"]),
        "comparison": preview(draw_comparison(frame)),
        "table": markdown_table([_rounded(row) for row in frame[list(_SHOWN)].to_dict("records")]),
        "not_run": int((frame["status"] != "run").sum()),
        "pictures_no_longer_readable": _n_unreadable(frame),
        **{
            f"{row.modality}_{str(row.variant).replace('-', '')}_noise_share": float(str(row.noise_share))
            for row in methods.itertuples()
            if row.variant != "k-means"
        },
    }


def _n_unreadable(frame: pd.DataFrame) -> int:
    """Sampled pictures that are not in the matting experiment, as the crawled file is gone or damaged."""
    n_items = frame[frame["modality"] == "image"].groupby("experiment")["n_items"].max()
    return int(n_items["methods"] - n_items["matting"])


def _rounded(row: Mapping[Any, Any]) -> dict[str, object]:
    def said(value: Any) -> object:
        if pd.isna(value):
            return ""
        return f"{value:.2f}" if isinstance(value, float) and value % 1 else value

    return {str(name): said(value) for name, value in row.items()}
