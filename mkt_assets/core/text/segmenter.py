"""Chinese text as words, by one dictionary for stop words and key words alike.

Not here: which words are taken out (core/text/summaries), which set a cluster apart (core/profiles/keywords).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import rjieba

FASHION_WORDS_FILE = Path(__file__).parent / "fashion_words_zh.txt"


class Segmenter:
    """Cuts text into words; build it once, as it loads its dictionary."""

    def __init__(self, more_words: Iterable[str] = ()) -> None:
        """Load the segmenter's own dictionary, the project's fashion words, and `more_words`."""
        self._jieba = rjieba.Jieba()
        for word in (*fashion_words(), *more_words):
            if not self._jieba.has_word(word):
                self._jieba.add_word(word, None, None)

    def cut(self, text: str) -> list[str]:
        """The words of `text`, in order; together they are `text`.

        Examples:
            >>> from mkt_assets.core.text.segmenter import Segmenter
            >>> Segmenter().cut("小个子的毛呢大衣")
            ['小个子', '的', '毛呢大衣']
        """
        return list(self._jieba.cut(text))


def fashion_words(path: Path = FASHION_WORDS_FILE) -> list[str]:
    """The words of the shipped list, in order, each once.

    Examples:
        >>> from mkt_assets.core.text.segmenter import fashion_words
        >>> {"羽绒服", "连衣裙"} <= set(fashion_words())
        True
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(word for line in lines if not line.startswith("#") for word in line.split()))
