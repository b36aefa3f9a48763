"""Drawing as a worker does it: from what is to be drawn, with all its data, to finished pictures.

Not here: how charts look (charts/), which a crawl gets, and what is read for them (assets/charts).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from mkt_assets import charts
from mkt_assets.charts.base import Picture
from mkt_assets.charts.sheets import ImageCluster, draw_cluster_sheet, draw_overview
from mkt_assets.compute.engine import Engine, Job, Lost, Task
from mkt_assets.stored.mattes import thumbnail_of

_AHEAD = 4


@dataclass(frozen=True)
class Tile:
    """A stored matte, WebP, that is shown no wider and no higher than `side` pixels; opened once in a process."""

    webp: bytes
    side: int

    @cached_property
    def image(self) -> Image.Image:
        """The matte, RGBA."""
        return thumbnail_of(self.webp, (self.side, self.side))

    def __reduce__(self) -> tuple[type[Tile], tuple[bytes, int]]:
        # sent without its pixels, which are larger and soon made again
        return Tile, (self.webp, self.side)


@dataclass(frozen=True)
class ToDraw:
    """What is to be drawn.

    Attributes:
        what: it is, for people.
        draw: draws it, of functions and data that can be pickled.
        tiles: that are opened for it.
    """

    what: str
    draw: Callable[[], Picture | Sequence[Picture]]
    tiles: Sequence[Tile] = ()

    @cached_property
    def digest(self) -> str:
        """Of all that the pictures are drawn from, and of what draws them: with the same one they are the same."""
        return f"{_of_what_draws()[:12]}{_hash(self.draw)}"


@dataclass(frozen=True)
class Drawn:
    """A picture, and of what it was drawn, see `ToDraw.digest`."""

    picture: Picture
    digest: str


@dataclass(frozen=True)
class NotDrawn:
    """In place of what no worker survived; the reason is a sentence for people."""

    reason: str


class Drawing:
    """The `Work` of drawing."""

    @property
    def identity(self) -> str:
        """Of all that decides about pixels."""
        names = ("mkt-assets", "matplotlib", "pillow", "numpy", "pandas")
        return " ".join(f"{name} {version(name)}" for name in names)

    def prepare(self, item: ToDraw) -> ToDraw:
        """The same with its tiles opened."""
        for tile in item.tiles:
            _ = tile.image
        return item

    def compute(self, batch: Sequence[ToDraw]) -> Iterator[list[Picture]]:
        """The pictures of each, as they are asked for."""
        return (_pictures(item.draw()) for item in batch)

    def finish(self, computed: list[Picture]) -> list[Picture]:
        """Pictures as they are."""
        return computed


def draw_each(
    drawings: Iterable[ToDraw],
    *,
    engine: Engine,
    workers: int,
    known: Callable[[str], Sequence[Picture]] = lambda digest: (),
) -> Generator[Drawn | NotDrawn, None, None]:
    """All pictures, in order, drawn where the engine works.

    Args:
        drawings: what is to be drawn; a few are in memory, ahead of what is drawn.
        engine: where.
        workers: threads that read what is drawn.
        known: pictures of a digest that were drawn before, none if they were not; thread-safe.
    """

    def task(drawing: ToDraw) -> list[Task[_About, ToDraw]]:
        pictures = known(drawing.digest)
        about = _About(drawing.what, drawing.digest, pictures)
        return [Task(about, None if pictures else drawing, sum(len(tile.webp) for tile in drawing.tiles))]

    job: Job[ToDraw, list[Picture]] = Job(Drawing, Drawing().identity, is_long=True)
    for drawn in engine.map(
        job,
        drawings,
        tasks=task,
        keep=_kept,
        n_threads=workers,
        n_ahead=_AHEAD,
    ):
        yield from drawn


def draw_tiled_sheet(cluster: ImageCluster, tiles: Sequence[Tile]) -> Picture:
    """See `draw_cluster_sheet`; the cluster comes without its tiles."""
    sizes = (cluster.n_images, cluster.n_posts, cluster.n_posters)
    return draw_cluster_sheet(cluster.cluster_id, _opened(tiles), *sizes, name=cluster.name)


def draw_tiled_overview(
    clusters: Sequence[ImageCluster], tiles: Sequence[Sequence[Tile]], *, max_rows: int
) -> Picture:
    """See `draw_overview`; the clusters come without their tiles."""
    tiled = [replace(cluster, tiles=_opened(of)) for cluster, of in zip(clusters, tiles, strict=True)]
    return draw_overview(tiled, max_rows=max_rows)


def _opened(tiles: Sequence[Tile]) -> list[Image.Image]:
    return [tile.image for tile in tiles]


@dataclass(frozen=True)
class _About:
    """Of a drawing, what stays here."""

    what: str
    digest: str
    known: Sequence[Picture]


def _kept(about: _About, drawn: list[Picture] | Lost | None) -> Sequence[Drawn | NotDrawn]:
    if isinstance(drawn, Lost):
        return [NotDrawn(f"{about.what} is not drawn: {drawn.reason}.")]
    return [Drawn(picture, about.digest) for picture in (about.known if drawn is None else drawn)]


def _hash(of: object) -> str:
    # unlike a digest of a pickle's bytes, the same for equal strings whether they are one object or two
    joblib: Any = import_module("joblib")
    return str(joblib.hash(of))


@cache
def _of_what_draws() -> str:
    """Of versions, and of the code of charts, which changes between versions."""
    digest = sha256(Drawing().identity.encode())
    for file in sorted(Path(charts.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _pictures(drawn: Picture | Sequence[Picture]) -> list[Picture]:
    return [drawn] if isinstance(drawn, Picture) else list(drawn)
