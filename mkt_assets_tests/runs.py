"""A crawl through Dagster in this process, and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.checks import build_checks
from mkt_assets.orchestration.partitions import NAME
from mkt_assets.resources.build import build_resources
from mkt_assets.resources.models import Models
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.stand_ins import FakeModels

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)
LAST = ("charts", "report")
"""The assets that nothing comes after: with what is upstream of them, all assets."""


PINS = {"ops": {"k_selection": {"config": {"image_k": 3, "text_k": 3}}}}
"""Run configuration for drops of three colours."""


@dataclass(frozen=True)
class Record:
    """What Dagster says of a run, in values that workers can hand on to each other.

    `metadata` is {asset: {key: value}}, `checks` {asset.check: whether it passed}.
    """

    run_id: str
    success: bool
    metadata: dict[str, dict[str, Any]]
    checks: dict[str, bool]


@dataclass(frozen=True)
class Crawl:
    """A home with one crawl, and what Dagster says of its run."""

    settings: Settings
    record: Record


def materialize(
    settings: Settings,
    models: FakeModels | Models,
    crawl_date: date,
    *,
    last: str | tuple[str, ...] = "crosstab_ratios",
    upstream: bool = True,
    checks: bool = False,
    run_config: dict[str, Any] | None = None,
    raise_on_error: bool = True,
) -> dg.ExecuteInProcessResult:
    """Everything up to the asset or assets `last`, which by default leaves out the charts, the slowest.

    Without `upstream` these assets only, on what is stored.
    """
    selection = dg.AssetSelection.assets(*([last] if isinstance(last, str) else last))
    instance = dg.DagsterInstance.ephemeral()
    # also of a date without a drop
    instance.add_dynamic_partitions(NAME, [crawl_date.isoformat()])
    return dg.materialize(
        [*build_assets(settings), *(build_checks(settings) if checks else [])],
        partition_key=crawl_date.isoformat(),
        selection=selection.upstream() if upstream else selection,
        resources={**build_resources(settings), "models": models},
        run_config={**(run_config or {}), "loggers": {"console": {"config": {"log_level": "ERROR"}}}},
        raise_on_error=raise_on_error,
        instance=instance,
    )


def rows(settings: Settings, table: str, *dates: date) -> list[dict[str, Any]]:
    return open_warehouse(settings).read(table, dates or None).to_pylist()


def record(result: dg.ExecuteInProcessResult) -> Record:
    return Record(
        result.run_id,
        result.success,
        {
            event.step_materialization_data.materialization.asset_key.to_user_string(): {
                key: value.value
                for key, value in event.step_materialization_data.materialization.metadata.items()
            }
            for event in result.get_asset_materialization_events()
        },
        {
            f"{evaluation.asset_key.to_user_string()}.{evaluation.check_name}": evaluation.passed
            for evaluation in result.get_asset_check_evaluations()
        },
    )


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    [event] = result.asset_materializations_for_node(asset)
    return {key: value.value for key, value in event.metadata.items()}
