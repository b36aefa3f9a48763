"""What `mkt doctor` says: what was looked at, what was found, and what to do about it.

Not here: looking (operations/doctor, operations/doctor_crawl_dates, operations/doctor_lake).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a finding is to be taken."""

    ok = "ok"
    note = "note"
    problem = "problem"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it."""

    about: str
    verdict: Verdict
    what: str
    to_do: str = ""


def ago(seconds: float) -> str:
    """How long ago, in the largest unit of which it is two or more."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
