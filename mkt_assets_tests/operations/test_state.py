"""Homes that share a state: moved there and back, run at once, forgotten in, and looked at by the doctor."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.contract.schema import TABLES
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.operations.findings import Finding
from mkt_assets.operations.forget import Request, forget
from mkt_assets.operations.move_state import move_to_home, move_to_state
from mkt_assets.orchestration.drop_state import drop_states
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources.accounts import KEY_NAME
from mkt_assets.resources.database import DatabaseSetupError
from mkt_assets.resources.opening import open_accounts, open_cache, open_tombstones, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import poster_id
from mkt_assets_tests.lakes import Server, copied_database, copied_lake, name_of
from mkt_assets_tests.operations.homes import D1, D2, copied, run, with_lake
from mkt_assets_tests.processes import OTHERS
from mkt_assets_tests.runs import materialize
from mkt_assets_tests.stand_ins import FakeModels

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

COMPARED = ("raw_posts", "matted_images", "image_embeddings", "text_embeddings", "k_selection")
"""What is the same whichever crawl is run first."""


def sharing(settings: Settings, lake: Lake, state_url: str, **others: object) -> Settings:
    return with_lake(settings, lake, state=state_url, **others)


@dataclass(frozen=True)
class Filled:
    """A folder with the home of two crawls that shares a state, and the state's address: to be copied."""

    folder: Path
    lake: Lake
    state_url: str


