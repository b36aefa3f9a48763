"""The Dagster instance: first uses at once, and what is configured."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import event
from sqlalchemy.engine import Engine

from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.orchestration.partitions import NAME
from mkt_assets.settings import Settings
from mkt_assets_tests.processes import all_at_once


def use_first(folder: Path, number: int) -> None:
    prepare_instance(Settings.load(home=folder / "home"))
    with dg.DagsterInstance.get() as instance:
        said = f"{len(instance.get_runs())} {instance.telemetry_enabled}"
    (folder / f"{number}.txt").write_text(said, "utf-8")


@pytest.mark.slow
def test_first_uses_at_once_all_succeed(tmp_path: Path) -> None:
    """Dagster's own first-run migration is not safe from several processes."""
    all_at_once(use_first, tmp_path, 4)
    assert [path.read_text("utf-8") for path in tmp_path.glob("*.txt")] == ["0 False"] * 4


def know_first(folder: Path, number: int) -> None:
    """Prepare the instance, slow between looking for keys and adding them."""

    def slowly(*details: object) -> None:
        if str(details[2]).startswith("SELECT dynamic_partitions"):
            time.sleep(0.3)

    event.listen(Engine, "after_cursor_execute", slowly)
    prepare_instance(Settings.load(home=folder / "home", drops=folder / "drops"))
    event.remove(Engine, "after_cursor_execute", slowly)
    with dg.DagsterInstance.get() as instance:
        known = instance.get_dynamic_partitions(NAME)
    (folder / f"{number}.txt").write_text(" ".join(known), "utf-8")


@pytest.mark.slow
def test_of_new_drops_several_runs_may_learn_at_once(tmp_path: Path) -> None:
    dates = ["2024-06-13", "2024-06-14"]
    for crawl_date in dates:
        (tmp_path / "drops" / crawl_date).mkdir(parents=True)
    all_at_once(know_first, tmp_path, 3)
    assert [path.read_text("utf-8") for path in tmp_path.glob("*.txt")] == [" ".join(dates)] * 3


def test_a_users_own_configuration_is_kept(settings: Settings) -> None:
    settings.dagster_home.mkdir(parents=True)
    own = "telemetry:\n  enabled: false\nnux:\n  enabled: true\n"
    (settings.dagster_home / "dagster.yaml").write_text(own)
    prepare_instance(settings)
    assert (settings.dagster_home / "dagster.yaml").read_text() == own


def test_a_full_disk_leaves_no_half_of_the_configuration(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is taken for the user's own, and Dagster without a setting sends telemetry."""

    for write in ("write_text", "write_bytes"):
        whole = getattr(Path, write)

        def cut(path: Path, data: str | bytes, *rest: str, whole: Callable[..., int] = whole) -> None:
            whole(path, data[:20], *rest)
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, write, cut)
    with pytest.raises(OSError, match="No space left"):
        prepare_instance(settings)
    monkeypatch.undo()
    assert not (settings.dagster_home / "dagster.yaml").exists()


def test_the_instance_bounds_runs_watches_them_and_sends_nothing(settings: Settings) -> None:
    config = yaml.safe_load((prepare_instance(settings) / "dagster.yaml").read_text())
    assert config["telemetry"]["enabled"] is False
    assert config["nux"]["enabled"] is False
    assert config["run_monitoring"]["enabled"] is True
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 2
