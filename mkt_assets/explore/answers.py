"""What the explorer answers: menus, the map, the posts that match, as values that JSON can hold; and as CSV.

Not here: parsing what is asked (filters), the tables (index), how it is sent (app).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.core.rounding import percent
from mkt_assets.core.text.csv_injection import escape_formula
from mkt_assets.core.text.summaries import caption_of
from mkt_assets.explore.filters import PAGE, Filter, FilterError
from mkt_assets.explore.index import Index
from mkt_assets.explore.matching import match
from mkt_assets.report.html import web_link
from mkt_assets.resources.tags import Tags

MOST_ACCOUNTS = 200
"""In the menu of those who wrote most."""
MAX_EXPORTED = 200_000
"""Rows of a CSV."""
_COLUMNS = (
    "p.post_no, p.post_id, p.crawl_date, p.account, p.title, p.content, p.post_url, p.published, p.n_likes, "
    "p.at_least, p.n_collects"
)
_ORDERS: Mapping[str, str] = {
    "typical": "m.rank NULLS LAST, p.post_no",
    "likes": "p.n_likes DESC NULLS LAST, p.post_no",
    "date": "p.published DESC NULLS LAST, p.post_no",
    "similar": "m.similarity DESC NULLS LAST, p.post_no",
}
CSV_HEADER = (
    *(
        "post_id",
        "crawl_date",
        "published",
        "account",
        "likes",
        "likes_at_least",
        "collects",
        "style",
        "topic",
        "tags",
        "link",
    ),
    "caption",
)


def start_of(index: Index, tags: Tags) -> dict[str, Any]:
    """What the page begins with: menus, counts, and what the map leaves out."""
    cursor = index.cursor()
    counts = _row(
        cursor,
        "SELECT count(*), count(DISTINCT post_id), count(DISTINCT account) FILTER (account <> '') FROM posts",
    )
    dates = cursor.execute(
        "SELECT crawl_date, count(*) FROM posts GROUP BY crawl_date ORDER BY crawl_date"
    ).fetchall()
    named = cursor.execute("SELECT modality, identity, name, n_posts FROM named").fetchall()
    not_placed = cursor.execute(
        "SELECT i.modality, p.crawl_date, count(*) FROM items i JOIN posts p USING (post_no) "
        "WHERE i.identity IS NOT NULL AND i.x IS NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    accounts = cursor.execute(
        "SELECT account, count(DISTINCT post_id) AS n FROM posts WHERE account <> '' GROUP BY account "
        f"ORDER BY n DESC, account LIMIT {MOST_ACCOUNTS}"
    ).fetchall()
    return {
        "snapshot": index.name,
        "accounts": [list(row) for row in accounts],
        "n_posts": counts[0],
        "n_distinct_posts": counts[1],
        "n_accounts": counts[2],
        "dates": [[day.isoformat(), n] for day, n in dates],
        "clusters": {
            modality: [[identity, name, n] for of, identity, name, n in named if of == modality]
            for modality in MODALITIES
        },
        "tags": {tag: len(posts) for tag, posts in sorted(tags.all().items())},
        "not_placed": [[modality, day.isoformat(), n] for modality, day, n in not_placed],
    }


def map_of(index: Index, modality: str) -> dict[str, Any]:
    """The items of a modality that have a place: numbers, places, posts, and the colours of clusters."""
    rows = (
        index.cursor()
        .execute(
            "SELECT item_no, post_no, identity, x, y, item FROM items WHERE modality = ? AND x IS NOT NULL "
            "ORDER BY item_no",
            [modality],
        )
        .fetchall()
    )
    of_clusters = (
        index.cursor().execute("SELECT identity FROM named WHERE modality = ?", [modality]).fetchall()
    )
    places = {identity: number for number, (identity,) in enumerate(of_clusters)}
    xs, ys = ([row[at] for row in rows] for at in (3, 4))
    # the same square as positions have, so that a lasso says positions
    return {
        "snapshot": index.name,
        "item": [row[0] for row in rows],
        "post": [row[1] for row in rows],
        "key": [row[5] for row in rows],
        "cluster": [places.get(row[2], -1) for row in rows],
        "x": [round(x, 4) for x in xs],
        "y": [round(y, 4) for y in ys],
        "identity": [*places],
        "colour": [cluster_colour(number) for number in range(len(places))],
    }


def found(index: Index, tags: Tags, asked: Filter) -> dict[str, Any]:
    """The posts that match: how many by how many accounts, a page of them, and which items of the map these are.

    Raises:
        FilterError: the item to compare with has no vector.
    """
    tags_of = tags.all()
    cursor = index.cursor()
    match(cursor, index, tags_of, asked)
    (n_posts,) = _row(cursor, "SELECT count(*) FROM matching")
    # a post that is in several crawls is one post of its account
    n_distinct, n_accounts, largest = _row(
        cursor,
        "SELECT sum(n), count(*) FILTER (account <> ''), max(n) FILTER (account <> '') / sum(n) FROM (SELECT account, "
        "count(DISTINCT post_id) AS n FROM matching JOIN posts USING (post_no) GROUP BY account)",
    )
    shown = cursor.execute("SELECT item_no FROM shown ORDER BY item_no").fetchnumpy()["item_no"]
    posts = _posts(cursor, asked, tags_of, PAGE, asked.offset)
    return {
        "snapshot": index.name,
        "n_posts": n_posts,
        "n_distinct_posts": int(n_distinct or 0),
        "n_accounts": n_accounts,
        "largest_share": None if largest is None or n_accounts < 2 else percent(float(largest)),
        "items": np.asarray(shown, np.int64).tolist(),
        "posts": posts,
    }


def csv_of(index: Index, tags: Tags, asked: Filter) -> Iterator[bytes]:
    """The posts that match as CSV in parts, with a mark so that Excel reads Chinese; formulas are only text.

    Raises:
        FilterError: more match than a table should have, or the item to compare with has no vector.
    """
    tags_of = tags.all()
    cursor = index.cursor()
    match(cursor, index, tags_of, asked)
    (n_posts,) = _row(cursor, "SELECT count(*) FROM matching")
    if n_posts > MAX_EXPORTED:
        raise FilterError(f"{n_posts:,} posts are more than {MAX_EXPORTED:,}: choose fewer.")
    posts = _posts(cursor, asked, tags_of, MAX_EXPORTED, 0)
    cursor.close()
    return _csv(posts, {modality: dict(_names(index, modality)) for modality in MODALITIES})


def _csv(posts: Sequence[Mapping[str, Any]], names: Mapping[str, Mapping[str, str]]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    yield b"\xef\xbb\xbf"
    for post in posts:
        cells = (
            *(post["id"], post["crawl_date"], post["date"], post["account"], post["likes"]),
            *("yes" if post["at_least"] else "no", post["collects"]),
            "; ".join(
                dict.fromkeys(
                    names["image"].get(i["identity"], "") for i in post["pictures"] if i["identity"]
                )
            ),
            names["text"].get(post["topic"], ""),
            *("; ".join(post["tags"]), post["url"] or "", post["caption"]),
        )
        writer.writerow([escape_formula(cell) if isinstance(cell, str) else cell for cell in cells])
        if out.tell() > 1 << 16:
            yield _taken(out)
    yield _taken(out)


def matching_ids(index: Index, tags: Tags, asked: Filter) -> list[str]:
    """Ids of all posts that match."""
    cursor = index.cursor()
    match(cursor, index, tags.all(), asked)
    rows = cursor.execute(
        "SELECT DISTINCT post_id FROM matching JOIN posts USING (post_no) ORDER BY 1"
    ).fetchall()
    return [post_id for (post_id,) in rows]


def known_ids(index: Index, posts: Sequence[str]) -> list[str]:
    """Those of these ids that are posts."""
    rows = index.cursor().execute(
        "SELECT DISTINCT post_id FROM posts WHERE post_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY 1",
        [list(posts)],
    )
    return [post_id for (post_id,) in rows.fetchall()]


def matte_of(index: Index, item_no: int) -> str | None:
    """The name of an item's matte in the store of media; None where it has none."""
    row = index.cursor().execute("SELECT matte_path FROM items WHERE item_no = ?", [item_no]).fetchone()
    return None if row is None else row[0]


