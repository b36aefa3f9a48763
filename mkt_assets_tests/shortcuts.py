"""What every instance of Dagster makes anew, made once a process: a sixth of the time of a small run.

Nothing of what is stored or asked changes. In force for all tests (conftest), and for what they fork (processes).
"""

from __future__ import annotations

from functools import lru_cache
from tempfile import TemporaryDirectory
from unittest.mock import patch

import dagster as dg
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from PIL import Image
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

_STORAGES = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
_load, _loaded = ScriptDirectory.from_config, dict[str | None, ScriptDirectory]()


def _migrations(config: Config) -> ScriptDirectory:
    """Ninety files, of which an instance loads all, once for each of its databases."""
    where = config.get_main_option("script_location")
    if where not in _loaded:
        _loaded[where] = _load(config)
    return _loaded[where]


@lru_cache(maxsize=64)
def _engine_of(url: str, timeout_seconds: float | None) -> Engine:
    waits = {} if timeout_seconds is None else {"timeout": timeout_seconds}
    return create_engine(url, poolclass=NullPool, connect_args=waits)


def _engine(url: str, *, poolclass: type[NullPool], connect_args: dict[str, float] | None = None) -> Engine:
    """Dagster makes one at each look into a file, which compiles every statement anew: here one a file."""
    assert poolclass is NullPool
    return _engine_of(url, (connect_args or {}).get("timeout"))


SHORTCUTS = (
    patch.object(ScriptDirectory, "from_config", staticmethod(_migrations)),
    *(patch.object(storage, "create_engine", _engine) for storage in _STORAGES),
)


def take_for_good() -> None:
    """In a process of which others are forked: they find what this one has read and imported."""
    for shortcut in SHORTCUTS:
        shortcut.start()
    with TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        instance.get_run_records()
        instance.get_materialized_partitions(dg.AssetKey("none"))
    Image.init()
