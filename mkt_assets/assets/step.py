"""How a step is declared: its table, the settings its result depends on, its version, once. The rest follows.

From the declaration come the asset's key, columns and partitions, its code version (so that a changed setting shows
as stale what it changes), its run configuration, the crawl date, how it fails, what is stored and its row count.

Not here: what a step computes (core/, compute/), what the UI shows of it (metadata).
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

import dagster as dg
import pyarrow as pa
from pydantic import Field, create_model

from mkt_assets.contract.table import Table
from mkt_assets.models.registry import MODELS, Role, choices, describe
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import CrawlDates, crawl_date_of, crawl_date_partitions
from mkt_assets.orchestration.records import (
    CODE_VERSION_KEY,
    SETTINGS_CHECK,
    SETTINGS_KEY,
    as_check,
    stale_of,
)
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings

OWNERS = ["team:marketing-data"]
MODELS_POOL = "models"
"""The pool, in Dagster, of the steps that run models; named as the resource that they ask for."""
_TODAYS = "Everything stored of it was made with the settings, and by the version of the step, of today."
_DATA_VERSION = "dagster/data_version"
_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=4), warn_window=timedelta(days=2))
_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))
# What a launchpad cannot give: what is the same for all crawl dates, files and limits are the operator's.
_OF_THE_OPERATOR = ("window_crawl_dates", "timezone", "stop_words", "names_file", "sight_words_file")


@dataclass(frozen=True)
class Run:
    """What a step works for: a crawl date, with the settings and what the run's configuration changes of them."""

    crawl_date: date
    settings: Settings
    configured: frozenset[str]
    """Names of the settings that the run's configuration gave."""
    log: Callable[[str], None]
    instance: dg.DagsterInstance


@dataclass(frozen=True)
class Made:
    """What a step made of a crawl date; it is stored in one transaction, in place of what was.

    `after_stored` is called when the rows are stored; `run_tags` say in the list of runs what this one was about.
    """

    rows: pa.Table
    metadata: Mapping[str, Any]
    rejects: pa.Table | None = None
    after_stored: Callable[[], object] | None = None
    run_tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Derived:
    """What a step made of all crawl dates, and stored itself, see `Warehouse.replace_derived`.

    `versions` says, by crawl date, what its rows are now, `versions_before` what they were. A crawl date whose rows
    are others than before is reported to Dagster: what was made of them shows as stale, and of the others as fresh.
    """

    n_rows: int
    metadata: Mapping[str, Any]
    versions: Mapping[date, str]
    versions_before: Mapping[date, str]


Compute = Callable[..., Made | Derived]


