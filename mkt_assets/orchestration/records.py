"""What Dagster's records say of crawl dates: what failed, where a check found an error, what other settings made.

Not here: how a failure is put into words (orchestration/failures), what a check is worth (orchestration/checks).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import dagster as dg

from mkt_assets.orchestration.checks import CHECKS, ERROR, sentence_of
from mkt_assets.orchestration.drop_state import PARTITION_TAG
from mkt_assets.orchestration.failures import reason_of

_MOST_RUNS = 500
_MOST_EVALUATIONS = 1_000
SETTINGS_KEY = "settings"
"""In the metadata of an asset, and of each of its materializations: the settings that its result depends on."""
CODE_VERSION_KEY = "code_version"
"""In the metadata of a materialization that Dagster is told without a code version of its own: the step's."""
SETTINGS_CHECK = "made_with_todays_settings"
"""Of each asset: whether everything stored of it was made with the settings, and by the version, of today."""
RERUN_TAG = "mkt/rerun_for"
"""The settings that a run is for, as a tag: of results that others made."""
_CODE_VERSION = "dagster/code_version"
_IDS_A_QUERY = 500


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


@dataclass(frozen=True)
class Recorded:
    """What was recorded when an asset was made of a crawl date: its code version and its settings."""

    code_version: str | None
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Stale:
    """An asset of a crawl date that was made with other settings, or by another version of its step.

    It is what the UI calls unsynced by a changed code version; what is made of it is not listed.
    """

    asset: str
    partition: str
    changed: tuple[str, ...]
    storage_id: int


def stale_by_settings(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, known: dict[int, Recorded]
) -> list[Stale]:
    """What is stored and would be made otherwise today, in the order of assets and dates.

    Args:
        instance: knows what was made.
        repository: the definitions of today.
        known: what records say, by their id; it is filled, so that a next call asks for new records only.
    """
    graph = repository.asset_graph
    nodes = [graph.get(key) for key in graph.toposorted_asset_keys]
    return [
        stale
        for node in nodes
        for stale in stale_of(
            instance, node.key, node.code_version, settings_in(node.metadata), known, but_for=None
        )
    ]


def stale_of(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    code_version: str | None,
    settings: Mapping[str, Any],
    known: dict[int, Recorded],
    *,
    but_for: str | None,
) -> list[Stale]:
    """The same of one asset, whose code version and settings are these today; `but_for` a partition."""
    ids = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    _fill(instance, key, [i for i in ids.values() if i not in known], known)
    found: list[Stale] = []
    for partition, storage_id in sorted(ids.items()):
        made = known.get(storage_id)
        if made is None or made.code_version in (None, code_version) or partition == but_for:
            continue
        names = [
            name for name in settings if json.dumps(made.settings.get(name)) != json.dumps(settings[name])
        ]
        found.append(Stale(key.to_user_string(), partition, tuple(names), storage_id))
    return found


def code_version_of(made: dg.AssetMaterialization) -> str | None:
    """The version of the step that made it, whether or not Dagster is to go by it; None if it was not recorded."""
    told = made.metadata.get(CODE_VERSION_KEY)
    return (made.tags or {}).get(_CODE_VERSION) or (None if told is None else str(told.value))


def settings_in(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings in an asset's metadata."""
    values = metadata.get(SETTINGS_KEY)
    return getattr(values, "value", values) or {}


def as_check(stale: Sequence[Stale]) -> dict[str, Any]:
    """The outcome of the check `SETTINGS_CHECK` of an asset of which this is stale, for a result or an evaluation.

    Dagster calls a partitioned asset as a whole fresh, whatever its partitions are: this is where it can be seen.
    """
    return {
        "passed": not stale,
        "severity": dg.AssetCheckSeverity.WARN,
        "description": f"{in_words(stale)}; see `mkt doctor`." if stale else None,
        "metadata": {"crawl_dates_made_otherwise": len(stale)},
    }


def tell_of_stale(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey], stale: Sequence[Stale]) -> None:
    """Report the check `SETTINGS_CHECK` of each asset whose outcome is another than what was last reported."""
    for key in keys:
        outcome = as_check([one for one in stale if one.asset == key.to_user_string()])
        last = next(
            (
                (record.evaluation.passed, record.evaluation.description)
                for record in instance.event_log_storage.get_asset_check_execution_history(
                    dg.AssetCheckKey(key, SETTINGS_CHECK), limit=1
                )
                if isinstance(record.evaluation, dg.AssetCheckEvaluation)
            ),
            (True, None),  # what was never made needs no mark
        )
        if last != (outcome["passed"], outcome["description"]):
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(asset_key=key, check_name=SETTINGS_CHECK, **outcome)
            )


def rerun_requests(
    stale: Sequence[Stale], repository: dg.RepositoryDefinition, partitions: Collection[str]
) -> Iterator[dg.RunRequest]:
    """A run a crawl date, oldest first, of what is stale and what is made of it; the same records give the same key."""
    graph = repository.asset_graph
    for partition in sorted({one.partition for one in stale} & set(partitions)):
        of_date = [one for one in stale if one.partition == partition]
        chosen: set[dg.AssetKey] = set()
        waiting = [dg.AssetKey(one.asset) for one in of_date]
        while waiting:
            key = waiting.pop()
            if key not in chosen:
                chosen.add(key)
                waiting += graph.get(key).child_keys
        today = [(one.storage_id, graph.get(dg.AssetKey(one.asset)).code_version) for one in of_date]
        digest = hashlib.sha256(json.dumps(today).encode()).hexdigest()[:16]
        yield dg.RunRequest(
            run_key=f"settings:{partition}:{digest}",
            partition_key=partition,
            asset_selection=sorted(chosen),
            tags={
                RERUN_TAG: ", ".join(sorted({name for one in of_date for name in one.changed})) or "version"
            },
        )


def in_words(stale: Sequence[Stale]) -> str:
    """Which dates by which settings, in half a sentence."""
    dates = sorted({one.partition for one in stale})
    names = sorted({f"MKT_{name.upper()}" for one in stale for name in one.changed})
    shown = ", ".join(dates[:5]) + (f" and {len(dates) - 5:,} more" if len(dates) > 5 else "")
    return f"{shown} made with another {' and '.join(names) or 'version of the step'}"


def _fill(
    instance: dg.DagsterInstance, key: dg.AssetKey, ids: Sequence[int], known: dict[int, Recorded]
) -> None:
    for start in range(0, len(ids), _IDS_A_QUERY):
        chosen = dg.AssetRecordsFilter(key, storage_ids=ids[start : start + _IDS_A_QUERY])
        for record in instance.fetch_materializations(chosen, limit=_IDS_A_QUERY).records:
            made = record.asset_materialization
            if made is not None:
                values = made.metadata.get(SETTINGS_KEY)
                settings = cast("Mapping[str, Any]", values.value if values is not None else {})
                known[record.storage_id] = Recorded((made.tags or {}).get(_CODE_VERSION), settings)
