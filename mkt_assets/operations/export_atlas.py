"""`mkt export --as atlas`: a crawl's pictures as a Parquet file that Embedding Atlas (tried: 0.26) opens at once.

Not here: other tools' forms (export_datasets), how places and neighbours are found (core/maps).
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mkt_assets.charts.maps import label_positions
from mkt_assets.compute.cached import Vectors
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.maps.dots import to_dots
from mkt_assets.core.maps.neighbours import nearest
from mkt_assets.core.progress import ProgressListener
from mkt_assets.operations.export import Written, complete_or_nothing, new_folder, there
from mkt_assets.operations.export_datasets import clustered_pictures, facts_of_pictures, stored_crawl
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.opening import open_files
from mkt_assets.settings import Settings
from mkt_assets.stored.crawl import Crawl
from mkt_assets.stored.mattes import open_thumbnail

N_NEIGHBOURS = 15
"""Of each picture, as many as the tool computes itself."""
FILE, LABELS = "pictures.parquet", "labels.parquet"
_THUMBNAIL = (160, 214)  # pixels
_PART = 512  # rows in memory with their thumbnails
_README = """# Pictures of {crawl_date} for Embedding Atlas

    {command}    # in the folder that this one is in

`{file}` has a row a matted picture: its place on the map, its most similar pictures, thumbnail, caption, style and
topic, counts, crawl date, account (a pseudonym) and link. `{labels}` has the names of the styles, where they lie. The
pictures and texts are other people's: what you may do with them is not decided by this file, and who asks to be
forgotten is to be taken out of your copies, too.
"""

# what the tool documents: https://apple.github.io/embedding-atlas/tool.html
SCHEMA = pa.schema(
    [
        ("projection_x", pa.float64()),
        ("projection_y", pa.float64()),
        ("neighbors", pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float32()))])),
        ("thumbnail", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("caption", pa.string()),
        ("style", pa.string()),
        ("topic", pa.string()),
        ("rank_in_style", pa.int64()),
        ("n_likes", pa.int64()),
        ("n_collects", pa.int64()),
        ("crawl_date", pa.date32()),
        ("published_at", pa.timestamp("us")),
        ("account", pa.string()),
        ("post_id", pa.string()),
        ("frame", pa.string()),
        ("post_url", pa.string()),
    ]
)


def command(out_dir: Path) -> str:
    """What opens an export in a shell, without computing anything anew."""
    options = "--x projection_x --y projection_y --neighbors neighbors --text caption --image thumbnail"
    file, labels = (shlex.quote(str(out_dir / name)) for name in (FILE, LABELS))
    return f"uvx embedding-atlas {file} {options} --labels {labels}"


def export_atlas(
    settings: Settings, crawl_date: date, out_dir: Path, *, progress: ProgressListener | None = None
) -> list[Written]:
    """Write a row a clustered picture, in the order of its vectors, and the names of the styles where they lie.

    Thumbnails are held a part of the rows at a time.

    Args:
        settings: Where the home is.
        crawl_date: Which crawl.
        out_dir: A new or empty folder; it appears when it is complete.
        progress: Hears of rows written.

    Raises:
        CrawlDateError: if nothing of the crawl date is clustered.
        FileExistsError: if `out_dir` has something in it.
        FileNotFoundError: if a picture that a table tells of is not there.
        ValueError: if a picture has no place on the map.
    """
    out_dir = new_folder(out_dir)
    crawl = stored_crawl(settings, crawl_date)
    pictures, vectors = clustered_pictures(crawl)
    positions = _places(crawl, pictures)
    with complete_or_nothing(out_dir) as folder:
        rows = _rows(pictures, positions)
        parts = _parts(
            rows, vectors, pictures["matte_path"].tolist(), open_files(settings, "media"), settings.workers
        )
        with pq.ParquetWriter(folder / FILE, SCHEMA, compression="zstd") as writer:
            n = 0
            for part in parts:
                writer.write_table(part)
                n += part.num_rows
                if progress is not None:
                    progress("pictures written", n, len(rows))
        labels = _labels(positions, pictures["style"].to_numpy(np.int64), crawl.names.get("image", {}))
        pq.write_table(labels, folder / LABELS)
        told = {
            "crawl_date": crawl_date,
            "command": command(Path(out_dir.name)),
            "file": FILE,
            "labels": LABELS,
        }
        (folder / "README.md").write_text(_README.format(**told), "utf-8")
    return [Written(out_dir / FILE, n, "pictures"), Written(out_dir / LABELS, labels.num_rows, "names")]


def _places(crawl: Crawl, pictures: pd.DataFrame) -> NDArray[np.float64]:
    """Where every picture lies on the map of the charts and the report, (n, 2)."""
    keys = ["item_crawl_date", "post_id", "frame"]
    located, _ = crawl.located("image")
    found = pictures[keys].merge(located[[*keys, "x", "y"]], on=keys, how="left")[["x", "y"]]
    if n_missing := int(found["x"].isna().sum()):
        days = ", ".join(
            sorted({str(day) for day in pictures["item_crawl_date"][found["x"].isna().to_numpy()]})
        )
        raise ValueError(
            f"{n_missing} pictures have no place on the map: materialize item_positions of {days} again, then export."
        )
    return found.to_numpy(np.float64)


def _rows(pictures: pd.DataFrame, positions: NDArray[np.float64]) -> pd.DataFrame:
    """What is told of each picture, with its place: neighbours and thumbnails are to come."""
    facts = facts_of_pictures(pictures)
    return facts.assign(
        projection_x=positions[:, 0],
        projection_y=positions[:, 1],
        style=facts["style_name"],
        topic=facts["topic_name"],
        # the tool reads words of every row
        caption=facts["caption"].fillna(""),
    )


def _parts(
    rows: pd.DataFrame, vectors: Vectors, mattes: Sequence[str], media: FileStore, workers: int
) -> Iterator[pa.Table]:
    todo = zip(mattes, rows["post_id"], strict=True)
    thumbnails = map_ahead(
        lambda matte: _thumbnail(media, *matte), todo, n_threads=workers, n_ahead=4 * workers
    )
    start, waiting = 0, list[tuple[list[int], list[float]]]()
    for ids, distances in nearest(vectors, vectors, N_NEIGHBOURS, skip_self=True):
        waiting += zip(ids.tolist(), distances.tolist(), strict=True)
        while len(waiting) >= _PART or (waiting and start + len(waiting) == len(rows)):
            neighbours, waiting = waiting[:_PART], waiting[_PART:]
            part = rows.iloc[start : start + len(neighbours)]
            start += len(neighbours)
            yield _table(part, neighbours, [next(thumbnails) for _ in neighbours])


def _table(
    rows: pd.DataFrame, neighbours: Sequence[tuple[list[int], list[float]]], thumbnails: Sequence[bytes]
) -> pa.Table:
    names = [name for name in SCHEMA.names if name in rows]
    plain = pa.schema([SCHEMA.field(name) for name in names])
    columns: dict[str, Any] = dict(
        zip(names, pa.Table.from_pandas(rows[names], plain, preserve_index=False).columns, strict=True)
    )
    of = {name: SCHEMA.field(name).type for name in ("neighbors", "thumbnail")}
    columns["neighbors"] = pa.array(
        [{"ids": ids, "distances": distances} for ids, distances in neighbours], of["neighbors"]
    )
    pictures = zip(thumbnails, rows["file_name"], strict=True)
    columns["thumbnail"] = pa.array(
        [{"bytes": image, "path": Path(name).with_suffix(".webp").name} for image, name in pictures],
        of["thumbnail"],
    )
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _thumbnail(media: FileStore, stored: str, post_id: str) -> bytes:
    with there(f"the matted picture {stored} of post {post_id}", "matted_images"):
        picture = open_thumbnail(media, stored, _THUMBNAIL)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=70)
    return buffer.getvalue()


def _labels(positions: NDArray[np.float64], styles: NDArray[np.int64], names: Mapping[int, str]) -> pa.Table:
    """The columns of the tool's `--labels`."""
    at = label_positions(to_dots(positions, styles, max_items=len(styles)))
    sizes = dict(zip(*np.unique(styles, return_counts=True), strict=True))
    return pa.table(
        {
            "x": pa.array([x for x, _ in at.values()], pa.float64()),
            "y": pa.array([y for _, y in at.values()], pa.float64()),
            "text": pa.array([names.get(style, str(style)) for style in at], pa.string()),
            "priority": pa.array([int(sizes[style]) for style in at], pa.int64()),
        }
    )
