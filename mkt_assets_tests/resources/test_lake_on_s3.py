"""A lake whose rows are on S3: bit-equal, whole, cleaned up, with no key in what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest

from mkt_assets.core.text.needles import Needles
from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.database import DatabaseSetupError, FileDatabase
from mkt_assets.resources.erasure import Subject, erase
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.resources.test_warehouse import embeddings, summaries

if TYPE_CHECKING:
    from mkt_assets.resources.lake import LakeDatabase

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)
pytestmark = pytest.mark.slow


@pytest.fixture
def on_s3(postgres: Server, bucket: str) -> Iterator[LakeDatabase]:
    """An empty lake in the bucket."""
    from mkt_assets.resources.lake import LakeDatabase, forget_connections
    from mkt_assets.resources.lake_connection import Lake

    name = f"s3_{uuid4().hex}"
    postgres.run(f"CREATE DATABASE {name}")
    yield LakeDatabase(Lake(postgres.url(name), bucket))
    forget_connections()
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def warehouse(on_s3: LakeDatabase, tmp_path: Path) -> Warehouse:
    return Warehouse(on_s3, tmp_path / "snapshot.duckdb")


def test_vectors_come_back_bit_equal_and_are_published(warehouse: Warehouse, tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).standard_normal((2000, 320)).astype(np.float32)
    for _ in range(2):
        warehouse.replace_partition("image_embeddings", D1, embeddings(D1, matrix))
    warehouse.replace_partition("image_embeddings", D2, embeddings(D2, matrix[:0]))
    warehouse.publish_snapshot()
    order = np.argsort([str(i) for i in range(2000)])
    for there in (warehouse, Warehouse(FileDatabase(warehouse.snapshot_path), tmp_path / "none")):
        rows = there.read("image_embeddings")
        assert to_matrix(rows["embedding"]).tobytes() == matrix[order].tobytes()


def test_who_is_erased_is_in_no_object_and_nowhere_in_the_catalog(
    warehouse: Warehouse, on_s3: LakeDatabase
) -> None:
    from mkt_assets.resources.lake_upkeep import catalog_cells_with, data_cells_with

    warehouse.replace_partition("summaries", D1, summaries(D1, "a-post-of-hers", "another-post"))
    warehouse.replace_partition("summaries", D2, summaries(D2, "z-post-of-hers"))
    hers = Needles({"a-post-of-hers", "z-post-of-hers"})
    with on_s3.reading() as connection:
        before, _ = data_cells_with(connection, on_s3.lake, hers)
    assert len(before) == 2 and catalog_cells_with(on_s3.lake, hers) != []
    erase(on_s3, Subject(posts=frozenset({"a-post-of-hers", "z-post-of-hers"})))
    on_s3.compact()
    with on_s3.reading() as connection:
        left, n_files = data_cells_with(connection, on_s3.lake, hers)
    assert (left, catalog_cells_with(on_s3.lake, hers)) == ([], [])
    assert n_files == 3, "one of the summaries, and two of the schema's version"
    assert warehouse.read("summaries")["post_id"].to_pylist() == ["another-post"]
    assert on_s3.keep_up(kept=timedelta(0)).n_files == 2


def test_a_key_that_is_wrong_is_told_and_not_shown(
    postgres: Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mkt_assets.resources.lake import LakeDatabase
    from mkt_assets.resources.lake_connection import Lake

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    postgres.run("CREATE DATABASE wrong_key")
    with pytest.raises(DatabaseSetupError, match="may not do that") as raised:
        LakeDatabase(Lake(postgres.url("wrong_key"), bucket)).write([], lambda _: None)
    assert "a-wrong-secret" not in str(raised.value)


def test_a_place_with_other_files_in_it_is_refused_as_upkeep_would_remove_them(
    postgres: Server, on_s3: LakeDatabase
) -> None:
    from mkt_assets.resources.lake import LakeDatabase
    from mkt_assets.resources.lake_connection import Lake

    Warehouse(on_s3, Path("none")).replace_partition("summaries", D1, summaries(D1, "a"))
    postgres.run("CREATE DATABASE second")
    with pytest.raises(DatabaseSetupError, match="has files in it"):
        LakeDatabase(Lake(postgres.url("second"), on_s3.lake.data)).write([], lambda _: None)
