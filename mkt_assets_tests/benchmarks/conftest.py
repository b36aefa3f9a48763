"""Benchmarks compare with a peer in the same run and print one line: what, both times, the ratio."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def best_seconds(work: Callable[[], object], *, repeats: int = 3) -> float:
    """Shortest of several runs, seconds: what the machine can do when nothing else disturbs it."""
    times: list[float] = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


@pytest.fixture
def ratio_of() -> Callable[..., float]:
    """Times the peer and ours, prints both, and gives how many times faster ours is."""

    def compare(
        what: str, *, peer: Callable[[], object], ours: Callable[[], object], repeats: int = 3
    ) -> float:
        slow, fast = best_seconds(peer, repeats=repeats), best_seconds(ours, repeats=repeats)
        print(f"\n{what}: peer {slow:.3f} s, ours {fast:.3f} s, ratio {slow / fast:.2f}")
        return slow / fast

    return compare
