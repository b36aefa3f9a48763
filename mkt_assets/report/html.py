"""HTML from templates, which escape every value that is put into them.

Not here: what the values are (report/page), the words of a text (report/languages).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Cluster
from mkt_assets.report.languages import languages
from mkt_assets.report.text import Text, say

if TYPE_CHECKING:
    from jinja2 import Environment

# What HTML cannot hold: most control characters, and halves of characters beyond 16 bits.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"https?://[^\s\"'<>\\]{1,2000}", re.ASCII)


def filled(template: str, **values: object) -> Markup:
    """A template of report/templates with its values, in each of which markup is only text unless it is `Markup`.

    Raises:
        jinja2.UndefinedError: The template needs a value that is not given.
    """
    return Markup(_UNPRINTABLE.sub("\ufffd", _environment().get_template(template).render(values)))  # noqa: S704


def written(text: Text) -> Markup:
    """A text in all languages, of which the page shows the reader's; only once where all say the same."""
    by_language = [(language, language.write(text)) for language in languages()]
    if len({words for _, words in by_language}) == 1:
        return escape(by_language[0][1])
    element = Markup('<span class="{}" lang="{}">{}</span>')
    return Markup("").join(
        element.format(language.code, language.tag, words) for language, words in by_language
    )


def in_languages(text: Text) -> dict[str, str]:
    """A text by code of language, for the page's script."""
    return {language.code: language.write(text) for language in languages()}


def web_link(url: object) -> str | None:
    """The url if it is one of the web; no other may become a link."""
    return url if isinstance(url, str) and _LINK.fullmatch(url) else None


def anchor(cluster: Cluster) -> str:
    """The id of a cluster's card."""
    return f"{'style' if cluster.modality == 'image' else 'topic'}-{cluster.cluster_id}"


@cache
def _environment() -> Environment:
    # not above: whoever only lists the assets needs no templates
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mkt_assets.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    functions: dict[str, Any] = environment.globals
    filters: dict[str, Any] = environment.filters
    tests: dict[str, Any] = environment.tests
    functions["t"] = _message
    filters.update(text=written, percent=percent, colour=cluster_colour, anchor=anchor)
    tests["web_link"] = _is_web_link
    return environment


def _message(key: str, **values: Text) -> Markup:
    return written(say(key, **values))


def _is_web_link(url: object) -> bool:
    return web_link(url) is not None