@dataclass(frozen=True)
class Step:
    """A declared step, see `step`; `build` makes the asset of it."""

    compute: Compute
    table: Table
    version: int
    settings: tuple[str, ...]
    group: str
    kinds: frozenset[str]
    description: str
    deps: tuple[str, ...]
    expected_daily: bool

    def build(self, settings: Settings) -> dg.AssetsDefinition:
        """The asset; `settings` decide its partitions, its lineage, and by their values its code version."""
        config = run_config(self.table.name, self.settings, settings)
        values, code_version = self.values(settings), self.code_version(settings)

        @dg.asset(
            name=self.table.name,
            deps=list(self.deps),
            partitions_def=crawl_date_partitions(settings),
            group_name=self.group,
            kinds=set(self.kinds),
            owners=OWNERS,
            code_version=code_version,
            description=f"{self.description}\n\nOne row is {self.table.row_is}.",
            metadata={
                "dagster/column_schema": column_schema(self.table),
                "dagster/table_name": f"mkt.main.{self.table.name}",
                **({SETTINGS_KEY: dg.MetadataValue.json(values)} if values else {}),
            },
            freshness_policy=_DAILY if self.expected_daily else None,
            # how many of all runs may use models at once: no limit, unless somebody sets one
            pool=MODELS_POOL if MODELS_POOL in self._resources() else None,
            check_specs=[dg.AssetCheckSpec(SETTINGS_CHECK, asset=self.table.name, description=_TODAYS)],
            required_resource_keys={"settings", "warehouse", *self._resources()},
            config_schema=None if config is None else config.to_config_schema().as_field(),
        )
        # no annotation of what it returns: Dagster would ask for a tuple, for the check beside the asset
        def materialize(context: dg.AssetExecutionContext):
            with explained():
                partition = context.partition_key
                stale = stale_of(
                    context.instance, context.asset_key, code_version, values, {}, but_for=partition
                )
                of_settings = dg.AssetCheckResult(check_name=SETTINGS_CHECK, **as_check(stale))
                return self._materialize(context, config, of_settings)

        return materialize

    def code_version(self, settings: Settings) -> str:
        """The version, and a digest of the values of the settings that the result depends on."""
        values = self.values(settings)
        if not values:
            return str(self.version)
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return f"{self.version}-{digest[:8]}"

    def values(self, settings: Settings) -> dict[str, Any]:
        """The settings that the result depends on, see `value_of`."""
        return {name: value_of(name, settings) for name in self.settings}

    def _resources(self) -> list[str]:
        """The resources that the function asks for, by name, behind the run."""
        return list(inspect.signature(self.compute).parameters)[1:]

    def _materialize(
        self,
        context: dg.AssetExecutionContext,
        config: type[dg.Config] | None,
        of_settings: dg.AssetCheckResult,
    ) -> dg.MaterializeResult[Any]:
        settings = cast("Settings", context.resources.settings)
        configured: frozenset[str] = frozenset()
        if config is not None:
            given = config(**context.op_execution_context.op_config)
            changed = given.model_dump(exclude_defaults=True)
            configured = frozenset(name for name, value in changed.items() if value is not None)
            settings = settings.overridden_by(given)
        run = Run(crawl_date_of(context), settings, configured, context.log.info, context.instance)
        made = self.compute(run, **{name: getattr(context.resources, name) for name in self._resources()})
        values = self.values(settings)
        recorded = {SETTINGS_KEY: dg.MetadataValue.json(values)} if values else {}
        metadata = {**made.metadata, **recorded}
        if isinstance(made, Derived):
            told = {**recorded, CODE_VERSION_KEY: self.code_version(settings)}
            self._report_other_dates(context, made, told)
            return dg.MaterializeResult(
                metadata={"dagster/row_count": made.n_rows, **metadata},
                data_version=dg.DataVersion(made.versions.get(run.crawl_date, "no rows")),
                check_results=[of_settings],
            )
        warehouse = cast("Warehouse", context.resources.warehouse)
        warehouse.replace_partition(self.table.name, run.crawl_date, made.rows, rejects=made.rejects)
        if made.after_stored is not None:
            made.after_stored()
        if made.run_tags:
            context.instance.add_run_tags(context.run_id, made.run_tags)
        return dg.MaterializeResult(
            metadata={"dagster/partition_row_count": made.rows.num_rows, **metadata},
            check_results=[of_settings],
        )

    def _report_other_dates(
        self, context: dg.AssetExecutionContext, made: Derived, told: Mapping[str, Any]
    ) -> None:
        """Tell Dagster of the other crawl dates whose rows this run changed, or that it does not know yet.

        `told` is the metadata of each: the settings and the version that it was made with, which are this run's.
        """
        key, partitions = context.asset_key, context.assets_def.partitions_def
        known = context.instance.get_materialized_partitions(key)
        for crawl_date, version in made.versions.items():
            partition = crawl_date.isoformat()
            is_unchanged = partition in known and made.versions_before.get(crawl_date) == version
            if is_unchanged or partition == context.partition_key:
                continue
            if isinstance(partitions, CrawlDates) and partitions.has_partition_key(
                partition, dynamic_partitions_store=context.instance
            ):
                # without a code version Dagster asks whether anything upstream is newer, and nothing is
                tags = {_DATA_VERSION: version}
                context.log_event(dg.AssetMaterialization(key, metadata=told, partition=partition, tags=tags))


