"""`mkt move` and `mkt upkeep`: they parse, call, and print.

Not here: what they call (operations/move, operations/move_files, resources/lake_upkeep).
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings


class To(StrEnum):
    """Where a warehouse, or what is made, can be moved."""

    lake = "lake"
    file = "file"
    media = "media"
    home = "home"


@plain_errors
def move(
    to: Annotated[
        To,
        typer.Argument(
            help="lake: tables, from the home's file to MKT_WAREHOUSE; file: back; media: mattes, charts and reports, "
            "from the home to MKT_MEDIA; home: back"
        ),
    ],
) -> None:
    """Copy the warehouse, or what is made, to where the settings say, or back, and compare; the old one stays."""
    settings = Settings.load()
    if to in (To.media, To.home):
        _move_files(settings, back=to is To.home)
        return
    from mkt_assets.operations.move import move_to_file, move_to_lake

    moved = (move_to_lake if to is To.lake else move_to_file)(settings)
    for table, n in moved.items():
        print(f"{n:12,} rows of {table}")
    if to is To.lake:
        print(
            f"all equal in {settings.warehouse}; {settings.warehouse_path} is no more read, and yours to remove"
        )
    else:
        print(f"all equal in {settings.warehouse_path}; it is used from when MKT_WAREHOUSE is unset")


def _move_files(settings: Settings, *, back: bool) -> None:
    from mkt_assets.operations.move_files import move_files

    moved = move_files(settings, back=back)
    for one in moved.values():
        print(f"{one.n_files:12,} files in {one.target} ({one.n_there:,} were there)")
    old = ", ".join(one.source for one in moved.values())
    if back:
        print(f"all equal; they are used from when MKT_MEDIA is unset, and {old} are then yours to remove")
    else:
        print(f"all equal; {old} are no more read, and yours to remove")


@plain_errors
def upkeep(
    kept_days: Annotated[
        float, typer.Option(min=0, help="keep states of before that are younger: a run may be reading one")
    ] = 7.0,
) -> None:
    """Make small files of the lake one, and give up its old states; a schedule does so every night."""
    from mkt_assets.resources import open_lake

    print(open_lake(Settings.load()).keep_up(kept=timedelta(days=kept_days)).sentence)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (move, upkeep):
        app.command()(command)
