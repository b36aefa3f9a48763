"""`mkt doctor` of a warehouse that is a DuckLake: what it needs is here, its catalog answers, its data can be written.

Not here: the tables in it, and everything else of the home (operations/doctor).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from mkt_assets.operations.findings import Finding, Verdict, ago
from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError
from mkt_assets.resources.opening import open_database
from mkt_assets.settings import Settings, SettingsError

_PATIENCE_SECONDS = 5.0


def examine_lake(settings: Settings) -> Iterator[Finding]:
    """What is the matter with the lake; the last finding is good only if it can be read and written."""
    catalog, data = settings.warehouse or "", settings.warehouse_data or ""
    try:
        database = open_database(settings, timeout_seconds=_PATIENCE_SECONDS)
        _find_extensions()
    except (SettingsError, DatabaseSetupError) as error:
        yield Finding(
            "warehouse",
            Verdict.problem,
            str(error),
            "in a clone: sh deploy/install.sh .venv/bin/python --extra cluster",
        )
        return
    try:
        exists = database.exists()
    except (DatabaseSetupError, DatabaseBusyError) as error:
        yield Finding(
            "warehouse",
            Verdict.problem,
            str(error),
            "start it, or correct MKT_WAREHOUSE, PGPASSWORD, or what this user may do there",
        )
        return
    if not data.startswith("s3://"):
        folder = next(p for p in (Path(data), *Path(data).parents) if p.exists())
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(
                "warehouse",
                Verdict.problem,
                f"this user cannot write in {folder}, where MKT_WAREHOUSE_DATA is",
                "correct the owner, the permissions or the mount",
            )
            return
    if not exists:
        yield Finding("warehouse", Verdict.note, f"there is no lake in {catalog} yet", "`mkt run` makes it")
        return
    yield from _opened(settings)


def examine_snapshot_of_lake(settings: Settings) -> Iterator[Finding]:
    """Whether the file that people read is there, and whether runs publish it."""
    snapshot = settings.snapshot_path
    try:
        n_bytes = open_database(settings, timeout_seconds=_PATIENCE_SECONDS).n_bytes()
    except (SettingsError, DatabaseSetupError, DatabaseBusyError):
        return  # told before
    if n_bytes > settings.max_snapshot_megabytes * 1e6:
        yield Finding(
            "snapshot",
            Verdict.note,
            f"the warehouse has {n_bytes / 1e9:,.1f} GB, more than MKT_MAX_SNAPSHOT_MEGABYTES: runs publish none",
            "attach the lake itself (docs/operations.md), or `mkt snapshot` now and then",
        )
    elif snapshot.exists():
        age = ago(time.time() - snapshot.stat().st_mtime)
        yield Finding("snapshot", Verdict.ok, f"published {age} ago by this home")
    elif n_bytes:
        yield Finding(
            "snapshot",
            Verdict.note,
            f"there is no {snapshot}",
            "`mkt snapshot` publishes it; so does each run",
        )


def _find_extensions() -> None:
    from mkt_assets.resources.lake_connection import EXTENSIONS, extension_path

    for name in EXTENSIONS:
        extension_path(name)


def _opened(settings: Settings) -> Iterator[Finding]:
    from mkt_assets.resources.lake_connection import Lake, write_probe

    catalog, data = settings.warehouse or "", settings.warehouse_data or ""
    try:
        write_probe(Lake(catalog, data))
    except Exception as error:  # whatever the store makes the database say
        yield Finding(
            "warehouse",
            Verdict.problem,
            f"{data} cannot be written: {' '.join(str(error).split())[:300]}",
            "correct MKT_WAREHOUSE_DATA, AWS_ENDPOINT_URL, AWS_* keys, or what they may do there",
        )
        return
    yield Finding("warehouse", Verdict.ok, f"the catalog {catalog} answers, and {data} can be written")
