"""Kinds of arguments that several commands take, and how a wrong one is said.

Not here: what the settings take (settings).
"""

from __future__ import annotations

import re
from datetime import date

import typer

DATE_FORM = "YYYY-MM-DD"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_date(text: str) -> date:
    """A date as the folders of drops have it.

    Raises:
        typer.BadParameter: if it is none.
    """
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2024-02-30
    raise typer.BadParameter(f"{text!r} is no date; it should be like 2024-06-13.")
