"""Mattes are made once a content, in the order of the sources, and known ones are found."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.compute.matte_maker import MadeMatte, MatteMaker, MediaSource
from mkt_assets.compute.matting import TILE_SIDE
from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.resources.cache import FileCache
from mkt_assets.resources.files import LocalFiles
from mkt_assets_tests.drops import picture
from mkt_assets_tests.stand_ins import BrightPersonMatting

# with two workers: matted and not written yet, or being matted
MOST_AHEAD = 2 * 2 + 2


class CountingMatting(BrightPersonMatting):
    def __init__(self) -> None:
        self.n_matted = 0

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.n_matted += 1
        return super().alpha(image)


class Workshop:
    """A matte maker, its model, and sources of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = CountingMatting()
        self.media = LocalFiles(folder / "media")
        self.maker = MatteMaker(
            self.model,
            cache=FileCache(folder / "cache.duckdb"),
            media=self.media,
            limits=PictureLimits(),
            max_video_bytes=1_000,
            workers=2,
        )

    def source(self, number: int, data: bytes) -> MediaSource:
        path = self.folder / f"{number}.png"
        path.write_bytes(data)
        return MediaSource(path, path.name, f"post-{number}", "poster", "post")

    def make(self, sources: list[MediaSource], n_shown: int = 0) -> list[MadeMatte]:
        return list(self.maker.make(sources, n_shown=n_shown))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An empty one."""
    return Workshop(tmp_path)


def test_results_come_in_the_order_of_the_sources_whatever_becomes_of_each(workshop: Workshop) -> None:
    data = [picture((255, 200 - i, 200), i) for i in range(70)]
    data[3], data[40] = b"", b"no picture"
    sources = [workshop.source(i, of) for i, of in enumerate(data)]
    sources[9].path.unlink()
    made = workshop.make(sources)
    assert [m.source for m in made] == sources
    assert [m.facts is None for m in made] == [i in (3, 9, 40) for i in range(70)]
    assert made[3].error == "the file is empty"
    assert str(made[9].error).startswith("the file cannot be read")
    assert "not a picture" in str(made[40].error)


def test_a_result_is_there_before_the_rest_is_made_and_an_early_end_keeps_what_was(
    workshop: Workshop,
) -> None:
    sources = [workshop.source(i, picture((255, 200 - i, 200), i)) for i in range(70)]
    results = workshop.maker.make(sources)
    first = next(results)
    assert first.source == sources[0]
    assert 1 <= workshop.model.n_matted <= MOST_AHEAD
    results.close()
    n_before = workshop.model.n_matted
    again = workshop.make(sources)
    assert again[0].from_cache
    assert again[0].facts == first.facts
    assert workshop.model.n_matted <= n_before + 69


def test_memory_holds_of_what_was_handed_out_no_more_than_its_facts(workshop: Workshop) -> None:
    sources = [workshop.source(i, picture((255, 200 - i, 200), i)) for i in range(40)]
    handed_out = [weakref.ref(made) for made in workshop.maker.make(sources, n_shown=40)]
    gc.collect()
    assert [made for made in handed_out if made() is not None] == []


def test_what_was_matted_before_is_found_and_not_matted_again(workshop: Workshop) -> None:
    sources = [workshop.source(i, picture((255, 200, 40 * i), i)) for i in range(5)]
    first, again = workshop.make(sources), workshop.make(sources)
    assert workshop.model.n_matted == 5
    assert [m.facts for m in again] == [m.facts for m in first]
    assert [m.from_cache for m in (*first, *again)] == [False] * 5 + [True] * 5


def test_a_matte_whose_file_is_gone_is_made_again(workshop: Workshop) -> None:
    [source] = [workshop.source(0, picture((255, 200, 200)))]
    [made] = workshop.make([source])
    assert made.facts is not None and made.facts.matte_path is not None
    workshop.media.path(made.facts.matte_path).unlink()
    assert workshop.make([source])[0].from_cache is False
    assert workshop.media.exists(made.facts.matte_path)


def test_the_same_picture_of_two_posts_is_matted_once_and_is_a_result_of_each(workshop: Workshop) -> None:
    same, other = picture((255, 200, 200)), picture((200, 255, 200))
    sources = [workshop.source(i, data) for i, data in enumerate((same, other, same, b"broken", b"broken"))]
    made = workshop.make(sources, n_shown=5)
    assert workshop.model.n_matted == 2
    assert [m.source.post_id for m in made] == [f"post-{i}" for i in range(5)]
    assert made[2].facts == made[0].facts != made[1].facts
    assert made[3].error == made[4].error is not None
    assert [m.before_and_after is not None for m in made] == [True, True, False, False, False]


@pytest.mark.parametrize("is_known", [False, True])
def test_a_few_spread_over_the_crawl_are_shown_small_before_and_after(
    workshop: Workshop, is_known: bool
) -> None:
    sources = [workshop.source(i, picture((255, 200, 12 * i), i)) for i in range(20)]
    if is_known:
        workshop.make(sources)
    made = workshop.make(sources, n_shown=4)
    assert [i for i, m in enumerate(made) if m.before_and_after] == [0, 5, 10, 15]
    tiles = made[5].before_and_after
    assert tiles is not None
    before, after = tiles
    assert before.size == after.size == (60, 80)
    assert max(before.size) <= TILE_SIDE
    assert before.getpixel((0, 0)) == (0, 0, 0)
    assert after.getpixel((0, 0)) != (0, 0, 0)


def test_a_large_picture_is_shown_no_larger_than_a_tile(workshop: Workshop) -> None:
    path = workshop.folder / "large.png"
    Image.new("RGB", (1200, 900), (250, 250, 250)).save(path)
    [made] = workshop.make([MediaSource(path, "large.png", "post", "poster", "post")], n_shown=1)
    assert made.before_and_after is not None
    assert [max(tile.size) for tile in made.before_and_after] == [TILE_SIDE, TILE_SIDE]


def test_a_video_that_is_too_large_is_not_read(workshop: Workshop) -> None:
    path = workshop.folder / "long.mp4"
    path.write_bytes(bytes(2_000))
    made = workshop.make([MediaSource(path, "long.mp4", "post", "poster", None)])
    assert [m.frame for m in made] == ["video_1", "video_2", "video_3"]
    assert all("more than" in str(m.error) for m in made)
