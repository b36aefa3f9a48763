"""Which drops need a run, and why not the others: the one decision that the sensor and the schedule share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from mkt_assets.assets.raw_posts import DIGEST_KEY
from mkt_assets.crawlers.drop import drop_digest, list_drops
from mkt_assets.settings import Settings

# The digest of the drop a run is for, as a tag: a run that ended without success is found by it.
DIGEST_TAG = "mkt/drop_digest"
PARTITION_TAG = "dagster/partition"
_FIRST_ASSET = dg.AssetKey("raw_posts")
_LAST_ASSETS = (dg.AssetKey("charts"), dg.AssetKey("report"))
_STOPPED = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
# Dagster retries a killed run within seconds, or never (its backfill was canceled, say).
_RETRY_SECONDS = 600


@dataclass(frozen=True)
class DropState:
    """A drop, and why it needs no run now (`skip_reason`; None: it needs one)."""

    crawl_date: date
    digest: str
    skip_reason: str | None


def drop_states(
    instance: dg.DagsterInstance, settings: Settings, *, today: date, retry_failed: bool, quiet_seconds: int
) -> Iterator[DropState]:
    """The state of every drop, oldest first.

    Args:
        instance: the Dagster instance that knows what was materialized.
        settings: where the drops are.
        today: a drop of a later date has no partition yet, and waits for its day (or is misnamed).
        retry_failed: whether a drop whose run failed or was canceled needs another one (the schedule's catch-up)
            or was tried enough (the sensor, which would repeat it every minute).
        quiet_seconds: a drop in which something changed since is still being written.
    """
    for crawl_date in list_drops(settings.drops):
        if crawl_date < settings.first_crawl_date:
            continue
        drop_dir = settings.drops / crawl_date.isoformat()
        digest = drop_digest(drop_dir)
        if crawl_date > today:
            yield DropState(crawl_date, digest, "its date lies in the future: is the folder misnamed?")
            continue
        reason = _unsettled(drop_dir, quiet_seconds) or _done_or_under_way(
            instance, crawl_date, digest, retry_failed=retry_failed
        )
        yield DropState(crawl_date, digest, reason)


def run_request(state: DropState, *, run_key: str) -> dg.RunRequest:
    """The run that a drop needs."""
    return dg.RunRequest(
        run_key=run_key, partition_key=state.crawl_date.isoformat(), tags={DIGEST_TAG: state.digest}
    )


def _unsettled(drop_dir: Path, quiet_seconds: int) -> str | None:
    newest = max((p.lstat().st_mtime for p in [drop_dir, *drop_dir.rglob("*")]), default=0.0)
    age = time.time() - newest
    if 0 <= age < quiet_seconds:
        return f"still being written: something in it changed {age:.0f} s ago"
    return None


def _done_or_under_way(
    instance: dg.DagsterInstance, crawl_date: date, digest: str, *, retry_failed: bool
) -> str | None:
    # whoever asked for them: a backfill's runs and a person's know nothing of digests
    records = instance.get_run_records(
        filters=dg.RunsFilter(tags={PARTITION_TAG: crawl_date.isoformat()}), limit=20
    )
    if any(_is_under_way(record) for record in records):
        return "a run of it is queued or under way"
    first = _latest(instance, _FIRST_ASSET, crawl_date)
    last = [_latest(instance, key, crawl_date) for key in _LAST_ASSETS]
    as_it_is = first is not None and first.asset_materialization is not None and _digest_of(first) == digest
    if (
        as_it_is
        and first is not None
        and all(r is not None and r.storage_id > first.storage_id for r in last)
    ):
        return "materialized as it is"
    stopped = any(
        record.dagster_run.status in _STOPPED and record.dagster_run.tags.get(DIGEST_TAG) == digest
        for record in records
    )
    if stopped and not retry_failed:
        return "its run failed or was canceled; re-run it, or wait for the daily schedule"
    return None


def _is_under_way(record: dg.RunRecord) -> bool:
    run = record.dagster_run
    if run.is_complete_and_waiting_to_retry:
        return time.time() - (record.end_time or 0.0) < _RETRY_SECONDS
    return not run.is_finished


def _latest(instance: dg.DagsterInstance, key: dg.AssetKey, crawl_date: date) -> dg.EventLogRecord | None:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[crawl_date.isoformat()]), limit=1
    ).records
    return records[0] if records else None


def _digest_of(record: dg.EventLogRecord) -> object:
    materialization = record.asset_materialization
    entry = materialization.metadata.get(DIGEST_KEY) if materialization else None
    return entry.value if entry else None
