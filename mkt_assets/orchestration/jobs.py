"""Jobs: the daily unit of work is all assets of one crawl date."""

from __future__ import annotations

import dagster as dg

CRAWL_JOB = "crawl"

crawl_job = dg.define_asset_job(
    CRAWL_JOB,
    selection=dg.AssetSelection.all(),
    description="Everything for one crawl date, from the drop to the charts.",
)
"""Everything for one crawl date, from the drop to the charts."""
