from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.compute.prefetch import map_ahead


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 4), st.integers(1, 6))
def test_results_come_in_the_order_of_the_items(naps: list[int], n_threads: int, n_ahead: int) -> None:
    seconds = [n / 1000 for n in naps]
    assert list(map_ahead(nap, seconds, n_threads=n_threads, n_ahead=n_ahead)) == seconds


def test_work_overlaps() -> None:
    both = threading.Barrier(2, timeout=10)
    assert sorted(map_ahead(lambda _: both.wait(), range(2), n_threads=2)) == [0, 1]


def test_no_more_than_n_ahead_items_are_taken_before_they_are_used() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in count():
            taken.append(i)
            yield i

    results = map_ahead(lambda i: i, items(), n_ahead=3)
    assert list(islice(results, 5)) == [0, 1, 2, 3, 4]
    assert len(taken) <= 5 + 3


def test_an_error_surfaces_where_its_result_would_have_come() -> None:
    def invert(x: int) -> float:
        return 1 / x

    results = map_ahead(invert, [1, 2, 0, 4], n_ahead=4)
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_items_comes_after_the_results_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the disk is gone")

    seen: list[int] = []
    with pytest.raises(OSError, match="the disk is gone"):
        for result in map_ahead(lambda i: 10 * i, items(), n_ahead=8):
            seen.append(result)
    assert seen == [10, 20]


def test_leaving_early_ends_the_threads_and_begins_nothing_new() -> None:
    done: list[int] = []

    def work(i: int) -> int:
        time.sleep(0.01)
        done.append(i)
        return i

    before = threading.active_count()
    results = map_ahead(work, range(1000), n_threads=2, n_ahead=50)
    assert next(results) == 0
    results.close()
    n_done = len(done)
    time.sleep(0.05)
    assert len(done) == n_done < 60
    assert threading.active_count() == before


@pytest.mark.parametrize("bad", [{"n_threads": 0}, {"n_ahead": 0}])
def test_zero_threads_or_places_are_refused_at_once(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        map_ahead(nap, [], **bad)
