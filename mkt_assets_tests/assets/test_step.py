"""What every asset shell shares: what may pass is retried, what will not fails at once, in a sentence."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pytest

from mkt_assets.assets.k_selection import k_selection
from mkt_assets.assets.matted_images import matted_images
from mkt_assets.assets.metadata import image_preview, markdown_list, markdown_table
from mkt_assets.assets.raw_posts import raw_posts
from mkt_assets.assets.step import run_config
from mkt_assets.crawlers.walk import DropMissing, drop_digest
from mkt_assets.models.provenance import WeightsError
from mkt_assets.orchestration.failures import explained
from mkt_assets.resources.build import build_resources
from mkt_assets.resources.database import DatabaseBusyError
from mkt_assets.resources.tombstones import ForgottenDate
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.settings import Settings, SettingsError
from mkt_assets.stored.items import MixedEncodersError
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import materialize, rows
from mkt_assets_tests.stand_ins import FakeModels

DAY = date(2024, 6, 13)


def events(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(event.event_type_value) for event in result.all_events]


@pytest.mark.parametrize("error", [DatabaseBusyError("busy"), ConnectionResetError(), BlockingIOError()])
def test_what_may_pass_asks_for_a_retry(error: Exception) -> None:
    with pytest.raises(dg.RetryRequested) as asked, explained():
        raise error
    assert asked.value.max_retries > 0
    assert asked.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        *(DropMissing("no drop"), ContractError("bad row"), WeightsError("bad file"), ForgottenDate("gone")),
        MixedEncodersError("two encoders"),
    ],
)
def test_what_will_not_pass_fails_with_its_sentence_and_is_not_retried(error: Exception) -> None:
    with pytest.raises(dg.Failure) as failed, explained():
        raise error
    assert failed.value.description == str(error)
    assert failed.value.allow_retries is False


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/disk/charts/a.png"),
        duckdb.IOException('Could not write file "/disk/mkt.duckdb": No space left on device'),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
    ],
)
def test_a_full_disk_is_said_in_a_sentence_and_not_tried_again(error: Exception) -> None:
    with pytest.raises(dg.Failure, match="disk is full") as failed, explained():
        raise error
    assert str(error) in str(failed.value.description)
    assert failed.value.allow_retries is False


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no file"), duckdb.IOException("broken")])
def test_other_errors_of_files_are_no_full_disk(error: Exception) -> None:
    with pytest.raises(type(error)), explained():
        raise error


def test_no_text_becomes_a_link_a_picture_or_a_cell_in_the_event_log() -> None:
    text = "![a](http://x.example/a.png)|b|\n# c\n<img src=x>&lt;"
    [_, _, row] = markdown_table([{"file": text}]).value.splitlines()
    assert row == r"| \!\[a\](http://x.example/a.png)\|b\| # c \<img src=x\>\&lt; |"
    assert markdown_list([text]).value.count("\n") == 0
    assert image_preview(b"\x89PNG", text).value.startswith(r"![\!\[a\]")


def test_a_bug_is_shown_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


def test_a_run_that_finds_the_warehouse_busy_once_tries_again_and_succeeds(
    settings: Settings, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_drop(settings.drops_dir, DAY, range(4))
    write: Callable[..., Any] = Warehouse.replace_partition
    refusals = [DatabaseBusyError("another run has it")]

    def busy_once(*arguments: Any, **options: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return write(*arguments, **options)

    monkeypatch.setattr(Warehouse, "replace_partition", busy_once)
    monkeypatch.setattr("mkt_assets.orchestration.failures._WAIT_SECONDS", 0)
    result = materialize(settings, fake_models, DAY, last="raw_posts")
    assert events(result).count("STEP_UP_FOR_RETRY") == 1
    assert len(rows(settings, "raw_posts", DAY)) == 4


def test_the_list_of_runs_says_which_drop_crawler_and_how_many_posts(
    settings: Settings, fake_models: FakeModels
) -> None:
    drop = write_drop(settings.drops_dir, DAY, range(4))
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [raw_posts.build(settings)],
            partition_key=DAY.isoformat(),
            resources={**build_resources(settings), "models": fake_models},
            instance=instance,
        )
        [run] = instance.get_runs(filters=dg.RunsFilter(run_ids=[done.run_id]))
    tags = run.tags
    assert tags["mkt/posts"] == "4"
    assert tags["mkt/crawlers"] not in ("", "none")
    assert drop_digest(drop).partition(":")[2].startswith(tags["mkt/drop"])
    assert len(tags["mkt/drop"]) == 12


def test_a_run_without_its_drop_is_not_tried_again(settings: Settings, fake_models: FakeModels) -> None:
    result = materialize(settings, fake_models, DAY, last="raw_posts", raise_on_error=False)
    assert not result.success
    assert "STEP_UP_FOR_RETRY" not in events(result)


def test_a_file_that_nobody_can_read_costs_no_retry_and_no_failure(
    settings: Settings, fake_models: FakeModels
) -> None:
    drop = write_drop(settings.drops_dir, DAY, range(4))
    (drop / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 500)
    result = materialize(settings, fake_models, DAY, last="raw_posts")
    assert "STEP_UP_FOR_RETRY" not in events(result)
    assert [row["source_file"] for row in rows(settings, "rejects", DAY)] == ["broken.db"]


def test_a_model_that_does_not_exist_is_refused_by_the_launchpad(settings: Settings) -> None:
    job = dg.Definitions(
        assets=[matted_images.build(settings)],
        jobs=[dg.define_asset_job("it", selection=["matted_images"])],
        resources=build_resources(settings),
    ).resolve_job_def("it")
    with pytest.raises(dg.DagsterInvalidConfigError, match="not in enum type matting got selfie"):
        dg.validate_run_config(job, {"ops": {"matted_images": {"config": {"matting": "selfie"}}}})
    dg.validate_run_config(job, {"ops": {"matted_images": {"config": {"matting": "sghm"}}}})


@pytest.mark.parametrize(("field", "value"), [("image_k", 0), ("text_k_range", "9-2")])
def test_a_value_out_of_bounds_is_named_by_its_field_in_the_launchpad(
    settings: Settings, field: str, value: object
) -> None:
    config = run_config("k_selection", k_selection.settings, settings)
    assert config is not None
    with pytest.raises(SettingsError, match=f"^{field} in the run configuration is .* should be"):
        settings.overridden_by(config(**{field: value}))


def test_the_launchpad_says_the_bounds_of_a_field(settings: Settings) -> None:
    config = run_config("k_selection", k_selection.settings, settings)
    assert config is not None
    assert str(config.model_fields["image_k"].description).endswith("; at least 1")
