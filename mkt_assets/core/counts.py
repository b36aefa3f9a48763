"""Counts as a platform shows them (1.2万, 10万+, 赞), read as integers. Nothing else about posts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

UNITS: Mapping[str, int] = MappingProxyType(
    {"": 1, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000, "亿": 100_000_000}
)
# The platform shows the button's label instead of a zero.
ZERO_LABELS = frozenset({"赞", "点赞", "收藏", "评论", "分享"})

_SHOWN = re.compile(r"(\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+)\s*([千k万w亿]?)\s*(\+?)", re.ASCII)
_LONGEST = 32
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Count:
    """A number of likes, comments ..; null if it was not shown or makes no sense."""

    value: int | None
    is_lower_bound: bool = False


def parse_count(text: str | None) -> Count:
    """Read a count as shown: ``1,234``, ``1.2万``, ``10万+`` (a lower bound), ``3k``, ``赞`` (zero).

    Exact decimal arithmetic: the original's string replacement turned 1.2w into 1.20000. Anything that is
    not a whole, non-negative number (``""``, ``-1``, ``nan``, words) is null; nothing is raised.
    """
    stripped = (text or "").strip()
    # normalising takes a square of a long text, and what is remembered should be short
    return _parsed(stripped) if len(stripped) <= _LONGEST else Count(None)


@lru_cache(maxsize=65_536)  # the same few thousand strings over and over
def _parsed(text: str) -> Count:
    shown = unicodedata.normalize("NFKC", text).strip().lower()
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
