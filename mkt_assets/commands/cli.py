"""The `mkt` command. It parses, calls, and prints; everything else is Dagster's own command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mkt_assets.commands import operations as operations
from mkt_assets.commands import warehouse as warehouse
from mkt_assets.commands.arguments import DATE_FORM, parse_date
from mkt_assets.commands.compare import compare
from mkt_assets.commands.explore import explore
from mkt_assets.commands.inspect import inspect
from mkt_assets.commands.models import models_app
from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.commands.search import search
from mkt_assets.commands.ui import ui
from mkt_assets.settings import Settings, describe, misspelt_variables

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
app.command()(inspect)
app.command()(search)
app.command()(explore)
app.command()(compare)
app.command()(ui)
operations.register(app)
warehouse.register(app)
_out = Console()
_err = Console(stderr=True)
_POSTS_A_PROCESS = 100
"""For so many posts one process more, which takes a second or two to begin."""


@app.callback()
def before_any_command() -> None:
    """Understand what a crowd of posts looks like and talks about."""
    for stream in (sys.stdout, sys.stderr):
        # a terminal of another encoding (GBK, ASCII) lacks some letters of posts: no reason to end in an error
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for sentence in misspelt_variables(os.environ):
        _err.print(f"[yellow]mkt:[/] {escape(sentence)}", highlight=False, soft_wrap=True)


class Unit(StrEnum):
    """Counting units of the cross table."""

    legacy = "legacy"
    image = "image"
    post = "post"


class Pictures(StrEnum):
    """What becomes of the matted pictures in an export."""

    png = "png"
    webp = "webp"
    none = "none"


class Form(StrEnum):
    """For whom an export is."""

    original = "original"
    huggingface = "huggingface"
    fiftyone = "fiftyone"
    atlas = "atlas"


class Ties(StrEnum):
    """Who comes first at equal ratio."""

    text_id = "text_id"
    first_seen = "first_seen"


@contextmanager
def _bars() -> Generator[Progress]:
    with Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_err,
    ) as bars:
        yield bars


@app.command()
@plain_errors
def sample(
    out_dir: Annotated[Path, typer.Argument(help="where the drops go; OUT_DIR/truth holds what was planted")],
    crawl_dates: Annotated[int, typer.Option(min=1, help="number of crawl dates, from 2024-06-13")] = 3,
    posts: Annotated[int, typer.Option(min=1, help="posts per crawl date")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="same seed, same files")] = 0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="processes that draw  [default: one a core; one for few posts]")
    ] = None,
    shuffled: Annotated[
        bool, typer.Option("--shuffled", help="control: topics have nothing to do with styles")
    ] = False,
) -> None:
    """Generate an invented crawl, with the truth beside it."""
    from mkt_sample import generate

    with _bars() as bars:
        task = bars.add_task("posts drawn", total=crawl_dates * posts)
        generate(
            out_dir,
            n_crawl_dates=crawl_dates,
            n_posts=posts,
            seed=seed,
            shuffled=shuffled,
            n_processes=processes or min(os.cpu_count() or 1, 1 + crawl_dates * posts // _POSTS_A_PROCESS),
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    print(f"{crawl_dates} drops in {out_dir}, the planted truth in {out_dir / 'truth'}")


@app.command()
@plain_errors
def run(
    crawl_date: Annotated[
        list[date] | None,
        typer.Option(parser=parse_date, metavar=DATE_FORM, help="may be repeated; default: every drop"),
    ] = None,
) -> None:
    """Materialize everything for crawl dates, through Dagster, and say what came out."""
    from mkt_assets.commands.run import materialize, summarize, where_to_look

    settings = Settings.load()
    dates = crawl_date or None
    with _bars() as bars:
        outcomes = materialize(settings, dates, bars)
    _out.print(summarize(settings, outcomes))
    print(f"\n{where_to_look(settings)}")
    for outcome in outcomes:
        for problem in (*outcome.problems, *outcome.errors):
            _err.print(f"[red]{outcome.crawl_date}[/] {escape(problem)}", highlight=False, soft_wrap=True)
    if not all(outcome.success and not outcome.errors for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
@plain_errors
def crosstab(
    images: Annotated[Path, typer.Option(help="CSV: poster_id, post_id, nums_category_img")],
    texts: Annotated[Path, typer.Option(help="CSV: poster_id, post_id, num_category_text")],
    out: Annotated[Path, typer.Option(help="CSV to write: nums_category_img, num_category_text, ratio")],
    unit: Annotated[Unit, typer.Option(help="what is counted")] = Unit.image,
    table: Annotated[Path | None, typer.Option(help="CSV to write: one row an image cluster")] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="keep the largest ratios of an image cluster")
    ] = None,
    ties: Annotated[Ties, typer.Option(help="who stays at the cut when ratios are equal")] = Ties.text_id,
) -> None:
    """Cross two label files, as the original project did or better."""
    from mkt_assets.core.crosstab.crosstab import crosstab_files

    crosstab_files(images, texts, unit=unit.value, out=out, table=table, top_n=top, ties=ties.value)


@app.command()
@plain_errors
def export(
    out_dir: Annotated[Path, typer.Argument(help="a new or empty folder")],
    crawl_date: Annotated[date, typer.Option(parser=parse_date, metavar=DATE_FORM, help="which crawl")],
    pictures: Annotated[
        Pictures, typer.Option(help="matted pictures by style: as PNG, as they are stored (WebP), or none")
    ] = Pictures.png,
    form: Annotated[
        Form,
        typer.Option("--as", help="all of it and the original's files, or a dataset that another tool opens"),
    ] = Form.original,
) -> None:
    """Write a crawl's tables as Parquet, its charts and pictures, and the original project's files."""
    from mkt_assets.operations import export_atlas
    from mkt_assets.operations.export import export_crawl
    from mkt_assets.operations.export_datasets import export_dataset

    loaded = Settings.load()
    with _bars() as bars:
        task = bars.add_task("pictures written", visible=False)

        def progress(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total, visible=True)

        if form is Form.original:
            written = export_crawl(loaded, crawl_date, out_dir, pictures=pictures.value, progress=progress)
        elif form is Form.atlas:
            written = export_atlas.export_atlas(loaded, crawl_date, out_dir, progress=progress)
        else:
            written = export_dataset(loaded, crawl_date, out_dir, form=form.value, progress=progress)
    for made in written:
        _out.print(f"{made.n:>8,} {made.what:<8}  {escape(str(made.path))}", highlight=False, soft_wrap=True)
    _out.print("It is yours from now on: `mkt forget` does not reach it.", highlight=False, soft_wrap=True)
    if form is Form.atlas:
        # plain print: it is to be copied whole
        print(f"Open it with\n    {export_atlas.command(out_dir)}")


@app.command()
@plain_errors
def settings(
    dagster_home: Annotated[
        bool,
        typer.Option("--dagster-home", help="only print where the Dagster instance is, made ready for use"),
    ] = False,
) -> None:
    """Show every setting: its environment variable, its value, what it means."""
    loaded = Settings.load()
    if dagster_home:
        from mkt_assets.orchestration.instance import prepare_instance

        # plain print: rich would wrap a long path
        print(prepare_instance(loaded))
        return
    # plain lines, not a table: a path must come out whole, whatever the width
    for variable, value, source, meaning in describe(loaded):
        print(f"{variable}={value}" + ("" if source == "default" else f"   ({source})"))
        print(f"    {meaning}")


if __name__ == "__main__":
    app()
