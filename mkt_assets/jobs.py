"""Jobs: the daily unit of work is all assets of one crawl date."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from mkt_assets.partitions import crawl_date_partitions
from mkt_assets.settings import Settings

CRAWL_JOB = "crawl"


def build_crawl_job(settings: Settings) -> UnresolvedAssetJobDefinition:
    """Everything for one crawl date, from the drop to the charts."""
    return dg.define_asset_job(
        CRAWL_JOB,
        selection=dg.AssetSelection.all(),
        partitions_def=crawl_date_partitions(settings),
        description="Everything for one crawl date, from the drop to the charts.",
    )
