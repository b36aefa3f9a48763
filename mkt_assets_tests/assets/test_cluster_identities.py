"""Behaviour of the asset cluster_identities: published ids and the analyst's names stay; claims need the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from mkt_assets.assets.cluster_identities import cluster_identities
from mkt_assets.contract.schema import TABLES
from mkt_assets.orchestration.partitions import NAME
from mkt_assets.resources import build_resources, open_warehouse
from mkt_assets.settings import Settings

FIRST = date(2024, 6, 13)
N = 20
RNG = np.random.default_rng(0)
PLACES = RNG.standard_normal((4, 32)) / np.sqrt(32)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def write(settings: Settings, number: int, topics: Sequence[int], *, encoder_version: str = "1") -> None:
    """A crawl of N captions of each topic, each by an account of its own; its clusters are the topics."""
    rng = np.random.default_rng(number)
    clusters = np.repeat(np.arange(len(topics)), N)
    vectors = PLACES[np.asarray(topics)[clusters]] + 0.02 * rng.standard_normal((len(clusters), 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    means = [vectors[clusters == c].mean(axis=0) for c in range(len(topics))]
    posts = [
        {
            "post_id": f"p{number}-{i}",
            "poster_id": f"a{number}-{i}",
            "cluster_id": int(c),
            "distance": float(np.linalg.norm(vectors[i] - means[c])),
            "item_crawl_date": day(number),
            "embedding": vectors[i].tolist(),
            "dimension": 32,
            "encoder_version": encoder_version,
        }
        for i, c in enumerate(clusters)
    ]
    profiles = [
        {
            "cluster_id": c,
            "proposed_name": f"word {topic}",
            "proposed_by": "keywords",
            "keywords": ["x"],
            "n_items": N,
            "medoid_post_id": "p",
            "typical_post_ids": ["p"],
            "typical_frames": [""],
            "centroid": (means[c] / np.linalg.norm(means[c])).tolist(),
        }
        for c, topic in enumerate(topics)
    ]
    for name, rows in (("text_embeddings", posts), ("clusters", posts), ("cluster_profiles", profiles)):
        open_warehouse(settings).replace_partition(name, day(number), _table(name, day(number), rows))


def _table(name: str, crawl_date: date, rows: Sequence[dict[str, Any]]) -> pa.Table:
    usual = {"VARCHAR": "e", "BIGINT": 1, "DOUBLE": 0.5, "BOOLEAN": False, "VARCHAR[]": []}
    spec = TABLES[name]
    filled = [
        {c.name: None if c.nullable else usual.get(c.type) for c in spec.columns}
        | {"crawl_date": crawl_date, "modality": "text", "n_effective_posters": 1.0}
        | row
        for row in rows
    ]
    return pa.Table.from_pylist(
        [{c.name: row[c.name] for c in spec.columns} for row in filled], spec.arrow_schema()
    )


def identities(settings: Settings) -> dict[tuple[date, int], dict[str, Any]]:
    """What the asset makes of what is stored, by crawl date and cluster."""
    asset = cluster_identities.build(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(NAME, [day(0).isoformat()])
        result = dg.materialize(
            [asset],
            resources=build_resources(settings),
            selection=[asset],
            partition_key=day(0).isoformat(),
            instance=instance,
        )
    assert result.success
    rows = open_warehouse(settings).read("cluster_identities").to_pylist()
    return {(row["crawl_date"], row["cluster_id"]): row for row in rows}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path)


def test_an_earlier_crawl_date_changes_neither_ids_nor_names_and_adds_what_is_said(
    settings: Settings,
) -> None:
    write(settings, 1, [0, 1, 2])
    write(settings, 2, [0, 1, 3])
    before = identities(settings)
    assert [before[day(2), c]["is_new"] for c in range(3)] == [False, False, True]
    assert [before[day(1), c]["is_gone"] for c in range(3)] == [False, False, True]
    assert before[day(1), 0]["is_new"] is None
    settings.names_file.write_text(
        f"modality,identity,name\ntext,{before[day(1), 0]['identity']},通勤\n", "utf-8"
    )

    write(settings, 0, [1, 0])
    after = identities(settings)
    assert {key: row["identity"] for key, row in after.items() if key in before} == {
        key: row["identity"] for key, row in before.items()
    }
    assert {key for key, row in after.items() if row["name"] == "通勤"} == {
        (day(0), 1),
        (day(1), 0),
        (day(2), 0),
    }
    assert after[day(1), 2]["event"] == "born"
    assert after[day(2), 2] == before[day(2), 2]


def test_a_crawl_that_is_clustered_again_keeps_its_ids(settings: Settings) -> None:
    write(settings, 0, [0, 1, 2])
    before = identities(settings)
    write(settings, 0, [2, 0, 1])
    after = identities(settings)
    assert [after[day(0), c]["identity"] for c in (1, 2, 0)] == [
        before[day(0), c]["identity"] for c in range(3)
    ]


def test_vectors_that_are_no_longer_those_that_were_clustered_show_nothing(settings: Settings) -> None:
    write(settings, 0, [0, 1])
    write(settings, 1, [0, 2])
    warehouse = open_warehouse(settings)
    stored = warehouse.read("text_embeddings", [day(0)])
    embedding = stored.column_names.index("embedding")
    turned = stored.set_column(embedding, "embedding", stored["embedding"].combine_chunks()[::-1])
    for rows in (turned, stored.slice(1)):
        warehouse.replace_partition("text_embeddings", day(0), rows)
        found = identities(settings)
        assert found[day(1), 1]["event"] == "unmatched"
        assert found[day(1), 1]["is_new"] is None
        assert found[day(0), 1]["ended"] and found[day(0), 1]["is_gone"] is None
