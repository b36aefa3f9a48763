"""The days that a workbook stores as numbers: which formats show them, and what they say.

Not here: times in words (core/text/dates), reading cells (crawlers/workbook_sheets).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# Formats that every workbook has without saying so.
_BUILT_IN = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NOT_CODES = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_CODES = re.compile("[ymdhs]", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,7}(?:\.\d{1,20})?(?:[eE]-\d{1,2})?", re.ASCII)
_FIRST_DAY = datetime(1899, 12, 30)
_FIRST_DAY_1904 = datetime(1904, 1, 1)


def is_date_format(number: int, code: str | None) -> bool:
    """Whether a number format shows dates or times: by its code, or without one by its number."""
    if code is None:
        return number in _BUILT_IN
    return code.lower() != "general" and _CODES.search(_NOT_CODES.sub("", code)) is not None


def shown_date(stored: str, is_1904: bool) -> str:
    """A number of days as YYYY-MM-DD, with HH:MM:SS if it is not whole, or that alone of less than a day.

    What is no such number, or too large for a date, is returned as it is.
    """
    if not _NUMBER.fullmatch(stored):
        return stored
    days = float(stored)
    try:
        moment = (_FIRST_DAY_1904 if is_1904 else _FIRST_DAY) + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return stored
    if days < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if days == int(days) else f"{moment:%Y-%m-%d %H:%M:%S}"
