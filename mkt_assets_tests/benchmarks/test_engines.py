"""Workers of Ray against threads: processor time of all processes for a further picture, and memory of this one."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest

from mkt_assets.compute.embedding import embed_pictures
from mkt_assets.compute.engine import Engine, Job, Task
from mkt_assets.compute.matte_maker import MatteMaker, MediaSource
from mkt_assets.compute.sent_mattes import SentMatte, open_sent
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.core.progress import Progress
from mkt_assets.resources.cache import FileCache
from mkt_assets.resources.files import LocalFiles
from mkt_assets.resources.models import Models
from mkt_sample import generate

N_WORKERS = 2
N_TIMES = 3
# more than are on their way to two workers, in batches of 32
AT_THE_START, AT_THE_END = 96, 64
MATTING, ENCODER = "selfie-segmentation", "efficientnet-lite0"
_TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[Engine]:
    if find_spec("ray") is None:
        pytest.skip("the extra cluster is not installed: no ray")
    from mkt_assets.compute.ray_cluster import connect, disconnect
    from mkt_assets.compute.ray_engine import RayEngine

    # the first use would pay for the start of Ray
    connect(None, n_cpus=N_WORKERS)
    yield RayEngine(None, n_cpus=N_WORKERS)
    disconnect()


def test_a_further_picture_costs_a_worker_no_more_than_a_thread(ray_engine: Engine, tmp_path: Path) -> None:
    generate(tmp_path / "crawl", n_crawl_dates=1, n_posts=400, seed=0, n_processes=2)
    pictures = [
        p for p in sorted((tmp_path / "crawl").glob("2*/**/*")) if p.suffix in {".jpg", ".png", ".webp"}
    ]
    ratios: list[float] = []
    for number in range(N_TIMES):
        costs: dict[str, float] = {}
        for name, engine in (("threads", ThreadEngine()), ("ray", ray_engine)):
            matte, vector = further_costs(pictures, engine, tmp_path / f"{name} {number}")
            costs[name] = matte + vector
            print(f"\n{name}: {1000 * matte:.1f} ms a matte, {1000 * vector:.1f} ms a vector", end="")
        ratios.append(costs["ray"] / costs["threads"])
        print(f", ratio {ratios[-1]:.2f}", end="")
    print(f", median {median(ratios):.2f}")
    assert median(ratios) <= 1.1


class Counting:
    """The length of what is sent."""

    identity = "counting"

    def prepare(self, item: bytes) -> bytes:
        return item

    def compute(self, batch: Sequence[bytes]) -> list[int]:
        return [len(item) for item in batch]

    def finish(self, computed: int) -> int:
        return computed


def test_memory_does_not_grow_with_the_pictures(ray_engine: Engine) -> None:
    def peak(n: int) -> int:
        done = ray_engine.map(
            Job(Counting, "counting"),
            range(n),
            tasks=lambda number: [Task(number, os.urandom(100_000), n_bytes=100_000)],
            keep=lambda number, length: (number, length),
            n_threads=2,
            n_ahead=8,
            n_kept_ahead=4,
        )
        assert all(length == 100_000 for _, length in done)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    few, many = peak(400), peak(4_000)
    print(
        f"\nmost memory of the driver: {few / 1024:.0f} MB for 400 of 100 kB, {many / 1024:.0f} MB for 4,000"
    )
    assert many - few <= 20 * 1024


class Meter:
    """CPU seconds of this process and all below it, from when some were done until some are left."""

    def __init__(self, total: int) -> None:
        self._last = total - AT_THE_END
        self._seen: list[tuple[int, float]] = []

    def done(self, n: int) -> None:
        """So many are done: engines have begun, and as many others are on their way, both times it is read."""
        if (not self._seen and n >= AT_THE_START) or (len(self._seen) == 1 and n >= self._last):
            self._seen.append((n, sum(_seconds_by_process().values())))

    @property
    def cost(self) -> float:
        """CPU seconds of a further one."""
        (n_before, before), (n_after, after) = self._seen
        return (after - before) / (n_after - n_before)


def further_costs(pictures: Sequence[Path], engine: Engine, home: Path) -> tuple[float, float]:
    """CPU seconds of a further matte, and of a further vector of a matte, as a run has them made."""
    models, media = Models(), LocalFiles(home / "media")
    home.mkdir()
    cache = FileCache(home / "cache.duckdb")
    matting, encoder = models.matting(MATTING), models.image_encoder(ENCODER)
    maker = MatteMaker(
        matting,
        cache=cache,
        media=media,
        limits=PictureLimits(),
        max_video_bytes=1,
        workers=N_WORKERS,
        engine=engine,
        load=partial(models.matting, MATTING),
    )
    sources = [MediaSource(path, path.name, path.stem, "poster", "post") for path in pictures]
    facts: dict[str, MatteFacts] = {}
    of_mattes = Meter(len(sources))
    for number, made in enumerate(maker.make(sources), start=1):
        of_mattes.done(number)
        if made.facts and made.facts.matte_path:
            facts[made.facts.matte_path] = made.facts
    of_vectors = Meter(len(facts))
    embed_pictures(
        list(facts),
        partial(open_sent, colour=(255, 255, 255)),
        encoder,
        cache,
        around="white",
        workers=N_WORKERS,
        watch=lambda n: Progress("", n, print, lambda what, done, total: of_vectors.done(done), 1e9),
        read=lambda path: SentMatte(media.read(path), facts[path]),
        engine=engine,
        load=partial(models.image_encoder, ENCODER),
    )
    return of_mattes.cost, of_vectors.cost


def _seconds_by_process() -> dict[int, float]:
    """CPU seconds of this process and of each below it, with those of children that it has waited for."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = sum(int(field) for field in fields[11:15]) / _TICKS
    ours, more = {os.getpid()}, {os.getpid()}
    while more:
        more = {process for process, parent in parents.items() if parent in more}
        ours |= more
    return {process: seconds[process] for process in ours}
