"""Two warehouses, table by table: how many rows, and which columns differ.

Not here: how they came to be (cluster/homes).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.table import Table
from mkt_assets.resources.warehouse import Warehouse

Order = Literal["ascending", "descending"]

OF_ITS_RUN = frozenset({("method_comparison", "seconds"), ("report", "sha256")})
"""Columns that are of a run and of no crawl: how long it took, and the digest of a page that names its runs."""
VECTOR_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Compared:
    """A table in two warehouses; `differences` are sentences, none if it is the same in both."""

    table: str
    n_rows: int
    differences: tuple[str, ...]


def compare(expected: Warehouse, found: Warehouse) -> list[Compared]:
    """Every table of the contract, in its order."""
    return [
        Compared(
            name,
            (left := expected.read(name)).num_rows,
            tuple(_differences(spec, left, found.read(name))),
        )
        for name, spec in TABLES.items()
    ]


def report(columns: Sequence[tuple[str, Sequence[Compared]]]) -> list[str]:
    """The lines of a Markdown table: a table of the contract a row, a pair of warehouses a column."""
    titles = [title for title, _ in columns]
    lines = ["| " + " | ".join(["table", "rows", *titles]) + " |", "|---|---:|" + "---|" * len(titles)]
    for row in zip(*(compared for _, compared in columns), strict=True):
        cells = ["; ".join(one.differences) or "equal" for one in row]
        lines.append("| " + " | ".join([f"`{row[0].table}`", f"{row[0].n_rows:,}", *cells]) + " |")
    return lines


def _differences(spec: Table, expected: pa.Table, found: pa.Table) -> Iterator[str]:
    if expected.num_rows != found.num_rows:
        yield f"{found.num_rows:,} rows"
        return
    if not spec.key:  # rows without a key have no order
        by_all: list[tuple[str, Order]] = [(name, "ascending") for name in spec.column_names]
        expected, found = expected.sort_by(by_all), found.sort_by(by_all)
    for column in spec.columns:
        if (spec.name, column.name) in OF_ITS_RUN:
            continue
        left, right = expected[column.name].to_pylist(), found[column.name].to_pylist()
        unlike = [
            n for n, pair in enumerate(zip(left, right, strict=True)) if not _are_equal(*pair, column.type)
        ]
        if unlike:
            at = unlike[0]
            pair = f"{_short(left[at])} and {_short(right[at])}"
            yield f"`{column.name}` differs in {len(unlike):,} rows ({pair})"


def _are_equal(left: Any, right: Any, kind: str) -> bool:
    if kind == "FLOAT[]" and left is not None and right is not None and len(left) == len(right):
        apart = np.abs(np.asarray(left) - np.asarray(right))
        return bool(apart.max(initial=0.0) <= VECTOR_TOLERANCE)
    return left == right or (left != left and right != right)  # what is no number is so in both


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}.."
