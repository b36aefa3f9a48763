from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from mkt_assets.crawlers.walk import DropMissing, drop_digest, list_drops, walk_drop


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_only_folders_named_by_a_real_date_are_drops(tmp_path: Path) -> None:
    for name in ("2024-07-01", "2024-06-16", "20240617", "2024-13-45", "truth", "2024-06-18 copy"):
        (tmp_path / name).mkdir()
    put(tmp_path / "2024-06-19")
    assert list_drops(tmp_path) == [date(2024, 6, 16), date(2024, 7, 1)]


def test_no_drops_folder_is_no_drops(tmp_path: Path) -> None:
    assert list_drops(tmp_path / "none") == []


def test_a_missing_drop_says_which_folder_and_what_to_do(tmp_path: Path) -> None:
    for ask in (walk_drop, drop_digest):
        with pytest.raises(DropMissing, match=r"2024-06-16.*mounted"):
            ask(tmp_path / "2024-06-16")


def test_files_come_in_the_order_of_their_names_without_the_systems_own(tmp_path: Path) -> None:
    for name in ("b.csv", "a/2.jpg", "a/10.jpg", ".hidden", ".git/x", "Thumbs.db", ".DS_Store", "README.md"):
        put(tmp_path / name)
    for name in ("LICENSE", "readme_en.txt", "manifest.json", "__MACOSX/a.csv", "crawl.log", "~$b.xlsx"):
        put(tmp_path / name)
    assert [str(file.relative) for file in walk_drop(tmp_path).files] == ["a/10.jpg", "a/2.jpg", "b.csv"]


def test_every_file_and_folder_is_found_or_rejected_or_passed_over_with_what_it_is(tmp_path: Path) -> None:
    names = {
        "a.csv",
        "b.txt",
        "c.unknown",
        "notices 2024/d.csv",
        "notes.md/e.csv",
        ".hidden.csv",
        "Thumbs.db",
    }
    for name in (*names, ".git/x"):
        put(tmp_path / name)
    walk = walk_drop(tmp_path)
    found = {file.relative.as_posix() for file in walk.files}
    passed_over = {one.source_file: one.reason for one in walk.passed_over}
    assert found | set(passed_over) == names | {".git"}
    assert set(passed_over) == {".git", ".hidden.csv", "Thumbs.db"}
    assert "hidden" in passed_over[".hidden.csv"]


def test_links_and_pipes_are_rejected_and_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside" / "secret.csv")
    drop = tmp_path / "drop"
    put(drop / "a.csv")
    (drop / "link.csv").symlink_to(tmp_path / "outside" / "secret.csv")
    (drop / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(drop / "pipe")
    walk = walk_drop(drop)
    assert [str(file.relative) for file in walk.files] == ["a.csv"]
    assert [reject.source_file for reject in walk.rejects] == ["folder", "link.csv", "pipe"]
    assert ["links are not followed" in reject.reason for reject in walk.rejects] == [True, True, False]


def test_the_digest_sees_names_and_content_and_no_times(tmp_path: Path) -> None:
    table, picture = put(tmp_path / "a.csv", b"1"), put(tmp_path / "b.jpg", b"1")
    seen = [drop_digest(tmp_path)]
    os.utime(table, ns=(1, 1))
    os.utime(picture, ns=(1, 1))
    put(tmp_path / "README.md")
    assert drop_digest(tmp_path) == seen[0]
    table.write_bytes(b"2")
    seen.append(drop_digest(tmp_path))
    picture.write_bytes(b"2")
    seen.append(drop_digest(tmp_path))
    picture.rename(tmp_path / "c.jpg")
    seen.append(drop_digest(tmp_path))
    (tmp_path / "d.csv").symlink_to(table)
    seen.append(drop_digest(tmp_path))
    assert len(set(seen)) == 5
