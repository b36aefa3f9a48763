"""The posts that match a filter, and the items of the map that they are, as temporary tables of a cursor.

Not here: what is told of them (answers), the conditions (conditions).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.explore.conditions import conditions
from mkt_assets.explore.filters import Filter, FilterError
from mkt_assets.explore.index import Index


def match(
    cursor: duckdb.DuckDBPyConnection, index: Index, tags_of: Mapping[str, frozenset[str]], asked: Filter
) -> None:
    """Make the temporary tables `matching` (post_no, rank, similarity) and `shown` (item_no, of the map)."""
    in_lasso = None if not asked.lasso else _inside(index, asked)
    tagged = None if asked.tag is None else sorted(tags_of.get(asked.tag, ()))
    where = conditions(asked, in_lasso, tagged)
    item_sql, item_values = where.items[asked.map]
    likeness = _likeness(index, asked)
    cursor.register("alike", likeness)
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE matching AS SELECT p.post_no, min(i.rank) FILTER (i.modality = ? AND "
        f"{item_sql}) AS rank, max(a.similarity) AS similarity FROM posts p LEFT JOIN items i USING (post_no) "
        f"LEFT JOIN alike a USING (item_no) WHERE {where.posts} GROUP BY p.post_no",
        [asked.map, *item_values, *where.post_values],
    )
    if asked.like is not None:
        cursor.execute("DELETE FROM matching WHERE similarity IS NULL")
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE shown AS SELECT i.item_no FROM items i JOIN matching USING (post_no) "
        f"WHERE i.modality = ? AND i.x IS NOT NULL AND {item_sql}",
        [asked.map, *item_values],
    )


def _likeness(index: Index, asked: Filter) -> pa.Table:
    """Items of the kind of the one that is asked about, and their cosine with it."""
    items, cosines = np.zeros(0, np.int32), np.zeros(0, np.float32)
    if asked.like is not None:
        row = (
            index.cursor()
            .execute("SELECT modality, item_no FROM items WHERE item = ?", [asked.like])
            .fetchone()
        )
        vectors = None if row is None else index.vectors(str(row[0]))
        at = (
            np.zeros(0, np.int64)
            if row is None or vectors is None
            else np.flatnonzero(vectors.items == row[1])
        )
        if vectors is None or not len(at):
            raise FilterError(
                f"nothing can be compared with {asked.like}: it is in no crawl that is stored, or has no vector of the "
                "newest crawl's encoder."
            )
        items, cosines = vectors.items, vectors.matrix @ vectors.matrix[at[0]]
    return pa.table({"item_no": pa.array(items, pa.int32()), "similarity": pa.array(cosines, pa.float32())})


def _inside(index: Index, asked: Filter) -> list[int]:
    """Numbers of the items in the lasso: those from which a ray crosses its edges an odd number of times."""
    items, places = index.positions[asked.map]
    corners = np.array(asked.lasso, float)
    return items[_is_inside(places, corners)].tolist()


def _is_inside(places: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    x, y = places[:, 0], places[:, 1]
    odd = np.zeros(len(places), bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:
            odd ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd
