"""What a table of all crawl dates says of each of them, as a digest: what was made of an unchanged date stays good.

Not here: who is told of a changed one (assets/step).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import pandas as pd


def versions_by_date(
    rows: pd.DataFrame, columns: Sequence[str], *, known_later: Sequence[str] = ()
) -> dict[date, str]:
    """A digest of the rows up to each crawl date; a later crawl date that changes none of them changes no digest.

    Args:
        rows: With crawl_date and the columns; their order does not matter.
        columns: What is said of a crawl date when it is the last.
        known_later: What is said of a crawl date only once there is a later one: whether a style was gone in it.

    Returns:
        By crawl date, a sha256 in hexadecimal.

    Examples:
        >>> first = pd.DataFrame({"crawl_date": [date(2024, 6, 1)], "name": ["commute"]})
        >>> both = pd.concat([first, first.assign(crawl_date=date(2024, 6, 2))])
        >>> versions_by_date(first, ["name"])[date(2024, 6, 1)] == versions_by_date(both, ["name"])[date(2024, 6, 1)]
        True
    """
    versions: dict[date, str] = {}
    so_far = hashlib.sha256()
    for day, of_day in rows.groupby("crawl_date"):
        now = so_far.copy()
        now.update(_digest(of_day, columns))
        crawl_date = pd.Timestamp(str(day)).date()
        versions[crawl_date] = now.hexdigest()
        so_far.update(f"{crawl_date}".encode() + _digest(of_day, [*columns, *known_later]))
    return versions


def _digest(rows: pd.DataFrame, columns: Sequence[str]) -> bytes:
    lines = rows[list(columns)].to_json(orient="records", lines=True, date_format="iso", double_precision=15)
    return hashlib.sha256("\n".join(sorted(lines.splitlines())).encode()).digest()
