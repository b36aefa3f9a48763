"""CSV files that an analyst writes by hand: read whole, and every line that cannot be used is named with why.

Not here: what the lines say (core/profiles/names, core/sight/vocabulary, resources/tags), how an encoding is found
(core/text/text_files), tables of crawlers (crawlers/csv_files).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mkt_assets.core.text.text_files import detect_encoding, open_text

MAX_LENGTH = 40
MAX_FAULTS_SHOWN = 5
MAX_BYTES = 2_000_000
DELIMITERS = (",", ";", "\t", "，")
"""What may be between cells, the usual one first."""

_MARKUP = re.compile(r"[<>]|&#?\w+;")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def read_hand_written(
    path: Path,
    columns: Sequence[str],
    take: Callable[[int, Mapping[str, str]], str | None],
    error: type[ValueError],
) -> None:
    """Hand every line of a file to `take`, which says what is wrong with it; blank lines are passed over.

    Args:
        path: CSV as table programs save it (see `hand_written`), a first line with the names of the columns in any
            order; none: no lines.
        columns: their names.
        take: is given the number of a line and its cells, by column, without spaces around them; None: all is well.
        error: raised if something is wrong.

    Raises:
        ValueError: `error`; its message names the lines (the first `MAX_FAULTS_SHOWN` of them).

    Examples:
        >>> from pathlib import Path
        >>> from mkt_assets.core.text.hand_written import read_hand_written
        >>> read_hand_written(Path("no-such-file.csv"), ["zh"], lambda number, cells: None, ValueError)
    """
    text, delimiter = hand_written(path, columns, error)
    if text is None:
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error:  # a cell of more than 131,072 characters
        raise error(
            f"{path}: line {reader.line_num + 1} has a cell without end: is a quotation mark not closed?"
        ) from None
    if sorted(reader.fieldnames) != sorted(columns):
        raise error(
            f"{path}: the first line should be '{','.join(columns)}', and it is {text.splitlines()[:1]}."
        )
    faults: list[str] = []
    for line, row in rows:
        cells = {column: (row[column] or "").strip() for column in columns}
        if not any(cells.values()):
            continue
        fault = f"it has more than {_NUMBERS[len(columns)]} cells" if None in row else take(line, cells)
        if fault:
            faults.append(f"line {line}: {fault}")
    if faults:
        more = len(faults) - MAX_FAULTS_SHOWN
        shown = "; ".join(faults[:MAX_FAULTS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise error(f"{path}: {shown}. Correct the file, or remove these lines.")


def hand_written(
    path: Path, columns: Sequence[str], error: type[ValueError], *, max_bytes: int = MAX_BYTES
) -> tuple[str | None, str]:
    r"""The text of a CSV file as table programs save it, None if there is no file, and what is between its cells.

    Excel and WPS write GBK or UTF-16 where they are not told to write UTF-8, and semicolons or tabs where a comma is
    in numbers; by hand it may be a Chinese comma. That of `DELIMITERS` is taken with which the first line names the
    columns.

    Raises:
        ValueError: `error`; the file is too large, in another encoding, or cannot be read.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.text.hand_written import hand_written
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "words.csv")
        ...     _ = path.write_bytes("zh;en\n马甲;gilet\n".encode("gbk"))
        ...     hand_written(path, ["zh", "en"], ValueError)
        ...
        ('zh;en\n马甲;gilet\n', ';')
    """
    try:
        if (n_bytes := path.stat().st_size) > max_bytes:
            raise error(
                f"{path} has {n_bytes / 1e6:,.1f} MB, and a file written by hand may have {max_bytes / 1e6:g}: is it "
                "another file?"
            )
        encoding = detect_encoding(path)
        with open_text(path, encoding) as file:
            text = file.read().removeprefix("\ufeff")
    except FileNotFoundError:
        return None, ","
    except OSError as failure:
        raise error(f"{path} cannot be read ({failure.strerror}).") from failure
    if encoding.note is not None:
        raise error(
            f"{path} is not UTF-8, UTF-16 or GBK: save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."
        )
    first, wanted = text.partition("\n")[0], sorted(columns)
    for delimiter in DELIMITERS:
        if sorted(name.strip().strip('"').strip().lower() for name in first.split(delimiter)) == wanted:
            return text, delimiter
    return text, ","


_NUMBERS = {2: "two", 3: "three", 4: "four"}


def fault_of_shown(text: str, what: str) -> str | None:
    """Why a text cannot be shown in pages and spreadsheets as `what` (a name, a word); None if it can.

    Examples:
        >>> from mkt_assets.core.text.hand_written import fault_of_shown
        >>> fault_of_shown("Winter coats", "name"), fault_of_shown("<b>", "name")
        (None, "the name '<b>' looks like HTML (<, > or an entity like &amp;)")
    """
    if not text:
        return f"it has no {what}"
    if len(text) > MAX_LENGTH:
        return f"the {what} has {len(text)} characters, and may have {MAX_LENGTH}"
    if not text.isprintable():
        return f"the {what} {text!r} has a line break or a character that cannot be seen"
    if text.startswith(_FORMULA):
        return f"the {what} {text!r} begins like a spreadsheet formula ({text[0]})"
    if _MARKUP.search(text):
        return f"the {what} {text!r} looks like HTML (<, > or an entity like &amp;)"
    if not any(character.isalnum() for character in text):
        return f"the {what} {text!r} has no letter and no digit"
    return None
