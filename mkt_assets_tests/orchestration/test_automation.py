"""Sensor, schedule and jobs: a drop is run when it should be, and never twice."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from mkt_assets.crawlers.walk import DropMissing, digest_by_times, drop_digest, walk_drop
from mkt_assets.definitions import build_defs
from mkt_assets.orchestration.drop_state import DIGEST_KEY, DIGEST_TAG
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.stand_ins import FakeModels

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)
QUIET_LOGS = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def settle(drop: Path) -> None:
    """As if the drop had been written a minute ago."""
    then = time.time() - 60
    for path in [*drop.rglob("*"), drop]:
        os.utime(path, (then, then))


class Morning(dg.ScheduleEvaluationContext):
    """What a schedule is given, on an instance that is open: Dagster's own would open it again at every tick."""

    def __init__(
        self, instance: dg.DagsterInstance, today: date, repository: dg.RepositoryDefinition
    ) -> None:
        at = datetime(today.year, today.month, today.day, 7, tzinfo=UTC)
        super().__init__(
            instance_ref=None,
            scheduled_execution_time=at,
            repository_name=None,
            schedule_name=None,
            resources={},
            repository_def=repository,
        )
        self.opened = instance

    @property
    def instance(self) -> dg.DagsterInstance:
        return self.opened


class Platform:
    """The code location with one instance, ticked by hand."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance, models: FakeModels) -> None:
        self.defs = build_defs(settings, models=models)
        self.instance = instance
        self.cursor: str | None = None

    def tick_sensor(self) -> list[dg.RunRequest] | str:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=self.defs.get_repository_def()
        )
        data = self.defs.resolve_sensor_def("new_drops").evaluate_tick(context)
        self.cursor = data.cursor
        return list(data.run_requests or []) or str(data.skip_message)

    def tick_schedule(self, today: date = date(2024, 6, 15)) -> list[dg.RunRequest] | str:
        context = Morning(self.instance, today, self.defs.get_repository_def())
        data = self.defs.resolve_schedule_def("daily_catch_up").evaluate_tick(context)
        return list(data.run_requests or []) or str(data.skip_message)

    def run(self, request: dg.RunRequest, *, succeed: bool = True) -> None:
        done = self.defs.resolve_job_def("crawl").execute_in_process(
            partition_key=request.partition_key,
            instance=self.instance,
            tags=request.tags,
            raise_on_error=False,
            run_config=QUIET_LOGS,
        )
        assert done.success == succeed


@pytest.fixture
def platform(settings: Settings, instance: dg.DagsterInstance, fake_models: FakeModels) -> Platform:
    return Platform(settings, instance, fake_models)


def test_without_drops_the_sensor_says_so(platform: Platform) -> None:
    assert "there is no drop in" in platform.tick_sensor()


def test_a_new_drop_is_run_once_and_a_changed_one_once_more(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, D1, range(6), with_media=False))
    [first] = platform.tick_sensor()
    assert isinstance(first, dg.RunRequest)
    assert first.partition_key == "2024-06-13"
    platform.run(first)
    assert "2024-06-13: materialized as it is" in platform.tick_sensor()
    assert "2024-06-13: materialized as it is" in platform.tick_schedule()

    settle(write_drop(settings.drops_dir, D1, range(8), with_media=False))
    [second] = platform.tick_sensor()
    assert isinstance(second, dg.RunRequest)
    assert second.run_key != first.run_key
    finish(platform, second, succeed=True)
    assert "materialized as it is" in platform.tick_sensor()


def copied(settings: Settings, crawl_date: date) -> None:
    """As `cp -r` leaves a drop: other files, of other times, with the same in them."""
    drop = settings.drops_dir / crawl_date.isoformat()
    old = drop.rename(settings.drops_dir / "old")
    shutil.copytree(old, drop, copy_function=shutil.copyfile)
    shutil.rmtree(old)
    settle(drop)


def test_a_drop_that_was_copied_is_not_run_again_and_one_changed_byte_of_a_picture_is(
    platform: Platform, settings: Settings
) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    [first] = platform.tick_sensor()
    assert isinstance(first, dg.RunRequest)
    finish(platform, first, succeed=True)
    copied(settings, D1)
    assert "2024-06-13: materialized as it is" in platform.tick_sensor()
    assert "2024-06-13: materialized as it is" in platform.tick_schedule()

    picture = next(settings.drops_dir.rglob("*.png"))
    data = bytearray(picture.read_bytes())
    data[-1] ^= 1
    picture.write_bytes(data)
    settle(settings.drops_dir / D1.isoformat())
    assert isinstance(platform.tick_sensor(), list)


def test_a_drop_that_an_earlier_version_ran_is_not_run_again_even_when_it_is_copied_later(
    platform: Platform, settings: Settings
) -> None:
    drop = write_drop(settings.drops_dir, D1, range(3))
    settle(drop)
    recorded = digest_by_times(walk_drop(drop))
    request = dg.RunRequest(partition_key=D1.isoformat(), tags={DIGEST_TAG: recorded})
    finish(platform, request, succeed=True)
    assert "materialized as it is" in platform.tick_sensor()
    copied(settings, D1)
    assert "materialized as it is" in platform.tick_sensor()
    settle(write_drop(settings.drops_dir, D1, range(4)))
    assert isinstance(platform.tick_sensor(), list)


def made(platform: Platform, request: dg.RunRequest, *, of: set[str] | None = None) -> None:
    """As a run leaves the records of assets (default: all), with the versions of today's settings."""
    graph = platform.defs.get_repository_def().asset_graph
    for key in graph.toposorted_asset_keys:
        if of is None or key.to_user_string() in of:
            digest = {DIGEST_KEY: request.tags[DIGEST_TAG]} if DIGEST_TAG in request.tags else {}
            version = {"dagster/code_version": str(graph.get(key).code_version)}
            event = dg.AssetMaterialization(
                key, partition=request.partition_key, metadata=digest, tags=version
            )
            platform.instance.report_runless_asset_event(event)


