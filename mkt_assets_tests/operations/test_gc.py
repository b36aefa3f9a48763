"""Garbage: what no row points to goes, once it is old; what a row points to never does."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.core.sight.vocabulary import read_vocabulary
from mkt_assets.core.vectors import cache_key, content_key
from mkt_assets.operations import gc
from mkt_assets.operations.gc import clear_dead_runs, collect_garbage, find_garbage
from mkt_assets.operations.places import InUse, in_use
from mkt_assets.resources.database import open_database
from mkt_assets.resources.opening import open_cache, open_media_memory, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.operations.homes import D1, D2
from mkt_assets_tests.runs import materialize
from mkt_assets_tests.soak.homes import assert_consistent
from mkt_assets_tests.soak.worker import begin
from mkt_assets_tests.stand_ins import FakeModels


def aged(path: Path, hours: float = 48) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"left over")
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def everything(settings: Settings) -> set[Path]:
    kept = (
        settings.media_dir,
        settings.charts_dir,
        settings.reports_dir,
        open_media_memory(settings).folder,
    )
    return {path for folder in kept for path in folder.rglob("*") if path.is_file()}


def test_a_sound_home_has_no_garbage_however_old_it_is(home: Settings) -> None:
    for path in everything(home):
        aged(path)
    before = everything(home)
    garbage = collect_garbage(home)
    assert (garbage.orphans, garbage.n_cached) == ((), 0)
    assert everything(home) == before


def test_each_kind_of_orphan_is_found_and_then_removed(home: Settings) -> None:
    orphans = {
        aged(home.media_dir / "mattes" / "aa" / "nobody.webp"),
        aged(home.charts_dir / "2024-06-13" / "heatmap_0.deadbeef.png"),
        aged(home.reports_dir / "1999-01-01" / "report.html"),
        aged(open_media_memory(home).folder / "1999-01-01.json"),
        aged(home.home / ".writing-0123"),
    }
    found = find_garbage(home)
    assert {orphan.path for orphan in found.orphans} == orphans
    assert all(path.exists() for path in orphans)
    assert {orphan.path for orphan in collect_garbage(home).orphans} == orphans
    assert not any(path.exists() for path in orphans)
    collect_garbage(home, min_age_hours=0)
    assert not (home.reports_dir / "1999-01-01").exists()


def test_what_is_young_may_be_a_runs_and_stays(home: Settings) -> None:
    young = aged(home.media_dir / "mattes" / "aa" / "new.webp", hours=0)
    assert collect_garbage(home).orphans == ()
    assert young.exists()


def test_the_cache_forgets_contents_that_no_row_has(home: Settings) -> None:
    assert collect_garbage(home, min_age_hours=0).n_cached == 0
    gone = open_cache(home).forget_others(frozenset(), made_before=time.time() + 60)
    assert gone > 0
    assert open_cache(home).forget_others(frozenset(), made_before=time.time() + 60) == 0


def test_vectors_of_words_that_pictures_are_compared_with_stay(home: Settings) -> None:
    word = read_vocabulary(home.sight_words_file)[0]
    keys = [cache_key(content_key(text), "joint", "1") for text in (word.zh, word.en, "no such word")]
    open_cache(home).put_vectors(keys, np.ones((3, 4), np.float32))
    assert collect_garbage(home, min_age_hours=0).n_cached == 1
    assert open_cache(home).get_vectors(keys).keys() == set(keys[:2])


def test_the_command_shows_first_and_removes_when_told(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    orphan = aged(home.charts_dir / "2024-06-13" / "heatmap_0.deadbeef.png")
    shown = CliRunner().invoke(app, ["gc"])
    assert shown.exit_code == 0, shown.output
    assert "1 x chart that no row points to" in shown.output
    assert "nothing was removed" in shown.output
    assert orphan.exists()
    assert CliRunner().invoke(app, ["gc", "--delete"]).exit_code == 0
    assert not orphan.exists()


def test_what_a_run_takes_up_while_garbage_is_collected_stays(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = aged(home.media_dir / "mattes" / "aa" / "taken.webp")
    looks: list[InUse] = []

    def look(settings: Settings) -> InUse:
        looks.append(in_use(settings))
        if len(looks) == 2:
            os.utime(orphan)
        return looks[-1]

    monkeypatch.setattr(gc, "in_use", look)
    assert collect_garbage(home).orphans == ()
    assert len(looks) == 2
    assert orphan.exists()


def test_garbage_is_collected_beside_a_run_that_uses_old_files_again(
    home: Settings, fake_models: FakeModels
) -> None:
    with open_database(home.warehouse_path, timeout_seconds=5) as connection:
        # until the run has stored its rows, nothing points to the mattes it takes up
        connection.execute("DELETE FROM matted_images")
    for path in everything(home):
        aged(path)
    stop, removed = threading.Event(), [0]

    def collect() -> None:
        while not stop.wait(0.1):
            removed[0] += len(collect_garbage(home, min_age_hours=1).orphans)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for day in (D1, D2):
            materialize(home, fake_models, day, last="image_embeddings")
    finally:
        stop.set()
        collector.join()
    assert removed[0] > 0
    assert open_warehouse(home).read("matted_images").num_rows == 40
    assert_consistent(home)


def test_a_run_that_was_killed_is_marked_as_failed(home: Settings, tmp_path: Path) -> None:
    process = begin(home, [D1], tmp_path / "log")
    with dg.DagsterInstance.get() as instance:
        deadline = time.monotonic() + 60
        while not instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
            assert process.is_alive() and time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        process.kill()
        process.join()
        [killed] = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert clear_dead_runs(home, dry_run=True) == [killed.run_id]
        assert clear_dead_runs(home) == [killed.run_id]
        assert clear_dead_runs(home) == []
        found = instance.get_run_by_id(killed.run_id)
        assert found is not None
        assert found.status is dg.DagsterRunStatus.FAILURE
