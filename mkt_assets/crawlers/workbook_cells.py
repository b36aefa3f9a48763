"""What the numbers and formulas in a workbook's cells are where they were texts before.

Not here: reading cells (crawlers/workbook_sheets), days (crawlers/workbook_dates).
"""

from __future__ import annotations

import re
from decimal import Decimal

_POWER = re.compile(r"-?\d(?:\.\d+)?[eE][+-]?\d{1,2}", re.ASCII)
_FORMULA = re.compile(r"[A-Za-z_.]\(|[A-Za-z]\$?\d|#REF!|^[\d.+*/^%() -]+$", re.ASCII)
_EXACT_DIGITS = 15  # the rest of a number is zeros when a spreadsheet program has stored it


def is_text(formula: str, kind: str, stored: str) -> bool:
    """Whether what is stored as a formula is a text that begins with = (=^_^=), taken for one by its writer.

    A formula comes to what is in <v>. openpyxl writes none; XlsxWriter writes 0, and a spreadsheet program an
    error, which is not believed of what neither calls, refers to nor calculates anything.
    """
    if kind == "n" and not stored:
        return True
    return (kind == "e" or stored == "0") and _FORMULA.search(formula) is None


def shown_number(stored: str) -> str:
    """A number as digits; one of more digits than a spreadsheet program keeps stays in scientific form.

    An id that was made a number would otherwise look like an id, and be another one.
    """
    if _POWER.fullmatch(stored):
        value = Decimal(stored)
        return f"{value:f}" if abs(value) < 10**_EXACT_DIGITS else stored
    if (
        stored.isascii()
        and stored.isdigit()
        and len(stored) > _EXACT_DIGITS
        and not stored[_EXACT_DIGITS:].strip("0")
    ):
        return f"{Decimal(stored):.{_EXACT_DIGITS - 1}E}"
    return stored
