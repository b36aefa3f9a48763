"""The lists of words that come with the project, and lists of one's own: which are taken out, which are kept whole.

Not here: taking them out (core/text/summaries), cutting by them (core/text/segmenter).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mkt_assets.core.text.chinese import simplified

STOP_WORD_FILES = (
    Path(__file__).parent / "stop_words" / "stopwords_zh.txt",
    Path(__file__).parent / "stop_words" / "stopwords_en.txt",
)
FASHION_WORDS_FILE = Path(__file__).parent / "fashion_words_zh.txt"


def load_stop_words(paths: Iterable[Path] = STOP_WORD_FILES) -> frozenset[str]:
    """Read lists of stop words: UTF-8, words between blanks, lines that begin with # are comments.

    Raises:
        FileNotFoundError: A list is not there.
        ValueError: A list is not UTF-8.

    Examples:
        >>> from mkt_assets.core.text.word_lists import load_stop_words
        >>> {"的", "the"} <= load_stop_words(), "裙子" in load_stop_words()
        (True, False)
    """
    words: set[str] = set()
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise FileNotFoundError(
                f"There is no stop word list {path}: correct the setting, or remove it."
            ) from None
        except UnicodeDecodeError as error:
            raise ValueError(
                f"The stop word list {path} is not UTF-8 ({error.reason}): save it as UTF-8."
            ) from error
        words.update(fold(word) for word in _listed(text))
    return frozenset(words)


def fashion_words(path: Path = FASHION_WORDS_FILE) -> list[str]:
    """The words of the shipped list, in order, each once.

    Examples:
        >>> from mkt_assets.core.text.word_lists import fashion_words
        >>> {"羽绒服", "连衣裙"} <= set(fashion_words())
        True
    """
    return list(dict.fromkeys(_listed(path.read_text(encoding="utf-8"))))


def fold(word: str) -> str:
    """The word as it is compared with a list's: lower case, Simplified, its apostrophe a straight one.

    >>> fold("Don’t"), fold("這個")
    ("don't", '这个')
    """
    return simplified(word.casefold().replace("’", "'"))


def _listed(text: str) -> Iterable[str]:
    return (word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split())
