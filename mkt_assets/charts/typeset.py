"""Breaking text into lines that fit a width, Chinese and Latin. It measures; it draws nothing.

Not here: the fonts it measures by (charts/fonts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

ELLIPSIS = "…"

_NEVER_FIRST = frozenset("，。！？、；：）】》」』”’…—～·%‰℃,.!?;:)]}>")
_NEVER_LAST = frozenset("（【《「『“‘([{<#＃￥$")
_CJK = "\u2e80-\U0010ffff"
_PIECE = re.compile(rf"\s+|[^\s{_CJK}]+|[{_CJK}]")

Measure = Callable[[str], float]


def wrap(text: str, measure: Measure, width: float, max_lines: int) -> list[str]:
    """Break `text` into at most `max_lines` lines no wider than `width`; cut off text ends in "…".

    A line breaks at blanks and between Chinese characters, but not before closing punctuation nor after an
    opening bracket or `#` (as GB/T 15834 and JIS X 4051 have it). A word wider than a line is broken.

    Args:
        text: any text; white space at a break is dropped.
        measure: width of a string, in the unit of `width`.
        width: width of a line; no narrower than the widest character.
        max_lines: at least 1.
    """
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _unbreakable(text, measure, width):
        wide = measure(piece)
        if line and used + wide > width and not piece.isspace():
            lines.append(line.rstrip())
            line, used = "", 0.0
        if line or not piece.isspace():
            line, used = line + piece, used + wide
    if line.strip():
        lines.append(line.rstrip())
    if len(lines) > max_lines:
        return [*lines[: max_lines - 1], _cut(lines[max_lines - 1], measure, width)]
    return lines


def elide(text: str, measure: Measure, width: float) -> str:
    """`text` if it fits `width`, else as much of its start as does, and "…"."""
    return text if measure(text) <= width else _cut(text, measure, width)


def _cut(text: str, measure: Measure, width: float) -> str:
    while text and measure(text + ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _unbreakable(text: str, measure: Measure, width: float) -> Iterator[str]:
    """The pieces between which a line may break; one wider than a line comes character by character."""
    held = ""
    for piece in _PIECE.findall(text):
        sticks = held and (piece[0] in _NEVER_FIRST or held[-1] in _NEVER_LAST) and not piece.isspace()
        if sticks and not held.isspace():
            held += piece
            continue
        yield from _fitting(held, measure, width)
        held = piece
    yield from _fitting(held, measure, width)


def _fitting(piece: str, measure: Measure, width: float) -> Iterator[str]:
    if not piece:
        return
    if piece.isspace():
        yield " "
    elif measure(piece) <= width:
        yield piece
    else:
        yield from piece
