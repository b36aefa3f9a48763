"""The Dagster instance below the home: made once, safely, however many processes begin at once.

Not here: which crawl dates it is told of (orchestration/partitions).
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from mkt_assets.settings import Settings

_READY = ".prepared"


def prepare_instance(settings: Settings) -> Path:
    """The instance's folder, with its configuration, migrated databases and crawl dates; DAGSTER_HOME is set to it.

    Dagster migrates a new instance's databases on first use without a lock, so that of several first
    processes some die. Here the first one does it, the others wait.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(home)
    if not (home / _READY).exists():
        with FileLock(home / ".prepare.lock", timeout=300):
            if not (home / _READY).exists():
                _make(home)
    import dagster as dg

    from mkt_assets.orchestration.partitions import register_crawl_dates

    with dg.DagsterInstance.get() as instance:
        register_crawl_dates(instance, settings)
    return home


def _make(home: Path) -> None:
    import dagster as dg

    from mkt_assets.resources.files import write_durably

    config = home / "dagster.yaml"
    if not config.exists():
        # whole or not at all: an empty one would be kept, and Dagster's defaults send telemetry
        write_durably(
            config, files("mkt_assets.orchestration").joinpath("dagster_instance.yaml").read_bytes()
        )
    with dg.DagsterInstance.get() as instance:
        # each touches one of the three databases
        instance.get_runs(limit=1)
        instance.all_asset_keys()
        instance.all_instigator_state()
    (home / _READY).touch()
