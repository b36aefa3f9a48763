"""The nightly upkeep is there for a lake, and only for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.definitions import build_defs
from mkt_assets.settings import Settings


def schedules(settings: Settings) -> set[str]:
    return {schedule.name for schedule in build_defs(settings).get_repository_def().schedule_defs}


def test_the_definitions_load_with_a_lake_and_have_its_upkeep(settings: Settings, tmp_path: Path) -> None:
    lake = {"warehouse": "postgresql://mkt@127.0.0.1:9/nowhere", "warehouse_data": str(tmp_path / "lake")}
    in_lake = Settings.load(**settings.model_dump() | lake)
    assert schedules(in_lake) - schedules(settings) == {"nightly_lake_upkeep"}


def test_the_definitions_load_while_the_state_that_they_name_is_away(
    settings: Settings, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg2", reason="install the extra `cluster`")
    away = "postgresql://mkt@127.0.0.1:9/nowhere"
    shared = {"warehouse": away, "warehouse_data": str(tmp_path / "lake"), "state": away}
    assert schedules(Settings.load(**settings.model_dump() | shared))
