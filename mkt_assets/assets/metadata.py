"""What a materialization shows in the Dagster UI: pictures, lists and tables as Markdown that can do no harm.

Not here: pictures of mattes (previews).
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from mkt_assets.charts.base import Picture, media_type

# What makes links, pictures, HTML, code and cells out of text; a picture would be fetched by who looks at it.
_MARKDOWN = re.compile(r"[\\\[\]<>`|&!]")


def preview(picture: Picture, *, max_side: int = 900) -> dg.MarkdownMetadataValue:
    """A thumbnail for the Dagster UI, tens of kB: the event log stores it."""
    return image_preview(picture.thumbnail(max_side=max_side), picture.title)


def image_preview(data: bytes, alt: str) -> dg.MarkdownMetadataValue:
    """A small PNG or JPEG as a picture in the Dagster UI."""
    return dg.MetadataValue.md(
        f"![{in_markdown(alt)}](data:{media_type(data)};base64,{base64.b64encode(data).decode()})"
    )


def in_markdown(text: str) -> str:
    """The text as Markdown shows it: whatever file or name it comes from, it is no link, picture, HTML or cell."""
    return " ".join(_MARKDOWN.sub(r"\\\g<0>", text).split())


def markdown_list(sentences: Sequence[str], links: Sequence[Sequence[str]] = ()) -> dg.MarkdownMetadataValue:
    """Sentences as a Markdown list; `links` are, of each sentence, addresses of ours that are put behind it."""
    behind = [" ".join(f"[→]({link})" for link in of) for of in links] or [""] * len(sentences)
    lines = [f"- {in_markdown(sentence)} {link}" for sentence, link in zip(sentences, behind, strict=True)]
    return dg.MetadataValue.md("\n".join(line.rstrip() for line in lines))


def markdown_links(addresses: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """Addresses of ours by what they lead to, as a Markdown list of links."""
    return dg.MetadataValue.md(
        "\n".join(f"- [{in_markdown(name)}]({url})" for name, url in addresses.items())
    )


def markdown_table(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table."""
    if not rows:
        return dg.MetadataValue.md("nothing")
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(in_markdown(str(row[name])) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def counts(values: Iterable[str]) -> list[dict[str, object]]:
    """How often each value occurs, most frequent first."""
    ranked = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [{"n": n, "what": what} for what, n in ranked]
