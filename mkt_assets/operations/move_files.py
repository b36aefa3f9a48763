"""`mkt move media` and `mkt move home`: mattes, charts and reports from the home to MKT_MEDIA, or back.

What is there already is compared and not written again, so that a move that was cut short goes on; what was moved stays
where it was. Not here: the tables (operations/move).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.progress import ProgressListener
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.opening import MADE, Made, open_files, open_presence
from mkt_assets.settings import Settings, SettingsError

_AT_ONCE = 8


class FilesDifferError(ValueError):
    """What arrived is not what was sent; where it was, it is unharmed."""


@dataclass(frozen=True)
class Moved:
    """Files of a kind: from where, to where, how many, and how many of them were there already."""

    source: str
    target: str
    n_files: int
    n_there: int


def move_files(
    settings: Settings, *, back: bool = False, progress: ProgressListener | None = None
) -> Mapping[Made, Moved]:
    """Copy what is in the home's folders to MKT_MEDIA, or `back`, and compare every byte of it.

    Raises:
        SettingsError: if MKT_MEDIA is not set, or what it needs is not installed.
        FilesDifferError: if a file did not arrive as it was sent.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    if settings.media is None:
        raise SettingsError("set MKT_MEDIA to where mattes, charts and reports are, or are to be.")
    in_home = settings.model_copy(update={"media": None})
    source, target = (settings, in_home) if back else (in_home, settings)
    with open_presence(settings).alone(timeout_seconds=settings.lock_timeout_seconds):
        return {made: _move(open_files(source, made), open_files(target, made), progress) for made in MADE}


def _move(source: FileStore, target: FileStore, progress: ProgressListener | None) -> Moved:
    names = [file.name for file in source.files()]
    there = {file.name for file in target.files()} if names else set[str]()
    n_there = 0
    copied = map_ahead(partial(_copy, source, target, there), names, n_threads=_AT_ONCE, n_ahead=4 * _AT_ONCE)
    for n, was_there in enumerate(copied, start=1):
        n_there += was_there
        if progress is not None:
            progress("files moved", n, len(names))
    return Moved(source.location(), target.location(), len(names), n_there)


def _copy(source: FileStore, target: FileStore, there: set[str], name: str) -> bool:
    """Whether the same file was there already."""
    data = source.read(name)
    if name in there and target.read(name) == data:
        return True
    target.write(name, data)
    if target.read(name) != data:
        raise FilesDifferError(f"{target.location(name)} is not as {source.location(name)}: move again.")
    return False
