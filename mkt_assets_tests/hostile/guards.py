"""What every hostile input is held to: it ends, it does not fill the memory, and all of it is accounted for."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType

from mkt_assets.crawlers.base import Limits
from mkt_assets.crawlers.drop import Ingest, ingest_drop
from mkt_assets.crawlers.reading import UNFORESEEN
from mkt_assets.crawlers.walk import walk_drop
from mkt_assets.resources.accounts import creator_hash

CRAWL = date(2024, 6, 13)
# So low that a small input is beyond them.
LOW = Limits(
    max_field_characters=20_000,
    max_row_characters=400_000,
    max_columns=200,
    max_file_bytes=64 << 20,
    max_unpacked_bytes=4 << 20,
    max_listed_rejects=100,
    max_bad_rows=150_000,
)
_STATUS = Path("/proc/self/status")
_RESET_PEAK = Path("/proc/self/clear_refs")


class HangError(AssertionError):
    """An input that was not done with in time."""


@contextmanager
def guarded(*, seconds: int = 60, megabytes: int = 400) -> Generator[None]:
    """Fail after so many seconds, or if the memory's peak rises by so much (where the system says it)."""

    def on_alarm(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(seconds)
    start = _reset_peak()
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if start is not None:
        risen = _kilobytes("VmHWM") - start
        assert risen < megabytes * 1024, f"{risen / 1024:.0f} MB"


def _reset_peak() -> int | None:
    try:
        _RESET_PEAK.write_text("5")
        return _kilobytes("VmRSS")
    except OSError:
        return None


def _kilobytes(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def ingest_hostile(drop: Path, limits: Limits = LOW, *, seconds: int = 60, megabytes: int = 400) -> Ingest:
    """Ingest a drop, and check what must hold of every drop."""
    with guarded(seconds=seconds, megabytes=megabytes):
        result = ingest_drop(drop, CRAWL, hash_poster=creator_hash, limits=limits)
    assert result.n_rows == result.posts.num_rows + result.n_merged + result.n_rejected_rows
    seen = {file.name for file in result.files} | set(result.rejects["source_file"].to_pylist())
    media = {name for post in result.posts.to_pylist() for name in post["media_paths"]}
    n_files = sum(not file.path.name.endswith(("-wal", "-shm", "-journal")) for file in walk_drop(drop).files)
    assert len(seen | media) >= n_files
    assert not [reason for reason in reasons(result) if not reason or UNFORESEEN in reason]
    assert_stored_texts_are_clean(result)
    return result


def reasons(result: Ingest) -> list[str]:
    return [str(reason) for reason in result.rejects["reason"].to_pylist()]


def assert_stored_texts_are_clean(result: Ingest) -> None:
    """What is stored is valid UTF-8 without NUL, and no path leaves the drop."""
    for row in result.posts.to_pylist():
        texts = [value for value in row.values() if isinstance(value, str)] + row["tags"]
        assert not [text for text in texts if "\0" in text]
        assert "".join(texts).encode("utf-8")
        for path in row["media_paths"]:
            assert not path.startswith("/")
            assert ".." not in path.split("/")
        assert "/" not in row["post_id"]
        assert len(row["post_id"]) <= 64
