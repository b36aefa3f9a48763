"""Partitions: what the UI offers are the crawl dates that exist, the newest last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest

from mkt_assets.contract.tables.items import RAW_POSTS
from mkt_assets.definitions import build_defs
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.orchestration.partitions import NAME, CrawlDates, register_crawl_dates, today_of
from mkt_assets.resources.opening import open_tombstones, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import materialize
from mkt_assets_tests.stand_ins import FakeModels

D1, D2, D3 = (date(2024, 6, day) for day in (13, 14, 20))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def drop(settings: Settings, day: date) -> None:
    write_drop(settings.drops_dir, day, range(3), with_media=False)


def offered(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """What the UI offers once the instance was told."""
    register_crawl_dates(instance, settings)
    return list(instance.get_dynamic_partitions(NAME))


def was_materialized(instance: dg.DagsterInstance, day: date) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization("raw_posts", partition=day.isoformat()))


def test_the_dates_with_a_drop_are_offered_and_no_others(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    assert offered(instance, settings) == []
    for day in (D3, D1):
        drop(settings, day)
    assert offered(instance, settings) == ["2024-06-13", "2024-06-20"]


def test_the_newest_date_is_the_latest_whenever_an_older_one_comes(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    for n_drops, day in enumerate((D2, D3, D1, date(2024, 2, 29)), start=1):
        drop(settings, day)
        keys = offered(instance, settings)
        assert len(keys) == n_drops
        assert keys == sorted(keys)


def test_under_a_backfill_no_date_is_taken_away_for_an_older_one(
    instance: dg.DagsterInstance, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, D3)
    offered(instance, settings)
    drop(settings, D1)
    at_work = "mkt_assets.orchestration.partitions._backfill_under_way"
    monkeypatch.setattr(at_work, lambda _: True)
    monkeypatch.setattr(instance, "delete_dynamic_partition", lambda *_: pytest.fail("was taken away"))
    assert offered(instance, settings) == ["2024-06-20", "2024-06-13"]
    monkeypatch.undo()
    assert offered(instance, settings) == ["2024-06-13", "2024-06-20"]


def test_dates_before_the_first_and_to_come_are_not_offered(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    for day in (date(2019, 1, 1), today_of(settings) + timedelta(days=2), D1):
        drop(settings, day)
    assert offered(instance, settings) == ["2024-06-13"]


def test_a_folder_that_is_renamed_takes_its_date_along_and_what_was_made_of_a_drop_outlives_it(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    for day in (D1, D2):
        drop(settings, day)
    offered(instance, settings)
    was_materialized(instance, D1)
    shutil.rmtree(settings.drops_dir / D1.isoformat())
    (settings.drops_dir / D2.isoformat()).rename(settings.drops_dir / D3.isoformat())
    assert offered(instance, settings) == ["2024-06-13", "2024-06-20"]


def test_a_home_of_before_keeps_every_date_it_has_made(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    for day in (D2, D1):
        was_materialized(instance, day)
    assert offered(instance, settings) == ["2024-06-13", "2024-06-14"]


def test_a_restored_warehouse_offers_its_dates_though_dagster_knows_nothing_of_them(
    instance: dg.DagsterInstance, settings: Settings, fake_models: FakeModels
) -> None:
    drop(settings, D1)
    materialize(settings, fake_models, D1, last="raw_posts")
    shutil.rmtree(settings.drops_dir)
    assert offered(instance, settings) == ["2024-06-13"]
    assert offered(instance, settings) == ["2024-06-13"]
    open_warehouse(settings).replace_partition("raw_posts", D1, RAW_POSTS.empty())
    assert offered(instance, settings) == []


def test_a_warehouse_that_cannot_be_read_takes_no_date_away(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    instance.add_dynamic_partitions(NAME, ["2024-06-13"])
    settings.home.mkdir()
    settings.warehouse_path.write_bytes(b"no database")
    assert offered(instance, settings) == ["2024-06-13"]


def test_forgotten_crawls_are_not_offered_though_their_drops_are_left(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    for day in (D1, D3):
        drop(settings, day)
    settings.home.mkdir()
    tombstones = open_tombstones(settings)
    tombstones.write(tombstones.read().bury([], D2))
    assert offered(instance, settings) == ["2024-06-20"]


def test_an_instance_that_is_made_ready_offers_the_drops_at_once(settings: Settings) -> None:
    drop(settings, D1)
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions(NAME) == ["2024-06-13"]


def test_a_drop_is_a_partition_of_the_code_before_any_instance_knows_it(settings: Settings) -> None:
    drop(settings, D1)
    job = build_defs(settings).resolve_job_def("crawl")
    partitions = job.partitions_def
    assert isinstance(partitions, CrawlDates)
    with dg.DagsterInstance.ephemeral() as instance:
        known = {
            day: partitions.has_partition_key(day.isoformat(), dynamic_partitions_store=instance)
            for day in (D1, D2)
        }
    assert known == {D1: True, D2: False}
