"""What the explorer asks: the published snapshot's posts and items, numbered, in memory, of one moment.

Not here: what is asked (filters), what is answered (answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from mkt_assets.charts.fonts import chinese_font
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.core.vectors import to_matrix
from mkt_assets.explore.page import page

_POSTS = """
CREATE TABLE posts AS
SELECT (row_number() OVER (ORDER BY p.crawl_date, p.post_id) - 1)::INTEGER AS post_no,
    p.crawl_date, p.post_id, left(p.poster_id, 8) AS account, p.title, p.content, p.post_url,
    p.published_at::DATE AS published, p.n_likes, coalesce(p.n_likes_is_lower_bound, false) AS at_least, p.n_collects,
    lower(concat_ws(' ', p.title, p.content, array_to_string(p.tags, ' '))) AS folded
FROM mkt.raw_posts p ORDER BY post_no
"""
# in the clustering of its own crawl date, or else in the latest that has it in its window
_ITEMS = """
CREATE TABLE items AS
WITH of_clusters AS (
    SELECT c.item_crawl_date AS crawl_date, c.modality, c.post_id, c.frame, c.rank_in_cluster, i.identity
    FROM mkt.clusters c JOIN mkt.cluster_identities i USING (crawl_date, modality, cluster_id)
    QUALIFY row_number() OVER (PARTITION BY c.item_crawl_date, c.modality, c.post_id, c.frame
        ORDER BY c.crawl_date = c.item_crawl_date DESC, c.crawl_date DESC) = 1
), things AS (
    SELECT crawl_date, 'image' AS modality, post_id, frame, verdict, reason, matte_path FROM mkt.matted_images
    UNION ALL SELECT crawl_date, 'text', post_id, NULL, NULL, NULL, NULL FROM mkt.text_embeddings
)
SELECT (row_number() OVER (ORDER BY t.modality, p.post_no, t.frame) - 1)::INTEGER AS item_no, p.post_no, t.modality,
    concat_ws('/', t.modality, t.crawl_date, t.post_id, t.frame) AS item,
    t.frame, t.verdict, t.reason, t.matte_path, c.identity, c.rank_in_cluster AS rank, q.x, q.y, q.layout
FROM things t JOIN posts p USING (crawl_date, post_id)
LEFT JOIN of_clusters c ON c.crawl_date = t.crawl_date AND c.modality = t.modality AND c.post_id = t.post_id
    AND c.frame IS NOT DISTINCT FROM t.frame
LEFT JOIN mkt.item_positions q ON q.crawl_date = t.crawl_date AND q.modality = t.modality AND q.post_id = t.post_id
    AND q.frame IS NOT DISTINCT FROM t.frame
