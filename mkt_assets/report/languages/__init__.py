"""The languages of the page, one a file with a `LANGUAGE`. To add one is to add its file.

Not here: what a language is (report/language).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from mkt_assets.report.language import Language

_FIRST = "en"


@cache
def languages() -> tuple[Language, ...]:
    """All languages; the first is the one of readers whose own is not among them."""
    names = sorted(
        (found.name for found in pkgutil.iter_modules(__path__)), key=lambda name: (name != _FIRST, name)
    )
    return tuple(import_module(f"{__name__}.{name}").LANGUAGE for name in names)
