"""The cache survives a kill, and answers with the first of equal keys."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.resources.cache import Cache

SLOW_EMBEDDING = """
import sys, time
from pathlib import Path
import numpy as np
from mkt_assets.compute.cached import embed_missing
from mkt_assets.resources.cache import Cache

cache = Cache(Path(sys.argv[1]))
keys = [f"{i:03d}" for i in range(200)]

def compute(missing):
    for key in missing:
        time.sleep(0.02)
        print(key, flush=True)
        yield [key], np.full((1, 3), float(key), dtype=np.float32)

embed_missing(keys, cache.get_vectors(keys), compute=compute, store=cache.put_vectors, dimension=3, flush_seconds=0.3)
print("done", flush=True)
"""


def embed(path: Path, *, kill_at: str | None = None) -> list[str]:
    """Keys that a process embedded, killed (or not) once it embedded `kill_at`."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_EMBEDDING, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line.strip())
        if line.strip() == kill_at:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    return seen


def test_a_killed_run_resumes_where_its_last_flush_was(tmp_path: Path) -> None:
    path = tmp_path / "cache.duckdb"
    first = embed(path, kill_at="120")
    second = embed(path)
    again = set(first) & set(second)
    assert second[-1] == "done"
    assert sorted((set(first) | set(second)) - {"done"}) == [f"{i:03d}" for i in range(200)]
    # 0.3 s at 50 a second, and what a slow machine adds
    assert len(again) < 60
    vectors = Cache(path).get_vectors(["000", "150", "unknown"])
    assert {key: vector[0] for key, vector in vectors.items()} == {"000": 0.0, "150": 150.0}


def test_the_first_of_equal_keys_is_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.duckdb")
    cache.put_vectors(["a"], np.array([[1, 0]], dtype=np.float32))
    cache.put_vectors(["a", "b"], np.array([[0, 1], [0, 1]], dtype=np.float32))
    assert {key: vector.tolist() for key, vector in cache.get_vectors(["a", "b", "a"]).items()} == {
        "a": [1, 0],
        "b": [0, 1],
    }


def test_facts_of_mattes_come_back_as_they_were(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.duckdb")
    found = MatteFacts("mattes/a.webp", "model", 0.25, 60, 80, 10, 11, 50, 70)
    empty = MatteFacts(None, "model", 0.0, 60, 80, None, None, None, None)
    cache.put_mattes([])
    cache.put_mattes([("a", found), ("b", empty)])
    assert cache.get_mattes(["a", "b", "c"]) == {"a": found, "b": empty}
    assert found.bbox == (10, 11, 50, 70)
    assert empty.bbox is None


@pytest.mark.parametrize("at", [0, 4096, 3 * 4096])
def test_a_damaged_file_costs_what_was_in_it_and_nothing_else(tmp_path: Path, at: int) -> None:
    cache = Cache(tmp_path / "cache.duckdb")
    keys, vectors = [f"{i:03d}" for i in range(500)], np.ones((500, 64), dtype=np.float32)
    cache.put_vectors(keys, vectors)
    data = bytearray(cache.path.read_bytes())
    data[at:] = bytes(len(data) - at)
    cache.path.write_bytes(data)
    cache.compact()
    assert cache.get_vectors(keys) == {}
    cache.put_vectors(keys, vectors)
    assert len(cache.get_vectors(keys)) == 500
