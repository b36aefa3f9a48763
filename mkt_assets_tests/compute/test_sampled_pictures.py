"""Originals of a sample are looked at once each, and encoded where that was not done before."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from mkt_assets.compute.engine import Engine
from mkt_assets.compute.sampled_pictures import MatteLook, Original, OriginalLooks, look_at_originals
from mkt_assets.core.experiments.controls import BACKGROUND_SIDE, background_pixels
from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.crawlers.media import MediaFile
from mkt_assets.models.colour_histogram import colour_histogram
from mkt_assets.resources.cache import FileCache
from mkt_assets_tests.compute.deadly_work import Losing
from mkt_assets_tests.stand_ins import MeanColourEncoder

N = 6
SIZE = (60, 80)


def pixels(number: int) -> Image.Image:
    """A picture of one colour, another one in its left half."""
    image = Image.new("RGB", SIZE, (40 * number, 90, 200))
    image.paste((250, 10 * number, 0), (0, 0, 30, 80))
    return image


class Folder:
    """Files of a sample, its mattes (of the left halves), and a cache."""

    def __init__(self, folder: Path) -> None:
        self.cache = FileCache(folder / "cache.duckdb")
        self.contents = [f"{number:064x} post" for number in range(N)]
        alpha = Image.new("L", (BACKGROUND_SIDE, BACKGROUND_SIDE))
        alpha.paste(255, (0, 0, BACKGROUND_SIDE // 2, BACKGROUND_SIDE))
        self.looks = [MatteLook(0, alpha) for _ in range(N)]
        self.paths = [folder / f"{number}.png" for number in range(N)]
        for number, path in enumerate(self.paths):
            buffer = io.BytesIO()
            pixels(number).save(buffer, "PNG")
            path.write_bytes(buffer.getvalue())

    def look(
        self, encoder: MeanColourEncoder | None, *, engine: Engine | None = None, most: int = N
    ) -> OriginalLooks:
        originals: list[Original] = [
            (MediaFile(path, PurePosixPath(path.name), path.name, path.stem, "post", False), {"post": number})
            for number, path in enumerate(self.paths[:most])
        ]
        return look_at_originals(
            originals,
            self.looks,
            self.contents,
            encoder=encoder,
            cache=self.cache,
            limits=PictureLimits(),
            workers=2,
            engine=engine,
            load=None if engine is None else MeanColourEncoder,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Six pictures."""
    return Folder(tmp_path)


def encoded(number: int) -> list[float]:
    encoder = MeanColourEncoder()
    return encoder.encode(encoder.prepare(pixels(number))[None])[0].tolist()


def test_of_each_original_the_background_and_the_vector_are_kept(folder: Folder) -> None:
    looks = folder.look(MeanColourEncoder())
    assert looks.readable == list(range(N))
    assert looks.vectors is not None
    assert looks.vectors.tolist() == [encoded(number) for number in range(N)]
    for number in range(N):
        around = background_pixels(pixels(number), folder.looks[number].alpha)
        assert len(around) == BACKGROUND_SIDE**2 // 2
        assert np.array_equal(looks.backgrounds[number], colour_histogram(around))


def test_what_was_encoded_before_is_looked_at_and_not_encoded_again(folder: Folder) -> None:
    encoder = MeanColourEncoder()
    few = folder.look(encoder, most=2)
    assert (few.readable, encoder.n_encoded) == ([0, 1], 2)
    assert not few.backgrounds[2:].any()
    first, again = folder.look(encoder), folder.look(encoder)
    assert encoder.n_encoded == N
    for looks in (first, again):
        assert looks.readable == list(range(N))
        assert looks.vectors is not None
        assert looks.vectors.tolist() == [encoded(number) for number in range(N)]
        assert np.array_equal(looks.backgrounds, first.backgrounds)


def test_the_same_picture_of_two_posts_is_encoded_once_though_the_first_is_gone(folder: Folder) -> None:
    folder.contents[3] = folder.contents[4] = folder.contents[1]
    for number in (3, 4):
        folder.paths[number].write_bytes(folder.paths[1].read_bytes())
    folder.paths[1].unlink()
    encoder = MeanColourEncoder()
    looks = folder.look(encoder)
    assert looks.readable == [0, 2, 3, 4, 5]
    assert encoder.n_encoded == 4
    assert looks.vectors is not None
    assert looks.vectors.tolist() == [encoded(number) for number in (0, 2, 1, 1, 5)]


def test_what_is_damaged_is_left_out(folder: Folder) -> None:
    folder.paths[2].write_bytes(b"no picture")
    looks = folder.look(MeanColourEncoder())
    assert looks.readable == [0, 1, 3, 4, 5]
    assert looks.vectors is not None
    assert looks.vectors.tolist() == [encoded(number) for number in (0, 1, 3, 4, 5)]
    assert not looks.backgrounds[2].any()


def test_without_an_encoder_backgrounds_are_seen_all_the_same(folder: Folder) -> None:
    folder.paths[2].write_bytes(b"no picture")
    looks, others = folder.look(None), folder.look(MeanColourEncoder())
    assert looks.vectors is None
    assert looks.readable == others.readable
    assert np.array_equal(looks.backgrounds, others.backgrounds)


def test_a_picture_that_no_worker_survives_is_as_one_that_is_gone(folder: Folder) -> None:
    looks = folder.look(MeanColourEncoder(), engine=Losing())
    assert looks.readable == [0, 2, 3, 4, 5]


def test_workers_elsewhere_see_the_same(ray_engine: Engine, folder: Folder, tmp_path: Path) -> None:
    folder.paths[2].write_bytes(b"no picture")
    here = folder.look(MeanColourEncoder())
    folder.cache = FileCache(tmp_path / "another.duckdb")
    encoder = MeanColourEncoder()
    there = folder.look(encoder, engine=ray_engine)
    assert encoder.n_encoded == 0
    assert there.readable == here.readable
    assert np.array_equal(there.backgrounds, here.backgrounds)
    assert there.vectors is not None
    assert here.vectors is not None
    assert np.array_equal(there.vectors, here.vectors)
