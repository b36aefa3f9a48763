"""Workers of Ray against threads: processor time of all processes for a further picture, and memory of this one."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from mkt_assets.compute.embedding import embed_pictures
from mkt_assets.compute.engine import Engine, Job, Task
from mkt_assets.compute.matte_maker import MatteMaker, MediaSource
from mkt_assets.compute.sent_mattes import SentMatte, open_sent
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.resources.cache import FileCache
from mkt_assets.resources.files import LocalFiles
from mkt_assets.resources.models import Models
from mkt_sample import generate

N_WORKERS = 2
# both keep two workers busy with batches of 32: what their start takes is in both
FEW, MANY = 128, 400
# the start of a worker takes a second more or less each time: a single difference is off by a tenth
N_TIMES = 3
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


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """CPU seconds of this process and all below it; a crew is asked before it ends, as Ray forgets the dead."""
    from mkt_assets.compute.ray_crew import Crew

    seen: dict[int, float] = {}
    end: Callable[..., None] = Crew.__exit__

    def ended(crew: Crew, *how: Any) -> None:
        seen.update(_seconds_by_process())
        end(crew, *how)

    monkeypatch.setattr(Crew, "__exit__", ended)
    return lambda: sum((seen | _seconds_by_process()).values())


def test_a_further_picture_costs_a_worker_no_more_than_a_thread(
    ray_engine: Engine, spent: Callable[[], float], tmp_path: Path
) -> None:
    generate(tmp_path / "crawl", n_crawl_dates=2, n_posts=400, seed=0, n_processes=2)
    pictures = [
        p for p in sorted((tmp_path / "crawl").glob("2*/**/*")) if p.suffix in {".jpg", ".png", ".webp"}
    ]
    assert len(pictures) >= FEW + MANY
    ratios: list[float] = []
    for number in range(N_TIMES):
        costs: dict[str, float] = {}
        for name, engine in (("threads", ThreadEngine()), ("ray", ray_engine)):
            took: list[float] = []
            for part in (pictures[:FEW], pictures[FEW : FEW + MANY]):
                before = spent()
                _computed(part, engine, tmp_path / f"{name} {len(part)} {number}")
                took.append(spent() - before)
            costs[name] = (took[1] - took[0]) / (MANY - FEW)
            start = took[0] - FEW * costs[name]
            print(f"\n{name}: {1000 * costs[name]:.1f} ms a picture, start {start:.1f} s", end="")
        ratios.append(costs["ray"] / costs["threads"])
        print(f", ratio {ratios[-1]:.2f}", end="")
    print(f"; median {median(ratios):.2f}")
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


def _computed(pictures: Sequence[Path], engine: Engine, home: Path) -> None:
    """Mattes of the pictures, and vectors of the mattes, as a run has them made."""
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
    made = maker.make(sources)
    facts = {m.facts.matte_path: m.facts for m in made if m.facts and m.facts.matte_path}
    embed_pictures(
        list(facts),
        partial(open_sent, colour=(255, 255, 255)),
        encoder,
        cache,
        around="white",
        workers=N_WORKERS,
        read=lambda path: SentMatte(media.read(path), facts[path]),
        engine=engine,
        load=partial(models.image_encoder, ENCODER),
    )


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