@pytest.fixture(scope="module")
def filled(
    two_crawls: Path, postgres: Server, filled_lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    from mkt_assets.resources.state import forget_readiness

    made = Filled(tmp_path_factory.mktemp("filled") / "made", filled_lake, postgres.url("filled_state"))
    postgres.run("CREATE DATABASE filled_state")
    settings = sharing(copied(two_crawls, made.folder), filled_lake, made.state_url)
    settings.warehouse_path.unlink()
    move_to_state(settings)
    forget_readiness()
    yield made
    postgres.run("DROP DATABASE filled_state WITH (FORCE)")


@pytest.fixture
def moved(home: Settings, filled: Filled, postgres: Server, tmp_path: Path) -> Iterator[Settings]:
    """The home with two crawls, its warehouse in a lake and the rest in a state, both of the test's own."""
    from mkt_assets.resources.state import forget_readiness

    shutil.rmtree(home.home.parent)
    copied(filled.folder, home.home.parent)
    with (
        copied_lake(postgres, filled.lake, tmp_path / "lake") as lake,
        copied_database(postgres, filled.state_url) as state_url,
    ):
        # the same state by another address
        yield sharing(home, lake, state_url)
        forget_readiness()


def another_home(settings: Settings, folder: Path) -> Settings:
    """Of another machine, that sees the same drops."""
    made = Settings.load(
        **settings.model_dump() | {"home": folder / "other", "names_file": folder / "names.csv"}
    )
    made.home.mkdir(parents=True)
    shutil.copyfile(settings.home / KEY_NAME, made.home / KEY_NAME)
    return made


def problems(settings: Settings) -> list[Finding]:
    return [finding for finding in examine(settings) if finding.verdict is Verdict.problem]


def forgotten_badly(settings: Settings) -> list[Finding]:
    """What is wrong with who was forgotten; the doctor looks at nothing after that, which takes it longest."""
    looked = takewhile(lambda finding: finding.about != "snapshot", examine(settings))
    return [f for f in looked if f.about == "forgotten" and f.verdict is Verdict.problem]


def reasons(settings: Settings) -> dict[str, str | None]:
    """Why each drop needs no run."""
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        states = list(
            drop_states(instance, settings, today=date(2024, 7, 1), retry_failed=False, quiet_seconds=0)
        )
    return {state.crawl_date.isoformat(): state.skip_reason for state in states}


def dumped(url: str) -> str:
    return subprocess.run(["pg_dump", "--inserts", url], capture_output=True, text=True, check=True).stdout


def test_a_home_that_is_moved_into_a_state_and_back_computes_and_runs_nothing_again(
    moved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, mattes = open_cache(moved).keys()
    assert vectors and mattes
    assert reasons(moved) == {str(D1): "materialized as it is", str(D2): "materialized as it is"}
    assert [problem.what for problem in problems(moved)] == []
    models = FakeModels()
    embedded = ("image_embeddings", "text_embeddings")
    assert materialize(moved, models, D2, last=embedded).success
    assert (models.images.n_encoded, models.texts.n_encoded) == (0, 0)
    # a second time, as after a move that was cut short, nothing is doubled
    for name in ("home", "drops", "warehouse", "warehouse_data", "state"):
        monkeypatch.setenv(f"MKT_{name.upper()}", str(getattr(moved, name)))
    said = CliRunner().invoke(app, ["move", "state"])
    assert said.exit_code == 0 and "all equal in postgresql://" in said.output, said.output
    assert open_cache(moved).keys() == (vectors, mattes)

    alone = Settings.load(**moved.model_dump() | {"state": None})
    with pytest.raises(DatabaseSetupError, match="set MKT_STATE to that"):
        prepare_instance(alone)
    assert ["set MKT_STATE" in problem.what for problem in problems(alone)] == [True]
    for path in alone.home.glob("cache.duckdb*"):
        path.unlink()
    assert move_to_home(moved)["vectors"] == len(vectors)
    assert open_cache(alone).keys() == (vectors, mattes)
    assert reasons(alone) == {str(D1): "materialized as it is", str(D2): "materialized as it is"}
    assert "MKT_STATE" not in (alone.dagster_home / "dagster.yaml").read_text("utf-8")


def test_a_home_with_another_key_or_with_forgotten_people_of_its_own_is_refused(
    moved: Settings, tmp_path: Path
) -> None:
    other = another_home(moved, tmp_path)
    (other.home / KEY_NAME).unlink()
    with pytest.raises(DatabaseSetupError, match="copy it from one of them"):
        open_accounts(other)
    assert not (other.home / KEY_NAME).exists()
    (other.home / KEY_NAME).write_text("0" * 64)
    with pytest.raises(DatabaseSetupError, match="another key than that of the homes"):
        prepare_instance(other)
    assert "is another than the key" in problems(other)[0].what
    shutil.copyfile(moved.home / KEY_NAME, other.home / KEY_NAME)
    (other.home / "forgotten.txt").write_text(f"forgotten {'a' * 24}\n")
    with pytest.raises(DatabaseSetupError, match="say `mkt move state` first"):
        open_tombstones(other).read()
    assert problems(other)[0].to_do == "`mkt move state`"
    move_to_state(other)
    assert "a" * 24 in open_tombstones(moved).read().hashes


def test_who_is_forgotten_is_nowhere_in_the_state_and_the_other_home_is_told(
    moved: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_models: FakeModels
) -> None:
    other = another_home(moved, tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(other.dagster_home))
    made_there = ("raw_posts", "matted_images", "report")
    assert run(other, fake_models, D2, last=made_there, upstream=False).success
    report = next(other.reports_dir.rglob("*.html"))
    posts = open_warehouse(moved).read("raw_posts").to_pylist()
    her = open_accounts(moved).hash(poster_id(2))
    gone = {her, poster_id(2), *(post["post_id"] for post in posts if post["poster_id"] == her)}
    with dg.DagsterInstance.get() as instance:
        for asset, metadata in (("charts", None), ("trends", {"note": f"of {her}"})):
            made = dg.AssetMaterialization(asset, partition=str(D2), metadata=metadata)
            instance.report_runless_asset_event(made)
    # what was run there needs no run here
    assert reasons(moved) == {str(D1): "materialized as it is", str(D2): "materialized as it is"}
    monkeypatch.setenv("DAGSTER_HOME", str(other.dagster_home))
    assert her in dumped(moved.state or "")

    done = forget(moved, Request(posters=[her]))
    assert done.search.places == () and done.n_posts == 8 and done.n_log_entries > 0
    dump = dumped(moved.state or "")
    assert not [text for text in gone if text in dump]
    assert her in open_tombstones(other).read()

    assert report.exists()
    [behind] = forgotten_badly(other)
    assert "in another home" in behind.what and behind.to_do == "`mkt forget --again`"
    forget(other, Request(again=True))
    assert not report.exists()
    assert forgotten_badly(other) == []
    assert materialize(other, fake_models, D2, last="raw_posts").success
    assert her not in open_warehouse(moved).read("raw_posts")["poster_id"].to_pylist()
    assert forgotten_badly(moved) == []


def test_the_doctor_says_when_the_state_is_away_and_looks_at_what_it_can(moved: Settings) -> None:
    away = Settings.load(**moved.model_dump() | {"state": "postgresql://mkt@127.0.0.1:9/nowhere"})
    [problem] = problems(away)
    assert problem.about == "state" and "cannot be reached" in problem.what


def run_in(folder: Path, settings: dict[str, object], day: date, n: int) -> None:
    import os

    own = Settings.load(**settings)
    os.environ["DAGSTER_HOME"] = str(own.dagster_home)
    prepare_instance(own)
    assert run(own, FakeModels(), day, last=COMPARED).success
    (folder / f"{n}.done").touch()


def at_work(server: Server, state_url: str) -> set[str]:
    """Of the runs that hold the lock of a run now, which connections."""
    name = name_of(state_url)
    rows = server.run(
        "SELECT application_name FROM pg_stat_activity a JOIN pg_locks l USING (pid) "
        f"WHERE datname = '{name}' AND locktype = 'advisory' AND granted AND mode = 'ShareLock'"
    )
    return {str(row[0]) for row in rows}


def test_two_homes_that_share_a_state_run_two_dates_at_once_with_the_rows_of_one_home(
    home: Settings, lake: Lake, state_url: str, postgres: Server, tmp_path: Path
) -> None:
    first = sharing(home, lake, state_url, home=tmp_path / "first", names_file=tmp_path / "names.csv")
    first.home.mkdir()
    shutil.copyfile(home.home / KEY_NAME, first.home / KEY_NAME)
    second = another_home(first, tmp_path)
    runs = [(first, D1), (second, D2), (second, D1)]
    processes = [
        OTHERS.Process(target=run_in, args=(tmp_path, own.model_dump(), day, n), daemon=True)
        for n, (own, day) in enumerate(runs)
    ]
    for process in processes:
        process.start()
    most = 0
    deadline = time.monotonic() + 240
    while any(process.is_alive() for process in processes) and time.monotonic() < deadline:
        most = max(most, len(at_work(postgres, state_url)))
        time.sleep(0.1)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    # of the two runs of a date one waited, and holds the place of the date only afterwards
    assert most == 2
    for table in COMPARED:
        names = [name for name in TABLES[table].column_names if name != "seconds"]
        expected = open_warehouse(home).read(table, columns=names).to_pylist()
        assert open_warehouse(first).read(table, columns=names).to_pylist() == expected, table
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(second.dagster_home))
        prepare_instance(second)
        with dg.DagsterInstance.get() as instance:
            for asset in COMPARED:
                assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {str(D1), str(D2)}
            assert len(instance.get_runs()) == 3