def test_a_changed_setting_runs_again_only_where_that_is_set_and_only_what_it_changes(
    settings: Settings, instance: dg.DagsterInstance, fake_models: FakeModels
) -> None:
    def platform_of(**changes: Any) -> Platform:
        given = Settings.load(home=settings.home, drops=settings.drops_dir, **changes)
        return Platform(given, instance, fake_models)

    settle(write_drop(settings.drops_dir, D1, range(3), with_media=False))
    before = platform_of()
    [first] = before.tick_sensor()
    assert isinstance(first, dg.RunRequest)
    made(before, first)
    assert "materialized as it is" in platform_of(text_k=2).tick_sensor()

    platform = platform_of(text_k=2, rerun_changed_settings=True)
    [again] = platform.tick_sensor()
    assert isinstance(again, dg.RunRequest)
    chosen = {key.to_user_string() for key in again.asset_selection or ()}
    assert {"k_selection", "clusters", "report"} <= chosen
    assert not {"raw_posts", "summaries", "text_embeddings"} & chosen
    [same] = platform.tick_sensor()
    assert isinstance(same, dg.RunRequest)
    assert same.run_key == again.run_key, "Dagster would run it twice"
    made(platform, again, of=chosen)
    assert "materialized as it is" in platform.tick_sensor()


