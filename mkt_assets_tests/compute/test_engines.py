"""Work is the same wherever it is done: in threads here, or by workers of Ray, which may die."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from mkt_assets.compute.embedding import embed_texts
from mkt_assets.compute.engine import Engine, EngineError, Job, Lost, Task
from mkt_assets.compute.engines import open_engine
from mkt_assets.compute.matte_maker import MatteMaker, MediaSource
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.resources.cache import FileCache
from mkt_assets.resources.files import LocalFiles
from mkt_assets.settings import PROJECT_DIR, Settings, SettingsError
from mkt_assets_tests.compute.conftest import N_WORKERS, skip_without_ray
from mkt_assets_tests.compute.deadly_work import DEADLY, BuildsNothing, Losing, Squared, computed, squaring
from mkt_assets_tests.drops import picture, write_drop
from mkt_assets_tests.processes import PATIENCE_SECONDS, is_alive, wait_until
from mkt_assets_tests.runs import D1, PINS, materialize, rows
from mkt_assets_tests.stand_ins import BrightPersonMatting, FakeModels, HashedCharacterEncoder

N_AHEAD = 4
# sent and not handed out yet: two batches of four a worker, and one that is being filled
MOST_AT_WORKERS = (2 * N_WORKERS + 1) * 4

Done = tuple[int, Squared | Lost | None]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where workers note what they computed."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def run(engine: Engine, job: Job[int, Squared], numbers: Iterable[int]) -> Generator[Done]:
    """(number, result) of each; multiples of five are known."""
    return engine.map(
        job,
        numbers,
        tasks=lambda number: [Task(number, number if number % 5 else None)],
        keep=lambda number, squared: (number, squared),
        n_threads=2,
        n_ahead=N_AHEAD,
        n_kept_ahead=2,
    )


def expected(number: int) -> Done:
    return number, (number * number, 1) if number % 5 else None


def test_results_come_in_order_and_each_is_computed_once(engine: Engine, notes: Path) -> None:
    numbers = [n for n in range(40) if n != DEADLY]
    assert list(run(engine, squaring(notes), numbers)) == [expected(n) for n in numbers]
    assert [number for number, _ in computed(notes)] == [n for n in numbers if n % 5]


def test_what_is_known_needs_no_worker(engine: Engine, notes: Path) -> None:
    job = Job(BuildsNothing(), "nothing") if not isinstance(engine, ThreadEngine) else squaring(notes)
    known = range(0, 5000, 5)
    assert list(run(engine, job, known)) == [(n, None) for n in known]


def test_batches_are_as_large_in_every_engine(engine: Engine, notes: Path) -> None:
    done = list(run(engine, squaring(notes, batch=4), [1, 2, 5, 3, 4, 6, 7, 10, 8, 9, 11]))
    sizes = [4, 4, None, 4, 4, 4, 4, None, 4, 4, 1]
    assert [squared[1] if isinstance(squared, tuple) else squared for _, squared in done] == sizes


def test_few_are_read_before_results_are_taken_and_an_early_end_leaves_no_worker(
    engine: Engine, notes: Path
) -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for number in count(100):
            read.append(number)
            yield number

    results = run(engine, squaring(notes), endless())
    for number, _ in results:
        assert len(read) - (number - 99) <= MOST_AT_WORKERS + 2 * N_AHEAD + 2
        if number == 200:
            break
    results.close()
    others = {process for _, process in computed(notes)} - {os.getpid()}
    wait_until(lambda: not any(is_alive(process) for process in others))


def test_an_exception_comes_where_its_result_would_have_come(engine: Engine, notes: Path) -> None:
    results = run(engine, squaring(notes), [1, 2, -3, 4])
    assert [next(results), next(results)] == [expected(1), expected(2)]
    with pytest.raises(ValueError, match="-3 is negative"):
        next(results)


def test_what_cannot_be_set_up_says_why(engine: Engine) -> None:
    with pytest.raises(FileNotFoundError, match="there are no weights"):
        list(run(engine, Job(BuildsNothing(), "nothing"), [1]))


def test_a_worker_that_is_killed_costs_what_it_had_and_no_more(ray_engine: Engine, tmp_path: Path) -> None:
    notes, gates, held = tmp_path / "notes", tmp_path / "gates", 47
    notes.mkdir()
    gates.mkdir()
    numbers = range(20, 90)
    for number in set(numbers) - {held}:
        (gates / str(number)).touch()

    def kill() -> None:
        wait_until(lambda: held in dict(computed(notes)))
        os.kill(dict(computed(notes))[held], signal.SIGKILL)
        (gates / str(held)).touch()

    killer = threading.Thread(target=kill)
    killer.start()
    assert list(run(ray_engine, squaring(notes, gates), numbers)) == [expected(n) for n in numbers]
    killer.join()
    n_wanted = sum(1 for n in numbers if n % 5)
    assert n_wanted < len(computed(notes)) <= n_wanted + 2 * 4


def test_an_item_that_kills_its_workers_is_lost_and_no_other(ray_engine: Engine, notes: Path) -> None:
    numbers = [n for n in range(1, 25) if n % 5]
    done = dict(run(ray_engine, squaring(notes), numbers))
    lost = {number: squared for number, squared in done.items() if isinstance(squared, Lost)}
    assert list(done) == numbers
    assert list(lost) == [DEADLY]
    assert "died 3 times" in lost[DEADLY].reason
    assert [s[0] for s in done.values() if isinstance(s, tuple)] == [n * n for n in numbers if n != DEADLY]
    deaths = [process for number, process in computed(notes) if number == DEADLY]
    # a death that is found out late, while the next batch is there already, is nobody's fault
    assert len(set(deaths)) == len(deaths)
    assert 3 <= len(deaths) <= 4


def test_workers_with_another_model_are_refused(ray_engine: Engine, notes: Path) -> None:
    with pytest.raises(EngineError, match="workers of Ray have squaring 1, and this process squaring 2"):
        list(run(ray_engine, replace(squaring(notes), identity="squaring 2"), [1]))


def test_a_ray_that_is_started_here_is_heard_on_loopback_only_and_asks_for_a_token(
    ray_engine: Engine, notes: Path
) -> None:
    assert list(run(ray_engine, squaring(notes), [1])) == [expected(1)]
    processes = descendants(os.getpid())
    sockets = {link for process in (os.getpid(), *processes) for link in sockets_of(process)}
    heard_on = {address for address, inode in listening() if f"socket:[{inode}]" in sockets}
    assert heard_on
    assert heard_on <= {"0100007F", "0000000000000000FFFF00000100007F"}
    [head] = [process for process in processes if "gcs_server" in command(process)]
    environment = Path(f"/proc/{head}/environ").read_text()
    assert "RAY_AUTH_MODE=token" in environment
    assert "RAY_USAGE_STATS_ENABLED=0" in environment


def test_ctrl_c_ends_the_workers_and_the_ray_that_was_started(tmp_path: Path) -> None:
    skip_without_ray()
    (tmp_path / "notes").mkdir()
    (tmp_path / "gates").mkdir()
    code = (
        # what a shell began in its background is deaf to it, and so is what that begins
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from mkt_assets.compute.ray_engine import RayEngine\n"
        "from mkt_assets_tests.compute.test_engines import run, squaring\n"
        f"here = Path({str(tmp_path)!r})\n"
        "list(run(RayEngine(None, n_cpus=1), squaring(here / 'notes', here / 'gates'), [1, 2, 3]))"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=PROJECT_DIR, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: any((tmp_path / "notes").iterdir()))
    started = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert process.returncode != 0
    assert said.splitlines()[-1] == "KeyboardInterrupt"
    assert len(started) > 2
    wait_until(lambda: not any(is_alive(one) for one in started))


def test_a_picture_that_was_given_up_is_an_error_of_that_picture(tmp_path: Path) -> None:
    sources: list[MediaSource] = []
    for i in range(3):
        path = tmp_path / f"{i}.png"
        path.write_bytes(picture((255, 200, 40 * i), i))
        sources.append(MediaSource(path, path.name, f"post-{i}", "poster", "post"))
    maker = MatteMaker(
        BrightPersonMatting(),
        cache=FileCache(tmp_path / "cache.duckdb"),
        media=LocalFiles(tmp_path / "media"),
        limits=PictureLimits(),
        max_video_bytes=1_000,
        workers=1,
        engine=Losing(),
    )
    made = list(maker.make(sources))
    assert [m.error for m in made] == [None, "it is deadly", None]
    assert [m.facts is None for m in made] == [False, True, False]


def test_a_text_that_was_given_up_fails_the_step_when_the_others_are_kept(tmp_path: Path) -> None:
    cache, encoder, texts = FileCache(tmp_path / "cache.duckdb"), HashedCharacterEncoder(), ["裙", "鞋", "帽"]
    with pytest.raises(EngineError, match=r"1 of 3 items could not be embedded, .* it is deadly"):
        embed_texts(texts, encoder, cache, engine=Losing())
    assert encoder.n_encoded == 3
    assert embed_texts(texts, encoder, cache).n_computed == 1


def test_without_the_package_the_setting_is_refused_in_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert isinstance(open_engine(settings), ThreadEngine)
    with pytest.raises(
        SettingsError, match=r"needs the package ray: install the extra, as mkt_assets\[cluster\]"
    ):
        open_engine(settings.model_copy(update={"engine": "ray"}))


def test_the_tables_of_a_crawl_are_the_same(ray_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    folder = write_drop(settings.drops_dir, D1, range(12))
    next(folder.rglob("post.png")).write_bytes(b"no picture")
    there = settings.model_copy(update={"engine": "ray", "home": tmp_path / "there"})
    here, far = FakeModels(), FakeModels()
    assert materialize(settings, here, D1, last="clusters", run_config=PINS).success
    there.home.mkdir()
    shutil.copy2(settings.home / "poster.key", there.home)
    assert materialize(there, far, D1, last="clusters", run_config=PINS).success
    for table in ("matted_images", "image_embeddings", "text_embeddings", "clusters", "rejects"):
        found = rows(settings, table)
        assert found
        assert sorted(rows(there, table), key=repr) == sorted(found, key=repr)
    assert files_of(there.media_dir) == files_of(settings.media_dir)
    assert here.images.n_encoded == 11
    assert far.images.n_encoded == far.texts.n_encoded == 0


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def descendants(process: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = list[int](), [process]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def sockets_of(process: int) -> list[str]:
    try:
        return [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    except FileNotFoundError:  # it ended, or closed one, meanwhile
        return []


def listening() -> Iterator[tuple[str, str]]:
    """(address as the kernel writes it, inode) of every socket that listens."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                yield fields[1].partition(":")[0], fields[9]
