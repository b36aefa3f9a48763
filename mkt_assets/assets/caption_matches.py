"""caption_matches: how well the text of every post describes its pictures. The comparing is in core/sight."""

import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.tables.sight import CAPTION_MATCHES
from mkt_assets.core.sight.matches import match_posts
from mkt_assets.core.sight.space import why_apart
from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.warehouse import Warehouse


@step(
    CAPTION_MATCHES,
    version=1,
    group="findings",
    kinds={"python", "duckdb", "numpy"},
    deps=["image_embeddings", "text_embeddings"],
    description="How well the text of a post describes its pictures, against the texts and pictures of other accounts, "
    "where one model embeds both in one space.",
)
def caption_matches(run: Run, warehouse: Warehouse) -> Made:
    """Compare every post's text with its pictures."""
    crawl_date = run.crawl_date
    used = [_encoder(warehouse, f"{modality}_embeddings", run) for modality in ("image", "text")]
    apart = why_apart(*used)
    if apart is not None:
        return Made(CAPTION_MATCHES.empty(), {"posts": 0, "nothing_because": apart})
    columns = ["post_id", "poster_id", "embedding"]
    images = warehouse.read("image_embeddings", [crawl_date], columns=columns)
    texts = warehouse.read("text_embeddings", [crawl_date], columns=columns)
    posts = texts.drop_columns(["embedding"]).to_pandas()
    row_of = pd.Series(np.arange(len(posts)), index=posts["post_id"])
    # which post each picture is of; pictures of posts without a text are left out
    of_picture = row_of.reindex(images["post_id"].to_pandas()).to_numpy()
    has_text = ~np.isnan(of_picture)
    of_picture = of_picture[has_text].astype(np.int64)
    n_pictures = np.bincount(of_picture, minlength=len(posts))
    captions = to_matrix(texts["embedding"])
    pictures = np.zeros(captions.shape, dtype=np.float32)
    np.add.at(pictures, of_picture, to_matrix(images["embedding"])[has_text])
    there = n_pictures > 0
    posts, n_pictures = posts[there], n_pictures[there]
    matches = match_posts(
        pictures[there] / n_pictures[:, None].astype(np.float32),
        captions[there],
        np.unique(posts["poster_id"], return_inverse=True)[1],
        seed=0,
    )
    rows = posts.assign(
        crawl_date=crawl_date,
        n_pictures=n_pictures,
        cosine=matches.cosine,
        percentile=matches.percentile,
        n_compared=matches.n_compared,
        encoder=used[0],
    )
    known = rows["percentile"].dropna()
    return Made(
        pa.Table.from_pandas(
            rows[CAPTION_MATCHES.column_names], CAPTION_MATCHES.arrow_schema(), preserve_index=False
        ),
        {"posts": len(rows), **({"median_percentile": float(known.median())} if len(known) else {})},
    )


def _encoder(warehouse: Warehouse, table: str, run: Run) -> str | None:
    """The encoder of a crawl's vectors, with its version; None without any."""
    columns = ["encoder", "encoder_version"]
    used = warehouse.read(table, [run.crawl_date], columns=columns).to_pandas().drop_duplicates()
    return None if used.empty else " ".join(used.iloc[0])
