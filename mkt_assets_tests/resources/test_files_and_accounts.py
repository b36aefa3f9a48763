"""Files are whole or absent, stay inside their store; account hashes need the key."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.files import LocalFiles
from mkt_assets_tests.processes import all_at_once


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    store = LocalFiles(tmp_path)
    store.write("a/b.bin", b"old")
    store.write("a/b.bin", b"new")
    assert store.read("a/b.bin") == b"new"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.bin"]


@pytest.mark.parametrize("name", ["../out.bin", "/etc/passwd", "a/../../out.bin"])
def test_no_name_leads_out_of_the_store(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        LocalFiles(tmp_path / "store").write(name, b"x")


def test_a_symlink_does_not_lead_out_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leads out"):
        LocalFiles(tmp_path / "store").write("link/out.bin", b"x")


def test_pruning_removes_only_what_is_not_kept(tmp_path: Path) -> None:
    store = LocalFiles(tmp_path)
    for name in ("d/1.png", "d/2.png", "e/3.png"):
        store.write(name, b"x")
    store.prune("d", {"d/1.png"})
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png")) == [
        "d/1.png",
        "e/3.png",
    ]


def test_the_same_account_has_the_same_hash_under_one_key_only(tmp_path: Path) -> None:
    one, two = AccountHasher(tmp_path / "one.key"), AccountHasher(tmp_path / "two.key")
    assert one.hash("account") == AccountHasher(tmp_path / "one.key").hash("account")
    assert one.hash("account") != two.hash("account")
    assert one.hash("account") != one.hash("other")
    assert len(one.hash("account")) == 24


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    AccountHasher(tmp_path / "poster.key")
    assert stat.S_IMODE((tmp_path / "poster.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_refused_rather_than_replaced(tmp_path: Path) -> None:
    (tmp_path / "poster.key").write_text("short")
    with pytest.raises(ValueError, match="restore it from a backup"):
        AccountHasher(tmp_path / "poster.key")


def hash_one(folder: Path, number: int) -> None:
    (folder / f"{number}.txt").write_text(AccountHasher(folder / "poster.key").hash("account"), "utf-8")


def test_first_uses_at_once_agree_on_one_key(tmp_path: Path) -> None:
    all_at_once(hash_one, tmp_path, 4)
    assert len({path.read_text("utf-8") for path in tmp_path.glob("*.txt")}) == 1
