"""The Dagster instance below the home: made once, safely, however many processes begin at once.

Not here: what is in dagster.yaml (orchestration/dagster_yaml), which crawl dates it is told of
(orchestration/partitions).
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from mkt_assets.orchestration.dagster_yaml import NAME, RECORDS_SCHEMA, with_storage
from mkt_assets.resources.opening import open_state
from mkt_assets.settings import Settings

if TYPE_CHECKING:
    from mkt_assets.resources.state import State

_READY = ".prepared"
_OPENING = "the first opening of Dagster's records"


def prepare_instance(settings: Settings) -> Path:
    """The instance's folder, with its configuration, migrated databases and crawl dates; DAGSTER_HOME is set to it.

    Dagster migrates a new instance's databases on first use without a lock, so that of several first
    processes some die. Here the first one does it, the others wait: in a home, and of all homes that share a state.

    Raises:
        DatabaseSetupError: if the home may not share the state, or shares one and the settings name none.
        DatabaseBusyError: if the state is away.
    """
    home = settings.dagster_home
    state = open_state(settings)
    if state is not None:
        state.join()
    home.mkdir(parents=True, exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(home)
    if not _is_ready(home, settings.state):
        with FileLock(home / ".prepare.lock", timeout=300):
            if not _is_ready(home, settings.state):
                _make(home, state)
    import dagster as dg

    from mkt_assets.orchestration.partitions import register_crawl_dates

    with dg.DagsterInstance.get() as instance:
        register_crawl_dates(instance, settings)
    return home


def _is_ready(home: Path, state_url: str | None) -> bool:
    """Whether all was made, with the records where they are to be."""
    ready, config = home / _READY, home / NAME
    if not ready.exists() or not config.exists() or ready.read_text("utf-8") != (state_url or ""):
        return False
    text = config.read_text("utf-8")
    return with_storage(text, state_url) == text


def _make(home: Path, state: State | None) -> None:
    from mkt_assets.resources.files import write_durably

    config, url = home / NAME, None if state is None else state.url
    if config.exists():
        text = config.read_text("utf-8")
    else:
        text = files("mkt_assets.orchestration").joinpath("dagster_instance.yaml").read_text("utf-8")
    if not config.exists() or with_storage(text, url) != text:
        # whole or not at all: an empty one would be kept, and Dagster's defaults send telemetry
        write_durably(config, with_storage(text, url).encode())
    if state is None:
        _open_each_database()
    else:
        from mkt_assets.resources.postgres import holding, make_schema

        with holding(state.url, [_OPENING], timeout_seconds=300) as connection:
            make_schema(connection, RECORDS_SCHEMA)
            _open_each_database()
    write_durably(home / _READY, (url or "").encode())


def _open_each_database() -> None:
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        # each touches one of the three databases
        instance.get_runs(limit=1)
        instance.all_asset_keys()
        instance.all_instigator_state()
