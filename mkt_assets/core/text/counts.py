"""Counts as a platform shows them (1.2万, 10万+, 3.4M, 赞), read as integers.

Not here: times (core/text/dates), how numbers are written (core/rounding).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from mkt_assets.core.text.chinese import simplified

UNITS: Mapping[str, int] = MappingProxyType(
    {
        **{"": 1, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000},
        **{"百万": 1_000_000, "m": 1_000_000, "千万": 10_000_000, "亿": 100_000_000, "b": 1_000_000_000},
    }
)
# The platform shows the button's label instead of a zero.
ZERO_LABELS = frozenset(
    {
        *("赞", "点赞", "按赞", "喜欢", "收藏", "评论", "留言", "分享", "转发"),
        *("like", "likes", "collect", "collects", "save", "saves", "comment", "comments", "share", "shares"),
    }
)

# A page may show the label with the number: 赞 1.2万, 123 likes.
_LABEL = "|".join(sorted(ZERO_LABELS, key=len, reverse=True))
_SHOWN = re.compile(
    rf"(?:(?:{_LABEL})\s*:?\s*)?(\d+(?:\.\d+)?|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?)\s*"
    rf"(百万|千万|[千k万wm亿b]?)\s*(\+?)\s*(?:{_LABEL})?",
    re.ASCII,
)
_POWER = re.compile(r"(\d)(?:\.(\d{1,20}))?[eE]\+?(\d{1,2})", re.ASCII)
_SHOWN_IN_FULL = 11
"""Digits of a number that a spreadsheet program shows as they are; larger ones lose theirs in 1.23E+12."""
_LONGEST = 32
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Count:
    """A number of likes, comments ..; null if it was not shown or makes no sense."""

    value: int | None
    is_lower_bound: bool = False


def parse_count(text: str | None) -> Count:
    """Read a count as shown: ``1,234``, ``1.2万``, ``1.2萬``, ``10万+`` (a lower bound), ``3k``, ``赞`` (zero).

    Exact decimal arithmetic: the original's string replacement turned 1.2w into 1.20000. Anything that is
    not a whole, non-negative number (``""``, ``-1``, ``nan``, words) is null; nothing is raised.

    Examples:
        >>> from mkt_assets.core.text.counts import parse_count
        >>> [parse_count(text).value for text in ("1,234", "1.2万", "赞", "many")]
        [1234, 12000, 0, None]
        >>> parse_count("10万+")
        Count(value=100000, is_lower_bound=True)
    """
    stripped = (text or "").strip()
    # normalising takes a square of a long text, and what is remembered should be short
    return _parsed(stripped) if len(stripped) <= _LONGEST else Count(None)


def written_out(text: str) -> str:
    """An integer in scientific form as its digits, where that is exact; any other text as it is.

    Exact is what has all digits (1.718107501E+09), or is small enough that no spreadsheet program would have
    rounded it (1.2e+04). ``1.7731E+12`` has lost its last digits.

    Examples:
        >>> from mkt_assets.core.text.counts import written_out
        >>> [written_out(text) for text in ("1.718107501E+09", "1.7731E+12")]  # the second has lost digits
        ['1718107501', '1.7731E+12']
    """
    match = _POWER.fullmatch(text)
    if match is None:
        return text
    first, decimals, exponent = match[1], (match[2] or ""), int(match[3])
    has_all = len(decimals.rstrip("0")) <= exponent and (
        len(decimals) == exponent or exponent < _SHOWN_IN_FULL
    )
    return (first + decimals.ljust(exponent, "0")[:exponent]).lstrip("0") or "0" if has_all else text


@lru_cache(maxsize=65_536)  # the same few thousand strings over and over
def _parsed(text: str) -> Count:
    shown = written_out(simplified(unicodedata.normalize("NFKC", text).strip().lower()))
    if shown in ZERO_LABELS:
        return Count(0)
    match = _SHOWN.fullmatch(shown)
    if match is None:
        return Count(None)
    digits, unit, plus = match.groups()
    value = Decimal(digits.replace(",", "")) * UNITS[unit]
    if value != int(value) or value > _INT64_MAX:
        return Count(None)
    return Count(int(value), is_lower_bound=bool(plus))
