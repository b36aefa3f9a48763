"""Traditional and Simplified characters as one, for looking words up; what is shown and embedded stays as written.

Not here: the dictionary of fashion words (core/text/segmenter).
"""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter() -> _Converter:
    import opencc

    # of Taiwan: 著 is 着 where it is the particle, and stays in 著名
    return cast("_Converter", opencc.OpenCC("tw2s"))


def simplified(text: str) -> str:
    """The text in Simplified characters (OpenCC), character by character in place: of the same length.

    >>> simplified("這件連衣裙")
    '这件连衣裙'
    """
    if text.isascii():
        return text
    converted = _converter().convert(text)
    return converted if len(converted) == len(text) else "".join(map(_simplified_character, text))


@cache
def _simplified_character(character: str) -> str:
    converted = _converter().convert(character)
    return converted if len(converted) == 1 else character
