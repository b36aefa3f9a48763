"""`python -m mkt_assets_tests.calibration [topic ...]`: run the calibrations; nominal against measured, in tables."""

from __future__ import annotations

import importlib
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TOPICS = ("links", "intervals", "novelty", "sides", "elbows", "trends", "methods")


def main(topics: list[str]) -> int:
    """Print a table a topic; 1 if a bound is not kept."""
    from mkt_assets_tests.calibration.cases import measure, table

    started, n_broken = time.monotonic(), 0
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for topic in topics or TOPICS:
            module = importlib.import_module(f"mkt_assets_tests.calibration.{topic}")
            rows = [measure(case, pool=pool) for case in module.CASES]
            n_broken += sum(not row.kept for row in rows)
            print(f"\n## {topic}\n\n{module.__doc__}\n", *table(rows), sep="\n", flush=True)
    print(f"\n{n_broken} bound(s) not kept; {time.monotonic() - started:.0f} s", file=sys.stderr)
    return min(n_broken, 1)


if __name__ == "__main__":
    # one thread a process: the cores are shared by the processes
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    sys.exit(main(sys.argv[1:]))
