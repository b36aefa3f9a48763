"""A lake under many writers: each date whole, whoever is killed, and whatever connection is cut."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.processes import OTHERS
from mkt_assets_tests.resources.test_warehouse import summaries

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

D1 = date(2024, 6, 13)
N_POSTS = 30


def warehouse_in(lake: Lake, *, timeout_seconds: float = 120) -> Warehouse:
    from mkt_assets.resources.lake import LakeDatabase

    return Warehouse(LakeDatabase(lake, timeout_seconds=timeout_seconds), Path("/nowhere/snapshot.duckdb"))


def crawl(day: date, writer: str) -> pa.Table:
    """Rows of a date that tell who wrote them; more than DuckLake would keep in its catalog."""
    return summaries(day, *(f"{i:03}" for i in range(N_POSTS)), summary=f"{day} {writer}")


def is_whole(rows: list[dict[str, object]]) -> bool:
    """Whether all the rows of a date are of one write."""
    return len({row["summary"] for row in rows}) <= 1 and len(rows) in (0, N_POSTS)


def by_date(warehouse: Warehouse) -> dict[date, list[dict[str, object]]]:
    found: dict[date, list[dict[str, object]]] = {}
    for row in warehouse.read("summaries", columns=["crawl_date", "summary"]).to_pylist():
        found.setdefault(row["crawl_date"], []).append(row)
    return found


def write_dates(lake: Lake, days: list[date], longest_seconds: float) -> None:
    warehouse = warehouse_in(lake)
    for n in (1, 2):
        for day in days:
            began = time.monotonic()
            warehouse.replace_partition(
                "summaries", day, crawl(day, f"write {n}"), rejects=TABLES["rejects"].empty()
            )
            assert time.monotonic() - began < longest_seconds


def read_all_the_time(lake: Lake, done: object) -> None:
    warehouse = warehouse_in(lake)
    while not done.is_set():  # pyright: ignore[reportAttributeAccessIssue]
        for day, rows in by_date(warehouse).items():
            assert is_whole(rows), (day, len(rows))


def first_write(lake: Lake, gate: object, writer: str) -> None:
    warehouse = warehouse_in(lake)
    warehouse.read("summaries")
    gate.wait(120)  # pyright: ignore[reportAttributeAccessIssue]
    warehouse.replace_partition("summaries", D1, crawl(D1, writer))


def write_while_some_are_killed(lake: Lake, n_writers: int, n_dates: int, n_kills: int, seed: int) -> None:
    """Writers with dates of their own, a reader, and kill -9 at random; who is killed begins again."""
    rng = random.Random(seed)
    days = [[date(2024, 1, 1) + timedelta(w * n_dates + d) for d in range(n_dates)] for w in range(n_writers)]
    done = OTHERS.Event()
    reader = OTHERS.Process(target=read_all_the_time, args=(lake, done))
    reader.start()

    def started(mine: list[date]) -> BaseProcess:
        process = OTHERS.Process(target=write_dates, args=(lake, mine, 30.0))
        process.start()
        return process

    writers = [started(mine) for mine in days]
    for _ in range(n_kills):
        time.sleep(rng.uniform(0.5, 3))
        victim = rng.randrange(n_writers)
        writers[victim].kill()
        writers[victim].join()
        writers[victim] = started(days[victim])
    for process in writers:
        process.join()
    done.set()
    reader.join()
    assert [process.exitcode for process in (*writers, reader)] == [0] * (n_writers + 1)
    stored = by_date(warehouse_in(lake))
    assert sorted(stored) == sorted(day for mine in days for day in mine)
    for day, rows in stored.items():
        assert len(rows) == N_POSTS and {row["summary"] for row in rows} == {f"{day} write 2"}


@pytest.mark.slow
def test_writers_that_are_killed_lose_and_double_nothing_and_readers_see_whole_dates(lake: Lake) -> None:
    write_while_some_are_killed(lake, n_writers=3, n_dates=3, n_kills=2, seed=0)


@pytest.mark.soak
def test_six_writers_of_forty_dates_each_with_a_reader_and_many_kills(lake: Lake) -> None:
    write_while_some_are_killed(lake, n_writers=6, n_dates=40, n_kills=60, seed=1)


@pytest.mark.slow
def test_two_that_first_write_a_date_at_once_do_not_double_it(lake: Lake) -> None:
    gate = OTHERS.Barrier(3)
    processes = [OTHERS.Process(target=first_write, args=(lake, gate, writer)) for writer in ("a", "b")]
    for process in processes:
        process.start()
    gate.wait(120)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert is_whole(by_date(warehouse_in(lake))[D1])
    assert len(by_date(warehouse_in(lake))[D1]) == N_POSTS


def test_a_connection_that_is_cut_in_the_middle_of_a_write_is_made_anew(lake: Lake, postgres: Server) -> None:
    warehouse = warehouse_in(lake)
    warehouse.replace_partition("summaries", D1, crawl(D1, "old"))

    def all_connections(name: str) -> str:
        return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"

    write = cut_once(lambda: postgres.run(all_connections(lake.catalog.rpartition("/")[2])))
    warehouse.database.write(["summaries"], write)
    [rows] = by_date(warehouse).values()
    assert [row["summary"] for row in rows] == ["new"] * N_POSTS


def test_a_catalog_that_stays_away_is_told_in_a_sentence_and_the_old_rows_stay(
    lake: Lake, postgres: Server
) -> None:
    warehouse = warehouse_in(lake)
    warehouse.replace_partition("summaries", D1, crawl(D1, "old"))
    impatient = warehouse_in(lake, timeout_seconds=2)
    try:
        with pytest.raises(DatabaseBusyError, match=r"cannot be reached|was lost|was away"):
            impatient.database.write(["summaries"], cut_once(postgres.stop))
        with pytest.raises(DatabaseBusyError, match=r"cannot be reached|was lost|was away"):
            impatient.read("summaries")
    finally:
        postgres.start()
    assert [row["summary"] for row in by_date(warehouse)[D1]] == [f"{D1} old"] * N_POSTS


def test_a_writer_that_is_kept_waiting_is_told_by_whom(lake: Lake) -> None:
    from mkt_assets.resources.postgres import holding

    warehouse = warehouse_in(lake, timeout_seconds=0.5)
    with (
        holding(lake.catalog, ["summaries"], timeout_seconds=1),
        pytest.raises(DatabaseBusyError, match=r"mkt .* kept rejects, summaries for over 0.5 s"),
    ):
        warehouse.replace_partition("summaries", D1, crawl(D1, "late"), rejects=TABLES["rejects"].empty())
    warehouse.replace_partition("text_embeddings", D1, TABLES["text_embeddings"].empty())
    assert by_date(warehouse) == {}


def cut_once(cut: Callable[[], object]) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """A write of new rows; where it is done first, something is cut after the old ones were deleted."""
    cuts = [cut]

    def write(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("UPDATE summaries SET summary = 'new', n_characters = 3")
        if cuts:
            cuts.pop()()

    return write


def test_a_database_that_is_not_there_is_told_at_once_and_not_waited_for(
    postgres: Server, tmp_path: Path
) -> None:
    from mkt_assets.resources.lake_connection import Lake

    misspelt = warehouse_in(Lake(postgres.url("mispelt"), str(tmp_path)))
    began = time.monotonic()
    with pytest.raises(DatabaseSetupError, match=r'Postgres refuses .*database "mispelt" does not exist'):
        misspelt.read("summaries")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_keep_every_character_is_refused_before_anything_is_in_it(
    postgres: Server, tmp_path: Path, encoding: str
) -> None:
    from mkt_assets.resources.lake_connection import Lake

    name = f"in_{encoding.lower()}"
    postgres.run(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    warehouse = warehouse_in(Lake(postgres.url(name), str(tmp_path)))
    with pytest.raises(DatabaseSetupError, match=f"keeps text as {encoding}: make one with CREATE DATABASE"):
        warehouse.replace_partition("raw_posts", date(2024, 6, 13), TABLES["raw_posts"].empty())
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    assert postgres.run(tables, database=name) == [(0,)]
