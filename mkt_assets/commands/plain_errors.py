"""How a command fails: in one sentence on standard error and exit code 2, not in a traceback.

Not here: how a step of a run fails (orchestration/failures).
"""

from __future__ import annotations

import errno
import re
import signal
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer
from rich.console import Console
from rich.markup import escape

from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.zoo import FetchError
from mkt_assets.settings import Settings

_P = ParamSpec("_P")
_INTERRUPTED = 128 + signal.SIGINT  # as shells have it: 130
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
# SQLite's words for it; it gives no number, and Dagster passes them on in an error of its own kind
_NOT_ALLOWED_TEXT = re.compile("unable to open database file|attempt to write a readonly database")
# beside what the operating system refuses
_EXPECTED = (ValueError, TimeoutError, WeightsError, FetchError)


def plain_errors(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, with mistakes of its caller said in one sentence."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            message = "stopped. What was finished is kept; the same command goes on from there."
            Console(stderr=True).print(f"[red]mkt:[/] {message}", highlight=False, soft_wrap=True)
            raise typer.Exit(_INTERRUPTED) from None
        except Exception as error:
            if (message := _sentence(error)) is None:
                raise
            Console(stderr=True).print(f"[red]mkt:[/] {escape(message)}", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from error

    return run


def _sentence(error: Exception) -> str | None:
    """What a person can do something about, in a sentence; None for a defect, which keeps its traceback."""
    if isinstance(error, _EXPECTED):
        return str(error)
    # here: it comes with Dagster and DuckDB, which most commands do without
    from mkt_assets.resources.files import disk_full

    if (message := disk_full(error)) is not None:
        return f"{message} Everything made is in {Settings.load().home}."
    if isinstance(error, OSError) and error.errno in _NOT_ALLOWED:
        return f"{error}: do it as the user that runs the services, or see `mkt doctor`."
    if isinstance(error, OSError):
        if error.filename is None or error.strerror is None:
            return str(error)
        return f"{error.filename} cannot be used: {error.strerror[0].lower()}{error.strerror[1:]}."
    if found := _NOT_ALLOWED_TEXT.search(str(error)):
        return (
            f"Dagster's records in {Settings.load().dagster_home} may not be written ({found[0]}): do it as "
            "the user that runs the services, or see `mkt doctor`."
        )
    return None
