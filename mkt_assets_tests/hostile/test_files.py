"""Files made to do harm: bombs, endless structures, damaged databases, links. Each ends, in little memory."""

from __future__ import annotations

import io
import json
import os
import random
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mkt_assets_tests.crawler_files import WRITERS, random_posts
from mkt_assets_tests.hostile.guards import LOW, ingest_hostile, put, reasons

POSTS = random_posts(20, 6)
HEADER = "note_id,user_id,title,desc"
GOOD = f"{POSTS[0].post_id},{POSTS[0].user_id},t,d"
NOTE = {"note_id": POSTS[0].post_id, "user_id": POSTS[0].user_id, "title": "t", "desc": "d"}
SHEET = "xl/worksheets/sheet1.xml"
SHEET_START = b'<?xml version="1.0"?><worksheet><sheetData>'
SHEET_END = b"</sheetData></worksheet>"


def archive(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return buffer.getvalue()


def sheet(*rows: bytes) -> bytes:
    return SHEET_START + b"".join(rows) + SHEET_END


def sheet_row(*values: str) -> bytes:
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f"<row>{cells}</row>".encode()


NAMES, VALUES = sheet_row(*HEADER.split(",")), sheet_row(*GOOD.split(","))


def workbook(*rows: bytes, **parts: bytes) -> bytes:
    return archive({"xl/workbook.xml": b"<workbook/>", SHEET: sheet(*rows), **parts})


def shared(text: bytes) -> dict[str, bytes]:
    return {"xl/sharedStrings.xml": b"<sst>" + text + b"</sst>"}


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9)
)

