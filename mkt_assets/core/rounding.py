"""How a number is written for people: rounded, and never to all, none or nothing where it is not.

Not here: reading numbers that others wrote (core/text/counts).
"""

from __future__ import annotations

_EXACT = 1e-9  # of a share: what is nearer to all or to none differs from it by the rounding of sums only


def percent(share: float) -> str:
    """A share, as a reader says it; with a tenth below 10 % and above 99 %.

    Only none is 0 % and only all is 100 %: what would round to these is "<0.1%" or ">99.9%".

    Examples:
        >>> from mkt_assets.core.rounding import percent
        >>> [percent(0.5), percent(0.0314), percent(0.9996)]
        ['50%', '3.1%', '>99.9%']
    """
    if share <= _EXACT or share >= 1 - _EXACT:
        return "0%" if share <= _EXACT else "100%"
    text = f"{share:.0%}" if 0.0995 <= share < 0.9905 else f"{share:.1%}"
    return {"0.0%": "<0.1%", "100.0%": ">99.9%"}.get(text, text)


def times(ratio: float) -> str:
    """A ratio: 3.1, 12; near 1 with as many digits as it takes to tell it from 1, up to three.

    Examples:
        >>> from mkt_assets.core.rounding import times
        >>> [times(12.3), times(3.14), times(1.004)]
        ['12', '3.1', '1.004']
    """
    if ratio >= 9.95:
        return f"{ratio:,.0f}"
    return next(
        (text for n in (1, 2, 3) if float(text := f"{ratio:.{n}f}") not in (0.0, 1.0)), f"{ratio:.0f}"
    )


def points(change: float) -> str:
    """A change of a share in percentage points, with its sign; +0 only of no change at all.

    Examples:
        >>> from mkt_assets.core.rounding import points
        >>> [points(0.042), points(-0.0004), points(0.0)]
        ['+4.2', '-0.04', '+0.0']
    """
    value = 100 * change
    if abs(value) >= 9.95:
        return f"{value:+.0f}"
    text = f"{value:+.1f}"
    return text if float(text) or not value else f"{value:+.1g}"


def index(value: float) -> str:
    """An index of which 1 is perfect: two digits, and 1.00 only where it is.

    Examples:
        >>> from mkt_assets.core.rounding import index
        >>> [index(0.234), index(0.9996), index(1.0)]
        ['0.23', '>0.99', '1.00']
    """
    text = f"{value:.2f}"
    return ">0.99" if text == "1.00" and value < 1 - _EXACT else text.replace("-0.00", "0.00")


def probability(p: float) -> str:
    """A p or q: two digits; never 0.

    Examples:
        >>> from mkt_assets.core.rounding import probability
        >>> [probability(0.012), probability(1e-9)]
        ['0.012', '<0.0001']
    """
    return "<0.0001" if p < 1e-4 else f"{p:.2g}"


def count(value: float) -> str:
    """A number of likes or the like, which may be the middle between two: 1,234 or 2.5.

    Examples:
        >>> from mkt_assets.core.rounding import count
        >>> [count(1234), count(2.5)]
        ['1,234', '2.5']
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
