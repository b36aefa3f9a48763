"""`mkt move`: a home's warehouse into a DuckLake, or out of it; what was moved stays where it was, and is compared.

Not here: copying the rows (resources/copying).
"""

from __future__ import annotations

from collections.abc import Mapping

from mkt_assets.resources.copying import contents, copy_rows
from mkt_assets.resources.database import Database, FileDatabase
from mkt_assets.resources.opening import open_lake, open_presence
from mkt_assets.settings import Settings


class MoveError(ValueError):
    """The warehouse cannot be moved as it was asked; where it was, it is unharmed."""


def move_to_lake(settings: Settings) -> Mapping[str, int]:
    """Copy the home's file into the lake of the settings, in one transaction; the number of rows by table.

    Raises:
        MoveError: if there is no file, the lake has rows, or the copy is not equal.
        SettingsError: if no lake is set, or what it needs is not installed.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    return _move(settings, _file(settings), open_lake(settings))


def move_to_file(settings: Settings) -> Mapping[str, int]:
    """Copy the lake of the settings into the home's file, in one transaction; the number of rows by table.

    Raises:
        MoveError: if there is no lake, the file has rows, or the copy is not equal.
        SettingsError: if no lake is set, or what it needs is not installed.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    return _move(settings, open_lake(settings), _file(settings))


def _move(settings: Settings, source: Database, target: Database) -> Mapping[str, int]:
    if not source.exists():
        raise MoveError(f"there is nothing in {source.name} to be moved.")
    with open_presence(settings).alone(timeout_seconds=settings.lock_timeout_seconds):
        if target.exists() and any(n for n, _ in contents(target).values()):
            raise MoveError(f"there are rows in {target.name} already: move that away, or name another one.")
        copy_rows(source, target)
        moved, arrived = contents(source), contents(target)
    if different := [name for name in moved if moved[name] != arrived[name]]:
        raise MoveError(
            f"{', '.join(different)} of {target.name} are not as in {source.name}, which another run changed "
            f"meanwhile: stop all runs, empty {target.name}, and move again."
        )
    return {name: n for name, (n, _) in moved.items()}


def _file(settings: Settings) -> FileDatabase:
    return FileDatabase(settings.warehouse_path, timeout_seconds=settings.lock_timeout_seconds)
