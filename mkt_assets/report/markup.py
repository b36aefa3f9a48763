"""Text in two languages, and how any text gets safely into HTML. What the texts say is in strings."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from mkt_assets.report.strings import COUNTED, STRINGS

# What HTML cannot hold: most control characters, and halves of characters beyond 16 bits.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_AGREES = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_LINK = re.compile(r"https?://[^\s\"'<>\\]{1,2000}", re.ASCII)


class Both(NamedTuple):
    """The same text in English and in Chinese."""

    en: str
    zh: str


Text = str | Both


def say(key: str, amount: int = 2, /, **values: Text) -> Both:
    """The sentence or label `key` of strings, with values put in; a value may itself be in two languages.

    Of "[is|are]" in the English text the first is said of an `amount` of 1 and the second of any other.
    """
    english, chinese = STRINGS[key]
    english = _AGREES.sub(lambda forms: forms[1 if amount == 1 else 2], english)
    return Both(
        english.format(**{name: v.en if isinstance(v, Both) else v for name, v in values.items()}),
        chinese.format(**{name: v.zh if isinstance(v, Both) else v for name, v in values.items()}),
    )


def counted(n: int, noun: str) -> Both:
    """A number of things: "1 post", "2 posts"."""
    one, many, chinese = COUNTED[noun]
    return Both(f"{n:,} {one if n == 1 else many}", f"{n:,} {chinese}")


def amounts(*numbers_of: tuple[int, str]) -> tuple[Both, int]:
    """What there is of several things, "2 styles and 1 topic", without those that there are none of; and how many."""
    parts = [counted(n, noun) for n, noun in numbers_of if n]
    return joined(parts, say("and")), sum(n for n, _ in numbers_of)


def joined(parts: Iterable[Text], between: Text = ", ") -> Both:
    """Several texts in a row."""
    whole = [part if isinstance(part, Both) else Both(part, part) for part in parts]
    separator = between if isinstance(between, Both) else Both(between, between)
    return Both(separator.en.join(p.en for p in whole), separator.zh.join(p.zh for p in whole))


def plain(text: str) -> str:
    """The text as HTML shows it, never runs it."""
    return html.escape(_UNPRINTABLE.sub("\ufffd", text), quote=True)


def written(text: Text) -> str:
    """HTML of a text; of the two languages the page shows the reader's."""
    if isinstance(text, str):
        return plain(text)
    if text.en == text.zh:
        return plain(text.en)
    return f'<span class="en" lang="en">{plain(text.en)}</span><span class="zh" lang="zh-CN">{plain(text.zh)}</span>'


def link(url: str | None, inside: str) -> str:
    """`inside` (HTML), as a link if the url is one of the web; a link leaves nothing about the reader behind."""
    if url is None or not _LINK.fullmatch(url):
        return inside
    return f'<a href="{plain(url)}" target="_blank" rel="noopener noreferrer">{inside}</a>'


def web_link(url: object) -> str | None:
    """The url if it is one of the web, to be put into data."""
    return url if isinstance(url, str) and _LINK.fullmatch(url) else None


def data_script(name: str, value: object) -> str:
    """A value for the page's script. It is data to the browser, and no text in it ends the element."""
    text = _UNPRINTABLE.sub("\ufffd", json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>'
