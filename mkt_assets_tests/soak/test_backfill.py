"""Many crawl dates by several processes at once on one warehouse, from an empty instance, with a reader all along."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import post_id, write_drop
from mkt_assets_tests.soak.homes import assert_consistent
from mkt_assets_tests.soak.worker import begin, load

FIRST = date(2024, 6, 1)
N_POSTS = 8
pytestmark = pytest.mark.slow


class Reader(threading.Thread):
    """Reads the snapshot over and over, as people do; `problems` is what it could not read or make sense of."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.stop = path, threading.Event()
        self.problems: list[str] = []
        self.n_read = 0

    def run(self) -> None:
        while not self.stop.wait(0.05):
            if not self.path.exists():
                continue
            try:
                with duckdb.connect(str(self.path), read_only=True) as connection:
                    query = "SELECT crawl_date, count(*) FROM raw_posts GROUP BY ALL HAVING count(*) <> ?"
                    bad = connection.execute(query, [N_POSTS]).fetchall()
            except duckdb.Error as error:
                self.problems.append(str(error))
            else:
                self.n_read += 1
                self.problems += [str(row) for row in bad]


def backfill(tmp_path: Path, n_dates: int, n_processes: int) -> Settings:
    settings = load(tmp_path / "home", tmp_path / "drops")
    days = [FIRST + timedelta(days=i) for i in range(n_dates)]
    for i, day in enumerate(days):
        write_drop(settings.drops_dir, day, range(i * N_POSTS, (i + 1) * N_POSTS))
    reader = Reader(settings.snapshot_path)
    reader.start()
    began = time.monotonic()
    logs = [tmp_path / f"{i}.log" for i in range(n_processes)]
    workers = [begin(settings, days[i::n_processes], log) for i, log in enumerate(logs)]
    for worker in workers:
        worker.join(3000)
    reader.stop.set()
    reader.join()
    print(
        f"{n_dates} dates by {n_processes} processes: {time.monotonic() - began:.0f} s; {reader.n_read} reads"
    )
    said = "\n".join(log.read_text("utf-8") for log in logs if log.exists())
    assert [worker.exitcode for worker in workers] == [0] * n_processes, said[-3000:]
    assert reader.problems == []
    assert reader.n_read > 0
    assert_whole(settings, days)
    return settings


def assert_whole(settings: Settings, days: list[date]) -> None:
    assert_consistent(settings)
    warehouse = open_warehouse(settings)
    for i, day in enumerate(days):
        expected = sorted(post_id(n) for n in range(i * N_POSTS, (i + 1) * N_POSTS))
        for table in ("raw_posts", "matted_images", "image_embeddings", "summaries", "text_embeddings"):
            assert sorted(row["post_id"] for row in warehouse.read(table, [day]).to_pylist()) == expected, (
                table,
                day,
            )
        for table in (
            "clusters",
            "crosstab_ratios",
            "cluster_profiles",
            "charts",
            "report",
            "method_comparison",
        ):
            assert warehouse.read(table, [day]).num_rows > 0, (table, day)
    assert set(warehouse.read("cluster_identities")["crawl_date"].to_pylist()) == set(days)
    assert set(warehouse.read("trends")["crawl_date"].to_pylist()) >= set(days)
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs()
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * len(days)


def test_dates_are_backfilled_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    backfill(tmp_path, n_dates=3, n_processes=2)


@pytest.mark.soak
def test_forty_dates_are_backfilled_by_six_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    backfill(tmp_path, n_dates=40, n_processes=6)
