"""Generating a sample: crawl drops as two crawlers leave them, and the truth beside them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mkt_sample.media import MediaFile, render
from mkt_sample.plan import CROSSTAB, Crawl, Post, plan_crawls, topic_shares
from mkt_sample.tables import csv_tables, jsonl_tables

ITEM_COLUMNS = ("crawl_date", "post_id", "frame", "style", "topic")
CROSSTAB_COLUMNS = ("style", "topic", "ratio")
_MARKER = "sample.json"
_N_MASKED_POSTS = 36
_CHUNK = 8


class NotASampleError(FileExistsError):
    """The folder holds something that this generator did not write."""


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """Where a sample lies and what was planted in it.

    `items` is a CSV of `ITEM_COLUMNS` with a row a picture (frame: post, image_0.., video_1..3) and, with an
    empty frame and style, a row a post that has a text. A picture's topic is that of its post's text, empty
    if the post has none; the style of a special (nobody in it, broken, two persons ..) is empty.
    So: pictures by style are the rows with a style, texts by topic the rows without a frame, and the crosstab
    the rows with both. `crosstab` is a CSV of `CROSSTAB_COLUMNS`, the planted P(topic | style). `masks` holds
    `<post_id>_<frame>.png` (255 = person) of some of each date's pictures.
    """

    out_dir: Path
    crawl_dates: tuple[date, ...]
    items: Path
    crosstab: Path
    masks: Path
    n_posts: int
    n_pictures: int


def generate(
    out_dir: Path,
    *,
    n_crawl_dates: int,
    n_posts: int,
    seed: int,
    first_crawl_date: date = date(2024, 6, 13),
    shuffled: bool = False,
    progress: Callable[[int, int], None] | None = None,
    n_processes: int = 1,
) -> SampleTruth:
    """Write crawl drops into `out_dir`, one folder a crawl date, and what was planted into `out_dir/truth`.

    Every file is byte-identical for equal arguments, whatever `n_processes` is. With three dates, the second
    is MediaCrawler's tree and the others are the original crawler's.

    Args:
        out_dir: Made if missing; a sample that is already there is replaced.
        n_crawl_dates: Consecutive days.
        n_posts: Distinct posts a crawl date, posts seen again included; duplicate and broken rows come on top.
        seed: Of everything that is random.
        first_crawl_date: The first day.
        shuffled: Permute the topics over the posts: a control in which style and topic are independent.
        progress: Called with (posts done, posts in all) after every post.
        n_processes: Processes that draw; with several, a calling script needs its `__main__` guard.

    Raises:
        NotASampleError: `out_dir` holds something else.
        ValueError: A number that makes no sample.
    """
    if n_crawl_dates < 1 or n_posts < 1:
        raise ValueError(
            f"A sample needs a crawl date and a post at least, not {n_crawl_dates} and {n_posts}."
        )
    truth = _clear(out_dir)
    arguments = {"n_crawl_dates": n_crawl_dates, "n_posts": n_posts, "seed": seed, "shuffled": shuffled}
    _write(truth / _MARKER, json.dumps({**arguments, "first_crawl_date": str(first_crawl_date)}).encode())
    crawls = plan_crawls(
        n_crawl_dates=n_crawl_dates,
        n_posts=n_posts,
        seed=seed,
        first_crawl_date=first_crawl_date,
        shuffled=shuffled,
    )
    dates: list[date] = []
    n_done = n_pictures = 0
    with (
        (truth / "items.csv").open("w", encoding="utf-8", newline="") as file,
        _Mapper(n_processes) as mapped,
    ):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(ITEM_COLUMNS)
        for crawl in crawls:
            dates.append(crawl.crawl_date)
            drop_dir = out_dir / str(crawl.crawl_date)
            _write_tables(crawl, drop_dir, seed)
            write = partial(_write_media, drop_dir, crawl.layout, truth / "masks", seed)
            for post, frames in zip(crawl.posts, mapped(write, _with_masks(crawl.posts)), strict=True):
                n_pictures += len(frames)
                rows.writerows(_item_rows(crawl.crawl_date, post, frames))
                n_done += 1
                if progress is not None:
                    progress(n_done, n_crawl_dates * n_posts)
    _write_crosstab(truth / "crosstab.csv", shuffled=shuffled)
    return SampleTruth(
        out_dir=out_dir,
        crawl_dates=tuple(dates),
        items=truth / "items.csv",
        crosstab=truth / "crosstab.csv",
        masks=truth / "masks",
        n_posts=n_done,
        n_pictures=n_pictures,
    )


def _clear(out_dir: Path) -> Path:
    """Make room for a sample and return its truth folder; never remove what is not a sample's."""
    truth = out_dir / "truth"
    if out_dir.exists() and not out_dir.is_dir():
        raise NotASampleError(f"{out_dir} is a file; choose a folder for the sample.")
    present = [entry for entry in out_dir.glob("*") if not entry.name.startswith(".")]
    own = (truth / _MARKER).is_file()
    foreign = [
        entry.name for entry in present if not (own and (entry == truth or _is_crawl_date(entry.name)))
    ]
    if foreign:
        raise NotASampleError(
            f"{out_dir} is not empty and not a sample of `mkt sample` ({min(foreign)} is in it): "
            "choose another folder, or empty this one."
        )
    for entry in present:
        shutil.rmtree(entry)
    (truth / "masks").mkdir(parents=True)
    return truth


