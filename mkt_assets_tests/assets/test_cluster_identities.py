"""Behaviour of the asset cluster_identities: published ids and the analyst's names stay; claims need the vectors."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mkt_assets.assets.cluster_identities import cluster_identities
from mkt_assets.orchestration.partitions import NAME
from mkt_assets.orchestration.records import SETTINGS_KEY, code_version_of, stale_of
from mkt_assets.resources.build import build_resources
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.topics import day, write_topics


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
    write_topics(settings, 1, [0, 1, 2])
    write_topics(settings, 2, [0, 1, 3])
    before = identities(settings)
    assert [before[day(2), c]["is_new"] for c in range(3)] == [False, False, True]
    assert [before[day(1), c]["is_gone"] for c in range(3)] == [False, False, True]
    assert before[day(1), 0]["is_new"] is None
    settings.names_file.write_text(
        f"modality,identity,name\ntext,{before[day(1), 0]['identity']},通勤\n", "utf-8"
    )

    write_topics(settings, 0, [1, 0])
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


def test_an_earlier_date_whose_names_a_later_run_settles_is_told_with_how_that_was_made(
    settings: Settings,
) -> None:
    asset = cluster_identities.build(settings)
    dates = [day(0).isoformat(), day(1).isoformat()]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(NAME, dates)
        for n, partition in enumerate(dates):
            write_topics(settings, n, [0, 1 + n])
            assert dg.materialize(
                [asset], resources=build_resources(settings), partition_key=partition, instance=instance
            ).success
            [identity, *_] = open_warehouse(settings).read("cluster_identities")["identity"].to_pylist()
            settings.names_file.write_text(f"modality,identity,name\ntext,{identity},通勤\n", "utf-8")
        made: list[tuple[object, str | None]] = []
        for partition in dates:
            chosen = dg.AssetRecordsFilter(asset.key, asset_partitions=[partition])
            [last] = instance.fetch_materializations(chosen, limit=1).records
            event = last.asset_materialization
            assert event is not None
            made.append((event.metadata[SETTINGS_KEY].value, code_version_of(event)))
        # the earlier date was told of twice, and is as fresh as the later one
        earlier = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset.key, asset_partitions=dates[:1]), limit=9
        )
        assert len(earlier.records) == 2
        version = cluster_identities.code_version(settings)
        assert not stale_of(
            instance, asset.key, version, cluster_identities.values(settings), {}, but_for=None
        )
    assert made == [(cluster_identities.values(settings), version)] * 2


def test_a_crawl_that_is_clustered_again_keeps_its_ids(settings: Settings) -> None:
    write_topics(settings, 0, [0, 1, 2])
    before = identities(settings)
    write_topics(settings, 0, [2, 0, 1])
    after = identities(settings)
    assert [after[day(0), c]["identity"] for c in (1, 2, 0)] == [
        before[day(0), c]["identity"] for c in range(3)
    ]


def test_vectors_that_are_no_longer_those_that_were_clustered_show_nothing(settings: Settings) -> None:
    write_topics(settings, 0, [0, 1])
    write_topics(settings, 1, [0, 2])
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
