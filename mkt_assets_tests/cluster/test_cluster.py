"""`make cluster` in a short form: a small crawl with stand-in models, once through all that a cluster has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.opening import open_files, open_warehouse
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.cluster.comparison import compare, report
from mkt_assets_tests.cluster.servers import N_WORKERS, Cluster
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.runs import D1, LAST, PINS, Crawl, materialize
from mkt_assets_tests.stand_ins import FakeModels
from mkt_assets_tests.stores import Store


@pytest.fixture
def cluster(postgres: Server, store_server: Store) -> Iterator[Cluster]:
    """The servers that other tests have, too, and a Ray for this process."""
    if find_spec("ray") is None:
        pytest.skip("install the extra `cluster` (there is no ray)")
    from mkt_assets.compute.ray_cluster import connect, disconnect

    ray = connect(None, n_cpus=N_WORKERS)
    yield Cluster(postgres, store_server, str(ray.get_runtime_context().gcs_address))
    disconnect()


@pytest.mark.slow
def test_every_table_is_as_the_embedded_one_through_postgres_s3_and_ray(
    whole_crawl: Crawl, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = whole_crawl.settings
    for name, value in cluster.shared("short").items():
        monkeypatch.setenv(name, value)
    there = Settings.load(home=tmp_path / "there", drops=here.drops, workers=2)
    there.home.mkdir()
    shutil.copy2(here.home / "poster.key", there.home)
    assert (there.engine, there.warehouse is None, there.state is None) == ("ray", False, False)
    assert materialize(there, FakeModels(), D1, last=LAST, run_config=PINS).success

    compared = compare(open_warehouse(here), open_warehouse(there))
    assert {one.table: one.differences for one in compared} == dict.fromkeys(TABLES, ())
    # its models live in two spaces
    assert {one.table for one in compared if not one.n_rows} == {"rejects", "seen_words", "caption_matches"}
    mattes = {file.name for file in open_files(here, "media").files()}
    assert mattes == {file.name for file in open_files(there, "media").files()} != set()


class Changed(Warehouse):
    """A warehouse with other values in a column of a table."""

    def __init__(self, like: Warehouse, table: str, column: str, change: Callable[[Any], object]) -> None:
        super().__init__(like.database, like.snapshot_path)
        self._changed_table, self._column, self._change = table, column, change

    def read(self, table: str, *_: object, **__: object) -> pa.Table:
        rows = super().read(table)
        if table != self._changed_table:
            return rows
        at = rows.column_names.index(self._column)
        values = [self._change(value) for value in rows[self._column].to_pylist()]
        return rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))


def test_a_word_a_digit_or_a_vector_that_is_another_is_told(whole_crawl: Crawl) -> None:
    here = open_warehouse(whole_crawl.settings)

    def told(table: str, column: str, change: Callable[[Any], object]) -> dict[str, int]:
        compared = compare(here, Changed(here, table, column, change))
        return {one.table: len(one.differences) for one in compared if one.differences}

    assert told("raw_posts", "title", lambda title: title) == {}
    assert told("raw_posts", "title", lambda title: f"{title}?") == {"raw_posts": 1}
    assert told("text_embeddings", "embedding", lambda vector: np.asarray(vector) + 5e-7) == {}
    assert told("text_embeddings", "embedding", lambda vector: np.asarray(vector) + 5e-6) == {
        "text_embeddings": 1
    }
    assert told("k_selection", "inertia", lambda inertia: inertia * (1 + 1e-9)) == {"k_selection": 1}
    assert told("method_comparison", "seconds", lambda seconds: seconds + 1) == {}


def test_the_table_that_is_printed_says_which_tables_are_equal_and_what_differs(whole_crawl: Crawl) -> None:
    here = open_warehouse(whole_crawl.settings)
    equal = compare(here, here)
    unlike = [replace(equal[0], differences=("3 rows",)), *equal[1:]]
    lines = report([("one", equal), ("two", unlike)])
    assert lines[:3] == [
        "| table | rows | one | two |",
        "|---|---:|---|---|",
        "| `raw_posts` | 30 | equal | 3 rows |",
    ]
    assert len(lines) == 2 + len(TABLES)