ORDER BY item_no
"""
_CLUSTERS = """
CREATE TABLE named AS
SELECT i.modality, i.identity, arg_max(n.name, n.crawl_date) AS name, count(DISTINCT p.post_id) AS n_posts
FROM items i JOIN posts p USING (post_no)
JOIN (SELECT DISTINCT modality, identity, name, crawl_date FROM mkt.cluster_identities) n USING (modality, identity)
GROUP BY i.modality, i.identity ORDER BY n_posts DESC, i.identity
"""
# the layout of the newest crawl; positions of another one have nothing to do with it
_OTHER_LAYOUTS = """
UPDATE items SET x = NULL, y = NULL WHERE layout IS NOT NULL AND (modality, layout) NOT IN (
    SELECT (modality, arg_max(layout, post_no)) FROM items WHERE layout IS NOT NULL GROUP BY modality
)
"""


class NothingStoredError(ValueError):
    """There is no snapshot to explore; the message says how one is made."""


@dataclass(frozen=True)
class Vectors:
    """(n, d) unit vectors of one encoder, and the numbers of the items that have them."""

    encoder: str
    items: NDArray[np.int64]
    matrix: NDArray[np.float32]


@dataclass
class Index:
    """The tables `posts`, `items` and `named`, and of each modality the positions, of one published snapshot."""

    path: Path
    stamp: tuple[int, int]
    connection: duckdb.DuckDBPyConnection
    _vectors: dict[str, Vectors] = field(default_factory=dict[str, Vectors])
    _lock: Lock = field(default_factory=Lock)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of a thread's own."""
        return self.connection.cursor()

    @property
    def name(self) -> str:
        """Of which snapshot it is: numbers of items and posts are those of one alone."""
        return "-".join(map(str, self.stamp))

    def is_current(self) -> bool:
        """Whether the snapshot is still the one that this was read from."""
        return _stamp(self.path) == self.stamp

    @cached_property
    def positions(self) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """By modality, numbers of the items that have a place on the map, and their (n, 2) positions."""
        found: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for modality in MODALITIES:
            rows = (
                self.cursor()
                .execute(
                    "SELECT item_no, x, y FROM items WHERE modality = ? AND x IS NOT NULL ORDER BY item_no",
                    [modality],
                )
                .fetchnumpy()
            )
            places = np.column_stack([np.asarray(rows["x"], float), np.asarray(rows["y"], float)])
            found[modality] = (np.asarray(rows["item_no"], np.int64), places)
        return found

    @cached_property
    def font(self) -> bytes:
        """A font file of the characters in captions, names and the page."""
        texts = self.cursor().execute(
            "SELECT coalesce(title, '') || coalesce(content, '') FROM posts UNION ALL SELECT name FROM named"
        )
        known: set[str] = set(page()[0])
        while part := texts.fetchmany(1000):
            known.update(*(text for (text,) in part))
        return chinese_font("".join(sorted(known)))

    def vectors(self, modality: str) -> Vectors:
        """The vectors of the newest crawl's encoder, read when they are first asked for."""
        with self._lock:
            if modality not in self._vectors:
                self._vectors[modality] = _read_vectors(self, modality)
            return self._vectors[modality]


def open_index(path: Path) -> Index:
    """Read the snapshot into memory; the file is free again when this is done.

    Raises:
        NothingStoredError: there is none, or it is of a version without what is asked of it.
    """
    if not path.exists():
        raise NothingStoredError(
            f"there is no snapshot at {path}: materialize a crawl with `mkt run`, or publish what is stored with "
            "`mkt snapshot`."
        )
    stamp = _stamp(path)
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    connection.execute(f"ATTACH '{_quoted(path)}' AS mkt (READ_ONLY)")
    try:
        for statement in (_POSTS, _ITEMS, _OTHER_LAYOUTS, _CLUSTERS):
            connection.execute(statement)
    # a table is missing, or a column
    except (duckdb.CatalogException, duckdb.BinderException):
        connection.close()
        raise NothingStoredError(
            f"the snapshot {path} is of an earlier version: publish it again with `mkt snapshot`."
        ) from None
    connection.execute("DETACH mkt")
    return Index(path, stamp, connection)


def _read_vectors(index: Index, modality: str) -> Vectors:
    frame = "v.frame" if modality == "image" else "NULL"
    with duckdb.connect(str(index.path), read_only=True) as connection:
        newest = connection.execute(
            f"SELECT encoder, encoder_version FROM {modality}_embeddings ORDER BY crawl_date DESC LIMIT 1"
        ).fetchone()
        if newest is None:
            return Vectors("", np.zeros(0, np.int64), np.zeros((0, 1), np.float32))
        rows: Any = connection.execute(
            f"SELECT v.crawl_date, v.post_id, {frame} AS frame, v.embedding FROM {modality}_embeddings v "
            "WHERE encoder = ? AND encoder_version = ?",
            list(newest),
        ).to_arrow_table()
    keys = rows.drop_columns(["embedding"])
    cursor = index.cursor()
    cursor.register("keys", keys)
    numbers = cursor.execute(
        "SELECT i.item_no FROM (SELECT *, row_number() OVER () AS row_no FROM keys) k "
        "LEFT JOIN posts p USING (crawl_date, post_id) LEFT JOIN items i ON i.post_no = p.post_no AND i.modality = ? "
        "AND i.frame IS NOT DISTINCT FROM k.frame ORDER BY row_no",
        [modality],
    ).fetchall()
    cursor.unregister("keys")
    items = np.array([-1 if number is None else number for (number,) in numbers], np.int64)
    matrix = to_matrix(rows["embedding"])
    return Vectors(" ".join(newest), items[items >= 0], matrix[items >= 0])


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
