"""`mkt search`: posts by words, or by a picture, as a table or as JSON.

Not here: finding them (operations/find_posts).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mkt_assets.commands.arguments import DATE_FORM, parse_date
from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.core.text.platform_text import strip_platform_suffix
from mkt_assets.settings import Settings

if TYPE_CHECKING:
    from mkt_assets.operations.find_posts import Found, FoundPost

_LONGEST_TITLE = 40
_WIDE = 170


@plain_errors
def search(
    words: Annotated[
        str, typer.Argument(help="words to look for, separated by spaces, as '白色 蕾丝 连衣裙'")
    ] = "",
    like: Annotated[
        Path | None,
        typer.Option(help="a picture: find posts whose people look like it", exists=True, dir_okay=False),
    ] = None,
    crawl_date: Annotated[
        list[date] | None,
        typer.Option(
            parser=parse_date, metavar=DATE_FORM, help="only in this crawl; may be repeated. Default: all"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="how many posts")] = 20,
    only_words: Annotated[
        bool,
        typer.Option("--only-words", help="only posts that have all the words, none that is merely close"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
) -> None:
    """Find posts by words, or by what resembles a picture, over all crawls."""
    from mkt_assets.operations.find_posts import find_by_words, find_like
    from mkt_assets.resources.models import Models

    if bool(words.strip()) == (like is not None):
        raise ValueError("say either words to look for, or a picture with --like.")
    settings = Settings.load()
    models = Models(settings.model_options)
    days = crawl_date or ()
    if like is not None:
        found = find_like(settings, models, like, crawl_dates=days, limit=limit)
    else:
        found = find_by_words(settings, models, words, crawl_dates=days, limit=limit, only_words=only_words)
    if as_json:
        typer.echo(
            # what the output cannot encode would be written by number, which is not JSON
            json.dumps(
                [asdict(post) for post in found.posts],
                ensure_ascii=not sys.stdout.encoding.lower().startswith("utf"),
                default=str,
                indent=2,
            )
        )
        return
    _print(found)


def _print(found: Found) -> None:
    out = Console()
    names = ("found by", "caption", "picture", "crawl date", "title", "style", "topic", "likes", "link")
    if out.width < _WIDE:
        # a link that is folded into a narrow column is none any more
        out.print(_title(found), highlight=False)
        for post in found.posts:
            *facts, link = _cells(post)
            out.print(escape(" | ".join(fact for fact in facts if fact)), highlight=False, soft_wrap=True)
            out.print(f"    {escape(link)}", highlight=False, soft_wrap=True)
    else:
        table = Table(title=_title(found))
        for name in names:
            is_number = name in ("caption", "picture", "likes")
            table.add_column(name, justify="right" if is_number else "left", no_wrap=name == "link")
        for post in found.posts:
            table.add_row(*(escape(cell) for cell in _cells(post)))
        out.print(table)
    for note in found.notes:
        out.print(escape(note), style="yellow", highlight=False, soft_wrap=True)


def _cells(post: FoundPost) -> tuple[str, ...]:
    title = strip_platform_suffix(post.title or "")[0].replace("\n", " ")
    return (
        "words" if post.has_words else "likeness",
        _number(post.caption_similarity),
        _number(post.picture_similarity),
        str(post.crawl_date),
        title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…",
        post.style or "",
        post.topic or "",
        "" if post.n_likes is None else f"{post.n_likes:,}",
        post.post_url or post.post_id,
    )


def _title(found: Found) -> str:
    if found.n_with_words is None:
        return f"{len(found.posts)} posts, most alike first"
    have = "post has" if found.n_with_words == 1 else "posts have"
    return f"{found.n_with_words} {have} all the words; shown: {len(found.posts)}"


def _number(cosine: float | None) -> str:
    return "" if cosine is None else f"{cosine:.2f}"
