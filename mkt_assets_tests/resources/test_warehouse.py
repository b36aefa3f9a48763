"""The warehouse: transactions, contract, bit-equal vectors, locks and snapshots."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.tables.items import SUMMARIES
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.core.vectors import to_column, to_matrix
from mkt_assets.resources.database import Database, FileDatabase
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets_tests.processes import OTHERS

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)


@pytest.fixture(params=["file", "lake"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Each of the databases: whatever is said of the warehouse here is true on both."""
    if request.param == "file":
        return FileDatabase(tmp_path / "mkt.duckdb")
    lake = request.getfixturevalue("lake")
    from mkt_assets.resources.lake import LakeDatabase

    return LakeDatabase(lake)


@pytest.fixture
def warehouse(database: Database, tmp_path: Path) -> Warehouse:
    return Warehouse(database, tmp_path / "mkt.snapshot.duckdb")


def summaries(crawl_date: date, *post_ids: str, summary: str = "白色连衣裙") -> pa.Table:
    return pa.table(
        {
            "crawl_date": pa.array([crawl_date] * len(post_ids), pa.date32()),
            "post_id": pa.array(post_ids, pa.string()),
            "poster_id": pa.array(["a"] * len(post_ids), pa.string()),
            "summary": pa.array([summary] * len(post_ids), pa.string()),
            "has_text": pa.array([True] * len(post_ids), pa.bool_()),
            "n_characters": pa.array([len(summary)] * len(post_ids), pa.int64()),
            "removed_words": pa.array([["的"]] * len(post_ids), pa.list_(pa.string())),
            "removed_platform_suffix": pa.array([False] * len(post_ids), pa.bool_()),
            "encoder_text": pa.array([summary] * len(post_ids), pa.string()),
            "words": pa.array([[summary]] * len(post_ids), pa.list_(pa.string())),
        }
    )


def embeddings(crawl_date: date, matrix: np.ndarray, dimension: int | None = None) -> pa.Table:
    n, d = matrix.shape
    strings = {
        name: [str(i) for i in range(n)] for name in ("post_id", "poster_id", "frame", "content_sha256")
    }
    return pa.table(
        {
            "crawl_date": pa.array([crawl_date] * n, pa.date32()),
            **strings,
            "encoder": ["e"] * n,
            "encoder_version": ["1"] * n,
            "dimension": pa.array([dimension or d] * n, pa.int64()),
            "embedding": to_column(matrix),
        }
    )


def test_a_partition_reads_back_as_it_was_written(warehouse: Warehouse) -> None:
    warehouse.replace_partition("summaries", D1, summaries(D1, "b", "a"))
    rows = warehouse.read("summaries", [D1])
    assert rows["post_id"].to_pylist() == ["a", "b"]
    assert rows.schema.equals(SUMMARIES.arrow_schema())


def test_replacing_a_partition_leaves_the_others_alone(warehouse: Warehouse) -> None:
    warehouse.replace_partition("summaries", D1, summaries(D1, "a"))
    warehouse.replace_partition("summaries", D2, summaries(D2, "b", "c"))
    warehouse.replace_partition("summaries", D2, summaries(D2, "d"))
    assert warehouse.read("summaries")["post_id"].to_pylist() == ["a", "d"]


def test_an_empty_partition_is_valid_even_as_the_first_write(warehouse: Warehouse) -> None:
    for name, table in TABLES.items():
        if name != "rejects":
            warehouse.replace_partition(name, D1, table.empty())
            assert warehouse.read(name, [D1]).num_rows == 0


def test_reading_before_anything_was_written_gives_an_empty_table(warehouse: Warehouse) -> None:
    assert warehouse.read("clusters").num_rows == 0


def test_vectors_come_back_bit_equal(warehouse: Warehouse) -> None:
    matrix = np.random.default_rng(0).standard_normal((50, 33)).astype(np.float32)
    warehouse.replace_partition("image_embeddings", D1, embeddings(D1, matrix))
    rows = warehouse.read("image_embeddings", [D1])
    order = np.argsort([str(i) for i in range(50)])
    assert to_matrix(rows["embedding"]).tobytes() == matrix[order].tobytes()


def test_a_vector_of_the_wrong_length_does_not_get_in(warehouse: Warehouse) -> None:
    with pytest.raises(ContractError, match="len\\(embedding\\) = dimension"):
        warehouse.replace_partition(
            "image_embeddings", D1, embeddings(D1, np.eye(3, dtype=np.float32), dimension=4)
        )


def test_a_vector_with_nan_does_not_get_in(warehouse: Warehouse) -> None:
    matrix = np.full((1, 3), np.nan, dtype=np.float32)
    with pytest.raises(ContractError, match="not finite"):
        warehouse.replace_partition("image_embeddings", D1, embeddings(D1, matrix))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (summaries(D1, "a", "a"), "unique"),
        (summaries(D2, "a"), "another crawl date"),
        (summaries(D1, "a").drop_columns(["summary"]), "lack the column"),
        (summaries(D1, "a").append_column("extra", pa.array([1])), "unknown column"),
    ],
)
def test_rows_that_break_the_contract_leave_the_old_rows(
    warehouse: Warehouse, rows: pa.Table, said: str
) -> None:
    warehouse.replace_partition("summaries", D1, summaries(D1, "old"))
    with pytest.raises(ContractError, match=said):
        warehouse.replace_partition("summaries", D1, rows)
    assert warehouse.read("summaries", [D1])["post_id"].to_pylist() == ["old"]


def test_a_write_that_fails_halfway_leaves_the_old_rows(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.replace_partition("summaries", D1, summaries(D1, "old"))
    # rejects of a table that is not allowed pass the shape check and break inside the transaction
    broken = pa.table(
        {name: pa.nulls(1, REJECTS.arrow_schema().field(name).type) for name in REJECTS.column_names}
    )
    with pytest.raises((duckdb.ConstraintException, ContractError)):
        warehouse.replace_partition("summaries", D1, summaries(D1, "new"), rejects=broken)
    assert warehouse.read("summaries", [D1])["post_id"].to_pylist() == ["old"]


def test_somebody_reading_the_snapshot_stops_no_run_and_all_its_columns_are_documented(
    warehouse: Warehouse,
) -> None:
    warehouse.replace_partition("summaries", D1, summaries(D1, "a"))
    warehouse.publish_snapshot_if_changed()
    with duckdb.connect(str(warehouse.snapshot_path), read_only=True) as reader:
        warehouse.replace_partition("summaries", D2, summaries(D2, "b"))
        warehouse.publish_snapshot_if_changed()
        assert reader.execute("SELECT count(*) FROM summaries").fetchall() == [(1,)]
    with duckdb.connect(str(warehouse.snapshot_path), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM summaries").fetchall() == [(2,)]
        undocumented = "SELECT column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        assert reader.execute(undocumented).fetchall() == []


def write_three_times(database: Database, snapshot_path: Path, day: date) -> None:
    warehouse = Warehouse(database, snapshot_path)
    for i in range(3):
        warehouse.replace_partition("summaries", day, summaries(day, *(f"{i}-{j}" for j in range(20))))
        warehouse.publish_snapshot()


@pytest.mark.slow
def test_four_processes_writing_at_once_lose_nothing(warehouse: Warehouse) -> None:
    days = [date(2024, 6, number) for number in range(1, 5)]
    processes = [
        OTHERS.Process(target=write_three_times, args=(warehouse.database, warehouse.snapshot_path, day))
        for day in days
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    rows = warehouse.read("summaries")
    assert rows.num_rows == 4 * 20
    assert all(row["post_id"].startswith("2-") for row in rows.to_pylist())
