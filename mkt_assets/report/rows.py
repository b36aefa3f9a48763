"""Rows of the warehouse's tables as the report's facts are made of them.

Not here: which tables (of_crawl), what becomes of the rows (from_tables, history).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mkt_assets.report.facts import Row


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows, with None for what is missing."""
    rows: list[Row] = []
    for row in frame.to_dict("records"):
        rows.append({str(name): None if _is_missing(value) else value for name, value in row.items()})
    return rows


def _is_missing(value: object) -> bool:
    return (
        value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    )
