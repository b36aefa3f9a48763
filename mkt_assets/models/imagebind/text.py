"""From a text to the windows of token ids that ImageBind reads.

Not here: embedding them (models/imagebind/encoders), cleaning of captions (core/text/summaries).
"""

from __future__ import annotations

import gzip
import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mkt_assets.models.imagebind.architecture import CONTEXT_LENGTH
from mkt_assets.models.provenance import read_weights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parents[1] / "weights" / "bpe_simple_vocab_16e6.txt.gz"
VOCABULARY_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
_ORIGIN = "the PyPI package open_clip_torch 3.3.0 (vendored)"

START_TOKEN = 49406
END_TOKEN = 49407
# The file's first line is a heading, and it lists more merges than CLIP has tokens for.
_N_MERGES = START_TOKEN - 2 * 256
# What is a word to CLIP; it splits at blanks, and in a caption of Chinese hardly anywhere else.
_WORD = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
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
    return [START_TOKEN, *_tokenizer().encode(cleaned.lower()).ids, END_TOKEN]


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
def _tokenizer() -> Tokenizer:
    """CLIP's byte pair encoding: a token a byte, a token a byte that ends a word, and a token a merge, in its order."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    listed = gzip.decompress(read_weights(VOCABULARY, sha256=VOCABULARY_SHA256, origin=_ORIGIN))
    merges = [_pair(line) for line in listed.decode("utf-8").split("\n")[1 : 1 + _N_MERGES]]
    names = _names_of_bytes()
    tokens = [*names, *(f"{name}</w>" for name in names), *("".join(pair) for pair in merges)]
    ids = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(ids, merges, end_of_word_suffix="</w>"))
    words = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, in_bytes])
    return tokenizer


def _pair(line: str) -> tuple[str, str]:
    first, second = line.split()
    return first, second


def _names_of_bytes() -> list[str]:
    """The letters that stand for the 256 bytes in the vocabulary, in its order: those that can be seen come first."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [*map(chr, seen), *(chr(0x100 + number) for number in range(0x100 - len(seen)))]
