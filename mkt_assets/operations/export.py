"""`mkt export`: a crawl date's tables and pictures, written to a folder that others can take away.

What is in the original's files, and which of its habits are kept, is in core/crosstab/original_files.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.contract.schema import TABLES
from mkt_assets.core.crosstab import original_files as original
from mkt_assets.core.progress import ProgressListener
from mkt_assets.resources.files import ASIDE_PREFIX, FileStore
from mkt_assets.resources.opening import open_files, open_warehouse
from mkt_assets.resources.warehouse import CrawlDateError, ReadParts
from mkt_assets.settings import Settings
from mkt_assets.stored.crawl import Crawl
from mkt_assets.stored.items import ReadTable
from mkt_assets.stored.mattes import open_matte

Pictures = Literal["png", "webp", "none"]

# Tables of items: where a window of crawl dates is clustered, those of the whole window belong to a crawl.
_OF_ITEMS = ("raw_posts", "matted_images", "image_embeddings", "summaries", "text_embeddings")
_LOST = "(none)"
_SUFFIXES: dict[Pictures, str] = {"png": ".png", "webp": ".webp", "none": ".png"}


@dataclass(frozen=True)
class Written:
    """A file or folder of the export, and how much is in it: 'rows', 'pictures' ..."""

    path: Path
    n: int
    what: str


def export_crawl(
    settings: Settings,
    crawl_date: date,
    out_dir: Path,
    *,
    pictures: Pictures = "png",
    progress: ProgressListener | None = None,
) -> list[Written]:
    """Write the original project's files, the other charts (`charts/`) and every table (`tables/*.parquet`).

    A table of a crawl has the rows of the crawl date, tables of items those of all crawl dates whose items it
    clustered, and tables of all crawl dates (identities, trends) all rows. The folder appears when it is complete.

    Args:
        settings: Where the home is.
        crawl_date: Which crawl.
        out_dir: A new or empty folder.
        pictures: `png` as the original had them, in which every program can open them; `webp` as they are stored,
            about a fifth of the size; or none.
        progress: Hears of pictures written.

    Raises:
        CrawlDateError: if the crawl date was never materialized.
        FileExistsError: if `out_dir` has something in it.
        FileNotFoundError: if a picture that a table tells of is not there.
    """
    out_dir = new_folder(out_dir)
    with complete_or_nothing(out_dir) as folder:
        written = _write_tables(settings, crawl_date, folder / "tables")
        crawl = Crawl(_exported(folder / "tables"), crawl_date)
        items = _Items.of(crawl, _SUFFIXES[pictures])
        written += _write_original_files(items, crawl.ratios, folder)
        written += _copy_charts(crawl.table("charts"), open_files(settings, "charts"), folder)
        if pictures != "none":
            media = open_files(settings, "media")
            written.append(_write_pictures(items, media, folder, settings.workers, progress))
    return [Written(out_dir / w.path.relative_to(folder), w.n, w.what) for w in written]


def new_folder(out_dir: Path) -> Path:
    """Where to write: a folder that is not there yet, or is empty.

    Raises:
        FileExistsError: if it is neither.
    """
    resolved = out_dir.resolve()
    if resolved == Path.cwd():
        raise FileExistsError(f"{out_dir} is the folder you are in: name a new one.")
    if resolved.exists() and not resolved.is_dir():
        raise FileExistsError(f"{out_dir} is a file: name a new folder.")
    if resolved.exists() and any(resolved.iterdir()):
        raise FileExistsError(f"{out_dir} is not empty: name a new folder, or empty it.")
    return resolved


@contextmanager
def complete_or_nothing(out_dir: Path) -> Generator[Path]:
    """A folder beside `out_dir` to write to, which takes its place on the way out, and is removed on failure."""
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    aside = out_dir.with_name(f"{ASIDE_PREFIX}{uuid4().hex}")
    try:
        aside.mkdir()
        yield aside
        if out_dir.exists():
            out_dir.rmdir()  # fails if something was put there meanwhile
        aside.rename(out_dir)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_tables(settings: Settings, crawl_date: date, folder: Path) -> list[Written]:
    """Every table as Parquet, all as they were at one moment; a part at a time in memory."""
    missing = f"the warehouse in {settings.home} has no posts of {crawl_date}: materialize it first."
    warehouse = open_warehouse(settings)
    if not warehouse.database.exists():
        raise CrawlDateError(missing)
    folder.mkdir()
    written: list[Written] = []
    with warehouse.one_moment() as read:
        dates = _dates(read, crawl_date)
        for name, spec in TABLES.items():
            path = folder / f"{name}.parquet"
            n = 0
            with pq.ParquetWriter(path, spec.arrow_schema(), compression="zstd") as writer:
                for part in read(name, dates.get(name, [crawl_date]) if spec.partitioned else None):
                    writer.write_table(part)
                    n += part.num_rows
            written.append(Written(path, n, "rows"))
            if name == "raw_posts" and n == 0:
                raise CrawlDateError(missing)
    return written


def _dates(read: ReadParts, crawl_date: date) -> dict[str, list[date]]:
    """The crawl dates of the items of a crawl, for each table of items."""
    found = {crawl_date}
    for part in read("clusters", [crawl_date], columns=["item_crawl_date"]):
        found |= {day for day in part["item_crawl_date"].to_pylist() if day is not None}
    return dict.fromkeys(_OF_ITEMS, sorted(found))


@dataclass(frozen=True)
class _Items:
    """Clustered pictures and texts, in the order of the original's files."""

    images: pd.DataFrame
    texts: pd.DataFrame
    names: list[str]
    """Of the pictures, as files."""

    @classmethod
    def of(cls, crawl: Crawl, suffix: str) -> _Items:
        mattes = crawl.mattes[["item_crawl_date", "post_id", "frame", "matte_path"]]
        posts = crawl.posts[["item_crawl_date", "post_id", "published_at"]]
        images = crawl.items("image").merge(mattes, on=["item_crawl_date", "post_id", "frame"], how="left")
        images = images.merge(posts, on=["item_crawl_date", "post_id"], how="left")
        images = images.sort_values(["post_id", "frame"], ignore_index=True).fillna({"matte_path": _LOST})
        texts = crawl.items("text").merge(crawl.summaries, on=["item_crawl_date", "post_id"], how="left")
        # no text where the post was crawled again since, and its clusters were not
        texts = texts.sort_values("post_id", ignore_index=True).fillna({"summary": ""})
        return cls(images, texts, original.picture_names(images, suffix))


