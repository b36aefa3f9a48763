"""`mkt inspect`: what a drop holds, lacks and would lose, printed for people.

Not here: finding that out (crawlers/inspection).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mkt_assets.commands.arguments import DATE_FORM, parse_date
from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings

if TYPE_CHECKING:
    from mkt_assets.crawlers.inspection import Inspection, Refused
    from mkt_assets.crawlers.tally import SourceFile

_MOST_FILES_SHOWN = 30
_out = Console()


@plain_errors
def inspect(
    drop: Annotated[str, typer.Argument(help="folder of a drop, or a crawl date that has one in MKT_DROPS")],
    crawl_date: Annotated[
        date | None,
        typer.Option(
            parser=parse_date, metavar=DATE_FORM, help="of a folder whose name is no date; default: today"
        ),
    ] = None,
) -> None:
    """Say what a run would find in a drop: what is recognised, what is missing, what would be rejected."""
    from mkt_assets.crawlers.inspection import inspect_drop
    from mkt_assets.resources.accounts import creator_hash
    from mkt_assets.resources.opening import open_drops

    settings = Settings.load()
    folder, drops, in_drops = Path(drop), open_drops(settings), _date_of(drop)
    place = drop
    try:
        if in_drops is not None and not folder.exists():
            folder, place = drops.folder(in_drops), drops.location(in_drops)
        day = crawl_date or _date_of(folder.absolute().name)
        found = inspect_drop(
            folder,
            day or datetime.now(ZoneInfo(settings.timezone)).date(),
            # not the keyed hash of a run: its key would have to be made, and nothing is written here
            hash_poster=creator_hash,
            timezone=settings.timezone,
            limits=settings.read_limits,
            picture_limits=settings.picture_limits,
        )
    finally:
        drops.release()
    _out.print(f"[bold]{escape(place)}[/], crawl date {found.crawl_date}", highlight=False, soft_wrap=True)
    if day is None:
        _out.print("The folder's name is no date: a run would not see it as a drop.", style="yellow")
    _show(found)


def _date_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if len(name) == len("2024-06-13") else None
    except ValueError:
        return None


def _show(found: Inspection) -> None:
    _heading("Recognised")
    _show_files(found)
    crawlers = ", ".join(f"{crawler} {n:,}" for crawler, n in found.posts_by_crawler)
    _line(f"{found.n_posts:,} posts by {found.n_posters:,} accounts" + (f" ({crawlers})" if crawlers else ""))
    _line(
        f"{found.n_rows:,} rows: {found.n_posts:,} posts, {found.n_merged:,} older fetches of them, "
        f"{found.n_rejected_rows:,} rejected"
    )
    _show_columns(found)
    _line(f"{found.n_pictures:,} pictures and {found.n_videos:,} videos of these posts")
    _heading("Missing")
    for sentence in found.missing or ("Nothing.",):
        _line(sentence)
    _heading("Would be rejected")
    _show_reasons(found.refused)
    _line(
        "(Pictures are judged by their first bytes; a run decodes them, and looks for a person.)", style="dim"
    )
    _heading("Passed over")
    _show_reasons(found.passed_over)


def _show_reasons(reasons: Sequence[Refused]) -> None:
    for one in reasons:
        _line(f"{one.n:>7,}  {one.reason}")
        for place in one.examples:
            _line(f"         {place}", style="dim")
    if not reasons:
        _line("Nothing.")


def _show_files(found: Inspection) -> None:
    if not found.files:
        _line("No table of posts.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("file", "crawler", "holds"):
        table.add_column(name, overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("rejected", justify="right")
    table.add_column("note", overflow="fold")
    for name, crawler, kind, n_rows, n_rejected, note in _file_rows(found):
        table.add_row(
            escape(_shown(name)), crawler, kind, f"{n_rows:,}", f"{n_rejected:,}" if n_rejected else "", note
        )
    _out.print(table)


def _show_columns(found: Inspection) -> None:
    """What was taken as what, where no crawler is known for the columns: once for all files with the same."""
    guessed: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], list[str]] = {}
    for file in found.files:
        if file.columns:
            guessed.setdefault((file.columns, file.left), []).append(file.name)
    for (columns, left), (first, *others) in guessed.items():
        more = f" and {len(others):,} more" if others else ""
        _line(f"Columns of {first}{more}, as they were taken (a columns.csv in the drop says otherwise):")
        _line("  " + ", ".join(f"{field} = {column}" for field, column in columns))
        if left:
            _line(f"  not used: {', '.join(left)}")
        if not {"account", "home", "name"} & {field for field, _ in columns}:
            _line("  no account: it is taken from the link, or each post counts as one account's", "yellow")


def _file_rows(found: Inspection) -> list[tuple[str, str, str, int, int, str]]:
    """A row a file; where there are very many (Spider_XHS: a file a post), a row for all of a kind."""
    if len(found.files) <= _MOST_FILES_SHOWN:
        return [
            (file.name, file.crawler, file.kind, file.n_rows, file.n_rejected, file.note or "")
            for file in found.files
        ]
    grouped: dict[tuple[str, str, str], list[SourceFile]] = {}
    for file in found.files:
        grouped.setdefault((PurePosixPath(file.name).suffix, file.crawler, file.kind), []).append(file)
    return [
        (
            f"{len(files):,} files *{suffix}",
            crawler,
            kind,
            sum(file.n_rows for file in files),
            sum(file.n_rejected for file in files),
            "",
        )
        for (suffix, crawler, kind), files in sorted(grouped.items())
    ]


def _heading(text: str) -> None:
    _out.print(f"\n[bold]{text}[/]")


def _line(text: str, style: str | None = None) -> None:
    _out.print(escape(_shown(text)), style=style, highlight=False, soft_wrap=True)


def _shown(text: str) -> str:
    """The text without what a terminal would obey: a file's name may hold anything."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