def step(
    table: Table,
    *,
    version: int,
    group: str,
    kinds: set[str],
    description: str,
    settings: Iterable[str] = (),
    deps: Sequence[str] = (),
    expected_daily: bool = False,
) -> Callable[[Compute], Step]:
    """Declare a step: a function of a `Run` and, by the names of its parameters, of resources.

    Args:
        table: What it stores; the asset's key is the table's name, its columns are the schema's.
        version: Of the function: another one makes what was materialized before stale.
        group: Where it stands in the UI.
        kinds: Tags in the UI.
        description: For the UI.
        settings: Names of the settings that its result depends on; a run's configuration may give those that are
            not the operator's alone.
        deps: Tables it reads. Of a window of crawl dates, lineage tells of the same date only.
        expected_daily: The UI shows it as stale when it was not made for two days, and as failed after four.
    """

    def declare(compute: Compute) -> Step:
        return Step(
            compute,
            table,
            version,
            tuple(settings),
            group,
            frozenset(kinds),
            description,
            tuple(deps),
            expected_daily,
        )

    return declare


def value_of(name: str, settings: Settings) -> Any:
    """A setting as results depend on it: a model with its version, files by their content, else the value."""
    value = getattr(settings, name)
    if name in MODELS:
        card = describe(cast("Role", name), value, settings.model_options)
        return f"{card.model_id} {card.version}"
    if name in ("names_file", "sight_words_file"):  # which file; what is in it is data, and read in every run
        return str(value.relative_to(settings.home) if value.is_relative_to(settings.home) else value)
    if name == "stop_words":
        return [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in value]
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value


def run_config(name: str, declared: Iterable[str], settings: Settings) -> type[dg.Config] | None:
    """The run configuration of a step: a field for each setting that a launchpad may give; None without any.

    A field's default is what `settings` say, so that the launchpad shows what a run will go by.
    """
    fields: dict[str, Any] = {}
    for setting in declared:
        if setting not in _OF_THE_OPERATOR and not setting.startswith("max_"):
            kind = _config_type(setting, settings)
            shown = _in_launchpad(getattr(settings, setting), kind)
            fields[setting] = (kind | None, Field(default=shown, description=_description(setting)))
    if not fields:
        return None
    title = "".join(part.capitalize() for part in name.split("_"))
    return create_model(
        f"{title}Config",
        __base__=dg.Config,
        __doc__="Run configuration; a field left out keeps the setting.",
        **fields,
    )


def _description(setting: str) -> str:
    """What the launchpad says of a field: its meaning, and its bounds, which Dagster's types cannot check."""
    described = Settings.model_fields[setting]
    bounds = [
        f"{word} {getattr(m, name)}" for m in described.metadata for name, word in _BOUNDS if hasattr(m, name)
    ]
    return "; ".join([described.description or "", *bounds])


def _in_launchpad(value: object, kind: type[Any]) -> object:
    """A setting's value as one writes it: a range as 2-200, a choice as one of the choices."""
    if value is not None and issubclass(kind, Enum):
        return kind(value)
    return "-".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else value


def _config_type(setting: str, settings: Settings) -> type[Any]:
    """What a setting is in the launchpad: a choice, a flag, a number, or else text, which the settings check."""
    annotation = Settings.model_fields[setting].annotation
    if setting in MODELS:
        allowed = choices(cast("Role", setting), getattr(settings, setting))
    else:
        allowed = list(get_args(annotation))
    if setting in MODELS or get_origin(annotation) is Literal:
        return cast("type[Any]", Enum(setting, {choice: choice for choice in allowed}))
    parts = get_args(annotation) if get_origin(annotation) in (UnionType, Union) else (annotation,)
    kinds = [part for part in parts if part is not type(None)]
    return cast("type[Any]", kinds[0]) if kinds in ([bool], [int], [float]) else str


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns, types, meanings and units, as the Dagster UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                c.type,
                description=c.doc + (f" [{c.unit}]" if c.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=c.nullable,
                    unique=table.key == (c.name,),
                    other=[f"one of {', '.join(c.allowed)}"] if c.allowed else [],
                ),
            )
            for c in table.columns
        ]
    )
