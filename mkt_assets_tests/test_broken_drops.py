"""Drops that are broken in many ways: none is green, each says why, and what an earlier version gave stays."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import openpyxl
import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.contract.schema import TABLES
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.orchestration.checks import build_checks, failed_errors
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import COLUMNS, picture, post_id, poster_id, write_drop
from mkt_assets_tests.runs import D1, LAST, PINS, materialize, metadata, rows
from mkt_assets_tests.shared_crawls import copied_crawl as copied_crawl
from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl
from mkt_assets_tests.stand_ins import FakeModels


def note(i: int, **others: object) -> dict[str, object]:
    return {"note_id": post_id(i), "user_id": poster_id(i), "title": f"裙子{i}", "desc": "", **others}


def lines(*records: dict[str, object]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def table(*records: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def workbook(folder: Path, *records: dict[str, object]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(records[0]))
    for record in records:
        sheet.append(list(record.values()))
    book.save(folder / "posts.xlsx")
    return folder / "posts.xlsx"


def truncated_workbook(folder: Path) -> None:
    path = workbook(folder, *(note(i) for i in range(50)))
    path.write_bytes(path.read_bytes()[:2000])


def rounded_ids(folder: Path) -> None:
    workbook(folder, *(note(i, note_id=6.6683e23) for i in range(4)))


def zip_bomb(folder: Path) -> None:
    path = workbook(folder, note(1))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b" " * 400_000_000)


def damaged_database(folder: Path) -> None:
    with sqlite3.connect(folder / "posts.db") as connection:
        connection.execute("CREATE TABLE xhs_note (note_id TEXT, user_id TEXT, title TEXT, desc TEXT)")
        many = [tuple(map(str, note(i).values())) for i in range(2000)]
        connection.executemany("INSERT INTO xhs_note VALUES (?, ?, ?, ?)", many)
    data = (folder / "posts.db").read_bytes()
    (folder / "posts.db").write_bytes(data[:4096] + b"\xff" * 20_000 + data[24_096:])


def locked_database(folder: Path) -> None:
    """As a crawler leaves it that was killed while it wrote: its journal is there, and the tables are not."""
    (folder / "posts.db").write_bytes(b"SQLite format 3\0" + bytes(84))
    (folder / "posts.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))


def link(folder: Path) -> None:
    (folder.parent / "elsewhere.jsonl").write_bytes(lines(note(1)))
    (folder / "posts.jsonl").symlink_to(folder.parent / "elsewhere.jsonl")


def media_alone(folder: Path) -> None:
    media = folder / "media" / poster_id(1) / post_id(1)
    media.mkdir(parents=True)
    (media / "post.png").write_bytes(picture((255, 120, 120)))


def damaged_texts(folder: Path) -> None:
    """Sound rows in a table of which every caption is of an encoding that nobody knows."""
    many = [{"post_id": post_id(i), "poster_id": poster_id(i), "post_title": f"xxx {i}"} for i in range(20)]
    (folder / "posts.csv").write_bytes(table(*many).replace(b"xxx", b"\xff\xfe\xff"))


def write(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


BROKEN: dict[str, Callable[[Path], object]] = {
    "a workbook that is none": write("posts.xlsx", b"PK\x03\x04" + b"x" * 500),
    "a truncated workbook": truncated_workbook,
    "a workbook of ids made numbers": rounded_ids,
    "a workbook that is a zip bomb": zip_bomb,
    "an old workbook": write("posts.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "a truncated json": write("posts.json", json.dumps([note(i) for i in range(9)]).encode()[:20]),
    "a json cut off after some posts": write(
        "posts.json", json.dumps([note(i) for i in range(9)]).encode()[:-40]
    ),
    "a truncated jsonl": write("posts.jsonl", lines(note(1))[:60]),
    "a jsonl of numbers": write("posts.jsonl", b"1\n2\n3\n"),
    "a json nested without end": write("posts.json", b"[" * 100_000),
    "an empty file": write("posts.csv", b""),
    "a file of zeros": write("posts.csv", bytes(5000)),
    "a csv of other columns": write("posts.csv", b"name,value\n1,2\n"),
    "a header of other columns": write("posts.csv", b"name,value\n"),
    "a csv of noise": write("posts.csv", bytes(range(256)) * 40),
    "a csv in unknown bytes": damaged_texts,
    "a login page": write("posts.csv", b"<html><body>Please log in</body></html>"),
    "rows without ids": write("posts.csv", table(*({"post_title": f"裙子{i}"} for i in range(20)))),
    "rows of which most are bad": write(
        "posts.jsonl", lines(*(note(i, note_id="") for i in range(9)), note(9))
    ),
    "a damaged database": damaged_database,
    "a database left locked": locked_database,
    "a link to a table": link,
    "pictures without a table": media_alone,
    "comments without posts": write(
        "comments.jsonl", lines({"comment_id": "1", "note_id": post_id(1), "content": "好看"})
    ),
    "an archive": write("posts.zip", b"PK\x05\x06" + bytes(18)),
}


def broken_drop(settings: Settings, breaks: Callable[[Path], object]) -> Path:
    folder = settings.drops_dir / D1.isoformat()
    folder.mkdir()
    breaks(folder)
    return folder


def why_not_green(result: dg.ExecuteInProcessResult) -> str:
    """The reasons of a run that failed, or the errors that its checks found."""
    failures = [e.step_failure_data.user_failure_data for e in result.get_step_failure_events()]
    assert all(failure is not None for failure in failures), "a traceback"
    said = [str(failure.description) for failure in failures if failure is not None]
    return "; ".join([*said, *failed_errors(result.get_asset_check_evaluations())])


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_drop_is_never_green_and_says_which_file_is_at_fault(
    kind: str, settings: Settings, fake_models: FakeModels
) -> None:
    folder = broken_drop(settings, BROKEN[kind])
    result = materialize(settings, fake_models, D1, last="raw_posts", checks=True, raise_on_error=False)
    why = why_not_green(result)
    assert why
    if result.success:
        assert rows(settings, "raw_posts"), "nothing was found, and it is green"
    else:
        assert "The drop gives no post." in why
        assert rows(settings, "rejects") == []
    if kind not in ("pictures without a table", "comments without posts"):
        names = [path.name for path in folder.iterdir() if not path.name.endswith("-journal")]
        assert any(name in why for name in names) or "rows" in why or "texts" in why


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_table_that_may_not_be_read_is_never_green(settings: Settings, fake_models: FakeModels) -> None:
    folder = broken_drop(settings, write("posts.jsonl", lines(note(1))))
    (folder / "posts.jsonl").chmod(0)
    result = materialize(settings, fake_models, D1, last="raw_posts", checks=True, raise_on_error=False)
    assert "posts.jsonl: The file cannot be read (Permission denied)" in why_not_green(result)


def test_a_table_that_cannot_be_opened_is_never_green(
    settings: Settings, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = broken_drop(settings, write("posts.jsonl", lines(note(1))))
    there = Path.open

    def refuse(path: Path, *args: object, **kwargs: object) -> object:
        if path == folder / "posts.jsonl":
            raise PermissionError(13, "Permission denied")
        return there(path, *args, **kwargs)  # pyright: ignore[reportCallIssue, reportArgumentType]

    monkeypatch.setattr(Path, "open", refuse)
    result = materialize(settings, fake_models, D1, last="raw_posts", checks=True, raise_on_error=False)
    assert "posts.jsonl: The file cannot be read (Permission denied)" in why_not_green(result)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.json", b"[]"),
        ("posts.csv", table()),
        ("run.log", b"0 notes found"),
    ],
)
def test_a_table_without_rows_is_an_empty_crawl(
    name: str, content: bytes, settings: Settings, fake_models: FakeModels
) -> None:
    broken_drop(settings, write(name, content))
    result = materialize(settings, fake_models, D1, last="raw_posts", checks=True)
    assert [e.check_name for e in result.get_asset_check_evaluations() if not e.passed] == ["has_posts"]
    assert failed_errors(result.get_asset_check_evaluations()) == []


def test_a_broken_file_beside_a_sound_one_is_an_error_that_names_it_and_stops_nothing(
    settings: Settings, fake_models: FakeModels
) -> None:
    folder = write_drop(settings.drops_dir, D1, range(6), with_media=False)
    (folder / "more.xlsx").write_bytes(b"PK\x03\x04 cut")
    result = materialize(settings, fake_models, D1, last="summaries", checks=True)
    assert result.success
    [error] = failed_errors(result.get_asset_check_evaluations())
    assert error.startswith("raw_posts.all_files_were_read: 1 file could not be read or used (more.xlsx: ")
    assert (metadata(result, "raw_posts")["files_rejected"], len(rows(settings, "summaries"))) == (1, 6)


@pytest.mark.parametrize(("most", "is_error"), [(0.2, True), (0.3, False)])
def test_how_many_rejected_rows_are_an_error_is_a_setting(
    most: float, is_error: bool, settings: Settings, fake_models: FakeModels
) -> None:
    told = Settings.load(home=settings.home, drops=settings.drops_dir, max_rejected_share=most)
    broken_drop(told, write("posts.jsonl", lines(*(note(i) for i in range(3)), note(3, note_id=""))))
    result = materialize(told, fake_models, D1, last="raw_posts", checks=True)
    errors = failed_errors(result.get_asset_check_evaluations())
    assert [error.split(":")[0] for error in errors] == ["raw_posts.few_rows_rejected"] * is_error


def test_what_an_earlier_version_of_the_drop_gave_stays_in_every_table(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    before = {name: rows(copied_crawl, name) for name in TABLES}
    folder = copied_crawl.drops_dir / D1.isoformat()
    for path in folder.glob("*.csv"):
        path.write_bytes(b"")
    result = materialize(
        copied_crawl, fake_models, D1, last=LAST, checks=True, run_config=PINS, raise_on_error=False
    )
    assert not result.success
    assert "is stored of an earlier version of it stays" in why_not_green(result)
    assert {name: rows(copied_crawl, name) for name in TABLES} == before


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    monkeypatch.setenv("MKT_HOME", str(settings.home))
    monkeypatch.setenv("MKT_DROPS", str(settings.drops_dir))
    yield settings


def problems(settings: Settings) -> list[str]:
    return [f.what for f in examine(settings) if f.about == "crawl dates" and f.verdict is Verdict.problem]


def test_mkt_run_and_the_doctor_tell_of_a_broken_drop_until_it_is_put_right(home: Settings) -> None:
    folder = broken_drop(home, write("posts.jsonl", lines(note(1))[:60]))
    failed = CliRunner().invoke(app, ["run"])
    assert failed.exit_code == 1
    assert "posts.jsonl: " in failed.output
    [problem] = problems(home)
    assert problem.startswith(
        "2024-06-13 failed: raw_posts: The drop gives no post. 1 file could not be read"
    )

    (folder / "posts.jsonl").unlink()
    assert CliRunner().invoke(app, ["run"]).exit_code == 0
    assert problems(home) == []


def test_mkt_run_ends_with_1_when_a_check_found_an_error_and_the_doctor_says_which(home: Settings) -> None:
    broken_drop(home, write("posts.jsonl", lines(*(note(i, note_id="") for i in range(3)), note(3))))
    done = CliRunner().invoke(app, ["run"], env={"COLUMNS": "80"})
    assert done.exit_code == 1
    assert re.search(r"^2024-06-13 .* done, with errors$", done.output, re.MULTILINE)
    assert f"\ntables:   {home.snapshot_path}\n" in done.output
    assert "raw_posts.few_rows_rejected: 3 of 4 rows were rejected" in done.output
    [problem] = problems(home)
    assert problem.startswith("2024-06-13: a check found an error: raw_posts.few_rows_rejected: 3 of 4 rows")


def test_an_error_of_a_check_that_blocks_keeps_what_comes_after_from_being_made(settings: Settings) -> None:
    blocking = {
        check.name
        for definition in build_checks(settings)
        for check in definition.check_specs
        if check.blocking
    }
    assert blocking == {"rows_keep_the_contract", "unit_norm"}
