"""A DuckDB file is waited for while another program has it, and free again after a cancellation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from mkt_assets.resources.database import DatabaseBusyError, FileDatabase, open_database
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets_tests.processes import OTHERS
from mkt_assets_tests.resources.test_warehouse import summaries

D1 = date(2024, 6, 13)


def _warehouse(folder: Path) -> tuple[Path, Warehouse]:
    path = folder / "mkt.duckdb"
    return path, Warehouse(FileDatabase(path, timeout_seconds=5), folder / "mkt.snapshot.duckdb")


def test_a_held_lock_is_waited_for(tmp_path: Path) -> None:
    path, warehouse = _warehouse(tmp_path)
    warehouse.replace_partition("summaries", D1, summaries(D1, "a"))
    holder = _hold(path, seconds=1.5)
    warehouse.replace_partition("summaries", D1, summaries(D1, "b"))
    holder.wait()
    assert warehouse.read("summaries", [D1])["post_id"].to_pylist() == ["b"]


def test_a_lock_held_too_long_says_who_holds_it(tmp_path: Path) -> None:
    path, warehouse = _warehouse(tmp_path)
    warehouse.replace_partition("summaries", D1, summaries(D1, "a"))
    impatient = Warehouse(FileDatabase(path, timeout_seconds=0.5), warehouse.snapshot_path)
    holder = _hold(path, seconds=30)
    try:
        with pytest.raises(DatabaseBusyError, match=f"process {holder.pid}"):
            impatient.replace_partition("summaries", D1, summaries(D1, "b"))
    finally:
        holder.kill()
        holder.wait()
    assert warehouse.read("summaries", [D1])["post_id"].to_pylist() == ["a"]


def _hold(path: Path, seconds: float) -> subprocess.Popen[bytes]:
    code = f"""
import duckdb, time
connection = duckdb.connect({str(path)!r})
print("held", flush=True)
time.sleep({seconds})
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    time.sleep(0.05)
    return process


def test_a_cancellation_waits_for_the_end_of_a_write_and_leaves_the_file_free(tmp_path: Path) -> None:
    class Cancelled(BaseException):
        pass

    def cancel(*_: object) -> None:
        raise Cancelled

    sent = threading.Event()

    def send() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        sent.set()

    before = signal.signal(signal.SIGTERM, cancel)
    try:
        with (
            pytest.raises(Cancelled),
            open_database(tmp_path / "mkt.duckdb", timeout_seconds=5) as connection,
        ):
            connection.begin()
            threading.Thread(target=send).start()
            while not sent.is_set():
                connection.execute("CREATE OR REPLACE TABLE t AS SELECT range FROM range(100_000)")
            connection.execute("CREATE OR REPLACE TABLE t AS SELECT range FROM range(100_000)")
            connection.commit()
        assert signal.getsignal(signal.SIGTERM) is cancel
    finally:
        signal.signal(signal.SIGTERM, before)
    with open_database(tmp_path / "mkt.duckdb", timeout_seconds=5) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (100_000,)


def open_in_a_fork(path: Path) -> None:
    database = FileDatabase(path, timeout_seconds=20)
    database.write((), lambda connection: connection.execute("CREATE TABLE t AS SELECT 1 AS a"))
    child = os.fork()
    if not child:
        with database.reading() as connection:
            os._exit(connection.execute("SELECT a FROM t").fetchone() != (1,))
    _, status = os.waitpid(child, 0)
    with database.reading() as connection:
        assert connection.execute("SELECT a FROM t").fetchone() == (1,)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_forked_process_opens_what_its_parent_opened(tmp_path: Path) -> None:
    process = OTHERS.Process(target=open_in_a_fork, args=(tmp_path / "t.duckdb",))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_between_two_openings_the_file_is_free_and_has_no_log(tmp_path: Path) -> None:
    database = FileDatabase(tmp_path / "t.duckdb", timeout_seconds=5)
    database.write((), lambda connection: connection.execute("CREATE TABLE t AS SELECT 1 AS a"))
    assert not list(tmp_path.glob("*.wal"))
    write = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('INSERT INTO t VALUES (2)')"
    subprocess.run([sys.executable, "-c", write, str(database.path)], check=True, timeout=60)
    with database.reading() as connection:
        assert connection.execute("SELECT sum(a) FROM t").fetchone() == (3,)


def n_blocks_of_metadata(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        query = "SELECT sum(total_blocks - free_blocks)::INTEGER FROM pragma_metadata_info()"
        [(n_blocks,)] = connection.execute(query).fetchall()
    return n_blocks


def test_a_file_lacks_the_statistics_that_make_the_oldest_format_slow_to_open_however_often_it_is_written(
    tmp_path: Path,
) -> None:
    columns = ", ".join(f"c{n} INTEGER" for n in range(40))
    tables = "; ".join(f"CREATE OR REPLACE TABLE t{n} ({columns})" for n in range(8))
    ours, oldest = (FileDatabase(tmp_path / name, timeout_seconds=5) for name in ("ours", "oldest"))
    with duckdb.connect(str(oldest.path)) as connection:
        connection.execute(tables)
    before = n_blocks_of_metadata(oldest.path)
    for database in (ours, ours, oldest):
        database.write((), lambda connection: connection.execute(tables))
        assert n_blocks_of_metadata(database.path) < before / 2
    oldest.compact()
    assert n_blocks_of_metadata(oldest.path) < before / 2


def test_a_file_of_a_newer_format_is_read_and_written_as_it_is(tmp_path: Path) -> None:
    database = FileDatabase(tmp_path / "t.duckdb", timeout_seconds=5)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database.path}' AS newer (STORAGE_VERSION 'latest')")
        connection.execute("CREATE TABLE newer.t AS SELECT 1 AS a")
    database.write((), lambda connection: connection.execute("INSERT INTO t VALUES (2)"))
    with database.reading() as connection:
        assert connection.execute("SELECT sum(a) FROM t").fetchone() == (3,)


def test_work_that_fails_leaves_nothing_and_the_file_free(tmp_path: Path) -> None:
    database = FileDatabase(tmp_path / "t.duckdb", timeout_seconds=5)

    def fail(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        connection.execute("SELECT nothing FROM nowhere")

    with pytest.raises(duckdb.CatalogException):
        database.write((), fail)
    with duckdb.connect(str(database.path)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == []
