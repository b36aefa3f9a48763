"""How any text gets safely into HTML."""

from __future__ import annotations

import html
import json
import re

from mkt_assets.report.languages import languages
from mkt_assets.report.text import Text

# What HTML cannot hold: most control characters, and halves of characters beyond 16 bits.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"https?://[^\s\"'<>\\]{1,2000}", re.ASCII)


def plain(text: str) -> str:
    """The text as HTML shows it, never runs it."""
    return html.escape(_UNPRINTABLE.sub("\ufffd", text), quote=True)


def written(text: Text) -> str:
    """HTML of a text; of the languages the page shows the reader's."""
    if isinstance(text, str):
        return plain(text)
    by_language = {language: language.write(text) for language in languages()}
    if len({*by_language.values()}) == 1:
        return plain(next(iter(by_language.values())))
    return "".join(
        f'<span class="{language.code}" lang="{language.tag}">{plain(said)}</span>'
        for language, said in by_language.items()
    )


def in_languages(text: Text) -> dict[str, str]:
    """A text by code of language, for the page's script."""
    return {language.code: language.write(text) for language in languages()}


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
