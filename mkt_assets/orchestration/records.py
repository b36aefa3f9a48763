"""What Dagster's records say of crawl dates: whose last run failed, and of which a check found an error.

Not here: how a failure is put into words (orchestration/failures), what a check is worth (orchestration/checks).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import dagster as dg

from mkt_assets.orchestration.checks import CHECKS, ERROR, sentence_of
from mkt_assets.orchestration.drop_state import PARTITION_TAG
from mkt_assets.orchestration.failures import reason_of

_MOST_RUNS = 500
_MOST_EVALUATIONS = 1_000


def failed_crawl_dates(
    instance: dg.DagsterInstance, partitions: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(partition, what failed and why), newest first, of those whose failed assets were not made since."""
    made: dict[dg.AssetKey, dict[str, int]] = {}
    seen: set[str] = set()
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    for run in instance.get_runs(filters=failed, limit=_MOST_RUNS):
        partition = run.tags.get(PARTITION_TAG, "")
        if partition not in partitions or partition in seen:
            continue
        seen.add(partition)
        reasons: list[str] = []
        found = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        for record in found.records:
            event = record.event_log_entry.dagster_event
            if event is None or event.step_key is None:
                continue
            key = dg.AssetKey(event.step_key)
            if key not in made:
                made[key] = dict(
                    instance.get_latest_storage_id_by_partition(
                        key, dg.DagsterEventType.ASSET_MATERIALIZATION
                    )
                )
            if made[key].get(partition, -1) < record.storage_id:
                reasons.append(f"{event.step_key}: {reason_of(event)}")
        if reasons:
            yield partition, "; ".join(reasons)


def failed_error_checks(
    instance: dg.DagsterInstance, partitions: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(partition, what a check found) of the errors of each crawl date; an empty partition: of all crawl dates."""
    for check in CHECKS:
        for asset in check.assets if check.severity is ERROR else ():
            seen: set[str] = set()
            for record in instance.event_log_storage.get_asset_check_execution_history(
                dg.AssetCheckKey(dg.AssetKey(asset), check.name), limit=_MOST_EVALUATIONS
            ):
                partition = record.partition or ""
                evaluation = record.evaluation
                if not isinstance(evaluation, dg.AssetCheckEvaluation) or partition in seen:
                    continue  # planned, and never come to, or not the latest
                seen.add(partition)
                if not evaluation.passed and (check.of_all or partition in partitions):
                    yield partition, sentence_of(evaluation)
