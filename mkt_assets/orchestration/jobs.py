"""Jobs: the daily unit of work is all assets of one crawl date."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CRAWL_JOB = "crawl"


def build_crawl_job() -> UnresolvedAssetJobDefinition:
    """Everything for one crawl date, from the drop to the charts."""
    return dg.define_asset_job(
        CRAWL_JOB,
        selection=dg.AssetSelection.all(),
        description="Everything for one crawl date, from the drop to the charts.",
    )
