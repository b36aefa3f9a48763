"""The cache survives a kill, and answers with the first of equal keys, in a home as in a state that homes share."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.compute.cached import embed_missing
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.resources.cache import Cache, FileCache
from mkt_assets_tests.processes import OTHERS


def embed_slowly(where: str, told: Connection) -> None:
    """Two hundred keys, fifty a second, of which each is told when it was embedded."""
    cache = opened(where)
    keys = [f"{i:03d}" for i in range(200)]

    def compute(missing: Sequence[str]) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        for key in missing:
            time.sleep(0.02)
            told.send(key)
            yield [key], np.full((1, 3), float(key), dtype=np.float32)

    known = cache.get_vectors(keys)
    embed_missing(keys, known, compute=compute, store=cache.put_vectors, dimension=3, flush_seconds=0.3)
    told.send("done")


def opened(where: str) -> Cache:
    """The cache in a file, or in a state."""
    if not where.startswith("postgresql:"):
        return FileCache(Path(where))
    from mkt_assets.resources.state import State
    from mkt_assets.resources.state_cache import StateCache

    return StateCache(State(where, timeout_seconds=20))


@pytest.fixture(params=["file", "state"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty cache."""
    return str(tmp_path / "cache.duckdb") if request.param == "file" else request.getfixturevalue("state_url")


@pytest.fixture
def cache(where: str) -> Cache:
    return opened(where)


def embed(where: str, *, kill_at: str | None = None) -> list[str]:
    """Keys that a process embedded, killed (or not) once it embedded `kill_at`."""
    heard, told = OTHERS.Pipe(duplex=False)
    process = OTHERS.Process(target=embed_slowly, args=(where, told))
    process.start()
    told.close()
    seen: list[str] = []
    with suppress(EOFError):
        while not {"done", kill_at}.intersection(seen[-1:]):
            seen.append(heard.recv())
    if kill_at is not None:
        process.kill()
    process.join()
    assert process.exitcode == (0 if kill_at is None else -signal.SIGKILL)
    return seen


def test_a_killed_run_resumes_where_its_last_flush_was(where: str) -> None:
    first = embed(where, kill_at="120")
    second = embed(where)
    again = set(first) & set(second)
    assert second[-1] == "done"
    assert sorted((set(first) | set(second)) - {"done"}) == [f"{i:03d}" for i in range(200)]
    # 0.3 s at 50 a second, and what a slow machine adds
    assert len(again) < 60
    vectors = opened(where).get_vectors(["000", "150", "unknown"])
    assert {key: vector[0] for key, vector in vectors.items()} == {"000": 0.0, "150": 150.0}


def test_the_first_of_equal_keys_is_read(cache: Cache) -> None:
    cache.put_vectors(["a"], np.array([[1, 0]], dtype=np.float32))
    cache.put_vectors(["a", "b", "b"], np.array([[0, 1], [0, 1], [1, 1]], dtype=np.float32))
    assert {key: vector.tolist() for key, vector in cache.get_vectors(["a", "b", "a"]).items()} == {
        "a": [1, 0],
        "b": [0, 1],
    }
    assert cache.keys() == ({"a", "b"}, frozenset())


def test_vectors_come_back_to_the_last_bit_whatever_their_length_and_number(cache: Cache) -> None:
    rng = np.random.default_rng(0)
    short, wide = rng.random((2500, 3), dtype=np.float32), rng.random((7, 1280), dtype=np.float32)
    wide[0, :3] = [0.0, np.finfo(np.float32).tiny, np.inf]
    cache.put_vectors([f"short {i}" for i in range(2500)], short)
    cache.put_vectors([f"wide {i}" for i in range(7)], np.asfortranarray(wide))
    cache.put_vectors([], np.zeros((0, 3), dtype=np.float32))
    known = cache.get_vectors(sorted(cache.keys()[0]))
    for name, matrix in (("short", short), ("wide", wide)):
        assert all(known[f"{name} {i}"].tobytes() == row.tobytes() for i, row in enumerate(matrix))
    assert cache.get_vectors([]) == {}


def test_facts_of_mattes_come_back_as_they_were(cache: Cache) -> None:
    found = MatteFacts("mattes/a.webp", "model", 0.25, 60, 80, 10, 11, 50, 70)
    empty = MatteFacts(None, "model", 0.0, 60, 80, None, None, None, None)
    cache.put_mattes([])
    cache.put_mattes([("a", found), ("b", empty)])
    assert cache.get_mattes(["a", "b", "c"]) == {"a": found, "b": empty}
    assert found.bbox == (10, 11, 50, 70)
    assert empty.bbox is None


def test_what_was_made_of_contents_that_are_in_no_row_goes_if_it_is_old_enough(cache: Cache) -> None:
    used, unused = "a" * 64, "b" * 64
    cache.put_vectors([f"{used}:1", f"{unused}:1"], np.ones((2, 3), dtype=np.float32))
    cache.put_mattes([(f"{unused}:2", MatteFacts(None, "model", 0.0, 60, 80, None, None, None, None))])
    assert cache.forget_others({used}, made_before=time.time() - 60) == 0
    assert cache.forget_others({used}, made_before=time.time() + 60, dry_run=True) == 2
    assert cache.forget_others({used}, made_before=time.time() + 60) == 2
    cache.compact()
    assert cache.keys() == ({f"{used}:1"}, frozenset())


@pytest.mark.parametrize("at", [0, 4096, 3 * 4096])
def test_a_damaged_file_costs_what_was_in_it_and_nothing_else(tmp_path: Path, at: int) -> None:
    cache = FileCache(tmp_path / "cache.duckdb")
    keys, vectors = [f"{i:03d}" for i in range(500)], np.ones((500, 64), dtype=np.float32)
    cache.put_vectors(keys, vectors)
    data = bytearray(cache.path.read_bytes())
    data[at:] = bytes(len(data) - at)
    cache.path.write_bytes(data)
    cache.compact()
    assert cache.get_vectors(keys) == {}
    cache.put_vectors(keys, vectors)
    assert len(cache.get_vectors(keys)) == 500
