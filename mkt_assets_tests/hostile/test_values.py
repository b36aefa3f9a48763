"""Hostile values and damaged files, of every crawler and in every format: the other posts are not touched."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mkt_assets_tests.crawler_files import WRITERS as CRAWLERS
from mkt_assets_tests.crawler_files import random_posts
from mkt_assets_tests.exporter_files import fourcat, octoparse, page_state, zeeschuimer
from mkt_assets_tests.hostile.guards import ingest_hostile, reasons

# the shapes of what has no reader of its own: nested, guessed, with the id in a link, and in a workbook
EXPORTERS = {
    "page_state": page_state,
    "zeeschuimer": zeeschuimer,
    "fourcat": fourcat,
    "octoparse_xlsx": octoparse,
}
WRITERS = CRAWLERS | EXPORTERS
N_POSTS = 8
VICTIM = 3

TEXTS = {
    "formula": '=HYPERLINK("http://x.example","点我")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "entity": "&lt;b&gt; &#0; &#x1F600; ]]> <!-- <![CDATA[",
    "escape_codes": "\x1b[2J\x1b]0;title\x07 红",
    "right_to_left": "\u202e\u2066裙子\u2069\u202c",
    "joined_emoji": "👩‍👩‍👧‍👦" * 200,
    "combining": "a" + "\u0301" * 5_000,
    "newlines": "\n\r\n\u2028\u2029\x85" * 50,
    "quotes": "\"'`\"\"'''\\\"" * 30,
    "separators": ",;\t|" * 500,
    "brackets": "[" * 5_000,
    "braces": '{"note_id": "' * 300,
    "header": "note_id,user_id,title,desc",
    "long": "裙" * 19_000,
    "too_long": "裙" * 21_000,
    "nul": "白\0色",
    "surrogate": "白\ud83d色",
    "replacement": "\ufffd\ufeff\ufffe\uffff",
    "format_string": "%s%n{0.__class__}${jndi:ldap://x}",
    "sql": "'); DROP TABLE raw_posts; --",
    "path": "../../../../etc/passwd",
    "nan": "nan",
}
IDS = {
    "traversal": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "backslash": "..\\..\\windows",
    "nul": "abc\0def",
    "blank": "  ",
    "long": "a" * 65,
    "dots": "..",
    "quote": "a'b\"c",
    "chinese": "裙子",
    "newline": "a\nb",
    "formula": "=1+1",
}
NUMBERS = ("9" * 400, "1e999", "-" * 50, "٣٤", "１２万", "NaN", "0x10", "1.2.3万", "万", "∞", "9" * 15 + "亿")


def writable(text: str, writer: str) -> bool:
    """Whether a file of this format can hold the text at all."""
    if "xlsx" in writer:
        is_control = any((ord(c) < 32 and c not in "\t\n\r") or "\ud800" <= c <= "\udfff" for c in text)
        return not is_control and not {"\ufffe", "\uffff"} & set(text) and len(text) < 32_767
    if any("\ud800" <= c <= "\udfff" for c in text):
        return writer in ("spider_json",)
    return True


def writable_cases(texts: Mapping[str, str], writers: Iterable[str]) -> list[tuple[str, str]]:
    """Names of writers and texts, but for what no file of the format can hold."""
    return [(w, case) for w in sorted(writers) for case in sorted(texts) if writable(texts[case], w)]


@pytest.mark.parametrize(("writer", "case"), writable_cases(TEXTS, WRITERS))
def test_a_hostile_text_is_stored_or_rejected_and_the_other_posts_stay(
    writer: str, case: str, tmp_path: Path
) -> None:
    text = TEXTS[case]
    posts = random_posts(7, N_POSTS)
    # Spider_XHS names a folder by the title, which not every text can be
    title = "x" if writer == "spider_json" else text[:40]
    posts[VICTIM] = replace(posts[VICTIM], title=title, content=text, tags=("裙", "鞋"))
    WRITERS[writer](tmp_path, posts)
    result = ingest_hostile(tmp_path)
    found = set(result.posts["post_id"].to_pylist())
    assert found >= {post.post_id for i, post in enumerate(posts) if i != VICTIM}
    assert result.posts.num_rows + result.rejects.num_rows == N_POSTS
    assert (posts[VICTIM].post_id in found) == (len(text) <= 20_000)


@pytest.mark.parametrize(
    ("writer", "case"), writable_cases(IDS, set(CRAWLERS) - {"spider_json"} | {"zeeschuimer"})
)
def test_an_id_that_is_none_is_rejected_with_its_row(writer: str, case: str, tmp_path: Path) -> None:
    posts = random_posts(8, N_POSTS)
    posts[VICTIM] = replace(posts[VICTIM], post_id=IDS[case])
    WRITERS[writer](tmp_path, posts)
    result = ingest_hostile(tmp_path)
    found = set(result.posts["post_id"].to_pylist())
    expected = {post.post_id for i, post in enumerate(posts) if i != VICTIM}
    # what only has a NUL in it is an id without it, as everywhere
    assert found - expected <= {"abcdef"}
    assert found >= expected
    assert result.posts.num_rows + result.n_rejected_rows == N_POSTS


@pytest.mark.parametrize("number", NUMBERS)
def test_a_count_that_makes_no_sense_is_null_or_a_number(number: str, tmp_path: Path) -> None:
    for i, (name, writer) in enumerate(sorted(WRITERS.items())):
        post = replace(random_posts(9, N_POSTS)[i % N_POSTS], likes=number)
        post = replace(post, post_id=post.post_id[:-2] + f"{i:02x}")
        writer(tmp_path / name, [post])
    result = ingest_hostile(tmp_path)
    assert result.posts.num_rows == len(WRITERS)
    assert all(n is None or n >= 0 for n in result.posts["n_likes"].to_pylist())


DAMAGE = {
    **{f"cut_at_{share}": ("cut", share) for share in (0.01, 0.1, 0.5, 0.9, 0.99)},
    **{f"flipped_{seed}": ("flip", seed) for seed in range(4)},
    "zeros_inside": ("zeros", 0.5),
    "zeros_behind": ("tail", b"\0" * 5_000),
    "noise_behind": ("tail", bytes(range(256)) * 20),
    "noise_before": ("head", b"\x89garbage\r\n"),
    "blanks_before": ("head", b" \n\n\t"),
    "twice": ("twice", 2),
}


def damaged(data: bytes, how: str, what: object) -> bytes:
    if how == "cut":
        return data[: int(len(data) * float(str(what)))]
    if how == "flip":
        rng = random.Random(int(str(what)))
        changed = bytearray(data)
        for _ in range(1 + len(data) // 400):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(changed)
    if how == "zeros":
        middle = len(data) // 2
        return data[:middle] + b"\0" * 200 + data[middle + 200 :]
    extra = what if isinstance(what, bytes) else b""
    return data * 2 if how == "twice" else extra + data if how == "head" else data + extra


@pytest.mark.parametrize("case", sorted(DAMAGE))
@pytest.mark.parametrize("writer", sorted(WRITERS))
def test_a_damaged_file_costs_no_more_than_its_rows(writer: str, case: str, tmp_path: Path) -> None:
    WRITERS[writer](tmp_path / "damaged", random_posts(10, N_POSTS))
    for path in sorted((tmp_path / "damaged").rglob("*")):
        if path.is_file():
            path.write_bytes(damaged(path.read_bytes(), *DAMAGE[case]))
    sound = random_posts(11, 3)
    WRITERS["mediacrawler_jsonl"](tmp_path / "sound", sound)
    result = ingest_hostile(tmp_path)
    assert set(result.posts["post_id"].to_pylist()) >= {post.post_id for post in sound}
    # what is cut off between two rows leaves no trace
    if result.posts.num_rows < N_POSTS + 3 and not case.startswith("cut"):
        assert reasons(result)
