"""Vectors into the warehouse through Arrow, against row by row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets_tests.resources.test_warehouse import embeddings


def test_a_partition_of_vectors_is_written_faster_than_row_by_row(
    tmp_path: Path, ratio_of: Callable[..., float]
) -> None:
    matrix = np.random.default_rng(0).standard_normal((1000, 512)).astype(np.float32)
    rows = embeddings(date(2024, 6, 13), matrix)
    warehouse = Warehouse(FileDatabase(tmp_path / "ours.duckdb"), tmp_path / "snapshot.duckdb")

    def peer() -> None:
        with duckdb.connect(str(tmp_path / "peer.duckdb")) as connection:
            connection.execute("CREATE OR REPLACE TABLE vectors (post_id VARCHAR, embedding FLOAT[])")
            connection.executemany(
                "INSERT INTO vectors VALUES (?, ?)", [[str(i), row.tolist()] for i, row in enumerate(matrix)]
            )

    def ours() -> None:
        warehouse.replace_partition("image_embeddings", date(2024, 6, 13), rows)

    assert ratio_of("1,000 vectors of 512", peer=peer, ours=ours, repeats=2) >= 5
