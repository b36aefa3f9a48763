from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mkt_assets.contract.tables.items import RAW_POSTS
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.crawlers.base import Limits
from mkt_assets.crawlers.drop import Ingest, ingest_drop
from mkt_assets.crawlers.walk import DropMissing

CRAWL = date(2024, 6, 16)
PNG, MP4 = b"\x89PNG\r\n\x1a\n0000", b"\0\0\0\x18ftypmp42"
ORIGINAL = ("poster_id", "post_id", "post_title", "post_content", "post_tag", "post_like", "post_fetch_time")


def account(n: int) -> str:
    return f"5e5e5e5e{n:016x}"


def post(n: int) -> str:
    return f"666e3aa0{n:016x}"


def hashed(account_id: str) -> str:
    return hashlib.sha256(account_id.encode()).hexdigest()[:24]


def put(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def original(*rows: dict[str, str], columns: tuple[str, ...] = ORIGINAL) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def row(n: int, fetched: str = "2024-06-16 10:00:00", **fields: str) -> dict[str, str]:
    return {"poster_id": account(n), "post_id": post(n), "post_fetch_time": fetched, **fields}


def note(n: int, **fields: Any) -> dict[str, Any]:
    return {"note_id": post(n), "user_id": account(n), "title": f"t{n}", "desc": f"d{n}", **fields}


def ingest(drop: Path, limits: Limits | None = None) -> Ingest:
    result = ingest_drop(drop, CRAWL, hash_poster=hashed, limits=limits)
    assert result.posts.schema == RAW_POSTS.arrow_schema()
    assert result.rejects.schema == REJECTS.arrow_schema()
    assert result.n_rows == result.posts.num_rows + result.n_merged + result.n_rejected_rows
    assert result.n_merged == sum(row["n_merged_rows"] for row in result.posts.to_pylist())
    return result


def column(result: Ingest, name: str) -> list[Any]:
    return result.posts[name].to_pylist()


def reasons(result: Ingest) -> dict[tuple[str, int | None], str]:
    return {(r["source_file"], r["source_row"]): r["reason"] for r in result.rejects.to_pylist()}


def test_a_missing_drop_is_a_failure_and_an_empty_one_is_an_empty_crawl(tmp_path: Path) -> None:
    with pytest.raises(DropMissing):
        ingest(tmp_path / "2024-06-16")
    result = ingest(tmp_path)
    assert (result.posts.num_rows, result.rejects.num_rows, result.n_rows, result.files) == (0, 0, 0, ())


def test_tables_of_different_crawlers_are_found_by_content_whatever_their_names(tmp_path: Path) -> None:
    put(tmp_path / "a.jpeg.bak", original(row(1, post_title="t1", post_content="d1")))
    put(tmp_path / "b" / "x", json.dumps([note(2)]))
    put(tmp_path / "c.csv", "\n".join(json.dumps(note(n)) for n in (3, 4)))
    put(tmp_path / "d.data", "note_id,user_id,title,desc\n" + f"{post(5)},{account(5)},t5,d5\n")
    result = ingest(tmp_path)
    assert column(result, "post_id") == [post(n) for n in (1, 2, 3, 4, 5)]
    assert column(result, "title") == ["t1", "t2", "t3", "t4", "t5"]
    assert column(result, "poster_id") == [hashed(account(n)) for n in (1, 2, 3, 4, 5)]
    assert column(result, "crawler") == ["original"] + ["mediacrawler"] * 4
    assert column(result, "source_row") == [1, 1, 1, 2, 1]
    assert [(file.name, file.crawler, file.kind, file.n_rows) for file in result.files] == [
        ("a.jpeg.bak", "original", "posts", 1),
        ("b/x", "mediacrawler", "posts", 1),
        ("c.csv", "mediacrawler", "posts", 2),
        ("d.data", "mediacrawler", "posts", 1),
    ]
    assert result.rejects.num_rows == 0


def test_a_post_seen_twice_keeps_its_latest_fetch_as_it_is(tmp_path: Path) -> None:
    put(
        tmp_path / "1.csv",
        original(
            row(1, "2024-06-16 12:00:00", post_title="new"),
            row(1, "2024-06-16 10:00:00", post_title="old", post_content="only in the old one"),
            row(2, post_title="first"),
            row(2, post_title="second"),
            row(3, post_title="timed"),
        ),
    )
    put(
        tmp_path / "2.csv",
        original(row(1, "2024-06-16 11:00:00", post_title="older"), row(3, "", post_title="untimed")),
    )
    result = ingest(tmp_path)
    assert column(result, "title") == ["new", "second", "timed"]
    assert column(result, "content") == [None, None, None]
    assert column(result, "n_merged_rows") == [2, 1, 1]
    assert (result.n_rows, result.n_merged, result.n_rejected_rows) == (7, 4, 0)


def test_equal_fetches_in_two_files_go_to_the_later_file(tmp_path: Path) -> None:
    put(tmp_path / "b.csv", original(row(1, post_title="b")))
    put(tmp_path / "a.csv", original(row(1, post_title="a")))
    result = ingest(tmp_path)
    assert (column(result, "title"), column(result, "source_file")) == (["b"], ["b.csv"])


def test_rows_without_usable_ids_are_rejected_by_row(tmp_path: Path) -> None:
    put(
        tmp_path / "a.csv",
        original(
            {**row(1), "post_id": ""},
            {**row(2), "poster_id": "nan"},
            {**row(3), "post_id": "../../3"},
            row(4),
        ),
    )
    result = ingest(tmp_path)
    assert column(result, "post_id") == [post(4)]
    assert column(result, "source_row") == [4]
    assert list(reasons(result)) == [("a.csv", 1), ("a.csv", 2), ("a.csv", 3)]
    assert result.rejects["post_id"].to_pylist() == [None, post(2), None]


def test_an_upgraded_crawlers_second_header_and_a_cut_last_row_lose_nothing_else(tmp_path: Path) -> None:
    old = original(row(1, post_title="t1"))
    new = original(row(2, post_title="t2", post_url="https://x/y?z"), columns=(*ORIGINAL, "post_url"))
    put(tmp_path / "a.csv", old + new + f'{account(3)},{post(3)},"half')
    result = ingest(tmp_path)
    assert column(result, "title") == ["t1", "t2"]
    assert column(result, "post_url") == [None, "https://x/y"]
    assert list(reasons(result)) == [("a.csv", 3)]


def test_a_file_in_gb18030_reads_as_one_in_utf8(tmp_path: Path) -> None:
    text = original(row(1, post_title="今天穿什么", post_content="白色外套和裙子"))
    put(tmp_path / "a.csv", text.encode("gb18030"))
    result = ingest(tmp_path)
    assert column(result, "title") == ["今天穿什么"]
    assert column(result, "content") == ["白色外套和裙子"]


def test_replaced_bytes_are_noted_with_the_file(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", original(row(1, post_title="白X色")).encode().replace(b"X", b"\xff"))
    result = ingest(tmp_path)
    assert column(result, "title") == ["白\ufffd色"]
    assert "U+FFFD" in (result.files[0].note or "")


def test_tables_of_comments_and_accounts_are_listed_and_not_read(tmp_path: Path) -> None:
    comment = {"comment_id": "1", "note_id": post(1), "content": "好看"}
    put(tmp_path / "a_comments.jsonl", json.dumps(comment) + '\n{"cut')
    put(tmp_path / "b_creators.json", json.dumps([{"user_id": account(1), "fans": "3", "follows": "1"}]))
    put(tmp_path / "c_contents.json", "[]")
    result = ingest(tmp_path)
    assert [(file.crawler, file.kind, file.n_rows) for file in result.files] == [
        ("mediacrawler", "comments", 2),
        ("mediacrawler", "accounts", 1),
        ("", "empty", 0),
    ]
    assert (result.n_rows, result.rejects.num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04xlsx", "workbook is cut off"),
        (b"SQLite format 3\0", "database is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (b"\x37\x7f\x06\x82" + b"\0" * 40, "database that is not beside it"),
        (b"\n<html><table><tr><td>note_id</td></tr></table></html>", "save it as .xlsx"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "spreadsheet of Excel 2003",
        ),
        (b"\x7fELF\x02\x01\x01\0\0", "known crawler"),
        (b"name,value\n1,2\n", "known crawler"),
        (b'{"settings": {"deep": 1}}', "known crawler"),
        (b"[1, 2, 3]", "not a JSON object"),
        (b'{"note_id": "cut', "cut off"),
    ],
)
def test_a_file_of_nothing_known_is_one_reject_that_says_why(
    tmp_path: Path, content: bytes, why: str
) -> None:
    put(tmp_path / "data.bin", content)
    result = ingest(tmp_path)
    assert (result.n_rows, result.files) == (0, ())
    assert list(reasons(result)) == [("data.bin", None)]
    assert why in reasons(result)["data.bin", None]


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", original(row(1)))
    result = ingest(tmp_path, Limits(max_file_bytes=10))
    assert "larger than 10 bytes" in reasons(result)["a.csv", None]


def test_posts_beyond_what_may_be_kept_are_rejected_and_the_kept_are_still_updated(tmp_path: Path) -> None:
    new = row(1, "2024-06-16 11:00:00", post_title="new")
    put(tmp_path / "a.csv", original(*(row(n, post_content="x" * 1_000) for n in range(6)), new))
    result = ingest(tmp_path, Limits(max_kept_bytes=6_000))
    assert column(result, "post_id") == [post(n) for n in range(3)]
    assert column(result, "title")[1] == "new"
    assert set(reasons(result).values()) == {
        "The crawl holds more posts than may be kept in memory (MKT_MAX_KEPT_MEGABYTES)."
    }


def test_every_text_of_a_post_counts_in_what_may_be_kept(tmp_path: Path) -> None:
    notes = [note(n, ip_location="x" * 1_000, source_keyword="y" * 1_000) for n in range(6)]
    put(tmp_path / "a.json", json.dumps(notes))
    assert ingest(tmp_path, Limits(max_kept_bytes=6_000)).posts.num_rows == 2


def test_accounts_of_rows_that_are_not_kept_are_forgotten_when_they_are_too_many(tmp_path: Path) -> None:
    many = [row(n, post_content="x" * 50) for n in range(100)]
    put(tmp_path / "a.csv", original(row(0, post_content="kept"), *many, row(0, "2024-06-17 10:00:00")))
    limits = Limits(max_text_characters=10, max_kept_bytes=10_000)
    result = ingest(tmp_path, limits)
    assert column(result, "post_id") == [post(0)]
    assert (result.n_merged, result.n_rejected_rows) == (1, 100)
    of_others = original(row(0, post_content="y"), row(0, poster_id=account(200)))
    put(tmp_path / "b.csv", of_others)
    assert "may be kept in memory" in reasons(ingest(tmp_path, limits))["b.csv", 2]


def test_of_very_many_files_of_bad_rows_only_the_first_bad_row_is_listed(tmp_path: Path) -> None:
    for n in range(30):
        put(tmp_path / f"{n:02}.jsonl", "\n".join([json.dumps(note(n)), *["1"] * 7]))
    listed = ingest(tmp_path, Limits(max_listed_rejects=5))
    assert listed.n_rejected_rows == 30 * 7
    by_file = {
        f"{n:02}.jsonl": sum(name == f"{n:02}.jsonl" for name, _ in reasons(listed)) for n in range(30)
    }
    assert (by_file["00.jsonl"], by_file["29.jsonl"]) == (6, 2)
    assert reasons(listed)["29.jsonl", None].startswith("6 more rows of the file were rejected")


def test_media_are_attached_to_their_posts_and_say_what_the_post_shows(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", original(row(1), row(2), row(3)))
    for name, content in (
        ("image_10.png", PNG),
        ("image_9.png", PNG),
        ("post.png", PNG),
        ("image_0.png", b""),
    ):
        put(tmp_path / "media" / account(1) / post(1) / name, content)
    put(tmp_path / "media" / account(2) / post(2) / "video.mp4", MP4)
    result = ingest(tmp_path)
    folder = f"media/{hashed(account(1))}/{post(1)}"
    assert column(result, "media_paths") == [
        [f"{folder}/{name}.png" for name in ("image_0", "image_9", "image_10", "post")],
        [f"media/{hashed(account(2))}/{post(2)}/video.mp4"],
        [],
    ]
    assert column(result, "kind") == ["image", "video", None]
    assert len(result.media) == 5


def test_media_of_no_post_are_rejected(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", original(row(1), {**row(2), "poster_id": ""}))
    for n in (1, 2, 3):
        put(tmp_path / "xhs" / "images" / post(n) / "0.jpg", PNG)
    result = ingest(tmp_path)
    assert column(result, "media_paths") == [[f"xhs/images/{post(1)}/0.jpg"]]
    assert (
        reasons(result)[f"xhs/images/{post(3)}/0.jpg", None]
        == "Picture of a post that is in no table of this drop."
    )
    assert set(result.rejects["post_id"].to_pylist()) == {post(2), post(3)}


def test_no_raw_account_is_anywhere_in_the_result(tmp_path: Path) -> None:
    table = original(
        row(
            1,
            post_title=account(1),
            post_content=f"看 /user/profile/{account(2)} @{account(1)}",
            post_tag=account(2),
        ),
        row(2),
        {**row(3), "post_id": ""},
    )
    put(tmp_path / account(1) / f"of_{account(2)}.csv", table)
    put(tmp_path / account(3) / "notes.pdf", b"%PDF")
    put(tmp_path / f"06-11_{account(4)}_{post(1)}_post.png", PNG)
    put(tmp_path / "m" / account(2) / post(9) / "post.png", PNG)
    put(tmp_path / "m" / account(2) / "lost.png", PNG)
    put(tmp_path / "m" / account(2) / "post.png", PNG)
    (tmp_path / account(5)).symlink_to(tmp_path)
    result = ingest(tmp_path)
    assert (result.posts.num_rows, result.rejects.num_rows) == (2, 6)
    everything = repr((result.posts.to_pylist(), result.rejects.to_pylist(), result.files))
    assert [n for n in range(1, 6) if account(n) in everything] == []
    assert column(result, "title")[0] == hashed(account(1))


def test_times_are_local_to_the_zone_asked_for(tmp_path: Path) -> None:
    put(tmp_path / "a.json", json.dumps([note(1, time=1718500000000, last_modify_ts=1718503600000)]))
    utc = ingest_drop(tmp_path, CRAWL, hash_poster=hashed, timezone="UTC")
    assert column(utc, "published_at") == [datetime(2024, 6, 16, 1, 6, 40)]
    assert column(ingest(tmp_path), "fetched_at") == [datetime(2024, 6, 16, 10, 6, 40)]


def test_the_same_drop_gives_the_same_tables(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        put(tmp_path / name, original(*[row(n, post_title=name) for n in range(20)]))
    first, second = ingest(tmp_path), ingest(tmp_path)
    assert first.posts.equals(second.posts)
    assert first.rejects.equals(second.rejects)


HEADERS = [
    b"",
    ",".join(ORIGINAL).encode() + b"\n",
    b"[",
    b'{"note_id": "a", "desc": "',
    b"\xff\xfe",
    b"note_id,desc\n",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=300)), max_size=3))
def test_files_of_any_bytes_are_read_or_rejected(tmp_path: Path, files: list[tuple[bytes, bytes]]) -> None:
    for n in range(3):
        (tmp_path / f"{n}.dat").unlink(missing_ok=True)
    for n, (head, body) in enumerate(files):
        put(tmp_path / f"{n}.dat", head + body)
    result = ingest(tmp_path)
    seen = {file.name for file in result.files} | set(result.rejects["source_file"].to_pylist())
    assert seen == {f"{n}.dat" for n in range(len(files))}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 59), st.booleans()), max_size=30), st.integers(0, 2)
)
def test_every_row_is_a_post_or_merged_or_rejected(
    tmp_path: Path, rows: list[tuple[int, int, bool]], n_files: int
) -> None:
    parts: list[list[dict[str, str]]] = [[] for _ in range(n_files + 1)]
    latest: dict[str, int] = {}
    for i, (n, minute, is_good) in enumerate(rows):
        parts[i * len(parts) // len(rows)].append(
            row(n, f"2024-06-16 10:{minute:02}:00", post_title=str(minute))
            if is_good
            else {**row(n), "poster_id": "?"}
        )
        if is_good:
            latest[post(n)] = max(minute, latest.get(post(n), 0))
    for i in range(3):
        put(tmp_path / f"{i}.csv", original(*parts[i]) if i < len(parts) else "")
    result = ingest(tmp_path)
    assert result.n_rows == len(rows)
    assert result.n_rejected_rows == sum(not is_good for *_, is_good in rows)
    assert dict(zip(column(result, "post_id"), map(int, column(result, "title")), strict=True)) == latest


def test_the_tables_are_arrow_tables(tmp_path: Path) -> None:
    assert isinstance(ingest(tmp_path).posts, pa.Table)