# Files of which nothing can be used: name -> bytes
REFUSED: dict[str, Callable[[], bytes]] = {
    "empty.csv": lambda: b"",
    "nul.csv": lambda: b"\0" * 1_000_000,
    "blanks.csv": lambda: b" \n" * 500_000,
    "noise.csv": lambda: random.Random(0).randbytes(2_000_000),
    "one_line.csv": lambda: b"x" * 20_000_000,
    "html.csv": lambda: b"<!doctype html><html><body>login</body></html>",
    "a_million_columns.csv": lambda: b",".join(b"c%d" % i for i in range(1_000_000)),
    "a_million_blank_columns.csv": lambda: b"note_id,desc" + b"," * 1_000_000 + b"\n",
    "long_header_name.csv": lambda: b"a" * 300_000 + b",b\n1,2\n",
    "quoted_header.csv": lambda: b'"' + b"a\n" * 1_000_000,
    "lone_mark.csv": lambda: b"\xff\xfe",
    "utf16_noise.csv": lambda: b"\xff\xfe" + random.Random(1).randbytes(100_001),
    "deep.json": lambda: b"[" * 3_000_000,
    "deep_objects.json": lambda: b'{"a":' * 1_000_000,
    "deep_closed.json": lambda: b"[" * 100_000 + b"]" * 100_000,
    "a_million_keys.json": lambda: json.dumps({f"k{i}": 1 for i in range(300_000)}).encode(),
    "number.json": lambda: b"[" + b"9" * 3_000_000 + b"]",
    "numbers.json": lambda: b"[" + b"1," * 1_000_000 + b"1]",
    "long_string.json": lambda: b'["' + b"a" * 20_000_000,
    "backslashes.json": lambda: b'["' + b"\\" * 5_000_001,
    "brackets_in_strings.json": lambda: b'[{"a": "' + b"]}" * 1_000_000,
    "archive.zip": lambda: archive({"a.csv": f"{HEADER}\n{GOOD}\n".encode()}),
    "nested.xlsx": lambda: archive({"a.zip": archive({"b.zip": archive({"c": b"0" * 1_000_000})})}),
    "traversal.xlsx": lambda: archive({"../../etc/passwd": b"x", "/abs": b"y"}),
    "no_directory.xlsx": lambda: b"PK\x03\x04" + b"\0" * 10_000,
    "many_parts.xlsx": lambda: archive({f"xl/worksheets/sheet{i}.xml": b"" for i in range(30_000)}, 0) * 1,
    "bomb.xlsx": lambda: workbook(b"<row>" + b" " * 30_000_000 + b"</row>"),
    "big.xlsx": lambda: archive({SHEET: sheet(NAMES, random.Random(2).randbytes(3_000_000).hex().encode())}),
    "shared_bomb.xlsx": lambda: workbook(NAMES, **shared(b"<si><t>a</t></si>" * 1_500_000)),
    "laughs.xlsx": lambda: archive({SHEET: LAUGHS + b"]><worksheet>&j;</worksheet>"}),
    "shared_laughs.xlsx": lambda: archive(
        {SHEET: sheet(NAMES), "xl/sharedStrings.xml": LAUGHS + b"]><sst>&j;</sst>"}
    ),
    "external.xlsx": lambda: archive(
        {SHEET: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'}
    ),
    "long_tag.xlsx": lambda: archive(
        {SHEET: b"<worksheet a='" + random.Random(3).randbytes(1_800_000).hex().encode()}
    ),
    "no_sheet_header.xlsx": lambda: workbook(sheet_row("a", "b"), sheet_row("1", "2")),
    "not_xml.xlsx": lambda: archive({SHEET: b"\x00\x01\x02"}),
    "deep_xml.xlsx": lambda: archive({SHEET: b"<a>" * 300_000}),
    "encrypted.xlsx": lambda: patched(
        workbook(NAMES), b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    ),
    "old.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1_000,
    "header_only.db": lambda: b"SQLite format 3\x00" + b"\0" * 84,
    "noise.db": lambda: b"SQLite format 3\x00" + random.Random(4).randbytes(50_000),
    "gzip.csv": lambda: b"\x1f\x8b\x08" + b"\0" * 100,
    "pdf.csv": lambda: b"%PDF-1.7\n",
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_useless_file_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    put(tmp_path, {name: REFUSED[name](), "good.csv": f"{HEADER}\n{GOOD}\n".encode()})
    result = ingest_hostile(tmp_path, replace(LOW, max_columns=150))
    assert result.posts["post_id"].to_pylist() == [POSTS[0].post_id]
    assert name in result.rejects["source_file"].to_pylist()
    assert result.rejects.num_rows <= 101


def broken_lines(n: int) -> bytes:
    return "\n".join([HEADER, GOOD, *(['a"b"",""",x', '"', '""",'] * n)]).encode()


# Files with one good post among much that is not: name -> bytes
PARTLY: dict[str, Callable[[], bytes]] = {
    "broken_rows.csv": lambda: broken_lines(100_000),
    "open_quote.csv": lambda: f'{HEADER}\n{GOOD}\n"'.encode() + b"a,b\n" * 500_000,
    "quotes.csv": lambda: f"{HEADER}\n{GOOD}\n".encode() + b'"' * 3_000_001,
    "commas.csv": lambda: f"{HEADER}\n{GOOD}\n".encode() + b"," * 3_000_000,
    "headers.csv": lambda: f"{HEADER}\n".encode() * 50_000 + GOOD.encode(),
    "other_headers.csv": lambda: "\n".join(
        [*(f"{HEADER},c{i}" for i in range(20_000)), HEADER, GOOD]
    ).encode(),
    "nul_between.csv": lambda: "\0".join(f"{HEADER}\n{GOOD}\n").encode(),
    "marks_between.csv": f"\ufeff{HEADER}\n\ufeff{GOOD}\n\ufeff".encode,
    "long_field.csv": lambda: f"{HEADER}\n{GOOD}\nx,y,t,".encode() + b"z" * 10_000_000,
    "gb18030.csv": lambda: f"{HEADER}\n{GOOD}白色裙子\n".encode("gb18030"),
    "half_gb18030.csv": lambda: f"{HEADER}\n{GOOD}白色裙子\n".encode("gb18030") + "白色\n裙子\n".encode(),
    "utf16.csv": lambda: f"{HEADER}\n{GOOD}\n".encode("utf-16"),
    "odd_utf16.csv": lambda: f"{HEADER}\n{GOOD}\n".encode("utf-16") + b"\0",
    "carriage_returns.csv": f"{HEADER}\r{GOOD}\r".encode,
    "broken.json": lambda: json.dumps([NOTE])[:-1].encode() + b",x" * 300_000,
    "unclosed.json": lambda: json.dumps([NOTE])[:-1].encode() + b',{"a":' * 200_000,
    "closing.json": lambda: json.dumps([NOTE])[:-1].encode() + b",}" * 200_000,
    "long_field.json": lambda: json.dumps([NOTE, {**NOTE, "desc": "x" * 10_000_000}, NOTE]).encode(),
    "duplicate_keys.json": lambda: json.dumps([NOTE])[:-2].encode() + b',"desc":"d"' * 30_000 + b"}]",
    "nested_value.json": lambda: json.dumps([NOTE, {**NOTE, "desc": [[[]]]}])[:-6].encode() + b"[" * 200_000,
    "surrogates.json": lambda: json.dumps([NOTE, {**NOTE, "desc": "\ud83d" * 5_000}]).encode(),
    "huge_numbers.json": lambda: json.dumps([NOTE]).replace('"d"', "9" * 15_000).encode(),
    "constants.json": lambda: json.dumps([NOTE])[:-2].encode() + b', "time": NaN, "liked_count": -Infinity}]',
    "behind.json": lambda: json.dumps([NOTE]).encode() + json.dumps([NOTE]).encode() * 1_000,
    "broken.jsonl": lambda: json.dumps(NOTE).encode() + b"\n{" * 300_000,
    "long_line.jsonl": lambda: json.dumps(NOTE).encode() + b'\n{"a": "' + b"x" * 10_000_000,
    "deep_line.jsonl": lambda: json.dumps(NOTE).encode() + b"\n" + b'{"a":' * 60_000,
    "wide_lines.jsonl": lambda: "\n".join(
        [json.dumps(NOTE)] + [json.dumps({f"k{i}_{j}": "" for j in range(180)}) for i in range(500)]
    ).encode(),
    "row_number.xlsx": lambda: workbook(
        NAMES, VALUES, b'<row r="99999999999999"><c r="ZZZ9"><v>1</v></c></row>'
    ),
    "far_column.xlsx": lambda: workbook(NAMES, VALUES, b'<row><c r="XFD3"><v>1</v></c></row>'),
    "no_such_text.xlsx": lambda: workbook(NAMES, VALUES, b'<row><c t="s"><v>7</v></c></row>' * 1_000),
    "negative_text.xlsx": lambda: workbook(NAMES, VALUES, b'<row><c t="s"><v>-1</v></c></row>'),
    "wide_row.xlsx": lambda: workbook(NAMES, VALUES, b"<row>" + b"<c><v>1</v></c>" * 100_000 + b"</row>"),
    "empty_rows.xlsx": lambda: workbook(NAMES, VALUES, b"<row/>" * 500_000),
    "long_cell.xlsx": lambda: workbook(NAMES, VALUES, sheet_row("x", "y", "z" * 900_000)),
    "long_power.xlsx": lambda: workbook(NAMES, VALUES, b"<row><c><v>1E99999999</v></c></row>"),
    "cut_sheet.xlsx": lambda: archive({SHEET: SHEET_START + NAMES + VALUES + b"<row><c><v>"}),
    "two_sheets.xlsx": lambda: archive({SHEET: sheet(NAMES, VALUES), "xl/worksheets/sheet2.xml": b"<<<"}),
    "formulas.xlsx": lambda: workbook(NAMES, VALUES, b"<row><c><f>SUM(A1)</f></c></row>" * 100),
}


@pytest.mark.parametrize("name", sorted(PARTLY))
def test_what_is_good_in_a_bad_file_is_used(name: str, tmp_path: Path) -> None:
    put(tmp_path, {name: PARTLY[name]()})
    result = ingest_hostile(tmp_path)
    assert POSTS[0].post_id in result.posts["post_id"].to_pylist()
    assert result.rejects.num_rows <= 105


def database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        for statement in statements:
            connection.execute(statement)
    return path


CREATE = "CREATE TABLE xhs_note (note_id TEXT, user_id TEXT, title TEXT, desc TEXT)"
INSERT = f"INSERT INTO xhs_note VALUES ('{POSTS[0].post_id}', '{POSTS[0].user_id}', 't', 'd')"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
DATABASES: dict[str, tuple[str, ...]] = {
    "endless_view": (
        f"CREATE VIEW v AS {ENDLESS} SELECT i AS note_id, i AS user_id, i AS title, i AS desc FROM n",
    ),
    "big_view": ("CREATE VIEW v AS SELECT zeroblob(900000000) AS note_id, 'u' AS user_id, 't' AS desc",),
    "trigger": ("CREATE TRIGGER x AFTER INSERT ON xhs_note BEGIN DELETE FROM xhs_note; END",),
    "virtual": ("CREATE VIRTUAL TABLE f USING fts5(note_id, user_id, title, desc)",),
    "computed_column": (
        "CREATE TABLE a (note_id, user_id, desc, title AS (hex(zeroblob(400000000))))",
        "INSERT INTO a VALUES ('a', 'b', 'c')",
    ),
    "blobs": ("INSERT INTO xhs_note VALUES (x'00ff', zeroblob(3000), x'ffff', zeroblob(100000))",),
    "long_value": (f"INSERT INTO xhs_note VALUES ('a', 'b', 'c', '{'x' * 900_000}')",),
    "huge_value": ("INSERT INTO xhs_note VALUES ('a', 'b', 'c', zeroblob(50000000))", INSERT),
    "huge_values": ("INSERT INTO xhs_note VALUES ('a', 'b', 'c', zeroblob(9000000))",) * 3 + (INSERT,),
    "invalid_utf8": ("INSERT INTO xhs_note VALUES ('a', 'b', CAST(x'ffc3' AS TEXT), CAST(x'f0' AS TEXT))",),
    "numbers": ("INSERT INTO xhs_note VALUES (1, 2.5, 9223372036854775807, 1e308)",),
    "strange_names": (
        'CREATE TABLE "a""; DROP TABLE xhs_note; --" (note_id, user_id, title, "de""sc", "desc")',
    ),
    "many_tables": tuple(f"CREATE TABLE t{i} (a)" for i in range(300)),
    "many_columns": (f"CREATE TABLE w (note_id, desc, {', '.join(f'c{i}' for i in range(1_500))})",),
    "schema_of_nonsense": (
        "INSERT INTO sqlite_schema VALUES ('table', 'n', 'n', 9999, 'CREATE TABLE n (note_id, user_id, desc)')",
    ),
    "schema_loop": (
        "INSERT INTO sqlite_schema VALUES ('table', 'n', 'n', 1, 'CREATE TABLE n (note_id, title, user_id)')",
    ),
    "schema_no_sql": (
        "INSERT INTO sqlite_schema VALUES ('table', 'n', 'n', 2, 'SELECT load_extension(''x'')')",
    ),
}


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_a_database_runs_nothing_that_it_brings_along(name: str, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    database(tmp_path / "drop" / "x.db", CREATE, INSERT, *DATABASES[name])
    before = (tmp_path / "drop" / "x.db").read_bytes()
    result = ingest_hostile(tmp_path / "drop")
    if name.startswith("schema"):
        assert result.posts.num_rows or "x.db" in result.rejects["source_file"].to_pylist()
    else:
        assert POSTS[0].post_id in result.posts["post_id"].to_pylist()
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "drop").iterdir()] == [("x.db", before)]


@pytest.mark.parametrize("seed", range(25))
def test_a_database_with_broken_pages_ends(seed: int, tmp_path: Path) -> None:
    WRITERS["downloader_sqlite"](tmp_path, random_posts(seed, 60))
    path = tmp_path / "ExploreData.db"
    data, rng = bytearray(path.read_bytes()), random.Random(seed)
    page = struct.unpack_from(">H", data, 16)[0]
    for _ in range(1 + seed // 3):
        # pointers to pages and cells are at the beginnings of pages
        at = page * rng.randrange(1, len(data) // page) + rng.randrange(40)
        data[at] = rng.choice((0, 1, 2, 5, 10, 13, 255))
    path.write_bytes(data)
    ingest_hostile(tmp_path)


def test_a_tree_of_pages_that_holds_itself_many_times_over_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "x.db", "PRAGMA page_size=512", "VACUUM", CREATE, *[INSERT] * 400)
    data = bytearray(path.read_bytes())
    pages = {data[i * 512]: i for i in range(1, len(data) // 512) if data[i * 512] in (5, 13)}
    root, leaf = pages[5], pages[13]
    n_cells = struct.unpack_from(">H", data, root * 512 + 3)[0]
    assert n_cells > 5
    # every child of the root becomes the root of such a tree again, down to one leaf
    copies = [bytearray(data[root * 512 : root * 512 + 512]) for _ in range(6)]
    first = len(data) // 512
    for level, copy in enumerate([data[root * 512 : root * 512 + 512], *copies]):
        child = (first + level if level < len(copies) else leaf) + 1
        for cell in range(n_cells):
            at = struct.unpack_from(">H", copy, 12 + 2 * cell)[0]
            struct.pack_into(">I", copy, at, child)
        struct.pack_into(">I", copy, 8, child)
        if level == 0:
            data[root * 512 : root * 512 + 512] = copy
    for copy in copies:
        data += copy
    struct.pack_into(">I", data, 28, len(data) // 512)
    path.write_bytes(data)
    result = ingest_hostile(tmp_path)
    assert any("damaged" in reason for reason in reasons(result))


@pytest.mark.parametrize("kind", ["wal", "journal"])
def test_a_database_copied_while_it_was_written_is_put_in_order_aside(kind: str, tmp_path: Path) -> None:
    source = sqlite3.connect(tmp_path / "source.db", isolation_level=None)
    source.execute(f"PRAGMA journal_mode={'WAL' if kind == 'wal' else 'PERSIST'}")
    source.execute(CREATE)
    source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source.execute(INSERT)
    drop = put(
        tmp_path / "drop",
        {path.name.replace("source", "x"): path.read_bytes() for path in sorted(tmp_path.glob("source.db*"))},
    )
    source.close()
    before = {path.name: path.read_bytes() for path in drop.iterdir()}
    result = ingest_hostile(drop)
    assert result.posts["post_id"].to_pylist() == [POSTS[0].post_id]
    assert result.rejects.num_rows == 0
    assert {path.name: path.read_bytes() for path in drop.iterdir()} == before


def test_a_journal_that_names_a_file_elsewhere_neither_reads_nor_deletes_it(tmp_path: Path) -> None:
    elsewhere = put(tmp_path, {"elsewhere": b"precious"}) / "elsewhere"
    magic, name = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", os.fsencode(elsewhere)
    header = (magic + struct.pack(">IIIII", 0, 1, 2, 512, 4096)).ljust(512, b"\0")
    journal = header + struct.pack(">I", 3) + name + struct.pack(">II", len(name), sum(name)) + magic
    drop = put(tmp_path / "drop", {"good.csv": f"{HEADER}\n{GOOD}\n".encode()})
    database(drop / "x.db", CREATE)
    put(drop, {"x.db-journal": journal})
    result = ingest_hostile(drop)
    assert elsewhere.read_bytes() == b"precious"
    assert any("names a file elsewhere" in reason for reason in reasons(result))
    assert result.posts["post_id"].to_pylist() == [POSTS[0].post_id]


LINKS: dict[str, Callable[[Path, Path], None]] = {
    "table": lambda drop, out: (drop / "a.csv").symlink_to(out / "secret.csv"),
    "folder": lambda drop, out: (drop / "folder").symlink_to(out),
    "loop": lambda drop, out: (drop / "loop").symlink_to(drop),
    "itself": lambda drop, out: (drop / "self.csv").symlink_to(drop / "self.csv"),
    "nowhere": lambda drop, out: (drop / "none.csv").symlink_to(out / "none.csv"),
    "device": lambda drop, out: (drop / "zero.csv").symlink_to("/dev/zero"),
    "pipe": lambda drop, out: os.mkfifo(drop / "pipe.csv"),
    "picture": lambda drop, out: (drop / "xhs/images" / POSTS[0].post_id / "0.jpg").symlink_to(
        out / "secret.csv"
    ),
    "wal": lambda drop, out: (drop / "x.db-wal").symlink_to(out / "secret.csv"),
}


@pytest.mark.parametrize("name", sorted(LINKS))
def test_nothing_outside_the_drop_is_read(name: str, tmp_path: Path) -> None:
    out = put(tmp_path / "out", {"secret.csv": f"{HEADER}\nsecret,{POSTS[1].user_id},secret,\n".encode()})
    drop = put(tmp_path / "drop", {"good.csv": f"{HEADER}\n{GOOD}\n".encode(), "xhs/images/x/readme.md": b""})
    (drop / "xhs/images" / POSTS[0].post_id).mkdir()
    database(drop / "x.db", CREATE)
    LINKS[name](drop, out)
    result = ingest_hostile(drop)
    assert result.posts["post_id"].to_pylist() == [POSTS[0].post_id]
    assert result.posts["media_paths"].to_pylist() == [[]]
    assert "secret" not in repr(result.posts.to_pylist())
    assert result.rejects.num_rows == 1


FILE_NAMES = [
    "\n.csv",
    "\x1b[31m.csv",
    "裙子.csv",
    "-rf.csv",
    "a" * 240 + ".csv",
    "con.csv",
    "'\".csv",
    "%s.csv",
    "\u202e.csv",
]


@pytest.mark.parametrize("name", [*FILE_NAMES, b"\xff\xfe.csv", "/".join(["d" * 200] * 15) + "/x.csv"])
def test_a_strange_name_of_a_file_is_no_obstacle(name: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / (os.fsdecode(name) if isinstance(name, bytes) else name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"{HEADER}\n{GOOD}\n".encode())
    result = ingest_hostile(tmp_path)
    assert result.posts["post_id"].to_pylist() == [POSTS[0].post_id]
    assert result.posts.to_pylist()[0]["source_file"].encode("utf-8")


def test_what_a_file_may_hold_is_a_setting(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": f"{HEADER}\n{GOOD}\n".encode()})
    for limits in (
        replace(LOW, max_file_bytes=10),
        replace(LOW, max_columns=3),
        replace(LOW, max_field_characters=5),
    ):
        assert ingest_hostile(tmp_path, limits).posts.num_rows == 0
