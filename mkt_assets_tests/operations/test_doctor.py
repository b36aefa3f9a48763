"""The doctor: a sound home is well; each thing that is wrong is found, with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.resources.accounts import KEY_NAME
from mkt_assets.resources.database import open_database
from mkt_assets.resources.migrations import VERSION
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.processes import OTHERS


def problems(settings: Settings) -> list[str]:
    found = [finding for finding in examine(settings) if finding.verdict is Verdict.problem]
    assert all(finding.to_do for finding in found)
    return [f"{finding.about}: {finding.what}" for finding in found]


def test_a_sound_home_is_well(home: Settings) -> None:
    assert problems(home) == []


def test_a_home_that_is_not_there_yet_is_well(settings: Settings) -> None:
    assert problems(settings) == []


def remove_first(files: list[Path]) -> None:
    files[0].unlink()


def damage_warehouse(settings: Settings) -> None:
    data = bytearray(settings.warehouse_path.read_bytes())
    data[:8192] = b"\x00" * 8192
    settings.warehouse_path.write_bytes(bytes(data))


def repeat_a_row(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("INSERT INTO raw_posts SELECT * FROM raw_posts LIMIT 1")


def claim_newer(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(f"UPDATE schema_version SET version = {VERSION + 1}")


def damage_a_page(settings: Settings) -> None:
    """Zeros where a part of the vectors is stored."""
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        row = connection.execute(
            "SELECT max(block_id) FROM pragma_storage_info('text_embeddings') WHERE column_name = 'embedding'"
        ).fetchone()
    assert row is not None
    data = bytearray(settings.warehouse_path.read_bytes())
    # blocks are of 256 KiB, after three headers of 4 KiB
    at = 3 * 4096 + row[0] * 262144 + 1000
    data[at : at + 4096] = bytes(4096)
    settings.warehouse_path.write_bytes(bytes(data))


def lose_the_warehouse(settings: Settings) -> None:
    settings.warehouse_path.unlink()


def append_to(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


PLANTED: dict[str, tuple[Callable[[Settings], object], str]] = {
    "matte": (lambda s: remove_first(sorted(s.media_dir.rglob("*.webp"))), "rows of matted_images point to"),
    "chart": (lambda s: remove_first(sorted(s.charts_dir.rglob("2024*/*.png"))), "rows of charts point to"),
    "report": (lambda s: remove_first(sorted(s.reports_dir.rglob("*.html"))), "rows of report point to"),
    "changed": (
        lambda s: sorted(s.charts_dir.rglob("2024*/*.png"))[0].write_bytes(b"x"),
        "charts are not as they were made",
    ),
    "report changed": (
        lambda s: append_to(sorted(s.reports_dir.rglob("*.html"))[0]),
        "reports are not as they were made",
    ),
    "empty": (lambda s: sorted(s.media_dir.rglob("*.webp"))[0].write_bytes(b""), "or empty"),
    "gone": (lose_the_warehouse, "is gone, and a run would begin a new one"),
    "names": (lambda s: s.names_file.write_bytes(b"caf\xe9\n"), "is not UTF-8"),
    "words": (lambda s: s.sight_words_file.write_text("kind,zh,en\nhue,红,red\n"), "kind is 'hue'"),
    "damaged": (damage_warehouse, "cannot be read"),
    "repeated": (repeat_a_row, "should be unique"),
    "newer": (claim_newer, "newer mkt_assets"),
    "key": (lambda s: (s.home / KEY_NAME).unlink(), "is gone"),
    "snapshot": (lambda s: s.snapshot_path.unlink(), "there is no"),
    "drops": (lambda s: s.drops_dir.rename(s.home / "elsewhere"), "there is no folder"),
    "page": (damage_a_page, "cannot be read"),
    "key damaged": (lambda s: (s.home / KEY_NAME).write_text("x"), "the key in"),
    "records": (
        lambda s: (s.dagster_home / "history" / "runs.db").write_bytes(b"x" * 9000),
        "its records in",
    ),
    "events": (
        lambda s: (s.dagster_home / "history" / "runs" / "index.db").write_bytes(b"x" * 9000),
        "its records in",
    ),
    "date": (lambda s: (s.home / "forgotten.txt").write_text("crawled-before soon\n"), "is damaged"),
    "forgotten": (lambda s: (s.home / "forgotten.txt").write_text("rubbish\n"), "is damaged"),
}


AT_ONCE = (
    ("matte", "chart", "report", "changed", "repeated", "names", "snapshot", "date"),
    ("empty", "report changed", "words", "drops", "forgotten"),
    ("newer", "key"),
    ("page", "key damaged"),
    ("damaged",),
    ("gone",),
    ("records",),
    ("events",),
)
"""What is wrong in one home: things that are told by different sentences, of which none hides another."""


def test_each_of_what_can_be_wrong_is_planted_once() -> None:
    assert sorted(name for names in AT_ONCE for name in names) == sorted(PLANTED)


@pytest.mark.parametrize("names", AT_ONCE, ids=", ".join)
def test_what_is_wrong_is_found(home: Settings, names: tuple[str, ...]) -> None:
    for name in names:
        plant, _ = PLANTED[name]
        plant(home)
    found = problems(home)
    for name in names:
        _, expected = PLANTED[name]
        assert len([problem for problem in found if expected in problem]) == 1, (name, found)


def test_a_home_of_another_user_is_told_and_nothing_else(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = home.home / KEY_NAME
    real = os.access

    def denied(path: Path, mode: int) -> bool:
        return path != key and real(path, mode)

    # root may read everything, so that the permissions of a file would be no test
    monkeypatch.setattr("os.access", denied)
    assert problems(home) == [f"home: {key} cannot be read and written by this user"]


def test_what_is_not_wrong_but_worth_knowing_is_noted(home: Settings) -> None:
    (home.home / KEY_NAME).chmod(0o644)
    (home.dagster_home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", "utf-8")
    noted = [finding.to_do for finding in examine(home) if finding.verdict is Verdict.note]
    assert f"chmod 600 {home.home / KEY_NAME}" in noted
    assert any("tag_concurrency_limits" in to_do for to_do in noted)


def test_looking_changes_nothing_even_what_a_killed_run_left_to_be_read_in(home: Settings) -> None:
    script = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE t (i INT)'); os._exit(9)"
    subprocess.run([sys.executable, "-c", script, str(home.warehouse_path)], check=False)
    assert home.warehouse_path.with_name(home.warehouse_path.name + ".wal").exists()
    files = [
        path for path in home.home.rglob("*") if path.is_file() and home.dagster_home not in path.parents
    ]
    before = {path: path.read_bytes() for path in files}
    assert problems(home) == []
    assert {path: path.read_bytes() for path in files} == before


def hold(path: Path, ready: Event, done: Event) -> None:
    with open_database(path, timeout_seconds=5):
        ready.set()
        done.wait(60)


def test_who_holds_the_warehouse_is_named(home: Settings) -> None:
    ready, done = OTHERS.Event(), OTHERS.Event()
    holder = OTHERS.Process(target=hold, args=(home.warehouse_path, ready, done))
    holder.start()
    try:
        assert ready.wait(60)
        said = [f.what for f in examine(home) if f.about in ("lock", "warehouse")]
    finally:
        done.set()
        holder.join()
    assert any(f"process {holder.pid}" in what for what in said)


def test_the_command_ends_with_1_on_a_problem(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    monkeypatch.setenv("MKT_DROPS", str(home.drops_dir))
    well = CliRunner().invoke(app, ["doctor"])
    assert well.exit_code == 0, well.output
    assert "all is well" in well.output
    (home.home / KEY_NAME).unlink()
    ill = CliRunner().invoke(app, ["doctor"])
    assert ill.exit_code == 1
    assert "1 problem(s)" in ill.output
    assert "restore it from a backup" in ill.output


def test_the_snapshot_is_published_when_asked(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    home.snapshot_path.unlink()
    assert CliRunner().invoke(app, ["snapshot"]).exit_code == 0
    with duckdb.connect(str(home.snapshot_path), read_only=True) as reader:
        found = reader.execute("SELECT count(*) FROM raw_posts").fetchone()
    assert found == (open_warehouse(home).read("raw_posts").num_rows,)


def test_a_damaged_warehouse_does_not_take_the_place_of_the_snapshot(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    damage_a_page(home)
    before = home.snapshot_path.read_bytes()
    assert CliRunner().invoke(app, ["snapshot"]).exit_code == 2
    assert home.snapshot_path.read_bytes() == before


def test_a_folder_that_a_run_removes_while_it_is_looked_at_is_no_problem(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home.charts_dir / ".writing-0"
    folder.mkdir()
    scandir = os.scandir

    def removing(place: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(place) == folder and folder.exists():
            folder.rmdir()
        return scandir(str(place))

    monkeypatch.setattr("os.scandir", removing)
    assert problems(home) == []
    assert not folder.exists()
