"""The Dagster instance: first uses at once, and what is configured."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.settings import Settings


def test_first_uses_at_once_all_succeed(tmp_path: Path) -> None:
    """Dagster's own first-run migration is not safe from several processes."""
    code = """
import dagster as dg
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.settings import Settings
prepare_instance(Settings.load())
with dg.DagsterInstance.get() as instance:
    print(len(instance.get_runs()), instance.telemetry_enabled)
"""
    environment = {**os.environ, "MKT_HOME": str(tmp_path / "home")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outcomes = [process.communicate(timeout=300) for process in processes]
    assert [out.strip() for out, _ in outcomes] == ["0 False"] * 4, [err[-500:] for _, err in outcomes]


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
