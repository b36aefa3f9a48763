"""Partitions: one a crawl date that exists; and which dates a clustering looks back on.

Dagster keeps their keys in its instance, where the UI reads them; here is decided which they are. Asked to: every tick
of the sensor, `mkt run`, `mkt forget` and whoever prepares the instance.

Not here: which of them need a run (orchestration/drop_state).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import dagster as dg
from filelock import FileLock

from mkt_assets.settings import Settings

NAME = "crawl_date"
_FIRST_ASSET = dg.AssetKey("raw_posts")
_BACKFILL_AT_WORK = ("REQUESTED", "CANCELING", "FAILING")
_BUSY_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 300.0


class CrawlDates(dg.DynamicPartitionsDefinition):
    """The keys that the instance knows. Code also takes the date of a drop that no tick has told it of yet.

    So `dagster asset materialize --partition` works on any instance, a new or a temporary one, too.
    """

    _settings: Settings

    def __new__(cls, settings: Settings) -> Self:
        """Partitions of the home and the drops of these settings."""
        made = super().__new__(cls, name=NAME)
        made._settings = settings
        return made

    def has_partition_key(self, partition_key: str, *args: Any, **options: Any) -> bool:
        """Whether there is a drop of that date, or the instance knows the key."""
        if partition_key in map(str, _with_drop(self._settings) or ()):
            return True
        return super().has_partition_key(partition_key, *args, **options)


def crawl_date_partitions(settings: Settings) -> CrawlDates:
    """One partition a crawl date that exists."""
    return CrawlDates(settings)


def register_crawl_dates(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Make the instance's keys those of the crawl dates that exist, in order; gives them.

    A crawl date exists when it has a drop, was materialized or is stored, from `first_crawl_date` to today, and was
    not forgotten. The UI takes the key that was added last for the latest: when an older date comes late, the keys
    behind it are added again, but not under a backfill, which would take them for removed.

    One process of a home at a time: Dagster looks which keys SQLite has and adds the others, and of two that do so
    at once one fails.
    """
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.dagster_home / ".crawl_dates.lock", timeout=_LONGEST_WAIT_SECONDS):
        return _register(instance, settings)


def _register(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    there = list(instance.get_dynamic_partitions(NAME))
    wanted = sorted(_existing(instance, settings, there))
    for key in there:
        if key not in wanted:
            instance.delete_dynamic_partition(NAME, key)
    kept = [key for key in there if key in wanted]
    n_in_order = next((i for i, key in enumerate(kept) if key != wanted[i]), len(kept))
    if n_in_order < len(kept) and not _backfill_under_way(instance):
        for key in kept[n_in_order:]:
            instance.delete_dynamic_partition(NAME, key)
    if kept != wanted:
        instance.add_dynamic_partitions(NAME, wanted)
    return wanted


def window(crawl_date: date, n_crawl_dates: int) -> list[date]:
    """The crawl dates of the window that ends with `crawl_date`, oldest first."""
    return [crawl_date - timedelta(days=days) for days in reversed(range(n_crawl_dates))]


def crawl_date_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date:
    """The crawl date being materialized."""
    return date.fromisoformat(context.partition_key)


def today_of(settings: Settings) -> date:
    """Today, in the platform's time zone."""
    return datetime.now(ZoneInfo(settings.timezone)).date()


def _with_drop(settings: Settings) -> list[date] | None:
    """Dates that have a drop; one of a date to come is misnamed, or early. None while a bucket does not answer."""
    from mkt_assets.resources.files import FilesAwayError, FilesSetupError
    from mkt_assets.resources.opening import open_drops

    today = today_of(settings)
    try:
        dates = open_drops(settings, patience_seconds=_BUSY_SECONDS).dates()
    except (FilesAwayError, FilesSetupError):  # whoever needs the drops says so
        return None
    return [day for day in dates if settings.first_crawl_date <= day <= today]


def _existing(instance: dg.DagsterInstance, settings: Settings, there: Sequence[str]) -> set[str]:
    from mkt_assets.resources.opening import open_tombstones

    with_drop = _with_drop(settings)
    known = {*there} if with_drop is None else {day.isoformat() for day in with_drop}
    known |= instance.get_materialized_partitions(_FIRST_ASSET)
    # Dagster knows nothing of what a restored backup brought; the warehouse is only opened where it may matter
    if not there or not known.issuperset(there):
        known |= _stored(settings, there)
    try:
        kept_from = open_tombstones(settings).read().crawled_before
    except ValueError:  # damaged: runs and `mkt doctor` say so
        kept_from = None
    first = max(settings.first_crawl_date, kept_from or settings.first_crawl_date)
    return {key for key in known if first.isoformat() <= key <= today_of(settings).isoformat()}


def _stored(settings: Settings, if_not_to_be_read: Sequence[str]) -> set[str]:
    """Crawl dates in the warehouse; while it cannot be read, nothing is taken away."""
    import duckdb

    from mkt_assets.resources.database import DatabaseBusyError
    from mkt_assets.resources.opening import open_database
    from mkt_assets.resources.warehouse_state import stored_crawl_dates

    database = open_database(settings, timeout_seconds=_BUSY_SECONDS)
    try:
        return {day.isoformat() for day in stored_crawl_dates(database)} if database.exists() else set()
    except (DatabaseBusyError, duckdb.Error):
        return set(if_not_to_be_read)


def _backfill_under_way(instance: dg.DagsterInstance) -> bool:
    return any(backfill.status.value in _BACKFILL_AT_WORK for backfill in instance.get_backfills(limit=50))
