"""Texts that are looked for, in the spellings that files have them in. Where they are looked for is elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

SHORTEST = 8
"""Characters. A shorter text could be part of anything: it is neither looked for nor masked."""


def spellings(needle: str) -> frozenset[str]:
    """The text as it is, and as JSON, and JSON in JSON, write it, with and without escapes."""
    once = {json.dumps(needle, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    twice = {json.dumps(text)[1:-1] for text in once}
    return frozenset({needle, *once, *twice})


def text_pattern(needles: Iterable[str]) -> re.Pattern[str] | None:
    """Matches any of the texts in any spelling; None if there are none of `SHORTEST` characters or more."""
    forms = {form for needle in needles if len(needle) >= SHORTEST for form in spellings(needle)}
    return re.compile("|".join(map(re.escape, sorted(forms, key=lambda f: (-len(f), f))))) if forms else None


def bytes_pattern(needles: Iterable[str]) -> re.Pattern[bytes] | None:
    """The same for the bytes of a file: in UTF-8 and, as it is, in UTF-16."""
    long = [needle for needle in needles if len(needle) >= SHORTEST]
    forms = {form.encode("utf-8", "surrogatepass") for needle in long for form in spellings(needle)}
    forms |= {needle.encode("utf-16-le", "surrogatepass") for needle in long}
    return re.compile(b"|".join(map(re.escape, sorted(forms, key=lambda f: (-len(f), f))))) if forms else None
