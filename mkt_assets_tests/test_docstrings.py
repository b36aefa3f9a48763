"""What docstrings promise: examples that run, and neighbours that exist."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import mkt_assets.core
import mkt_assets.crawlers

PROJECT = Path(__file__).parents[1]
WITHOUT_EXAMPLE: frozenset[str] = frozenset()
"""Public functions of core that have no example; this list may only shrink."""


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


@pytest.mark.parametrize(
    "module", [*_modules(mkt_assets.core), *_modules(mkt_assets.crawlers)], ids=lambda module: module.__name__
)
def test_examples_give_what_they_show(module: ModuleType) -> None:
    outcome = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.failed == 0


def test_every_public_function_of_core_has_an_example_but_those_listed() -> None:
    without = {
        f"{module.__name__.removeprefix('mkt_assets.core.')}.{name}"
        for module in _modules(mkt_assets.core)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if ">>>" not in (function.__doc__ or "")
    }
    assert without == WITHOUT_EXAMPLE


def test_every_place_that_a_docstring_sends_to_exists() -> None:
    named = {
        (path, place)
        for package in ("mkt_assets", "mkt_sample")
        for path in (PROJECT / package).rglob("*.py")
        for place in _places(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    }
    assert len(named) > 100
    assert not [(path, place) for path, place in sorted(named) if not _exists(place, path.parent)]


def test_a_place_that_is_not_there_would_be_found() -> None:
    docstring = "Reads.\n\nNot here: writing (core/text, nowhere/at\nall), the rest (stored/)."
    assert [place for place in _places(docstring) if not _exists(place, PROJECT)] == ["nowhere/at all"]


def _places(docstring: str) -> list[str]:
    """What stands in brackets after "Not here:"."""
    _, _, elsewhere = " ".join(docstring.split()).partition("Not here:")
    return [place for places in re.findall(r"\(([^()]*)\)", elsewhere) for place in places.split(", ")]


def _exists(place: str, beside: Path) -> bool:
    roots = (PROJECT, PROJECT / "mkt_assets", beside)
    return any((root / place).is_dir() or (root / f"{place}.py").is_file() for root in roots)
