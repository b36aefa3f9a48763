"""How a command fails: in one sentence on standard error and exit code 2, not in a traceback.

Not here: how a step of a run fails (orchestration/failures).
"""

from __future__ import annotations

import errno
import re
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
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
# SQLite's words for it; it gives no number, and Dagster passes them on in an error of its own kind
_NOT_ALLOWED_TEXT = re.compile("unable to open database file|attempt to write a readonly database")
# What a person can put right; anything else is a defect, and keeps its traceback.
_EXPECTED = (ValueError, FileNotFoundError, FileExistsError, TimeoutError, WeightsError, FetchError)


def plain_errors(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, with mistakes of its caller said in one sentence."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except _EXPECTED as error:
            Console(stderr=True).print(f"[red]mkt:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from error
        except Exception as error:
            # here: it comes with Dagster and DuckDB, which most commands do without
            from mkt_assets.resources.files import disk_full

            if (message := disk_full(error)) is not None:
                message += f" Everything made is in {Settings.load().home}."
            elif isinstance(error, OSError) and error.errno in _NOT_ALLOWED:
                message = f"{error}: do it as the user that runs the services, or see `mkt doctor`."
            elif found := _NOT_ALLOWED_TEXT.search(str(error)):
                message = (
                    f"Dagster's records in {Settings.load().dagster_home} may not be written ({found[0]}): do it as "
                    "the user that runs the services, or see `mkt doctor`."
                )
            else:
                raise
            Console(stderr=True).print(f"[red]mkt:[/] {escape(message)}", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from error

    return run
