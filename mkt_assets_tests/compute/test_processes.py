"""Long work is done here until there are processes for it, and here again when they are gone; none stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from mkt_assets.compute import processes
from mkt_assets.compute.processes import begin_processes, end_processes, map_apart
from mkt_assets_tests.processes import is_alive, wait_until

HERE = os.getpid()


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process of another test, and none for the next one; what they would import takes long, and none needs it."""
    end_processes()
    monkeypatch.setattr(processes, "_IMPORTED", ())
    yield
    end_processes()


def done(item: int) -> tuple[int, int]:
    """The item, and the process that had it."""
    time.sleep(0.01)
    return item, os.getpid()


def dying(where_not: int, item: int) -> tuple[int, int]:
    """The same; the third item ends any process but one."""
    if item == 2 and os.getpid() != where_not:
        os.kill(os.getpid(), signal.SIGKILL)
    return done(item)


def failing(item: int) -> int:
    """The item; the third one is refused."""
    if item == 2:
        raise OSError("no third one")
    return item


def test_work_is_begun_here_and_goes_on_in_processes_once_they_are_there() -> None:
    where: list[int] = []
    with closing(map_apart(done, count(), n_processes=2, patience=0)) as results:
        for number, (item, process) in enumerate(results):
            assert item == number
            where.append(process)
            if len(set(where)) == 3:
                break
    n_here = where.index(next(process for process in where if process != HERE))
    assert n_here > 0
    assert HERE not in where[n_here:]


def test_processes_of_before_are_used_at_once_and_for_all() -> None:
    begin_processes(2).join()
    results = list(map_apart(done, range(20), n_processes=2))
    assert [item for item, _ in results] == list(range(20))
    assert HERE not in {process for _, process in results}


def test_with_little_to_do_or_one_process_no_other_is_begun() -> None:
    assert list(map_apart(failing, range(2), n_processes=2)) == [0, 1]
    assert list(map_apart(done, range(2), n_processes=1, patience=0)) == [(0, HERE), (1, HERE)]
    assert processes._beginning is None  # pyright: ignore[reportPrivateUsage]


def test_what_a_killed_process_had_and_all_after_it_are_done_here() -> None:
    begin_processes(2).join()
    results = list(map_apart(partial(dying, HERE), range(20), n_processes=2))
    assert [item for item, _ in results] == list(range(20))
    assert [process for _, process in results[2:]].count(HERE) >= 14
    begin_processes(2).join()
    assert HERE not in {process for _, process in map_apart(done, range(4), n_processes=2)}


def test_where_the_system_gives_no_process_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr("loky.ProcessPoolExecutor", none)
    begin_processes(2).join()
    assert {process for _, process in map_apart(done, range(5), n_processes=2, patience=0)} == {HERE}


def test_an_error_is_raised_where_its_result_would_have_come() -> None:
    begin_processes(2).join()
    results = map_apart(failing, range(9), n_processes=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(OSError, match="no third one"):
        next(results)


def test_few_items_are_taken_ahead_of_what_is_handed_out() -> None:
    begin_processes(2).join()
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    with closing(map_apart(done, items(), n_processes=2)) as results:
        next(results)
        assert len(taken) < 10


def test_a_script_that_begins_processes_is_not_run_again_in_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('begun')\n"
        "from mkt_assets.compute.processes import begin_processes, map_apart\n"
        "begin_processes(2).join()\n"
        "from mkt_assets_tests.compute.test_processes import done\n"
        "import os\n"
        "print(os.getpid() in {process for _, process in map_apart(done, range(4), n_processes=2)})\n"
    )
    found = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=True, env=found
    )
    assert ran.stdout.split() == ["begun", "False"]
    assert ran.stderr == ""


def test_processes_end_with_the_one_that_began_them_even_if_it_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "process"
    script = (
        "import sys\n"
        "from mkt_assets.compute.processes import begin_processes, map_apart\n"
        "from mkt_assets_tests.compute.test_processes import done\n"
        "begin_processes(2).join()\n"
        "[(_, process)] = map_apart(done, [1], n_processes=2)\n"
        "open(sys.argv[1] + '.new', 'w').write(str(process))\n"
        "import os; os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
        "import time; time.sleep(600)\n"
    )
    # what a killed process leaves is cleared away with a warning
    parent = subprocess.Popen([sys.executable, "-c", script, str(told)], stderr=subprocess.DEVNULL)
    try:
        wait_until(told.exists)
        process = int(told.read_text())
        assert is_alive(process)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not is_alive(process))