def _exported(tables: Path) -> ReadTable:
    """Reads the exported tables, which hold what belongs to the crawl and nothing else."""

    def read(
        table: str, crawl_dates: Sequence[date] | None = None, *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        return pq.read_table(tables / f"{table}.parquet", columns=None if columns is None else list(columns))

    return read


def _write_original_files(items: _Items, ratios: pd.DataFrame, folder: Path) -> list[Written]:
    labels, texts = original.clustered_labels(items.images), original.clustered_summaries(items.texts)
    n_image, n_text = items.images["cluster_id"].nunique(), items.texts["cluster_id"].nunique()
    frames = {
        f"clustered_labels{n_image}.csv": labels,
        f"clustered_summaries{n_text}.csv": texts,
        original.COMBINED: original.combined(labels, texts),
        original.RATIOS: original.category_ratios(ratios, labels, texts),
        original.TABLE: original.all_categories_table(ratios),
    }
    written = [write_csv(frame, folder / name) for name, frame in frames.items()]
    of_names = original.labels_json(items.names, items.images)
    of_texts = original.clustered_summaries_json(items.texts)
    written.append(_write_json(of_names, folder / original.LABELS, len(of_names)))
    path = folder / f"clustered_summaries{n_text}.json"
    written.append(_write_json(of_texts, path, len(of_texts["clusters"])))
    return written


def write_csv(frame: pd.DataFrame, path: Path) -> Written:
    """Write a frame as CSV, formulas escaped: `core.text.csv_injection.unescape_formula` gives the texts back.

    Files with captions have a byte-order mark, without which a spreadsheet does not read Chinese, and quote every
    text: a bare carriage return in a caption would begin a new row, and that row might begin as a formula does.
    """
    with_captions = "summary" in frame
    original.escape_formulas(frame).to_csv(
        path,
        index=False,
        encoding="utf-8-sig" if with_captions else "utf-8",
        quoting=csv.QUOTE_NONNUMERIC if with_captions else csv.QUOTE_MINIMAL,
    )
    return Written(path, len(frame), "rows")


def _write_json(content: object, path: Path, n: int) -> Written:
    with path.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    return Written(path, n, "rows")


def _copy_charts(charts: pd.DataFrame, files: FileStore, folder: Path) -> list[Written]:
    """Each chart once: under the original's name where it has one, else below `charts/`."""
    folders: Counter[Path] = Counter()
    written: list[Written] = []
    for name, part, stored in charts[["name", "part", "path"]].itertuples(index=False, name=None):
        path = folder / (original.chart_name(name, part) or f"charts/{name}_{part}.png")
        path.parent.mkdir(exist_ok=True)
        with there(f"the chart {name}_{part}", "charts"):
            path.write_bytes(files.read(stored))
        if path.parent == folder:
            written.append(Written(path, 1, "chart"))
        else:
            folders[path.parent] += 1
    return [*written, *(Written(path, n, "charts") for path, n in sorted(folders.items()))]


def _write_pictures(
    items: _Items, media: FileStore, folder: Path, workers: int, progress: ProgressListener | None
) -> Written:
    """The matted pictures, in a folder for each image cluster."""
    out = folder / original.PICTURES
    images = items.images
    for cluster_id in images["cluster_id"].unique():
        (out / str(cluster_id)).mkdir(parents=True)

    def write(picture: tuple[str, int, str, str]) -> None:
        name, cluster_id, stored, post_id = picture
        write_picture(media, stored, out / str(cluster_id) / name, post_id)

    todo = zip(items.names, images["cluster_id"], images["matte_path"], images["post_id"], strict=True)
    for n, _ in enumerate(map_ahead(write, todo, n_threads=workers, n_ahead=4 * workers), start=1):
        if progress is not None:
            progress("pictures written", n, len(images))
    return Written(out, len(images), "pictures")


def write_picture(media: FileStore, stored: str, path: Path, post_id: str) -> None:
    """Write the matte that is stored under a name, in the format that the path asks for.

    Raises:
        FileNotFoundError: naming the post, if the matte is not there.
    """
    with there(f"the matted picture {stored} of post {post_id}", "matted_images"):
        _write_as(media, stored, path)


def _write_as(media: FileStore, stored: str, path: Path) -> None:
    """Copy a picture, in the format that the new name asks for; never over another one."""
    with path.open("xb") as file:
        if path.suffix == Path(stored).suffix:
            file.write(media.read(stored))
        else:
            open_matte(media, stored).save(file, "PNG", compress_level=1)


@contextmanager
def there(what: str, asset: str) -> Generator[None]:
    """Say of a file that is missing what it is, and which asset makes it.

    Raises:
        FileNotFoundError: instead of the one that was raised within.
    """
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(f"{what} is not there any more: materialize {asset} again.") from None
