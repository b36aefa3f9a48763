"""A shared state: made once by whoever is first, cut off, away, of another version, with few grants, and restored."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mkt_assets.resources.accounts import KEY_NAME
from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError
from mkt_assets.resources.state_home import mark_of
from mkt_assets.resources.tombstones import TombstoneFile, TombstoneStore
from mkt_assets.settings import PROJECT_DIR
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.processes import OTHERS

if TYPE_CHECKING:
    from mkt_assets.resources.state import State


def opened(url: str, home: Path | None = None, *, timeout_seconds: float = 20) -> State:
    from mkt_assets.resources.state import State

    return State(url, home=home, timeout_seconds=timeout_seconds)


def use_first(gate: object, url: str, folder: Path, n: int) -> None:
    from mkt_assets.resources.state_cache import StateCache

    gate.wait(60)  # pyright: ignore[reportAttributeAccessIssue]
    # two of them are the same home
    StateCache(opened(url, folder / f"home{n // 2}")).put_vectors([f"{n}"], np.ones((1, 3), dtype=np.float32))


def test_of_many_homes_that_are_first_at_once_one_makes_the_state_and_its_key_is_that_of_all(
    state_url: str, tmp_path: Path
) -> None:
    gate = OTHERS.Barrier(4)
    processes = [
        OTHERS.Process(target=use_first, args=(gate, state_url, tmp_path, n), daemon=True) for n in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    # without a key of its own a home is let in if it is the first: the other is told to copy it
    homes = [tmp_path / f"home{n}" for n in range(2)]
    [first] = [home for home in homes if (home / KEY_NAME).exists()]
    codes = [process.exitcode for process in processes]
    assert codes == ([0, 0, 1, 1] if first == homes[0] else [1, 1, 0, 0])
    assert mark_of(first) is not None and mark_of(homes[1 - homes.index(first)]) is None


def test_a_connection_that_is_cut_in_the_middle_leaves_nothing_half_and_the_work_is_done_again(
    state_url: str, postgres: Server
) -> None:
    state, tried = opened(state_url), list[int]()

    def work(cursor: object) -> int:
        cursor.execute("INSERT INTO mkt_state.facts VALUES (%s, 'x')", [f"try {len(tried)}"])  # pyright: ignore
        tried.append(1)
        if len(tried) == 1:
            postgres.cut(state_url)
        return len(tried)

    assert state.transaction(work) == 2
    rows = postgres.run(
        "SELECT name FROM mkt_state.facts WHERE name LIKE 'try%'", database=state_url.rpartition("/")[2]
    )
    assert rows == [("try 1",)]


def test_a_state_that_stays_away_is_told_in_a_sentence_without_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("psycopg2", reason="install the extra `cluster`")
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    with pytest.raises(DatabaseBusyError, match="cannot be reached") as told:
        opened("postgresql://mkt@127.0.0.1:9/nowhere", timeout_seconds=0.5).join()
    assert "hunter2" not in str(told.value)


def test_a_state_of_a_newer_version_is_refused(state_url: str, postgres: Server) -> None:
    from mkt_assets.resources.state import forget_readiness

    opened(state_url).join()
    postgres.run(
        "UPDATE mkt_state.facts SET value = '99' WHERE name = 'version'",
        database=state_url.rpartition("/")[2],
    )
    forget_readiness()
    with pytest.raises(DatabaseSetupError, match="upgrade mkt_assets on this machine"):
        opened(state_url).join()


@pytest.fixture(params=["file", "state"])
def tombstones(request: pytest.FixtureRequest, tmp_path: Path) -> TombstoneStore:
    def hash_id(text: str) -> str:
        return text.encode().hex()[-24:].rjust(24, "0")

    if request.param == "file":
        return TombstoneFile(tmp_path, hash_id)
    url = request.getfixturevalue("state_url")  # or this test is skipped
    from mkt_assets.resources.state_tombstones import StateTombstones

    return StateTombstones(opened(url), hash_id)


def test_who_is_forgotten_is_kept_and_of_two_dates_the_later(tombstones: TombstoneStore) -> None:
    assert tombstones.read().is_empty
    tombstones.write(tombstones.read().bury(["her"], date(2024, 1, 1)))
    tombstones.write(tombstones.read().bury(["him"], date(2023, 1, 1)))
    kept = tombstones.read()
    assert "her" in kept and "him" in kept and "us" not in kept
    assert kept.crawled_before == date(2024, 1, 1)
    with pytest.raises(
        ValueError, match=r"2023-06-01, or, to bring it back, the (line|fact) 'crawled-before'"
    ):
        kept.check_date(date(2023, 6, 1))


def test_what_two_machines_forget_at_once_is_kept_of_both(state_url: str) -> None:
    from mkt_assets.resources.state_tombstones import StateTombstones

    one, other = StateTombstones(opened(state_url), str.lower), StateTombstones(opened(state_url), str.lower)
    hers, his = one.read().bury(["her"], date(2024, 1, 1)), other.read().bury(["him"], date(2023, 1, 1))
    one.write(hers)
    other.write(his)
    assert "her" in one.read() and "him" in one.read()
    assert one.read().crawled_before == date(2024, 1, 1)


def test_the_grants_of_the_guide_are_enough_for_runs_and_not_for_forgetting(
    state_url: str, postgres: Server, tmp_path: Path
) -> None:
    import dagster as dg

    from mkt_assets.operations.move_records import records_in
    from mkt_assets.resources.state import forget_readiness
    from mkt_assets.resources.state_cache import StateCache
    from mkt_assets.resources.state_presence import StatePresence
    from mkt_assets.resources.state_tombstones import StateTombstones

    name = state_url.rpartition("/")[2]
    opened(state_url, tmp_path).join()
    with records_in(state_url) as instance:
        instance.get_runs(limit=1)
    guide = (PROJECT_DIR / "docs" / "cluster.md").read_text("utf-8")
    [grants] = re.findall(r"```sql\n(.*?)```", guide, re.DOTALL)
    postgres.run(grants, database=name)
    forget_readiness()
    try:
        runs = opened(state_url.replace("//mkt@", "//mkt_runs@"), tmp_path)
        cache = StateCache(runs)
        cache.put_vectors(["a"], np.ones((1, 3), dtype=np.float32))
        assert cache.forget_others([], made_before=2e9) == 1
        assert StateTombstones(runs, str.lower).read().is_empty
        with StatePresence(runs).running("run", "2024-06-13") as check:
            check()
        with records_in(runs.url) as instance:
            instance.report_runless_asset_event(dg.AssetMaterialization("made"))
            assert instance.all_asset_keys() == [dg.AssetKey("made")]
        with pytest.raises(DatabaseSetupError, match=r"may not do that .*docs/cluster\.md"):
            StateTombstones(runs, str.lower).write(StateTombstones(runs, str.lower).read().bury(["her"]))
    finally:
        postgres.run("DROP OWNED BY mkt_runs", database=name)
        postgres.run("DROP ROLE mkt_runs")


def test_a_dump_is_restored_with_who_was_forgotten(state_url: str, postgres: Server, tmp_path: Path) -> None:
    import subprocess

    from mkt_assets.operations.move_records import records_in
    from mkt_assets.resources.state_tombstones import StateTombstones

    kept = StateTombstones(opened(state_url), str.lower)
    kept.write(kept.read().bury(["her"]))
    with records_in(state_url) as instance:
        instance.get_runs(limit=1)
    guide = (PROJECT_DIR / "docs" / "cluster.md").read_text("utf-8")
    [dump] = re.findall(r"^pg_dump .*$", guide, re.MULTILINE)
    [restore] = re.findall(r"`(pg_restore .*?)`", guide)
    environment = {"MKT_STATE": state_url, "backup": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(["sh", "-ec", dump], env=environment, check=True)
    postgres.run(
        "DROP SCHEMA mkt_state CASCADE",
        "DROP SCHEMA mkt_dagster CASCADE",
        database=state_url.rpartition("/")[2],
    )
    subprocess.run(["sh", "-ec", restore], env=environment, check=True)
    assert "her" in kept.read()
