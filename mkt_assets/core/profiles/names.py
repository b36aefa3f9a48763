"""The analyst's own names of styles and topics: a small CSV file, read and checked. Who applies them is elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

COLUMNS = ("modality", "identity", "name")
MODALITIES = ("image", "text")
MAX_LENGTH = 40
MAX_FAULTS_SHOWN = 5

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MARKUP = re.compile(r"[<>]|&#?\w+;")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class NamesError(ValueError):
    """The file of names cannot be used; the message says which lines, and why."""


def read_names(path: Path) -> dict[tuple[str, str], str]:
    r"""The analyst's names by (modality, identity); none if there is no file.

    The file has the columns modality (image or text), identity (as in `cluster_identities`) and name, in any
    order, comma-separated, UTF-8. Blank lines are passed over. A name has at most `MAX_LENGTH` characters and,
    as it is shown in pages and spreadsheets, neither markup nor the beginning of a formula; within a modality
    no two identities have the same name.

    Raises:
        NamesError: Something is wrong; the message names the lines (the first `MAX_FAULTS_SHOWN` of them).

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.profiles.names import read_names
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "names.csv")
        ...     _ = path.write_text("modality,identity,name\nimage,style-44051f7b,Winter coats\n")
        ...     read_names(path)
        ...
        {('image', 'style-44051f7b'): 'Winter coats'}
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise NamesError(
            f"{path} is not UTF-8: save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."
        ) from None
    except OSError as error:
        raise NamesError(f"{path} cannot be read ({error.strerror}).") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error:  # a cell of more than 131,072 characters
        raise NamesError(
            f"{path}: line {reader.line_num + 1} has a cell without end: is a quotation mark not closed?"
        ) from None
    if sorted(reader.fieldnames) != sorted(COLUMNS):
        raise NamesError(
            f"{path}: the first line should be '{','.join(COLUMNS)}', and it is {text.splitlines()[:1]}."
        )
    names: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], int] = {}
    faults: list[str] = []
    for line, row in rows:
        cells = {column: (row[column] or "").strip() for column in COLUMNS}
        if not any(cells.values()):
            continue
        key, name = (cells["modality"], cells["identity"]), cells["name"]
        fault = "it has more than three cells" if None in row else _fault(key, name, names, lines)
        if fault:
            faults.append(f"line {line}: {fault}")
        else:
            names[key], lines[key] = name, line
    if faults:
        more = len(faults) - MAX_FAULTS_SHOWN
        shown = "; ".join(faults[:MAX_FAULTS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise NamesError(f"{path}: {shown}. Correct the file, or remove these lines.")
    return names


def _fault(
    key: tuple[str, str],
    name: str,
    names: Mapping[tuple[str, str], str],
    lines: Mapping[tuple[str, str], int],
) -> str | None:
    """What is wrong with a line, given those before it; None if nothing is."""
    modality, identity = key
    if modality not in MODALITIES:
        return f"modality is {modality!r}, and should be image or text"
    if not _IDENTITY.fullmatch(identity):
        return f"identity is {identity!r}, and should be one of cluster_identities, like style-3f2a"
    if key in lines:
        return f"{modality} {identity} has a name in line {lines[key]} already"
    if fault := _fault_of_name(name):
        return fault
    same = [known for known, other in names.items() if known[0] == modality and other == name]
    if same:
        return f"the name {name!r} is that of {same[0][1]} (line {lines[same[0]]}) already"
    return None


def _fault_of_name(name: str) -> str | None:
    if not name:
        return "it has no name"
    if len(name) > MAX_LENGTH:
        return f"the name has {len(name)} characters, and may have {MAX_LENGTH}"
    if not name.isprintable():
        return f"the name {name!r} has a line break or a character that cannot be seen"
    if name.startswith(_FORMULA):
        return f"the name {name!r} begins like a spreadsheet formula ({name[0]})"
    if _MARKUP.search(name):
        return f"the name {name!r} looks like HTML (<, > or an entity like &amp;)"
    if not any(character.isalnum() for character in name):
        return f"the name {name!r} has no letter and no digit"
    return None
