"""Which drops need a run, and why not the others: the one decision that the sensor and the schedule share.

Not here: finding drops on the disk (crawlers/walk), remembering what is in them (resources/drop_memory).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from mkt_assets.crawlers.walk import DropMissing, is_by_content
from mkt_assets.resources.drop_memory import DropMemory
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.opening import open_drop_memory, open_drops
from mkt_assets.settings import Settings

# The digest of the drop that raw_posts was made from, in its metadata.
DIGEST_KEY = "drop_digest"
# The digest of the drop a run is for, as a tag: a run that ended without success is found by it.
DIGEST_TAG = "mkt/drop_digest"
PARTITION_TAG = "dagster/partition"
_FIRST_ASSET = dg.AssetKey("raw_posts")
_LAST_ASSETS = (dg.AssetKey("charts"), dg.AssetKey("report"))
_FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_UNDER_WAY = [status for status in dg.DagsterRunStatus if status not in _FINISHED]
_STOPPED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
# Dagster retries a killed run within seconds, or never (its backfill was canceled, say).
_RETRY_SECONDS = 600
SETTLED = "materialized as it is"
_IDS_A_QUERY = 500
# Dagster ends a tick after a minute; what is not read by then is read by the next ones.
_READING_SECONDS = 20.0


@dataclass(frozen=True)
class DropState:
    """A drop, and why it needs no run now (`skip_reason`; None: it needs one)."""

    crawl_date: date
    digest: str
    skip_reason: str | None


def drop_states(
    instance: dg.DagsterInstance, settings: Settings, *, today: date, retry_failed: bool, quiet_seconds: int
) -> Iterator[DropState]:
    """The state of every drop, oldest first but for those that cannot be read.

    Args:
        instance: the Dagster instance that knows what was materialized.
        settings: where the drops are.
        today: a drop of a later date has no partition yet, and waits for its day (or is misnamed).
        retry_failed: whether a drop whose run failed or was canceled needs another one (the schedule's catch-up)
            or was tried enough (the sensor, which would repeat it every minute).
        quiet_seconds: a drop in which something changed since is still being written.
    """
    drops, memory = open_drops(settings), open_drop_memory(settings)
    digests: dict[date, str | None] = {}
    until = time.monotonic() + _READING_SECONDS
    for crawl_date in drops.to_look_at():
        if crawl_date < settings.first_crawl_date:
            continue
        try:
            digests[crawl_date] = drops.digest(crawl_date, until=until)
        except DropMissing as error:  # removed just now, or not to be read: no other drop waits for it
            yield DropState(crawl_date, "", str(error))
    # Each is asked once for all dates, as a year of them would take longer than a tick may; in this order, so
    # that a run that ends in between is seen by one or the other.
    under_way = _under_way(instance)
    materialized = _materialized_digests(instance)
    for crawl_date, digest in sorted(digests.items()):
        partition = crawl_date.isoformat()
        if crawl_date > today:
            reason = "its date lies in the future: is the folder misnamed?"
        elif partition in under_way:
            reason = "a run of it is queued or under way"
        elif digest is None:
            reason = "not read to its end yet: its files are compared by content, and the next tick goes on"
        elif _is_made_of(materialized.get(partition), crawl_date, digest, drops, memory):
            reason = SETTLED
        else:
            reason = _unsettled(drops, crawl_date, quiet_seconds)
            if reason is None and not retry_failed and _was_stopped(instance, partition, digest):
                reason = "its run failed or was canceled; re-run it, or wait for the daily schedule"
        yield DropState(crawl_date, digest or "", reason)


def run_request(state: DropState, *, run_key: str) -> dg.RunRequest:
    """The run that a drop needs."""
    return dg.RunRequest(
        run_key=run_key, partition_key=state.crawl_date.isoformat(), tags={DIGEST_TAG: state.digest}
    )


def _is_made_of(recorded: object, crawl_date: date, digest: str, drops: Drops, memory: DropMemory) -> bool:
    """Whether what was recorded is the digest of the drop, or was, before content decided."""
    if not isinstance(recorded, str) or recorded == digest or is_by_content(recorded):
        return recorded == digest
    if memory.is_same(crawl_date, recorded, digest):
        return True
    try:
        is_same = drops.digest_by_times(crawl_date) == recorded
    except DropMissing:  # removed just now
        return True
    if is_same:
        memory.remember_same(crawl_date, recorded, digest)
    return is_same


def _unsettled(drops: Drops, crawl_date: date, quiet_seconds: int) -> str | None:
    try:
        newest = drops.changed_at(crawl_date)
    except FileNotFoundError:
        return "still being written: something in it was removed just now"
    age = time.time() - newest
    if 0 <= age < quiet_seconds:
        return f"still being written: something in it changed {age:.0f} s ago"
    return None


def _under_way(instance: dg.DagsterInstance) -> set[str]:
    """Partitions that a run is queued for or at work on, or about to be retried for, whoever asked for it."""
    since = datetime.now(UTC) - timedelta(seconds=_RETRY_SECONDS)
    runs = [
        *instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY)),
        *(
            run
            for run in instance.get_runs(
                filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
            )
            if run.is_complete_and_waiting_to_retry
        ),
    ]
    return {run.tags.get(PARTITION_TAG, "") for run in runs}


def _materialized_digests(instance: dg.DagsterInstance) -> dict[str, object]:
    """Digest of the drop that everything of a partition was last made from; only where all of it was made."""
    first, *last = (
        instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
        for key in (_FIRST_ASSET, *_LAST_ASSETS)
    )
    whole = [
        storage_id
        for partition, storage_id in first.items()
        if all(ids.get(partition, -1) > storage_id for ids in last)
    ]
    found: dict[str, object] = {}
    for start in range(0, len(whole), _IDS_A_QUERY):
        ids = whole[start : start + _IDS_A_QUERY]
        chosen = dg.AssetRecordsFilter(asset_key=_FIRST_ASSET, storage_ids=ids)
        for record in instance.fetch_materializations(chosen, limit=len(ids)).records:
            made = record.asset_materialization
            if made is not None and made.partition is not None and DIGEST_KEY in made.metadata:
                found[made.partition] = made.metadata[DIGEST_KEY].value
    return found


def _was_stopped(instance: dg.DagsterInstance, partition: str, digest: str) -> bool:
    tried = dg.RunsFilter(tags={PARTITION_TAG: partition, DIGEST_TAG: digest}, statuses=_STOPPED)
    return bool(instance.get_runs(filters=tried, limit=1))
