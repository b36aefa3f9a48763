"""CSV injection: texts that a spreadsheet would run as formulas, escaped, and back.

Not here: writing CSV (operations/export), formulas read from workbooks (crawlers/workbook_cells).
"""

from __future__ import annotations

import re

# OWASP's list for CSV injection, with the full-width signs that Excel takes for the plain ones. Apostrophes before
# are part of it: so a text that began with one comes back as it was.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def escape_formula(text: str) -> str:
    """The text as it is safe in a cell: an apostrophe before what a spreadsheet would take for a formula.

    Examples:
        >>> from mkt_assets.core.text.csv_injection import escape_formula
        >>> [escape_formula(text) for text in ("=^_^= 裙子", "白衣")]
        ["'=^_^= 裙子", '白衣']
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """The text of which `escape_formula` made this cell; every other text is itself.

    Examples:
        >>> from mkt_assets.core.text.csv_injection import unescape_formula
        >>> [unescape_formula(cell) for cell in ("'=^_^= 裙子", "'90s")]
        ['=^_^= 裙子', "'90s"]
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
