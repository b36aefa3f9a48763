"""Ids as spreadsheet programs leave them: protected from being made numbers, or made numbers and rounded.

Not here: ids in addresses (crawlers/links) and in places of media (crawlers/media_places).
"""

from __future__ import annotations

import re

_QUOTES = "\"'`“”‘’"
# Nothing that is shown; they come along when an id is copied from a page or a chat.
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060\u202a\u202c"
_PROTECTED = re.compile(rf"=?[{_QUOTES}]+(.*?)[{_QUOTES}]*", re.DOTALL)
_EXACT = re.compile(r"(\d{1,15})\.0+", re.ASCII)
_ROUNDED = re.compile(
    r"\d(?:[.,]\d+)?[eE]\+\d{1,3}|\d[.,]\d+[eE]\d{1,3}"  # 6.9E+23, 6.9E23
    r"|[1-9]\d{14}0{4,}"  # 690103160000000000000000: 15 digits are kept
    r"|[1-9]\d{0,2}(?:[, ]\d{3}){5,}"  # 690,103,160,000,000,000,000,000
    r"|\d{16,}[.,]\d*",  # 690103160000000012582912.0
    re.ASCII,
)


def unprotected(text: str) -> str:
    """An id without blanks and what keeps spreadsheet programs from making a number of it.

    ``'id``, ``="id"``, quotation marks; and ``12.0``, as pandas has the whole numbers of a column with gaps.

    >>> unprotected('="66683d6d000000001c020001"')
    '66683d6d000000001c020001'
    """
    shown = text.translate(dict.fromkeys(map(ord, _UNSEEN))).strip()
    if match := _PROTECTED.fullmatch(shown) or _EXACT.fullmatch(shown):
        return match[1].strip()
    return shown


def is_rounded(text: str) -> bool:
    """Whether this is a number that has lost digits of the id it was: 6.9E+23, or zeros behind 15 digits.

    An id of 19 digits ends so by chance once in 10,000; of a table that was rounded, all do.
    """
    return _ROUNDED.fullmatch(text) is not None
