from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.crawlers.inspection import inspect_drop
from mkt_assets.crawlers.walk import DropMissing
from mkt_assets.resources.accounts import creator_hash
from mkt_assets_tests.crawler_files import WRITERS, random_posts
from mkt_assets_tests.drops import picture, write_drop

D1 = date(2024, 6, 13)


def state(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_a_drop_of_several_crawlers_is_recognised_file_by_file(tmp_path: Path) -> None:
    posts = random_posts(1, 6)
    for name, part in (
        ("original_csv", posts[:2]),
        ("mediacrawler_xlsx", posts[2:4]),
        ("spider_xlsx", posts[4:]),
    ):
        WRITERS[name](tmp_path, part)
    found = inspect_drop(tmp_path, D1, hash_poster=creator_hash)
    assert found.posts_by_crawler == (("mediacrawler", 2), ("original", 2), ("spider_xhs", 2))
    assert {(file.crawler, file.kind, file.n_rows) for file in found.files} == {
        *((crawler, "posts", 2) for crawler in ("original", "mediacrawler", "spider_xhs")),
        ("mediacrawler", "comments", 1),
    }
    assert (found.n_posts, found.n_rows, found.n_merged, found.n_rejected_rows) == (6, 6, 0, 0)
    assert found.n_posters == len({post.user_id for post in posts})


def test_what_is_missing_is_said_in_sentences(tmp_path: Path) -> None:
    folder = write_drop(tmp_path, D1, range(4), with_media=False)
    found = inspect_drop(folder, D1, hash_poster=creator_hash)
    assert "None of the 4 posts has a picture or video." in found.missing
    assert "None of the 4 posts has a search keyword." in found.missing
    assert not [sentence for sentence in found.missing if " text" in sentence]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert inspect_drop(empty, D1, hash_poster=creator_hash).missing == ("There is no post in this drop.",)


def test_what_would_be_rejected_is_counted_by_reason_with_the_first_places(tmp_path: Path) -> None:
    folder = write_drop(tmp_path, D1, range(6))
    for path in sorted(folder.rglob("post.png"))[:4]:
        path.write_bytes(b"<html>403</html>")
    (folder / "notes.pdf").write_bytes(b"%PDF")
    found = inspect_drop(folder, D1, hash_poster=creator_hash, n_examples=2)
    first, second = found.refused
    assert (first.reason, first.n, len(first.examples)) == ("HTML or XML instead of a picture", 4, 2)
    assert (second.n, second.examples) == (1, ("notes.pdf",))


def test_each_file_says_how_many_of_its_rows_would_be_rejected(tmp_path: Path) -> None:
    rows = b"note_id,user_id,title,desc\n../x,u,t,d\nabc,u,t,d\ncut,u\n"
    (tmp_path / "a.csv").write_bytes(rows)
    (file,) = inspect_drop(tmp_path, D1, hash_poster=creator_hash).files
    assert (file.n_rows, file.n_rejected) == (3, 2)


def test_a_missing_drop_is_said(tmp_path: Path) -> None:
    with pytest.raises(DropMissing):
        inspect_drop(tmp_path / "none", D1, hash_poster=creator_hash)


def test_the_command_shows_it_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_drop(tmp_path / "drops", D1, range(3))
    (folder / "\x1b[31m.csv").write_bytes(b"a,b\n1,2\n")
    monkeypatch.setenv("MKT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MKT_DROPS", str(tmp_path / "drops"))
    before = state(tmp_path)
    by_date = CliRunner().invoke(app, ["inspect", "2024-06-13"])
    by_folder = CliRunner().invoke(app, ["inspect", str(folder)])
    assert (by_date.exit_code, by_folder.exit_code) == (0, 0)
    assert by_date.output == by_folder.output
    assert "3 posts by 3 accounts (original 3)" in by_date.output
    assert "\x1b[31m.csv" not in by_date.output
    assert state(tmp_path) == before


def test_a_folder_that_is_no_crawl_date_is_inspected_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "lost.png").write_bytes(picture((255, 120, 120)))
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "x")])
    assert result.exit_code == 0
    assert "name is no date" in result.output
    assert "not in a place that says which post" in result.output


def test_the_command_says_plainly_that_there_is_no_such_drop(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "There is no drop folder" in result.output


def test_very_many_files_are_shown_by_kind(tmp_path: Path) -> None:
    WRITERS["spider_json"](tmp_path, random_posts(2, 40))
    result = CliRunner().invoke(app, ["inspect", str(tmp_path)])
    assert "40 files *.json" in result.output


def test_which_column_was_taken_as_what_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "2024-06-13"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(
            "网址,标题,赞,热度\nhttps://x.example/p/Cabc123,红裙,3,9\n", encoding="utf-8"
        )
    shown = CliRunner().invoke(app, ["inspect", str(folder)]).output
    assert "Columns of a.csv and 1 more" in shown
    assert "link = 网址, title = 标题, likes = 赞" in shown
    assert "not used: 热度" in shown
    assert "no account" in shown


def test_what_is_passed_over_is_shown_with_what_it_is(tmp_path: Path) -> None:
    folder = write_drop(tmp_path, D1, range(2), with_media=False)
    for name in (".posts.csv", "Thumbs.db", "README.md"):
        (folder / name).write_bytes(b"x")
    found = inspect_drop(folder, D1, hash_poster=creator_hash)
    assert {one.examples for one in found.passed_over} == {(".posts.csv",), ("Thumbs.db",), ("README.md",)}
    shown = CliRunner().invoke(app, ["inspect", str(folder)]).output
    assert "Passed over" in shown
    assert ".posts.csv" in shown


def test_posts_without_a_time_say_why(tmp_path: Path) -> None:
    rows = "".join(
        f"p{i}abc,u{i}abc,裙子,{told}\n" for i, told in enumerate(("", "2024-06-29", "soon", "06-11"))
    )
    (tmp_path / "a.csv").write_text(f"note_id,user_id,title,time\n{rows}")
    (sentence,) = (
        s for s in inspect_drop(tmp_path, D1, hash_poster=creator_hash).missing if s.startswith("Of")
    )
    assert all(
        why in sentence
        for why in ("1 give none", "1 say one after the crawl date", "1 say one that cannot be read")
    )
