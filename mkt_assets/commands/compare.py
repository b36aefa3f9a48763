"""`mkt compare`: it parses, calls and prints.

Not here: what it calls (operations/compare).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from mkt_assets.commands.arguments import DATE_FORM, parse_date
from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings


@plain_errors
def compare(
    date_a: Annotated[date, typer.Argument(parser=parse_date, metavar=DATE_FORM, help="a crawl date")],
    date_b: Annotated[date, typer.Argument(parser=parse_date, metavar=DATE_FORM, help="another one")],
    output: Annotated[
        Path | None,
        typer.Option(help="the page to write, yours from then on; default: one among the reports"),
    ] = None,
) -> None:
    """Write a page of two crawls side by side: what came, went, grew and shrank, and whether to believe it."""
    from mkt_assets.operations.compare import compare_crawls

    # plain print: a path must come out whole
    typer.echo(compare_crawls(Settings.load(), date_a, date_b, output))