def _is_crawl_date(name: str) -> bool:
    try:
        return str(date.fromisoformat(name)) == name
    except ValueError:
        return False


class _Mapper:
    """An ordered map over posts, in this process or in several."""

    def __init__(self, n_processes: int) -> None:
        self._pool = (
            # spawned, because forking a process that has threads (Dagster's, BLAS's) can hang
            ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) if n_processes > 1 else None
        )

    def __enter__(self) -> _Mapper:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def __call__(
        self, write: Callable[[tuple[Post, bool]], tuple[str, ...]], posts: list[tuple[Post, bool]]
    ) -> Iterator[tuple[str, ...]]:
        if self._pool is None:
            return map(write, posts)
        return self._pool.map(write, posts, chunksize=_CHUNK)


def _with_masks(posts: tuple[Post, ...]) -> list[tuple[Post, bool]]:
    pictures = [post.serial for post in posts if post.cell.medium == "picture"][:_N_MASKED_POSTS]
    masked = set(pictures)
    return [(post, post.serial in masked) for post in posts]


def _write_media(
    drop_dir: Path, layout: str, masks_dir: Path, seed: int, task: tuple[Post, bool]
) -> tuple[str, ...]:
    """Draw and write a post's files; the frames that they hold, as the ingest of this layout names them."""
    post, with_mask = task
    frames: list[str] = []
    for number, file in enumerate(render(post, seed)):
        path, named = _placed(post, file, number, layout)
        _write(drop_dir / path, file.data)
        frames += named
        if with_mask and file.mask is not None:
            mask = file.mask.point([0] * 128 + [255] * 128).convert("1")
            mask.save(masks_dir / f"{post.post_id}_{named[0]}.png")
    return tuple(frames)


def _placed(post: Post, file: MediaFile, number: int, layout: str) -> tuple[Path, tuple[str, ...]]:
    is_video = file.name.endswith(".mp4")
    if layout == "original":
        return Path("media") / post.poster_id / post.post_id / file.name, file.frames
    if is_video:
        return Path("xhs") / "videos" / post.post_id / "0.mp4", file.frames
    # MediaCrawler calls every picture .jpg, whatever is inside
    return Path("xhs") / "images" / post.post_id / f"{number}.jpg", (f"image_{number}",)


def _write_tables(crawl: Crawl, drop_dir: Path, seed: int) -> None:
    if crawl.layout == "original":
        for name, data in csv_tables(crawl, seed):
            _write(drop_dir / name, data)
    else:
        for name, data in jsonl_tables(crawl, seed):
            _write(drop_dir / "xhs" / "jsonl" / name, data)


def _item_rows(crawl_date: date, post: Post, frames: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    style = "" if post.special else post.cell.style
    for frame in frames:
        yield str(crawl_date), post.post_id, frame, style, post.topic
    if post.topic:
        yield str(crawl_date), post.post_id, "", "", post.topic


def _write_crosstab(path: Path, *, shuffled: bool) -> None:
    """The planted P(topic | style); shuffled, every style that has texts has the topics' own shares."""
    table = {style: topic_shares() if shuffled and row else row for style, row in CROSSTAB.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(CROSSTAB_COLUMNS)
        for style, row in table.items():
            rows.writerows((style, topic, round(ratio, 6)) for topic, ratio in row.items())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
