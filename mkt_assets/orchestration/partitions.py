"""Partitions: one a crawl date; and which crawl dates a clustering looks back on."""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg

from mkt_assets.settings import Settings


def crawl_date_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition a day from the first crawl date to today (end_offset=1: today's crawl is today's)."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_crawl_date.isoformat(), timezone=settings.timezone, end_offset=1
    )


def window_mapping(settings: Settings) -> dg.PartitionMapping:
    """A clustering depends on its own crawl date and the `window_crawl_dates - 1` before it."""
    if settings.window_crawl_dates == 1:
        return dg.TimeWindowPartitionMapping()
    return dg.TimeWindowPartitionMapping(
        start_offset=1 - settings.window_crawl_dates, allow_nonexistent_upstream_partitions=True
    )


def window(crawl_date: date, n_crawl_dates: int) -> list[date]:
    """The crawl dates of the window that ends with `crawl_date`, oldest first."""
    return [crawl_date - timedelta(days=days) for days in reversed(range(n_crawl_dates))]


def crawl_date_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date:
    """The crawl date being materialized."""
    return date.fromisoformat(context.partition_key)
