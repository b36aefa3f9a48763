"""Texts that a spreadsheet would run as formulas, made plain, and back. What they are cells of is elsewhere."""

from __future__ import annotations

import re

# OWASP's list for CSV injection, with the full-width signs that Excel takes for the plain ones. Apostrophes before
# are part of it: so a text that began with one comes back as it was.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def escape_formula(text: str) -> str:
    """The text as it is safe in a cell: an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """The text of which `escape_formula` made this cell; every other text is itself."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