def test_what_a_tick_has_no_time_to_read_is_read_by_the_next_ones(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    monkeypatch.setattr("mkt_assets.orchestration.drop_state._READING_SECONDS", -1.0)
    assert "not read to its end yet" in platform.tick_sensor()
    monkeypatch.undo()
    assert isinstance(platform.tick_sensor(), list)


def test_a_drop_still_being_written_is_left_alone(platform: Platform, settings: Settings) -> None:
    drop = write_drop(settings.drops_dir, D1, range(3))
    later = time.time() + 0.5
    os.utime(next(drop.glob("*.csv")), (later, later))
    time.sleep(0.6)
    assert "still being written" in platform.tick_sensor()


def test_a_drop_that_cannot_be_read_is_no_empty_crawl_and_stops_no_other(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (D1, D2):
        settle(write_drop(settings.drops_dir, day, range(3)))

    def refuse_the_first(folder: Path) -> object:
        if folder.name == D1.isoformat():
            raise PermissionError(13, "Permission denied")
        return os.scandir(folder)

    monkeypatch.setattr("mkt_assets.crawlers.walk.scandir", refuse_the_first)
    requests = platform.tick_sensor()
    assert [request.partition_key for request in requests if isinstance(request, dg.RunRequest)] == [str(D2)]
    with pytest.raises(DropMissing, match=r"cannot be read \(Permission denied\)"):
        walk_drop(settings.drops_dir / D1.isoformat())


def test_a_file_that_is_renamed_while_it_is_looked_at_belongs_to_a_drop_being_written(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    there = Path.rglob
    monkeypatch.setattr(
        Path, "rglob", lambda self, pattern: [*there(self, pattern), self / "page.jsonl.part"]
    )
    assert "still being written" in platform.tick_sensor()


@pytest.mark.parametrize("asked_by", ["the sensor", "a person"])
def test_a_run_under_way_is_not_doubled(platform: Platform, settings: Settings, asked_by: str) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    [request] = platform.tick_sensor()
    assert isinstance(request, dg.RunRequest)
    platform.instance.create_run_for_job(
        platform.defs.resolve_job_def("crawl"),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": "2024-06-13", **(request.tags if asked_by == "the sensor" else {})},
    )
    assert "queued or under way" in platform.tick_sensor()
    assert "queued or under way" in platform.tick_schedule()


def test_a_canceled_run_is_left_to_the_daily_schedule(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    [request] = platform.tick_sensor()
    assert isinstance(request, dg.RunRequest)
    platform.instance.create_run_for_job(
        platform.defs.resolve_job_def("crawl"),
        status=dg.DagsterRunStatus.CANCELED,
        tags={**request.tags, "dagster/partition": "2024-06-13"},
    )
    assert "was canceled" in platform.tick_sensor()
    assert isinstance(platform.tick_schedule(), list)


def test_a_killed_run_that_dagster_is_about_to_retry_is_not_run_twice(
    platform: Platform, settings: Settings
) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    run = platform.instance.create_run_for_job(
        platform.defs.resolve_job_def("crawl"),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": "2024-06-13", "dagster/will_retry": "true"},
    )
    platform.instance.report_run_failed(run)
    assert "queued or under way" in platform.tick_sensor()
    platform.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    assert isinstance(platform.tick_sensor(), list)


def test_a_failed_run_is_left_to_the_daily_schedule(platform: Platform, settings: Settings) -> None:
    drop = write_drop(settings.drops_dir, D1, range(3), with_media=False)
    settle(drop)
    [request] = platform.tick_sensor()
    assert isinstance(request, dg.RunRequest)
    hidden = drop.rename(settings.drops_dir / "unmounted")
    platform.run(request, succeed=False)
    hidden.rename(drop)
    assert "its run failed" in platform.tick_sensor()
    [retry] = platform.tick_schedule()
    assert isinstance(retry, dg.RunRequest)
    assert retry.tags[DIGEST_TAG] == request.tags[DIGEST_TAG]
    finish(platform, retry, succeed=True)
    assert "materialized as it is" in platform.tick_schedule()


def test_the_schedule_catches_up_on_what_the_sensor_missed(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, D1, range(3)))
    settle(write_drop(settings.drops_dir, D2, range(3)))
    requests = platform.tick_schedule()
    assert [r.partition_key for r in requests if isinstance(r, dg.RunRequest)] == ["2024-06-13", "2024-06-14"]


def test_the_schedule_says_that_yesterday_has_no_drop(platform: Platform, settings: Settings) -> None:
    assert "2024-06-14: there is no drop" in platform.tick_schedule()


def test_a_drop_before_the_first_crawl_date_is_ignored(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, date(2020, 1, 1), range(3)))
    assert isinstance(platform.tick_sensor(), str)


def test_where_the_warehouse_is_a_lake_its_upkeep_has_a_job_and_a_schedule() -> None:
    lake = Settings.load(warehouse="postgresql://mkt@127.0.0.1:9/nowhere", warehouse_data="/nowhere")
    for settings, names in (
        (Settings.load(), {"daily_catch_up"}),
        (lake, {"daily_catch_up", "nightly_lake_upkeep"}),
    ):
        repository = build_defs(settings).get_repository_def()
        assert {schedule.name for schedule in repository.schedule_defs} == names
    assert repository.has_job("lake_upkeep")


def test_the_lineage_is_the_spine() -> None:
    graph = build_defs(Settings.load()).get_repository_def().asset_graph
    lineage = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert lineage == {
        "raw_posts": set(),
        "matted_images": {"raw_posts"},
        "image_embeddings": {"matted_images"},
        "summaries": {"raw_posts"},
        "text_embeddings": {"summaries"},
        "item_positions": {"image_embeddings", "text_embeddings"},
        "k_selection": {"image_embeddings", "text_embeddings"},
        "clusters": {"k_selection"},
        "method_comparison": {"clusters", "matted_images", "summaries"},
        "crosstab_ratios": {"clusters", "cluster_identities"},
        "cluster_profiles": {"clusters", "summaries"},
        "seen_words": {"clusters"},
        "caption_matches": {"image_embeddings", "text_embeddings"},
        "cluster_identities": {"cluster_profiles", "seen_words"},
        "trends": {"cluster_identities"},
        "charts": {"cluster_identities", "crosstab_ratios", "item_positions"},
        "report": {
            "caption_matches",
            "cluster_identities",
            "cluster_profiles",
            "crosstab_ratios",
            "item_positions",
            "method_comparison",
            "seen_words",
            "trends",
        },
    }


def test_every_asset_says_who_owns_it_what_it_is_and_what_its_columns_mean() -> None:
    graph = build_defs(Settings.load()).get_repository_def().asset_graph
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        schema = node.metadata["dagster/column_schema"]
        assert node.description and node.owners and node.kinds and node.group_name != "default"
        assert isinstance(schema, dg.TableSchema)
        assert all(column.description for column in schema.columns)


def finish(platform: Platform, request: dg.RunRequest, *, succeed: bool) -> None:
    """As a run on the request leaves the instance, without the work."""
    # without the events of what is planned, that nobody asks for here: they took most of the time
    platform.instance.add_run(
        dg.DagsterRun(
            job_name="crawl",
            status=dg.DagsterRunStatus.SUCCESS if succeed else dg.DagsterRunStatus.FAILURE,
            tags={**request.tags, "dagster/partition": str(request.partition_key)},
        )
    )
    for asset in ("raw_posts", "charts", "report") if succeed else ("raw_posts",):
        digest = {DIGEST_KEY: request.tags[DIGEST_TAG]} if asset == "raw_posts" else {}
        platform.instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=request.partition_key, metadata=digest)
        )


