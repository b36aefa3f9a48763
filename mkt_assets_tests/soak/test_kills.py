"""kill -9 at any moment of a run leaves, in every table, the rows of before or those of after; a rerun completes it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.soak.homes import Rows, assert_consistent, assert_no_orphans_after_gc, contents
from mkt_assets_tests.soak.worker import begin, load, run

DAY = date(2024, 6, 13)
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Prepared:
    """A home with one crawl whose drop has since grown, and what is in it before and after a run on that drop."""

    folder: Path
    before: dict[str, Rows]
    after: dict[str, Rows]
    seconds: float


def copied(folder: Path, to: Path) -> Settings:
    shutil.copytree(folder, to)
    settings = load(to / "home", to / "drops")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    return settings


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("kills") / "prepared"
    settings = load(folder / "home", folder / "drops")
    write_drop(settings.drops_dir, DAY, range(10))
    assert run(settings, DAY).success
    before = contents(settings, DAY)
    write_drop(settings.drops_dir, DAY, range(4, 18))
    finished = copied(folder, folder.with_name("finished"))
    began = time.monotonic()
    assert run(finished, DAY).success
    return Prepared(folder, before, contents(finished, DAY), time.monotonic() - began)


def kill_once(prepared: Prepared, tmp_path: Path, delay: float) -> float | None:
    """Kill a run after `delay` seconds, look at what is left, and run again; how long it took if it ended before."""
    settings = copied(prepared.folder, tmp_path / "home")
    seconds = kill(prepared, settings, tmp_path / "log", delay)
    assert_completed_by_the_next(prepared, settings)
    return seconds


def kill(prepared: Prepared, settings: Settings, log: Path, delay: float) -> float | None:
    """Kill a run after `delay` seconds, and look at what is left; how long it took if it ended before."""
    worker = begin(settings, [DAY], log)
    while not log.exists():
        assert worker.is_alive()
        time.sleep(0.01)
    began = time.monotonic()
    worker.join(delay)
    seconds = None if worker.is_alive() else time.monotonic() - began
    worker.kill()
    worker.join()
    assert worker.exitcode == (0 if seconds else -signal.SIGKILL), log.read_text("utf-8")
    assert_consistent(settings)
    for table, rows in contents(settings, DAY).items():
        assert rows in (prepared.before[table], prepared.after[table]), f"{table} is neither old nor new"
    return seconds


def assert_completed_by_the_next(prepared: Prepared, settings: Settings) -> None:
    assert run(settings, DAY).success
    assert contents(settings, DAY) == prepared.after
    assert_consistent(settings)
    assert_no_orphans_after_gc(settings)


def test_a_killed_run_leaves_old_or_new_and_so_does_the_next_and_a_third_completes_them(
    prepared: Prepared, tmp_path: Path
) -> None:
    settings = copied(prepared.folder, tmp_path / "home")
    for share in (0.3, 0.7):
        kill(prepared, settings, tmp_path / f"log of {share}", share * prepared.seconds)
    assert_completed_by_the_next(prepared, settings)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_leave_old_or_new_and_are_completed_by_the_next(
    prepared: Prepared, tmp_path: Path, seed: int
) -> None:
    moments = random.Random(seed)
    n_killed, seconds = 0, prepared.seconds
    for trial in range(50):
        folder = tmp_path / str(trial)
        ended = kill_once(prepared, folder, moments.uniform(0, 1.1) * seconds)
        n_killed += ended is None
        seconds = ended or seconds  # how fast the machine is changes with what else it does
        shutil.rmtree(folder)
        print(
            f"seed {seed}: {trial + 1} trials, {n_killed} killed in the middle", file=sys.stderr, flush=True
        )
    assert n_killed > 25
