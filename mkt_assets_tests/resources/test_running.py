"""Who is at work in a home: runs side by side, what is alone, and runs whose process is no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import dagster as dg
import pytest

from mkt_assets.resources.running import (
    PROCESS_TAG,
    RunUnderWayError,
    alone,
    dead_runs,
    fail_dead_runs,
    running,
    sign_run,
)
from mkt_assets_tests.processes import OTHERS


def hold(held: Event, home: Path) -> None:
    with running(home):
        held.set()
        time.sleep(600)


def sign(held: Event, folder: str, run_id: str) -> None:
    with dg.DagsterInstance.local_temp(folder) as instance:
        sign_run(instance, run_id)
    held.set()
    time.sleep(600)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


@contextmanager
def another_process(work: Callable[..., None], *arguments: object) -> Generator[ForkServerProcess]:
    """A process that does its work, and then nothing until it is killed."""
    held = OTHERS.Event()
    process = OTHERS.Process(target=work, args=(held, *arguments))
    process.start()
    try:
        assert held.wait(60)
        yield process
    finally:
        process.kill()
        process.join()


def under_way(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    @dg.job
    def crawl() -> None: ...

    return instance.create_run_for_job(crawl, status=dg.DagsterRunStatus.STARTED, tags=tags)


def killed_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that was signed by a process which is no more."""
    run = under_way(instance)
    with another_process(sign, instance.root_directory, run.run_id):
        assert dead_runs(instance) == []
    return run


def test_runs_do_not_stop_each_other(tmp_path: Path) -> None:
    with another_process(hold, tmp_path), running(tmp_path):
        pass


def test_what_must_be_alone_names_the_run_that_is_under_way(tmp_path: Path) -> None:
    with (
        another_process(hold, tmp_path) as holder,
        pytest.raises(RunUnderWayError, match=f"process {holder.pid}"),
        alone(tmp_path, timeout_seconds=0.3),
    ):
        pytest.fail("was let in")


def test_a_killed_run_holds_nobody_up(tmp_path: Path) -> None:
    with another_process(hold, tmp_path) as holder:
        holder.kill()
        holder.join()
        with alone(tmp_path, timeout_seconds=5):
            pass


def test_a_run_whose_process_was_killed_is_reported_as_failed(instance: dg.DagsterInstance) -> None:
    run = killed_run(instance)
    assert [dead.run_id for dead in fail_dead_runs(instance)] == [run.run_id]
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert fail_dead_runs(instance) == []


def test_a_run_at_work_is_left_alone(instance: dg.DagsterInstance) -> None:
    sign_run(instance, under_way(instance).run_id)
    assert fail_dead_runs(instance) == []


def test_a_run_that_nobody_signed_or_on_another_machine_is_left_alone(instance: dg.DagsterInstance) -> None:
    under_way(instance)
    elsewhere = under_way(instance)
    instance.add_run_tags(elsewhere.run_id, {PROCESS_TAG: f"{elsewhere.run_id} elsewhere 1 0 0"})
    assert fail_dead_runs(instance) == []


def test_a_retry_of_a_killed_run_is_not_taken_for_it_before_it_signs(instance: dg.DagsterInstance) -> None:
    killed = killed_run(instance)
    fail_dead_runs(instance)
    found = instance.get_run_by_id(killed.run_id)
    assert found is not None
    under_way(instance, **found.tags)
    assert fail_dead_runs(instance) == []
