"""Dagster's records of what is made now, copied between a home's files and a state.

What is copied: the latest materialization of each asset and crawl date, the latest outcome of each check, and which
sensors and schedules are on. So nothing is run again for having been moved. Runs of before, and their logs, stay where
they were.

Not here: the other things that are moved (operations/move_state).
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from mkt_assets.orchestration.checks import CHECKS
from mkt_assets.orchestration.dagster_yaml import RECORDS_SCHEMA, with_storage
from mkt_assets.orchestration.records import SETTINGS_CHECK
from mkt_assets.resources.postgres import connected, make_schema

_MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
_POINTER = "dagster/input_event_pointer/"
_NO_POINTER = "NULL"
_MOST_EVALUATIONS = 1_000
_IDS_A_QUERY = 500


@contextmanager
def records_in(place: Path | str) -> Generator[dg.DagsterInstance]:
    """The records in a Dagster home's files, or in a state (its address), wherever the home keeps them now."""
    if isinstance(place, Path):
        storage = f"storage:\n  sqlite:\n    base_dir: '{str(place).replace(chr(39), chr(39) * 2)}'\n"
    else:
        storage = with_storage("", place)
        with connected(place) as connection:
            make_schema(connection, RECORDS_SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "dagster.yaml").write_text(f"telemetry:\n  enabled: false\n{storage}", "utf-8")
        with dg.DagsterInstance.from_config(folder) as instance:
            yield instance


def copy_records(source: dg.DagsterInstance, target: dg.DagsterInstance) -> int:
    """Copy what is made now; what `target` knows of an asset and crawl date stays. The number of materializations.

    It can be cut short at any time, and goes on from there.
    """
    made = _made(source)
    known = _made(target)
    new_ids = {made[key]: known[key] for key in made.keys() & known.keys()}
    # in the order in which they were made: what is made of something is newer than it
    missing = sorted(made.keys() - known.keys(), key=lambda key: made[key])
    for start in range(0, len(missing), _IDS_A_QUERY):
        some = missing[start : start + _IDS_A_QUERY]
        found = _materializations(source, {made[key]: key[0] for key in some})
        for asset, partition in some:
            storage_id = made[asset, partition]
            target.report_runless_asset_event(_repointed(found[storage_id], new_ids))
            ids = target.get_latest_storage_id_by_partition(asset, _MADE, {partition})
            new_ids[storage_id] = ids[partition]
    _copy_checks(source, target)
    for state in source.all_instigator_state():
        if target.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
            target.add_instigator_state(state)
    return len(made)


def missing_records(source: dg.DagsterInstance, target: dg.DagsterInstance) -> list[str]:
    """Assets, with crawl dates, that are made in `source` and not in `target`, for people."""
    lacking = _made(source).keys() - _made(target).keys()
    return sorted(f"{asset.to_user_string()} of {partition}" for asset, partition in lacking)


def _made(instance: dg.DagsterInstance) -> dict[tuple[dg.AssetKey, str], int]:
    return {
        (key, partition): storage_id
        for key in instance.all_asset_keys()
        for partition, storage_id in instance.get_latest_storage_id_by_partition(key, _MADE).items()
    }


def _materializations(
    instance: dg.DagsterInstance, asset_of: Mapping[int, dg.AssetKey]
) -> dict[int, dg.AssetMaterialization]:
    """By storage id."""
    found: dict[int, dg.AssetMaterialization] = {}
    for key in set(asset_of.values()):
        ids = [storage_id for storage_id, asset in asset_of.items() if asset == key]
        chosen = dg.AssetRecordsFilter(key, storage_ids=ids)
        for record in instance.fetch_materializations(chosen, limit=len(ids)).records:
            if record.asset_materialization is not None:
                found[record.storage_id] = record.asset_materialization
    return found


def _repointed(made: dg.AssetMaterialization, new_ids: Mapping[int, int]) -> dg.AssetMaterialization:
    """The same, pointing to where what it was made of is now."""
    tags = {
        name: str(new_ids.get(int(value), _NO_POINTER) if value.isdigit() else value)
        if name.startswith(_POINTER)
        else value
        for name, value in (made.tags or {}).items()
    }
    return dg.AssetMaterialization(
        made.asset_key,
        description=made.description,
        metadata=made.metadata,
        partition=made.partition,
        tags=tags,
    )


def _copy_checks(source: dg.DagsterInstance, target: dg.DagsterInstance) -> None:
    names = {(check.name, asset) for check in CHECKS for asset in check.assets}
    names |= {(SETTINGS_CHECK, key.to_user_string()) for key in source.all_asset_keys()}
    for name, asset in sorted(names):
        key = dg.AssetCheckKey(dg.AssetKey(asset), name)
        known = _evaluations(target, key)
        for partition, evaluation in reversed(_evaluations(source, key).items()):
            if partition not in known:
                target.report_runless_asset_event(evaluation)


def _evaluations(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey
) -> dict[str | None, dg.AssetCheckEvaluation]:
    """The latest outcome by partition, newest first."""
    found: dict[str | None, dg.AssetCheckEvaluation] = {}
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=_MOST_EVALUATIONS)
    for record in records:
        if isinstance(record.evaluation, dg.AssetCheckEvaluation):
            found.setdefault(record.partition, record.evaluation)
    return found
