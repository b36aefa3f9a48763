"""From a text to the windows of token ids that ImageBind reads.

Not here: embedding them (models/imagebind/encoders), cleaning of captions (core/text/summaries).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from mkt_assets.models.imagebind.architecture import CONTEXT_LENGTH

START_TOKEN = 49406
END_TOKEN = 49407
# A window carries its own start and end token.
WINDOW_CONTENT = CONTEXT_LENGTH - 2

_TERMINAL_ESCAPE = re.compile(r"\x1b\[[\d;]*[a-zA-Z]")


def _compatible(*codes: int) -> dict[int, str]:
    return {code: unicodedata.normalize("NFKC", chr(code)) for code in codes}


# Characters that the official cleaning drops (None) or writes in another way.
_CHARACTERS: dict[int, str | None] = {
    **dict.fromkeys((*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F)),
    **dict.fromkeys((*range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFD))),
    # Full-width Latin, half-width katakana and hangul: Chinese punctuation becomes ASCII.
    **_compatible(0x3000, *range(0xFF01, 0xFFF0)),
    # Latin ligatures and digraphs.
    **_compatible(0x132, 0x133, *range(0x1C4, 0x1CD), *range(0x1F1, 0x1F4), *range(0xFB00, 0xFB07)),
    0x149: "'n",
    0xFB05: "ſt",
    **dict.fromkeys((0x2BC, *range(0x2018, 0x201C)), "'"),
    **dict.fromkeys(range(0x201C, 0x2020), '"'),
    # Latin-1's control characters are Windows-1252's letters and signs, as browsers have it.
    **{code: bytes([code]).decode("windows-1252", "ignore") or chr(code) for code in range(0x80, 0xA0)},
}


def clean_text(text: str) -> str:
    """The text as the official tokenizer reads it, but for its case and spaces, which do not matter to it.

    The official code calls `ftfy.fix_text` and then `html.unescape` twice. This does the same to characters,
    except that it does not repair text that was decoded in a wrong encoding, which is the crawler's business.
    """
    holds_markup = "<" in text
    before = None
    while text != before:
        before = text
        if not holds_markup:
            text = html.unescape(text)
        text = _TERMINAL_ESCAPE.sub("", text).translate(_CHARACTERS)
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = unicodedata.normalize("NFC", text)
    return html.unescape(html.unescape(text))


def tokenize(text: str) -> list[int]:
    """Byte pair ids of a text of any length, between one start and one end token.

    The names of these two tokens, where someone writes them in a text, are plain text: the official code
    takes them for the tokens, and reads nothing that comes after.
    """
    # A lone surrogate that an entity made is not text that UTF-8, and so the tokenizer, can carry.
    cleaned = clean_text(text).encode("utf-8", "replace").decode("utf-8")
    return [START_TOKEN, *_tokenizer().encode(cleaned), END_TOKEN]


def n_windows(n_tokens: int) -> int:
    """Number of windows that a text of `n_tokens` tokens, start and end token included, is split into."""
    return max(1, -(-(n_tokens - 2) // WINDOW_CONTENT))


def windows(ids: Sequence[int]) -> list[list[int]]:
    """The windows of a tokenized text, each at most 77 ids with its own start and end token.

    The official code cuts at 77, where a Chinese caption has said 25 to 35 characters.
    """
    content = list(ids[1:-1])
    return [
        [START_TOKEN, *content[i * WINDOW_CONTENT : (i + 1) * WINDOW_CONTENT], END_TOKEN]
        for i in range(n_windows(len(ids)))
    ]


@cache
def _tokenizer() -> Any:
    from instant_clip_tokenizer import Tokenizer  # pyright: ignore[reportAttributeAccessIssue] - compiled

    return Tokenizer()
