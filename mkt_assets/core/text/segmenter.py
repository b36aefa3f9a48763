"""A text as its pieces and words, cut once, by one dictionary: for stop words, keywords and searches alike.

Not here: the lists of words (core/text/word_lists), which words are taken out (core/text/summaries), which set a
cluster apart (core/profiles/keywords).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import rjieba

from mkt_assets.core.text.chinese import simplified
from mkt_assets.core.text.word_lists import fashion_words, load_stop_words

_TAG_END = r"\s#，。！？；、：…“”‘’（）()【】《》\[\],!?;\"<>|｜~～〜"
_ADDRESS = (
    r"(?:https?://|www\.)[!-~]+"
    r"|(?<![\w.@\-])(?:[A-Za-z0-9\-]{1,40}\.){1,4}(?:com|cn|net|link|tv)/[!-~]*"
)
ADDRESSES = re.compile(_ADDRESS)
_PIECE = re.compile(
    rf"(?P<url>{_ADDRESS})"
    rf"|(?P<hashtag>#[^{_TAG_END}]+)"
    r"|(?P<mention>@[^\s@#,，。！？!?：:；;、]+)"
    r"|(?P<alias>:(?:[\w’.!()&\-]{1,80}|keycap_[#*]):)"
    r"|(?P<latin>(?<![\w\-@&'’/.])[A-Za-z]+(?:['’][A-Za-z]+)*(?![\w\-&'’/]))"
    # not the tilde of a range: S~XL, 150～160
    r"|(?P<tilde>(?<![~～〜])(?:[~～〜]++(?![A-Za-z0-9])|(?<![A-Za-z0-9])[~～〜]++))"
)
# the dictionary cuts what is not Chinese or Latin into single characters
_KANA_AND_HANGUL = re.compile(
    "([\u3041-\u309f]+|[\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f]+|[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]+)"
)
JOINERS = re.compile("[\u200d\ufe0e\ufe0f]")
_OF_WORDS = ("word", "latin", "hashtag")
_WORD = re.compile(r"\w[\w+&.\-'’·]*")


class Piece(NamedTuple):
    """A piece of a text.

    Attributes:
        written: As the author wrote it.
        read: In Simplified characters, of the same length.
        kind: What it is: url, hashtag, mention, alias (`:fire:`), latin (a word that stands alone), tilde; or word,
            what the dictionary cuts the rest into, which may be a sign or a blank.
    """

    written: str
    read: str
    kind: str


class Segmenter:
    """Cuts text into words; build it once, as it loads its dictionary."""

    def __init__(self, more_words: Iterable[str] = ()) -> None:
        """Load the segmenter's own dictionary, the project's fashion and stop words, and `more_words`."""
        self._jieba = rjieba.Jieba()
        others = sorted(load_stop_words() | set(more_words))
        for word in (*fashion_words(), *(word for word in others if len(word) > 1 and not word.isascii())):
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

    def pieces(self, text: str) -> list[Piece]:
        """The pieces of a caption, in order; together they are the caption.

        Examples:
            >>> from mkt_assets.core.text.segmenter import Segmenter
            >>> [piece.read for piece in Segmenter().pieces("我的A字裙#小個子穿搭 https://a.b/c")]
            ['我', '的', 'A字裙', '#小个子穿搭', ' ', 'https://a.b/c']
        """
        read = simplified(text)
        pieces: list[Piece] = []
        end = 0
        for match in _PIECE.finditer(read):
            pieces += self._cut(text, read, end, match.start())
            end = match.end()
            pieces.append(Piece(text[match.start() : end], match[0], match.lastgroup or ""))
        pieces += self._cut(text, read, end, len(text))
        return pieces

    def _cut(self, text: str, read: str, start: int, stop: int) -> Iterator[Piece]:
        """What stands from `start` to `stop`, cut by the dictionary."""
        for i, part in enumerate(_KANA_AND_HANGUL.split(read[start:stop])):
            for word in [part] if i % 2 else self.cut(part):
                end = start + len(word)
                yield Piece(text[start:end], word, "word")
                start = end


def words_of(pieces: Iterable[Piece]) -> list[str]:
    """The words among the pieces, each once, in order: lower case, in Simplified characters.

    A hashtag is one word, without its #; a run of Korean, Katakana or Hiragana is a word. Addresses, mentions, names
    of emoji and signs are none.

    Examples:
        >>> from mkt_assets.core.text.segmenter import Segmenter, words_of
        >>> words_of(Segmenter().pieces("白色T恤配A字裙 #通勤穿搭 :handbag: @某人 ワンピース"))
        ['白色', 't恤', '配', 'a字裙', '通勤穿搭', 'ワンピース']
    """
    read = (_word(piece) for piece in pieces if piece.kind in _OF_WORDS)
    return list(dict.fromkeys(word for word in read if _WORD.fullmatch(word)))


def _word(piece: Piece) -> str:
    return (JOINERS.sub("", piece.read[1:]) if piece.kind == "hashtag" else piece.read).casefold()
