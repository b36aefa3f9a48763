"""What an asset declares: a changed setting makes stale exactly those assets whose result it changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from mkt_assets.assets import STEPS
from mkt_assets.assets.step import Made, Run, Step, run_config
from mkt_assets.definitions import build_defs
from mkt_assets.orchestration.partitions import NAME
from mkt_assets.orchestration.records import (
    SETTINGS_CHECK,
    SETTINGS_KEY,
    rerun_requests,
    stale_by_settings,
    tell_of_stale,
)
from mkt_assets.resources.build import build_resources
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.runs import D1, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels
from mkt_assets_tests.topics import day, write_topics

LIMITS = {"raw_posts"}
FITS = {"k_selection"}
# Where things are, how many work, how long they wait, who is told, what is checked: nothing that a result depends on.
WITHOUT_RESULT = {
    *("home", "drops", "first_crawl_date", "drop_quiet_seconds", "notify_command", "workers", "explore_url"),
    *("lock_timeout_seconds", "max_rejected_share", "rerun_changed_settings"),
    *("warehouse", "warehouse_data", "media", "max_snapshot_megabytes", "state"),
    *("engine", "ray_address"),
}
EMBEDDINGS = {"image_embeddings", "text_embeddings"}
IMAGEBIND = {"image_encoder": "imagebind", "text_encoder": "imagebind"}
# setting: (another value, assets that it changes, other settings that it needs to matter)
CHANGES: dict[str, tuple[Any, set[str], dict[str, Any]]] = {
    "timezone": ("Europe/Berlin", LIMITS, {}),
    "window_crawl_dates": (3, {"k_selection", "method_comparison"}, {}),
    "matting": ("sghm", {"matted_images"}, {}),
    "image_encoder": ("resnet-50", {"image_embeddings", "seen_words"}, {}),
    "text_encoder": ("imagebind", {"text_embeddings", "seen_words"}, {}),
    "precision": ("float32", {*EMBEDDINGS, "seen_words"}, IMAGEBIND),
    "imagebind_heads": (4, {*EMBEDDINGS, "seen_words"}, IMAGEBIND),
    "matting_long_side": (1024, {"matted_images"}, {"matting": "sghm"}),
    "reject_foreground_below": (0.01, {"matted_images"}, {}),
    "flag_foreground_below": (0.2, {"matted_images"}, {}),
    "flag_foreground_above": (0.8, {"matted_images"}, {}),
    "max_picture_megapixels": (20.0, {"matted_images"}, {}),
    "max_picture_megabytes": (20.0, {"matted_images"}, {}),
    "max_video_megabytes": (20.0, {"matted_images"}, {}),
    "max_video_seconds": (20.0, {"matted_images"}, {}),
    "max_table_megabytes": (20.0, LIMITS, {}),
    "max_unpacked_megabytes": (20.0, LIMITS, {}),
    "max_kept_megabytes": (20.0, LIMITS, {}),
    "max_row_characters": (20_000, LIMITS, {}),
    "max_field_characters": (20_000, LIMITS, {}),
    "max_text_characters": (2_000, LIMITS, {}),
    "max_columns": (20, LIMITS, {}),
    "background": ("white", {"image_embeddings", "method_comparison"}, {}),
    "emoji_language": ("zh", {"summaries"}, {}),
    "emoji_in_vectors": (True, {"summaries"}, {}),
    "name_stickers": (True, {"summaries"}, {}),
    "image_k": (7, FITS, {}),
    "text_k": (7, FITS, {}),
    "image_k_range": ((2, 9), FITS, {}),
    "text_k_range": ((2, 9), FITS, {}),
    "knee_sensitivity": (2.0, FITS, {}),
    "full_fit_items": (1_000, FITS, {}),
    "random_state": (1, {*FITS, "method_comparison"}, {}),
    "low_support_posts": (9, {"crosstab_ratios", "cluster_profiles", "cluster_identities"}, {}),
    "comparison_pictures": (9, {"method_comparison"}, {}),
    "comparison_texts": (9, {"method_comparison"}, {}),
}
TESTED_BELOW = {"stop_words", "names_file", "sight_words_file", "models"}


def changed(before: Settings, after: Settings) -> set[str]:
    """Assets that Dagster shows as made by other code when settings change."""
    return {s.table.name for s in STEPS if s.code_version(before) != s.code_version(after)}


def test_every_setting_is_told_of() -> None:
    assert {*CHANGES, *WITHOUT_RESULT, *TESTED_BELOW} == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_changed_setting_changes_exactly_the_assets_that_depend_on_it(name: str) -> None:
    value, expected, needed = CHANGES[name]
    assert changed(Settings.load(**needed), Settings.load(**{**needed, name: value})) == expected


@pytest.mark.parametrize("name", sorted(WITHOUT_RESULT))
def test_a_setting_that_no_result_depends_on_changes_no_asset(name: str, tmp_path: Path) -> None:
    others: dict[str, Any] = {
        "notify_command": "true",
        "explore_url": "http://localhost:3030",
        "first_crawl_date": D1,
        "home": tmp_path,
        "drops": tmp_path,
        "max_rejected_share": 0.5,
        "rerun_changed_settings": True,
        "media": "s3://bucket/made",
        "engine": "ray",
        "ray_address": "10.0.0.1:6379",
    }
    given: dict[str, Any] = {name: others.get(name, 3)}
    if name.startswith("warehouse") or name == "state":
        given = {"warehouse": "postgresql://mkt@db/mkt", "warehouse_data": "s3://bucket/warehouse"}
        given |= {"state": "postgresql://mkt@db/mkt"} if name == "state" else {}
    assert changed(Settings.load(), Settings.load(**given)) == set()


def test_an_empty_folder_of_models_changes_nothing(tmp_path: Path) -> None:
    assert changed(Settings.load(), Settings.load(models=tmp_path)) == set()


def test_stop_words_count_by_their_content_and_not_by_where_they_are(tmp_path: Path) -> None:
    words, moved = tmp_path / "words.txt", tmp_path / "moved.txt"
    words.write_text("的", "utf-8")
    moved.write_text("的", "utf-8")
    before = Settings.load(stop_words=(words,))
    assert changed(Settings.load(), before) == {"summaries"}
    assert changed(before, Settings.load(stop_words=(moved,))) == set()
    version = next(s for s in STEPS if s.table.name == "summaries").code_version
    of_words = version(before)
    words.write_text("的 了", "utf-8")
    assert version(before) != of_words


def test_a_home_that_moves_keeps_its_names_and_another_file_of_names_changes_them(tmp_path: Path) -> None:
    here, there = Settings.load(home=tmp_path / "a"), Settings.load(home=tmp_path / "b")
    assert changed(here, there) == set()
    assert changed(here, Settings.load(home=tmp_path / "a", names_file=tmp_path / "x.csv")) == {
        "cluster_identities"
    }
    assert changed(here, Settings.load(home=tmp_path / "a", sight_words_file=tmp_path / "x.csv")) == {
        "seen_words"
    }


def test_the_launchpad_shows_the_settings_and_what_it_changes_is_recorded_with_what_depends_on_it(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    settings = copied_crawl.model_copy(update={"text_k": 2})
    fields = run_config("k_selection", ["image_k", "text_k", "image_k_range", "random_state"], settings)
    assert fields is not None
    shown = fields().model_dump()
    assert shown == {"image_k": None, "text_k": 2, "image_k_range": "2-200", "random_state": 0}

    # showing what is set already changes nothing
    config = {"ops": {"k_selection": {"config": {**shown, "image_k": 4, "random_state": 5}}}}
    result = materialize(
        settings, fake_models, D1, last=("k_selection", "clusters"), upstream=False, run_config=config
    )
    fitted = {r["modality"]: r for r in rows(settings, "k_selection") if r["chosen"]}
    assert "by the run's configuration" in fitted["image"]["reason"]
    assert "by the settings" in fitted["text"]["reason"]
    assert {(r["k"], r["random_state"]) for r in fitted.values()} == {(4, 5), (2, 5)}
    recorded = metadata(result, "k_selection")[SETTINGS_KEY]
    assert (recorded["image_k"], recorded["text_k"], recorded["random_state"]) == (4, 2, 5)
    # what k_selection fitted is what clusters stores, whatever clusters would have been told
    stored = sorted(
        (r for r in rows(settings, "clusters") if r["modality"] == "image"),
        key=lambda r: (r["post_id"], r["frame"]),
    )
    assert [r["cluster_id"] for r in stored] == fitted["image"]["labels"]


def test_of_an_earlier_crawl_is_stale_what_a_changed_name_is_shown_in_and_nothing_else(
    settings: Settings,
) -> None:
    graph = graph_of(settings, but_for={"cluster_identities", "trends"})
    repository = graph.get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        for number, topics in enumerate(([0, 1, 2], [0, 1, 3])):
            write_topics(settings, number, topics)
            make(instance, graph, day(number))
        assert stale_in_the_ui(instance, repository, day(0)) == set()

        later = {r["identity"] for r in rows(settings, "cluster_identities", day(1))}
        [gone] = {r["identity"] for r in rows(settings, "cluster_identities", day(0))} - later
        settings.names_file.write_text(f"modality,identity,name\ntext,{gone},通勤\n", "utf-8")
        make(instance, graph, day(1), "cluster_identities")
        assert stale_in_the_ui(instance, repository, day(0)) == {
            "charts",
            "crosstab_ratios",
            "report",
            "trends",
        }
        assert "通勤" in {r["name"] for r in rows(settings, "cluster_identities", day(0))}


CHANGED: dict[str, dict[str, Any]] = {
    "encoder": {"image_encoder": "resnet-50"},
    "k": {"image_k": 2},
    "threshold": {"reject_foreground_below": 0.01},
    "emoji": {"emoji_language": "zh"},
    "limit": {"max_columns": 20},
    "several": {"text_k": 2, "low_support_posts": 9},
}


def test_for_each_changed_setting_the_partition_and_what_the_doctor_and_sensor_ask_say_the_same(
    settings: Settings,
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        graph = graph_of(settings)
        make(instance, graph, D1)
        assert stale_by_settings(instance, graph.get_repository_def(), {}) == []
        for changes in CHANGED.values():
            now = Settings.load(**settings.model_dump() | changes)
            repository = build_defs(now).get_repository_def()
            stale = stale_by_settings(instance, repository, {})
            ui = stale_in_the_ui(instance, repository, D1)
            assert {one.asset for one in stale} == ui == changed(settings, now)
            assert {name for one in stale for name in one.changed} == set(changes)
            tell_of_stale(instance, graph_keys(repository), stale)
            assert set(marked(instance)) == {one.asset for one in stale}
            assert all(f"{D1} made with another MKT_" in said for said in marked(instance).values())
            [request] = rerun_requests(stale, repository, {D1.isoformat()})
            chosen = {key.to_user_string() for key in request.asset_selection or ()}
            assert {one.asset for one in stale} | {"charts", "report"} <= chosen
            assert ("raw_posts" in chosen) == ("max_columns" in changes)
            assert list(rerun_requests(stale, repository, {day(1).isoformat()})) == []
        tell_of_stale(instance, graph_keys(graph.get_repository_def()), [])
        assert marked(instance) == {}


def graph_keys(repository: dg.RepositoryDefinition) -> list[dg.AssetKey]:
    return list(repository.asset_graph.toposorted_asset_keys)


def marked(instance: dg.DagsterInstance) -> dict[str, str]:
    """Assets whose overview warns of what other settings made, and the sentence there."""
    found: dict[str, str] = {}
    for name in (s.table.name for s in STEPS):
        key = dg.AssetCheckKey(dg.AssetKey(name), SETTINGS_CHECK)
        [last] = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        if isinstance(last.evaluation, dg.AssetCheckEvaluation) and not last.evaluation.passed:
            assert last.evaluation.severity is dg.AssetCheckSeverity.WARN
            found[name] = str(last.evaluation.description)
    return found


def as_stored(step: Step) -> Step:
    """The step as it is declared, that makes again what is stored: who asks what is stale asks not of the rows."""

    def compute(run: Run, warehouse: Warehouse) -> Made:
        return Made(warehouse.read(step.table.name, [run.crawl_date]), {})

    return replace(step, compute=compute)


def graph_of(settings: Settings, but_for: Collection[str] = ()) -> dg.Definitions:
    """All steps, `as_stored` but for some."""
    steps = [step if step.table.name in but_for else as_stored(step) for step in STEPS]
    return dg.Definitions([step.build(settings) for step in steps], resources=build_resources(settings))


def make(instance: dg.DagsterInstance, graph: dg.Definitions, crawl_date: date, *only: str) -> None:
    instance.add_dynamic_partitions(NAME, [crawl_date.isoformat()])
    job = graph.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(
        partition_key=crawl_date.isoformat(),
        instance=instance,
        asset_selection=[dg.AssetKey(name) for name in only] or None,
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    ).success


def stale_in_the_ui(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, crawl_date: date
) -> set[str]:
    """Assets that it shows as stale for a crawl date, because something they are made of is another."""
    resolver = CachingStaleStatusResolver(instance, repository.asset_graph, LoadingContextForTest(instance))
    names = [s.table.name for s in STEPS]
    statuses = {n: resolver.get_status(dg.AssetKey(n), crawl_date.isoformat()) for n in names}
    assert StaleStatus.MISSING not in statuses.values()
    return {name for name, status in statuses.items() if status is StaleStatus.STALE}
