"""What drops hold is remembered: only what may have changed is read again, and nothing is ever believed wrongly."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from mkt_assets.crawlers.walk import DropFile, content_sha256, drop_digest, walk_drop
from mkt_assets.resources.drop_memory import DropMemory
from mkt_assets_tests.processes import OTHERS

D1 = date(2024, 6, 13)
ACCOUNT = "5e5e00000000000000000001"


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drop of ten pictures and a table, all older than the coarsest clock."""
    folder = tmp_path / "drop"
    (folder / ACCOUNT).mkdir(parents=True)
    (folder / "posts.csv").write_bytes(b"table")
    for i in range(10):
        (folder / ACCOUNT / f"{i}.jpg").write_bytes(b"picture %d" % i)
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr("mkt_assets.resources.drop_memory.time_ns", lambda: later)
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files whose content is read, as it is."""
    names: list[str] = []

    def noted(file: DropFile) -> str:
        names.append(file.path.name)
        return content_sha256(file)

    monkeypatch.setattr("mkt_assets.resources.drop_memory.content_sha256", noted)
    return names


def test_files_are_read_once_and_again_only_where_size_or_times_are_others(
    tmp_path: Path, drop: Path, read: list[str]
) -> None:
    memory = DropMemory(tmp_path / "home")
    first = memory.digest(D1, walk_drop(drop))
    assert (first, len(read)) == (drop_digest(drop), 11)
    assert DropMemory(tmp_path / "home").digest(D1, walk_drop(drop)) == first
    assert len(read) == 11

    os.utime(drop / ACCOUNT / "3.jpg", (1, 1))
    assert memory.digest(D1, walk_drop(drop)) == first
    assert read[11:] == ["3.jpg"]

    changed = drop / ACCOUNT / "4.jpg"
    before = changed.stat()
    changed.write_bytes(b"Picture 4")
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert memory.digest(D1, walk_drop(drop)) == drop_digest(drop) != first
    assert read[12:] == ["4.jpg"]


def test_a_file_of_this_moment_is_not_believed_to_stay_as_it_is(tmp_path: Path, read: list[str]) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "posts.csv").write_bytes(b"table")
    memory = DropMemory(tmp_path / "home")
    memory.digest(D1, walk_drop(drop))
    memory.digest(D1, walk_drop(drop))
    assert read == ["posts.csv", "posts.csv"]


def test_without_time_to_read_all_the_next_call_goes_on(
    tmp_path: Path, drop: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = DropMemory(tmp_path / "home")
    clock = iter(range(1000))
    monkeypatch.setattr("mkt_assets.resources.drop_memory.monotonic", lambda: next(clock))
    assert memory.digest(D1, walk_drop(drop), until=3) is None
    assert 0 < len(read) < 11
    assert memory.digest(D1, walk_drop(drop), until=1000) == drop_digest(drop)
    assert sorted(read) == sorted(["posts.csv", *(f"{i}.jpg" for i in range(10))]), "a file was read twice"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"files": 1, "same": {}}'])
def test_a_damaged_memory_is_made_anew(tmp_path: Path, drop: Path, damage: bytes) -> None:
    memory = DropMemory(tmp_path / "home")
    memory.digest(D1, walk_drop(drop))
    (memory.folder / f"{D1}.json").write_bytes(damage)
    assert memory.digest(D1, walk_drop(drop)) == drop_digest(drop)


def test_it_names_nobody_is_for_this_user_alone_and_can_be_forgotten(tmp_path: Path, drop: Path) -> None:
    memory = DropMemory(tmp_path / "home")
    memory.digest(D1, walk_drop(drop))
    assert ACCOUNT.encode() not in (memory.folder / f"{D1}.json").read_bytes()
    assert memory.folder.stat().st_mode & 0o077 == 0
    memory.forget_all()
    assert not memory.folder.exists()


def ask(folder: Path, n: int) -> None:
    for _ in range(n):
        DropMemory(folder / "home").digest(D1, walk_drop(folder / "drop"))


@pytest.mark.slow
def test_two_processes_at_once_leave_it_whole(tmp_path: Path, drop: Path) -> None:
    processes = [OTHERS.Process(target=ask, args=(tmp_path, 20)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert DropMemory(tmp_path / "home").digest(D1, walk_drop(drop)) == drop_digest(drop)
