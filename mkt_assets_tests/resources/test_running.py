"""Who is at work in a home, or in all that share a state: runs side by side, what is alone, and who is no more."""

from __future__ import annotations

import os
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
    HomePresence,
    OvertakenError,
    Presence,
    RunUnderWayError,
    dead_runs,
    fail_dead_runs,
    sign_run,
)
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.processes import OTHERS

HERE = HomePresence(Path("/nowhere"))


def opened(where: str) -> Presence:
    """Of a home, or of a state."""
    if not where.startswith("postgresql:"):
        return HomePresence(Path(where))
    from mkt_assets.resources.state import State
    from mkt_assets.resources.state_presence import StatePresence

    return StatePresence(State(where, timeout_seconds=20))


def hold(held: Event, where: str, run_id: str | None = None, partition: str | None = None) -> None:
    with opened(where).running(run_id, partition):
        held.set()
        time.sleep(600)


def be_alone(held: Event, where: str) -> None:
    with opened(where).alone(timeout_seconds=60):
        held.set()
        time.sleep(600)


def sign(held: Event, folder: str, run_id: str) -> None:
    with dg.DagsterInstance.local_temp(folder) as instance:
        sign_run(instance, run_id)
    held.set()
    time.sleep(600)


@pytest.fixture(params=["home", "state"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "home") if request.param == "home" else request.getfixturevalue("state_url")


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
        assert dead_runs(instance, HERE) == []
    return run


def test_runs_do_not_stop_each_other(where: str) -> None:
    with another_process(hold, where), opened(where).running() as check:
        check()


def test_what_must_be_alone_names_the_run_that_is_under_way(where: str) -> None:
    with (
        another_process(hold, where) as holder,
        pytest.raises(RunUnderWayError, match=rf"a run is under way in .*\b{holder.pid}\b"),
        opened(where).alone(timeout_seconds=0.3),
    ):
        pytest.fail("was let in")


def test_a_killed_run_holds_nobody_up(where: str) -> None:
    with another_process(hold, where) as holder:
        assert str(holder.pid) in " ".join(opened(where).holders())
        holder.kill()
        holder.join()
        with opened(where).alone(timeout_seconds=5):
            pass
        assert opened(where).holders() == []


def test_runs_wait_for_what_is_alone_and_go_on_when_it_is_killed(where: str) -> None:
    waiting = OTHERS.Event()
    run = OTHERS.Process(target=hold, args=(waiting, where), daemon=True)
    with another_process(be_alone, where) as forgetting:
        assert opened(where).is_alone()
        run.start()
        assert not waiting.wait(1)
        forgetting.kill()
        assert waiting.wait(20)
    run.kill()
    run.join()
    assert not opened(where).is_alone()


def test_two_runs_of_a_date_in_homes_that_share_a_state_take_turns_and_of_two_dates_do_not(
    state_url: str,
) -> None:
    waiting = OTHERS.Event()
    later = OTHERS.Process(target=hold, args=(waiting, state_url, "later", "2024-06-13"), daemon=True)
    with (
        another_process(hold, state_url, "earlier", "2024-06-13") as earlier,
        opened(state_url).running("other", "2024-06-14"),
    ):
        later.start()
        assert not waiting.wait(1)
        earlier.kill()
        assert waiting.wait(20)
    later.kill()
    later.join()


def test_a_run_on_another_machine_is_gone_when_nobody_holds_it(
    instance: dg.DagsterInstance, state_url: str
) -> None:
    presence = opened(state_url)
    run = under_way(instance)
    instance.add_run_tags(run.run_id, {PROCESS_TAG: f"{run.run_id} elsewhere 1 0"})
    with another_process(hold, state_url, run.run_id) as holder:
        assert dead_runs(instance, presence) == []
        holder.kill()
        holder.join()
        assert [dead.run_id for dead in fail_dead_runs(instance, presence)] == [run.run_id]


def test_a_run_whose_connection_is_cut_takes_its_locks_again_and_goes_on(
    state_url: str, postgres: Server
) -> None:
    with opened(state_url).running("cut", "2024-06-13") as check:
        for _ in range(3):
            postgres.cut(state_url)
            check()
            assert not opened(state_url).gone(["cut"])
            with (
                pytest.raises(RunUnderWayError),
                opened(state_url).alone(timeout_seconds=0.3),
            ):
                pytest.fail("was let in")


def test_a_run_whose_connection_is_cut_is_back_before_it_asks_for_anything(
    state_url: str, postgres: Server
) -> None:
    with opened(state_url).running("cut", "2024-06-13"):
        postgres.cut(state_url)
        deadline = time.monotonic() + 20
        while opened(state_url).holders() == []:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_run_that_was_overtaken_while_it_was_cut_off_may_store_nothing_more(
    state_url: str, postgres: Server
) -> None:
    from mkt_assets.resources.state import State
    from mkt_assets.resources.state_tombstones import StateTombstones

    with (
        pytest.raises(OvertakenError, match="somebody was forgotten meanwhile"),
        opened(state_url).running("cut", "2024-06-13") as check,
    ):
        StateTombstones(State(state_url), str).tell([])
        postgres.cut(state_url)
        check()
    later = OTHERS.Event()
    overtaking = OTHERS.Process(target=hold, args=(later, state_url, "other", "2024-06-13"), daemon=True)
    with opened(state_url).running("cut", "2024-06-13") as check:
        overtaking.start()
        while not waiting_for_locks(postgres):
            time.sleep(0.05)
        # who waits is next: only the one that holds is cut
        ours = f"application_name LIKE 'mkt % {os.getpid()}'"
        postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        assert later.wait(30)
        with pytest.raises(OvertakenError, match="has begun partition 2024-06-13 meanwhile"):
            check()
    overtaking.kill()
    overtaking.join()


def waiting_for_locks(postgres: Server) -> list[tuple[object, ...]]:
    return postgres.run("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def test_a_run_whose_process_was_killed_is_reported_as_failed(instance: dg.DagsterInstance) -> None:
    run = killed_run(instance)
    assert [dead.run_id for dead in fail_dead_runs(instance, HERE)] == [run.run_id]
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert fail_dead_runs(instance, HERE) == []


def test_a_run_at_work_is_left_alone(instance: dg.DagsterInstance) -> None:
    sign_run(instance, under_way(instance).run_id)
    assert fail_dead_runs(instance, HERE) == []


def test_a_run_that_nobody_signed_or_on_another_machine_is_left_alone(instance: dg.DagsterInstance) -> None:
    under_way(instance)
    elsewhere = under_way(instance)
    instance.add_run_tags(elsewhere.run_id, {PROCESS_TAG: f"{elsewhere.run_id} elsewhere 1 0 0"})
    assert fail_dead_runs(instance, HERE) == []


def test_a_retry_of_a_killed_run_is_not_taken_for_it_before_it_signs(instance: dg.DagsterInstance) -> None:
    killed = killed_run(instance)
    fail_dead_runs(instance, HERE)
    found = instance.get_run_by_id(killed.run_id)
    assert found is not None
    under_way(instance, **found.tags)
    assert fail_dead_runs(instance, HERE) == []
