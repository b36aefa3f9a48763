"""`mkt move` and `mkt upkeep`: they parse, call, and print.

Not here: what they call (operations/move, operations/move_files, operations/move_state, resources/lake_upkeep).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings


class To(StrEnum):
    """Where the warehouse, what is made, or what machines share beside them can be moved."""

    lake = "lake"
    file = "file"
    media = "media"
    state = "state"
    home = "home"


@plain_errors
def move(
    to: Annotated[
        To,
        typer.Argument(
            help="lake: tables, from the home's file to MKT_WAREHOUSE; file: back; media: mattes, charts and reports, "
            "from the home to MKT_MEDIA; state: what machines share beside them, from the home to MKT_STATE; home: "
            "both back, as far as they are set"
        ),
    ],
) -> None:
    """Copy tables, what is made, or the state to where the settings say, or back, and compare; the old one stays."""
    settings = Settings.load()
    work = {
        To.lake: _move_to_lake,
        To.file: _move_to_file,
        To.media: _move_files,
        To.state: _move_to_state,
        To.home: _move_to_home,
    }
    print(work[to](settings))


def _move_to_lake(settings: Settings) -> str:
    from mkt_assets.operations.move import move_to_lake

    _list_rows(move_to_lake(settings))
    return (
        f"all equal in {settings.warehouse}; {settings.warehouse_path} is no more read, and yours to remove"
    )


def _move_to_file(settings: Settings) -> str:
    from mkt_assets.operations.move import move_to_file

    _list_rows(move_to_file(settings))
    return f"all equal in {settings.warehouse_path}; it is used from when MKT_WAREHOUSE is unset"


def _move_to_state(settings: Settings) -> str:
    from mkt_assets.operations.move_state import move_to_state

    _list(move_to_state(settings))
    return (
        f"all equal in {settings.state}, which this home shares from now on; {settings.cache_path.name} is no more "
        "read, and yours to remove; Dagster's runs of before stay in its files"
    )


def _move_to_home(settings: Settings) -> str:
    if settings.media is not None:
        print(_move_files(settings, back=True))
        if settings.state is None:
            return "MKT_STATE is not set: there was nothing else to move"
    from mkt_assets.operations.move_state import move_to_home

    _list(move_to_home(settings))
    return f"all equal in {settings.home}, which shares nothing any more: unset MKT_STATE"


def _list_rows(moved: Mapping[str, int]) -> None:
    _list({f"rows of {table}": n for table, n in moved.items()})


def _list(moved: Mapping[str, int]) -> None:
    for what, n in moved.items():
        print(f"{n:12,} {what}")


def _move_files(settings: Settings, *, back: bool = False) -> str:
    from mkt_assets.operations.move_files import move_files

    moved = move_files(settings, back=back)
    for one in moved.values():
        print(f"{one.n_files:12,} files in {one.target} ({one.n_there:,} were there)")
    old = ", ".join(one.source for one in moved.values())
    if back:
        return f"all equal; they are used from when MKT_MEDIA is unset, and {old} are then yours to remove"
    return f"all equal; {old} are no more read, and yours to remove"


@plain_errors
def upkeep(
    kept_days: Annotated[
        float, typer.Option(min=0, help="keep states of before that are younger: a run may be reading one")
    ] = 7.0,
) -> None:
    """Make small files of the lake one, and give up its old states; a schedule does so every night."""
    from mkt_assets.resources.opening import open_lake

    print(open_lake(Settings.load()).keep_up(kept=timedelta(days=kept_days)).sentence)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (move, upkeep):
        app.command()(command)