def n_questions(platform: Platform) -> int:
    """How many statements a tick sends to Dagster's databases."""
    asked: list[str] = []

    def count(*args: Any) -> None:
        asked.append(args[2])

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert "materialized as it is" in platform.tick_sensor()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(asked)


def test_a_tick_asks_no_more_of_many_dates_than_of_one(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, D1, range(1), with_media=False))
    [first] = platform.tick_sensor()
    assert isinstance(first, dg.RunRequest)
    finish(platform, first, succeed=True)
    of_one = n_questions(platform)
    for i in range(1, 8):
        settle(write_drop(settings.drops_dir, D1 + timedelta(days=i), range(1), with_media=False))
    for request in platform.tick_sensor():
        assert isinstance(request, dg.RunRequest)
        finish(platform, request, succeed=True)
    assert n_questions(platform) == of_one


def test_a_drop_of_a_date_to_come_waits_and_stops_no_other(platform: Platform, settings: Settings) -> None:
    settle(write_drop(settings.drops_dir, date(2999, 1, 1), range(3)))
    settle(write_drop(settings.drops_dir, D1, range(3)))
    assert [r.partition_key for r in platform.tick_sensor() if isinstance(r, dg.RunRequest)] == ["2024-06-13"]
    settle(write_drop(settings.drops_dir, date(2024, 6, 20), range(3)))
    [request] = platform.tick_schedule(date(2024, 6, 15))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2024-06-13"


class Weeks:
    """Crawlers that are late, go on writing and correct themselves, and runs that fail now and then."""

    def __init__(self, platform: Platform, drops: Path, seed: int) -> None:
        self.platform, self.drops_dir, self.chance = platform, drops, random.Random(seed)
        self.n_posts: dict[date, int] = {}
        self.done: list[tuple[str | None, str]] = []

    def change(self, day: date, probability: float) -> None:
        """A drop comes or grows; no content is ever there twice."""
        if self.chance.random() < probability:
            self.n_posts[day] = self.n_posts.get(day, 0) + self.chance.randint(1, 3)
            settle(write_drop(self.drops_dir, day, range(self.n_posts[day]), with_media=False))

    def work(self, requests: list[dg.RunRequest] | str) -> None:
        """Run what was asked for; one in five fails."""
        for request in requests if isinstance(requests, list) else []:
            succeed = self.chance.random() < 0.8
            finish(self.platform, request, succeed=succeed)
            self.done += [(request.partition_key, request.tags[DIGEST_TAG])] * succeed

    def live(self, days: list[date]) -> None:
        """Day after day: drops come, the sensor ticks, in the morning the schedule."""
        for today in days:
            self.change(today, 0.8)
            for earlier in (day for day in days if day < today):
                self.change(earlier, 0.05 if earlier in self.n_posts else 0.5)
            for _ in range(2):
                self.work(self.platform.tick_sensor())
            self.change(today, 0.5)
            self.work(self.platform.tick_sensor())
            self.work(self.platform.tick_schedule(today))


@pytest.mark.parametrize(
    ("seed", "n_days"), [(0, 10), *(pytest.param(seed, 28, marks=pytest.mark.soak) for seed in range(1, 5))]
)
def test_in_weeks_of_late_growing_and_corrected_drops_each_content_is_run_once(
    platform: Platform, settings: Settings, seed: int, n_days: int
) -> None:
    weeks = Weeks(platform, settings.drops_dir, seed)
    days = [date(2024, 6, 1) + timedelta(days=i) for i in range(n_days)]
    weeks.live(days)
    for i in range(1, 15):
        asked = platform.tick_schedule(days[-1] + timedelta(days=i))
        if isinstance(asked, str):
            break
        weeks.work(asked)
    assert len(weeks.done) == len(set(weeks.done)), "a content was run twice"
    wanted = {(day.isoformat(), drop_digest(settings.drops_dir / day.isoformat())) for day in weeks.n_posts}
    assert wanted <= set(weeks.done)
    assert "materialized as it is" in platform.tick_sensor()
