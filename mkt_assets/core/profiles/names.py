"""The analyst's own names of styles and topics: a small CSV file, read and checked. Who applies them is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mkt_assets.core.text.hand_written import MAX_FAULTS_SHOWN, MAX_LENGTH, fault_of_shown, read_hand_written

__all__ = ["MAX_FAULTS_SHOWN", "MAX_LENGTH", "NamesError", "read_names"]

COLUMNS = ("modality", "identity", "name")
MODALITIES = ("image", "text")

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class NamesError(ValueError):
    """The file of names cannot be used; the message says which lines, and why."""


def read_names(path: Path) -> dict[tuple[str, str], str]:
    r"""The analyst's names by (modality, identity); none if there is no file.

    The file has the columns modality (image or text), identity (as in `cluster_identities`) and name, in any
    order; it is CSV as table programs save it (`hand_written`). Blank lines are passed over. A name has at most
    `MAX_LENGTH` characters and, as it is shown in pages and spreadsheets, neither markup nor the beginning of a
    formula; within a modality no two identities have the same name.

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
    names: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], int] = {}

    def take(line: int, cells: Mapping[str, str]) -> str | None:
        key, name = (cells["modality"], cells["identity"]), cells["name"]
        fault = _fault(key, name, names, lines)
        if fault is None:
            names[key], lines[key] = name, line
        return fault

    read_hand_written(path, COLUMNS, take, NamesError)
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
    if fault := fault_of_shown(name, "name"):
        return fault
    same = [known for known, other in names.items() if known[0] == modality and other == name]
    if same:
        return f"the name {name!r} is that of {same[0][1]} (line {lines[same[0]]}) already"
    return None
