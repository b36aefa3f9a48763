"""Garbage: what no row points to goes, once it is old; what a row points to never does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mkt_assets.cli import app
from mkt_assets.operations.gc import collect_garbage, find_garbage
from mkt_assets.resources import open_cache
from mkt_assets.settings import Settings


def aged(path: Path, hours: float = 48) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"left over")
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def everything(settings: Settings) -> set[Path]:
    kept = (settings.media_dir, settings.charts_dir, settings.reports_dir)
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
