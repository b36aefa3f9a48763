"""columns.csv: which column of a drop's tables holds what, where their user says it.

Not here: where nobody says it (crawlers/guess).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from mkt_assets.core.text.hand_written import DELIMITERS
from mkt_assets.core.text.text_files import detect_encoding, open_text
from mkt_assets.crawlers.base import Reject
from mkt_assets.crawlers.guess import FIELDS, field_of

NAME = "columns.csv"
_MOST_CHARACTERS = 65_536
_NONE: Mapping[str, str] = MappingProxyType({})


def read_columns(drop_dir: Path) -> tuple[Mapping[str, str], list[Reject]]:
    """The {field: column} of a drop's columns.csv, and what in it is not understood; both empty without one.

    Its lines are ``field,column``; the first may be just that. Fields are those of `FIELDS`, or any name that the
    guesser knows for one (post_id, 点赞数).
    """
    path = drop_dir / NAME
    if path.is_symlink() or not path.is_file():
        return _NONE, []
    try:
        with open_text(path, detect_encoding(path)) as stream:
            text = stream.read(_MOST_CHARACTERS + 1)
    except OSError as error:
        return _NONE, [_reject(None, f"The file cannot be read ({error.strerror}).")]
    if len(text) > _MOST_CHARACTERS:
        return _NONE, [_reject(None, f"The file is longer than {_MOST_CHARACTERS:,} characters.")]
    found: dict[str, str] = {}
    rejects: list[Reject] = []
    try:
        text = text.lstrip("\ufeff").replace("\0", "")
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(line)]
    except csv.Error as error:
        return _NONE, [_reject(None, f"The file is not a CSV ({error}).")]
    for number, line in enumerate(lines, start=1):
        if number == 1 and [cell.strip().lower() for cell in line] == ["field", "column"]:
            continue
        field = field_of(line[0]) if len(line) == 2 else None
        if field is None:
            rejects.append(_reject(number, f"A line is field,column; the fields are {', '.join(FIELDS)}."))
        else:
            found[field] = line[1].strip()
    return found, rejects


def is_columns_file(relative: PurePosixPath) -> bool:
    """Whether a file of a drop (its path in it) is this one."""
    return relative.as_posix() == NAME


def _delimiter(text: str) -> str:
    """What makes most lines a pair."""
    lines = text.splitlines()
    return max(DELIMITERS, key=lambda delimiter: sum(line.count(delimiter) == 1 for line in lines))


def _reject(row: int | None, reason: str) -> Reject:
    return Reject(NAME, row, None, reason)
