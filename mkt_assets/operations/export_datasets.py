"""`mkt export --as`: a crawl's pictures, captions, vectors and clusters, as other tools open them.

`huggingface` is an image folder with a metadata.parquet (`datasets.load_dataset("imagefolder", data_dir=...)`),
`fiftyone` a FiftyOneImageClassificationDataset whose labels are the styles.

Not here: the original project's files, and all tables (export), a file of Embedding Atlas (export_atlas).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mkt_assets.compute.cached import Vectors
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.crosstab import original_files as original
from mkt_assets.core.progress import ProgressListener
from mkt_assets.core.vectors import to_column
from mkt_assets.operations.export import Written, complete_or_nothing, new_folder, write_picture
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.opening import open_files, open_warehouse
from mkt_assets.resources.warehouse import CrawlDateError
from mkt_assets.settings import Settings
from mkt_assets.stored.crawl import Crawl

Form = Literal["huggingface", "fiftyone"]

_CARD = """---
license: other
task_categories:
- image-classification
language:
- zh
---
# Posts of {crawl_date}

{n} matted pictures of posts, with caption, counts, and the visual style (`style`) and topic (`topic`) of each.
`embedding` is the picture's vector by {encoder}. Accounts are pseudonyms. The pictures and texts are other people's:
what you may do with them is not decided by this file, and who asks to be forgotten is to be taken out of your copies,
too.

    datasets.load_dataset("imagefolder", data_dir="{name}")
"""


def export_dataset(
    settings: Settings,
    crawl_date: date,
    out_dir: Path,
    *,
    form: Form,
    progress: ProgressListener | None = None,
) -> list[Written]:
    """Write one row, or label, a clustered picture, beside the matted pictures as PNG.

    Args:
        settings: Where the home is.
        crawl_date: Which crawl.
        out_dir: A new or empty folder; it appears when it is complete.
        form: For which tool.
        progress: Hears of pictures written.

    Raises:
        CrawlDateError: if nothing of the crawl date is clustered.
        FileExistsError: if `out_dir` has something in it.
        FileNotFoundError: if a picture that a table tells of is not there.
    """
    out_dir = new_folder(out_dir)
    pictures, vectors = clustered_pictures(stored_crawl(settings, crawl_date))
    with complete_or_nothing(out_dir) as folder:
        if form == "huggingface":
            encoder = " and ".join(sorted(set(pictures["encoder"])))
            card = _CARD.format(crawl_date=crawl_date, n=len(pictures), encoder=encoder, name=out_dir.name)
            written = _huggingface(pictures, vectors, card, folder)
        else:
            written = _fiftyone(pictures, vectors, folder)
        media = open_files(settings, "media")
        written.append(_write_pictures(pictures, media, folder / _FOLDERS[form], settings.workers, progress))
    return [Written(out_dir / one.path.relative_to(folder), one.n, one.what) for one in written]


_FOLDERS: Mapping[Form, str] = {"huggingface": "train", "fiftyone": "data"}


def stored_crawl(settings: Settings, crawl_date: date) -> Crawl:
    """A crawl that has clusters.

    Raises:
        CrawlDateError: if there are none of the crawl date.
    """
    warehouse = open_warehouse(settings)
    crawl = Crawl(warehouse.read, crawl_date) if warehouse.database.exists() else None
    if crawl is None or crawl.clusters.empty:
        raise CrawlDateError(
            f"the warehouse in {settings.home} has no clusters of {crawl_date}: run it first."
        )
    return crawl


def clustered_pictures(crawl: Crawl) -> tuple[pd.DataFrame, Vectors]:
    """A row a clustered picture that has a vector, and the vectors, (n, d) float32, in that order."""
    items, vectors = crawl.placed("image")
    key = ["item_crawl_date", "post_id"]
    mattes = crawl.mattes[[*key, "frame", "matte_path"]]
    topics = crawl.items("text")[[*key, "cluster_id"]].rename(columns={"cluster_id": "topic"})
    pictures = items.reset_index(drop=True).rename(columns={"cluster_id": "style"})
    pictures = pictures.merge(mattes, on=[*key, "frame"], how="left").merge(topics, on=key, how="left")
    pictures = pictures.merge(crawl.posts.drop(columns="poster_id"), on=key, how="left")
    pictures["file_name"] = original.picture_names(pictures, ".png")
    # whole numbers, also where some are missing: a picture without a caption has no topic
    whole = ["topic", "n_likes", "n_collects"]
    pictures[whole] = pictures[whole].astype("Int64")
    for kind, modality in (("style", "image"), ("topic", "text")):
        pictures[f"{kind}_name"] = pictures[kind].map(crawl.names[modality])
    return pictures, vectors


def facts_of_pictures(pictures: pd.DataFrame) -> pd.DataFrame:
    """What is told of a picture, by the names of the tables' columns."""
    facts = pictures[
        ["file_name", "post_id", "frame", "style", "style_name", "topic", "topic_name", "caption"]
    ]
    return facts.assign(
        account=pictures["poster_id"],
        n_likes=pictures["n_likes"],
        n_collects=pictures["n_collects"],
        published_at=pictures["published_at"],
        post_url=pictures["post_url"],
        rank_in_style=pictures["rank_in_cluster"],
        crawl_date=pictures["item_crawl_date"],
    )


def _huggingface(pictures: pd.DataFrame, vectors: Vectors, card: str, folder: Path) -> list[Written]:
    (folder / "train").mkdir()
    table = pa.Table.from_pandas(facts_of_pictures(pictures), preserve_index=False)
    path = folder / "train" / "metadata.parquet"
    pq.write_table(table.append_column("embedding", to_column(vectors)), path, compression="zstd")
    (folder / "README.md").write_text(card, "utf-8")
    return [Written(path, len(pictures), "rows")]


def _fiftyone(pictures: pd.DataFrame, vectors: Vectors, folder: Path) -> list[Written]:
    (folder / "data").mkdir()
    rows = json.loads(
        facts_of_pictures(pictures).to_json(orient="records", date_format="iso", force_ascii=False)
    )
    styles = [f"{row['style']} {row['style_name'] or ''}".strip() for row in rows]
    classes = sorted(set(styles), key=lambda style: int(style.split(" ")[0]))
    labels = {
        Path(row["file_name"]).stem: {"label": style, "attributes": row}
        for style, row in zip(styles, rows, strict=True)
    }
    path = folder / "labels.json"
    path.write_text(json.dumps({"classes": classes, "labels": labels}, ensure_ascii=False, indent=1), "utf-8")
    # in the order of the labels: for fiftyone.brain.compute_similarity(embeddings=...)
    np.save(folder / "embeddings.npy", vectors, allow_pickle=False)
    return [Written(path, len(rows), "labels"), Written(folder / "embeddings.npy", len(vectors), "vectors")]


def _write_pictures(
    pictures: pd.DataFrame, media: FileStore, out: Path, workers: int, progress: ProgressListener | None
) -> Written:
    def write(row: tuple[str, str, str]) -> None:
        name, stored, post_id = row
        write_picture(media, stored, out / name, post_id)

    todo = zip(pictures["file_name"], pictures["matte_path"], pictures["post_id"], strict=True)
    for n, _ in enumerate(map_ahead(write, todo, n_threads=workers, n_ahead=4 * workers), start=1):
        if progress is not None:
            progress("pictures written", n, len(pictures))
    return Written(out, len(pictures), "pictures")
