"""What a home holds, so that two can be compared, and whether it is consistent in itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from mkt_assets.contract.schema import TABLES
from mkt_assets.operations.gc import collect_garbage, find_garbage
from mkt_assets.resources.opening import open_database, open_warehouse
from mkt_assets.resources.warehouse_state import read_state
from mkt_assets.settings import Settings

# What differs between two runs on the same crawl: times, and the page that tells of its run
_OF_THE_RUN = {"method_comparison": {"seconds"}, "report": {"sha256", "n_bytes"}}

Rows = list[dict[str, Any]]


def contents(settings: Settings, crawl_date: date) -> dict[str, Rows]:
    """The rows of every table (of the crawl date, where the table has one), without what is of the run."""
    warehouse = open_warehouse(settings)
    found: dict[str, Rows] = {}
    for name, table in TABLES.items():
        rows = warehouse.read(name, [crawl_date] if table.partitioned else None)
        found[name] = rows.drop_columns(sorted(_OF_THE_RUN.get(name, set()))).to_pylist()
    return found


def assert_consistent(settings: Settings) -> None:
    """Keys are unique, rows point at files that exist, and the snapshot, if any, can be read."""
    if settings.warehouse_path.exists():
        state = read_state(open_database(settings, timeout_seconds=10))
        assert state.repeated == {}
        for root, names in (
            (settings.media_dir, state.mattes),
            (settings.charts_dir, state.charts),
            (settings.reports_dir, state.reports),
        ):
            assert [name for name in names if not (root / name).is_file()] == []
    if settings.snapshot_path.exists():
        with duckdb.connect(str(settings.snapshot_path), read_only=True) as reader:
            reader.execute("SELECT count(*) FROM raw_posts").fetchall()


def assert_no_orphans_after_gc(settings: Settings) -> None:
    """After garbage is collected every file is one that a row points to."""
    collect_garbage(settings, min_age_hours=0)
    left = find_garbage(settings, min_age_hours=0)
    assert (left.orphans, left.n_cached) == ((), 0)
    state = read_state(open_database(settings, timeout_seconds=10))
    assert files(settings.media_dir) == set(state.mattes)
    assert {name for name in files(settings.charts_dir) if name.startswith("20")} == set(state.charts)
    assert files(settings.reports_dir) == set(state.reports)


def files(root: Path) -> set[str]:
    """Names of the files below a folder."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
