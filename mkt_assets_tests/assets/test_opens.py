"""How often a run opens each picture: a disk of media may be slow, and a crawl large."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from mkt_assets.assets.matted_images import PICTURES_SHOWN
from mkt_assets.resources.opening import open_media_memory
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import D1, materialize, rows
from mkt_assets_tests.stand_ins import FakeModels

N_POSTS = 15
_listeners: list[Counter[tuple[Path, str]]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _listeners:
        return
    path, mode, flags = arguments
    if isinstance(path, str | bytes | os.PathLike):
        writes = bool(int(str(flags)) & (os.O_WRONLY | os.O_RDWR)) if mode is None else "r" not in str(mode)
        for counter in _listeners:
            counter[Path(os.fsdecode(path)), "write" if writes else "read"] += 1


@cache
def _begin_to_hear() -> None:
    sys.addaudithook(_hear)  # for good: there is no way to remove one


@contextmanager
def opens() -> Generator[Counter[tuple[Path, str]]]:
    """Counts of (file, read or write) while it lasts."""
    _begin_to_hear()
    counter: Counter[tuple[Path, str]] = Counter()
    _listeners.append(counter)
    try:
        yield counter
    finally:
        _listeners.remove(counter)


def pictures_read(counted: Counter[tuple[Path, str]], settings: Settings) -> dict[Path, int]:
    paths = sorted(settings.drops_dir.rglob("*.png"))
    return {path: counted[path, "read"] for path in paths}


def mattes(settings: Settings) -> list[Path]:
    return [settings.media_dir / row["matte_path"] for row in rows(settings, "matted_images")]


@pytest.fixture
def drop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A drop with a picture a post, no two alike, as one that has been there for more than a moment."""
    monkeypatch.setattr("mkt_assets.resources.drop_memory._COARSE_CLOCK_NS", -1)
    write_drop(settings.drops_dir, D1, range(N_POSTS))
    return settings


def test_reading_looks_at_a_picture_s_head_and_matting_reads_it_once_and_a_matte_is_opened_once(
    drop: Settings, fake_models: FakeModels
) -> None:
    with opens() as counted:
        materialize(drop, fake_models, D1, last="raw_posts")
    # for its head, and for the digest of what is in the drop
    assert set(pictures_read(counted, drop).values()) == {2}
    with opens() as counted:
        materialize(drop, fake_models, D1, last="image_embeddings")
    # once for its head, as the posts are read again, and once to be hashed and decoded
    assert set(pictures_read(counted, drop).values()) == {2}
    assert len(pictures_read(counted, drop)) == N_POSTS

    assert len(set(mattes(drop))) == N_POSTS
    # to be embedded
    assert {counted[path, "read"] for path in mattes(drop)} == {1}
    written = [path for path, how in counted.elements() if how == "write" and path.parent in _folders(drop)]
    assert len(written) == N_POSTS


def test_the_comparison_opens_an_original_and_a_matte_of_its_sample_once_more(
    drop: Settings, comparing: Settings, fake_models: FakeModels
) -> None:
    materialize(drop, fake_models, D1, last="clusters")
    of_pictures = ("raw_posts", "matted_images", "image_embeddings", "method_comparison")
    with opens() as counted:
        materialize(comparing, fake_models, D1, last=of_pictures, upstream=False)
    # its head, to be hashed, and to be compared as it was crawled
    assert set(pictures_read(counted, drop).values()) == {3}
    looked_at = Counter(counted[path, "read"] for path in mattes(drop))
    # what was embedded before is not opened for that again; a few are for the preview of a run that mattes nothing
    assert looked_at == {1: N_POSTS - PICTURES_SHOWN, 2: PICTURES_SHOWN}


def test_without_the_memory_matting_looks_into_the_files_of_the_posts_only(
    drop: Settings, fake_models: FakeModels
) -> None:
    stranger = drop.drops_dir / str(D1) / "media" / "nobody.png"
    stranger.write_bytes(next(drop.drops_dir.rglob("post.png")).read_bytes())
    materialize(drop, fake_models, D1, last="raw_posts")
    open_media_memory(drop).forget_all()
    with opens() as counted:
        materialize(drop, fake_models, D1, last="matted_images", upstream=False)
    read = pictures_read(counted, drop)
    assert read.pop(stranger) == 0
    assert set(read.values()) == {2}


def _folders(settings: Settings) -> set[Path]:
    return {path.parent for path in mattes(settings)}