def _posts(
    cursor: duckdb.DuckDBPyConnection,
    asked: Filter,
    tags_of: Mapping[str, frozenset[str]],
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    rows = cursor.execute(
        f"SELECT {_COLUMNS}, m.similarity FROM matching m JOIN posts p USING (post_no) ORDER BY {_ORDERS[asked.sort]} "
        "LIMIT ? OFFSET ?",
        [limit, offset],
    ).fetchall()
    of_posts: dict[int, list[tuple[Any, ...]]] = {}
    numbers = [row[0] for row in rows]
    for item in cursor.execute(
        "SELECT post_no, modality, item_no, identity, verdict, matte_path IS NOT NULL, reason, item FROM items "
        "WHERE post_no IN (SELECT unnest(?::INTEGER[])) ORDER BY item_no",
        [numbers],
    ).fetchall():
        of_posts.setdefault(item[0], []).append(item)
    return [_post(row, of_posts.get(row[0], []), tags_of) for row in rows]


def _post(
    row: Sequence[Any], items: Sequence[tuple[Any, ...]], tags_of: Mapping[str, frozenset[str]]
) -> dict[str, Any]:
    _, post_id, crawl_date, account, title, content, url, published, likes, at_least, collects, similarity = (
        row
    )
    text = next((item for item in items if item[1] == "text"), None)
    return {
        "id": post_id,
        "crawl_date": crawl_date.isoformat(),
        "account": account,
        "caption": caption_of(title, content),
        "url": web_link(url),
        "date": None if published is None else published.isoformat(),
        "likes": likes,
        "at_least": at_least,
        "collects": collects,
        "similarity": None if similarity is None else round(float(similarity), 3),
        "topic": None if text is None else text[3],
        "text": None if text is None else text[2],
        "pictures": [
            {
                **{"item": item, "key": key, "identity": identity, "verdict": verdict},
                **{"has_matte": has_matte, "reason": reason},
            }
            for _, modality, item, identity, verdict, has_matte, reason, key in items
            if modality == "image"
        ],
        "tags": sorted(tag for tag, posts in tags_of.items() if post_id in posts),
    }


def _names(index: Index, modality: str) -> list[tuple[str, str]]:
    return (
        index.cursor().execute("SELECT identity, name FROM named WHERE modality = ?", [modality]).fetchall()
    )


def _row(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = cursor.execute(sql).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a GROUP BY has one row")
    return row


def _taken(out: io.StringIO) -> bytes:
    written = out.getvalue().encode("utf-8")
    out.seek(0)
    out.truncate()
    return written
