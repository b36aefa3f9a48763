"""The `mkt` command: what it prints, writes, and how it fails."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy.exc
from rich.progress import Progress
from typer.testing import CliRunner

from mkt_assets.commands import run as commands_run
from mkt_assets.commands.cli import app
from mkt_assets.commands.run import Outcome
from mkt_assets.orchestration.failures import reason_of
from mkt_assets.resources.opening import open_tombstones, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("MKT_HOME", str(settings.home))
    monkeypatch.setenv("MKT_DROPS", str(settings.drops_dir))
    return CliRunner()


def test_settings_are_shown_with_their_values(run: CliRunner, settings: Settings) -> None:
    result = run.invoke(app, ["settings"])
    assert result.exit_code == 0
    assert f"MKT_HOME={settings.home}   (environment)\n" in result.output
    assert "MKT_IMAGE_K=-\n" in result.output


@pytest.mark.parametrize(
    ("asked", "n_processes"),
    [
        (["--posts", "40"], 1),
        (["--posts", "90"], 2),
        (["--posts", "9000"], 4),
        (["--posts", "9000", "--processes", "2"], 2),
    ],
)
def test_a_large_sample_is_drawn_in_a_process_a_core_and_a_small_one_in_this(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], n_processes: int
) -> None:
    asked_for: list[object] = []
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("mkt_sample.generate", lambda _, **options: asked_for.append(options["n_processes"]))
    result = run.invoke(app, ["sample", str(tmp_path / "drops"), "--crawl-dates", "2", *asked])
    assert (result.exit_code, asked_for) == (0, [n_processes])


def test_a_wrong_setting_ends_in_one_sentence(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_IMAGE_K", "many")
    result = run.invoke(app, ["settings"])
    assert result.exit_code == 2
    assert "MKT_IMAGE_K is 'many'" in result.output
    assert "Traceback" not in result.output


def test_a_full_disk_ends_in_one_sentence_that_says_where(
    run: CliRunner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mkt_assets.orchestration.instance.prepare_instance", full)
    write_drop(settings.drops_dir, D1, range(2))
    result = run.invoke(app, ["run"])
    assert result.exit_code == 2
    assert "The disk is full" in result.output
    assert str(settings.home) in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EROFS, "Read-only file system", "home"),
        # as Dagster passes it on
        sqlalchemy.exc.OperationalError(
            "PRAGMA x", None, sqlite3.OperationalError("unable to open database file")
        ),
    ],
)
def test_a_home_that_may_not_be_written_ends_in_one_sentence(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mkt_assets.operations.gc.find_garbage", denied)
    result = run.invoke(app, ["gc"])
    assert result.exit_code == 2
    assert "as the user that runs the services" in result.output
    assert "Traceback" not in result.output


def test_running_without_drops_says_where_to_put_one(run: CliRunner, settings: Settings) -> None:
    result = run.invoke(app, ["run"])
    assert result.exit_code == 2
    assert "there is no drop in" in result.output


def test_a_date_before_the_first_partition_is_refused(run: CliRunner) -> None:
    result = run.invoke(app, ["run", "--crawl-date", "2019-01-01"])
    assert result.exit_code == 2
    assert "MKT_FIRST_CRAWL_DATE" in result.output


def test_two_label_files_are_crossed(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("poster_id,post_id,nums_category_img\np,1,0\np,2,0\np,3,1\n")
    (tmp_path / "t.csv").write_text("poster_id,post_id,num_category_text\np,1,4\np,2,5\np,2,5\np,3,4\n")
    arguments = ["crosstab", "--images", str(tmp_path / "i.csv"), "--texts", str(tmp_path / "t.csv")]
    result = run.invoke(
        app,
        [*arguments, "--unit", "post", "--out", str(tmp_path / "r.csv"), "--table", str(tmp_path / "w.csv")],
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "r.csv").read_text() == (
        "nums_category_img,num_category_text,ratio\n0,4,0.5\n0,5,0.5\n1,4,1.0\n"
    )
    assert (tmp_path / "w.csv").read_text().splitlines()[0] == "nums_category_img,4,5"


def test_a_label_file_without_its_column_is_a_sentence(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("poster_id,post_id\np,1\n")
    paths = [
        "--images",
        str(tmp_path / "i.csv"),
        "--texts",
        str(tmp_path / "i.csv"),
        "--out",
        str(tmp_path / "r.csv"),
    ]
    result = run.invoke(app, ["crosstab", *paths])
    assert result.exit_code == 2
    assert "nums_category_img" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("asked_for", "said"),
    [
        ("2999-01-01", "2999-01-01 lies in the future: today is "),
        ("2024-06-12", "There is no drop folder"),
    ],
)
def test_a_date_that_cannot_be_run_is_refused_at_once_and_no_other_is_run(
    run: CliRunner, settings: Settings, asked_for: str, said: str
) -> None:
    write_drop(settings.drops_dir, D1, range(4), with_media=False)
    result = run.invoke(app, ["run", "--crawl-date", "2024-06-13", "--crawl-date", asked_for])
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
    assert not settings.home.exists()


def test_a_drop_named_as_of_a_date_to_come_is_said_to_be_misnamed(run: CliRunner, settings: Settings) -> None:
    write_drop(settings.drops_dir, date(2999, 1, 1), range(4), with_media=False)
    result = run.invoke(app, ["run"])
    assert result.exit_code == 2
    assert "is the folder misnamed?" in result.output


def test_a_run_that_fails_says_why_in_a_sentence_and_runs_the_other_dates(
    run: CliRunner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_one = commands_run._run_one
    # what comes after it fails in the same way, and takes long
    monkeypatch.setattr(commands_run, "_run_one", partial(run_one, only=["raw_posts"]))
    for day in (date(2024, 6, 12), D1):
        write_drop(settings.drops_dir, day, range(4), with_media=False)
    tombstones = open_tombstones(settings)
    tombstones.write(tombstones.read().bury([], D1))
    result = run.invoke(app, ["run", "--crawl-date", "2024-06-12", "--crawl-date", "2024-06-13"])
    assert result.exit_code == 1
    assert "2024-06-12 raw_posts: crawl dates before 2024-06-13 were forgotten" in result.output
    assert "Traceback" not in result.output
    assert open_warehouse(settings).read("raw_posts", [D1]).num_rows == 4


def test_a_run_that_was_interrupted_is_said_to_be_so_and_not_by_the_name_of_an_error() -> None:
    @dg.op
    def stopped() -> None:
        raise dg.DagsterExecutionInterruptedError

    @dg.job
    def stopping() -> None:
        stopped()

    done = stopping.execute_in_process(raise_on_error=False)
    said = [reason_of(event) for event in done.get_step_failure_events()]
    assert said == ["it was interrupted; what was finished stays, and running it again goes on from there."]


def test_what_shows_names_is_made_again_of_the_dates_whose_names_a_later_crawl_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (D1, D2):
        write_drop(settings.drops_dir, day, range(1), with_media=False)
    names = {D1: "style 2b14", D2: "通勤"}
    runs: list[tuple[date, tuple[str, ...]]] = []

    def run_one(_job: object, _instance: object, day: date, *, only: Sequence[str] = ()) -> Outcome:
        runs.append((day, tuple(only)))
        if day == D2:  # the second crawl names what the first could not
            names[D1] = "通勤"
        return Outcome(day, success=True, problems=())

    monkeypatch.setattr(commands_run, "_run_one", run_one)
    monkeypatch.setattr(commands_run, "_names", lambda _, day: frozenset({("image", 0, names[day])}))
    with Progress(disable=True) as bars:
        outcomes = commands_run.materialize(settings, [D1, D2], bars)
    assert runs == [(D1, ()), (D2, ()), (D1, ("crosstab_ratios", "charts", "report"))]
    assert [outcome.crawl_date for outcome in outcomes] == [D1, D2]


def test_a_command_that_runs_nothing_starts_without_dagster_and_the_databases() -> None:
    code = "import sys, mkt_assets.commands.cli; print({'dagster', 'duckdb', 'pyarrow', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
