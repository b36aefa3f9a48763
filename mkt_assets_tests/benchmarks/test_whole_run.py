"""The sample from drop to report, by stage: CPU time and peak memory, beside a plain script of the same calls.

`MKT_BENCH_POSTS=3000 make bench` takes ten times as many posts as the default, and as many minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkt_sample import generate

WORKER = Path(__file__).parent / "whole_run_worker.py"
N_POSTS = int(os.environ.get("MKT_BENCH_POSTS", "300"))
MOST_TIMES, MOST_TIMES_MEMORY = 2.0, 2.0
"""What cache, tables and Dagster may cost: so many times a script's CPU in the stages that it has; and its memory."""


def measured(how: str, drops: Path, home: Path) -> dict[str, Any]:
    """What the worker prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MKT_")}
    done = subprocess.run(
        [sys.executable, str(WORKER), how, str(drops), str(home)],
        stdout=subprocess.PIPE,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_whole_run_costs_little_more_than_a_script_of_the_same_calls(tmp_path: Path) -> None:
    generate(tmp_path / "drops", n_crawl_dates=1, n_posts=N_POSTS, seed=7)
    peer, ours = (measured(how, tmp_path / "drops", tmp_path / how) for how in ("plain", "run"))
    print(f"\n{N_POSTS:,} posts{'':<13} script, CPU s  ours, CPU s  ratio")
    for stage, seconds in sorted(ours["stages"].items(), key=lambda item: -item[1]):
        plain = peer["stages"].get(stage)
        beside = f"{'-':>13}" if plain is None else f"{plain:13.2f}"
        ratio = "" if plain is None else f"{seconds / plain:7.2f}"
        print(f"{stage:<24}{beside}{seconds:13.2f}{ratio}")
    calls = sum(peer["stages"].values())
    shared = sum(ours["stages"][stage] for stage in peer["stages"])
    print(f"{'stages that both have':<24}{calls:13.2f}{shared:13.2f}{shared / calls:7.2f}")
    print(f"{'in all':<24}{'':>13}{ours['cpu']:13.2f}")
    print(
        f"{'peak memory, MB':<24}{peer['peak']:13,.0f}{ours['peak']:13,.0f}{ours['peak'] / peer['peak']:7.2f}"
    )
    assert shared <= MOST_TIMES * calls
    assert ours["peak"] <= MOST_TIMES_MEMORY * peer["peak"]
