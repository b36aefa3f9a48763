"""Columns that several tables have, and the values that they may take.

Not here: a table's own columns (contract/tables).
"""

from __future__ import annotations

from mkt_assets.contract.table import Column

MODALITIES = ("image", "text")

CRAWL_DATE = Column("crawl_date", "DATE", "date of the crawl drop, the partition key")
POST_ID = Column("post_id", "VARCHAR", "the platform's id of the post")
POSTER_ID = Column(
    "poster_id", "VARCHAR", "keyed hash of the account's id; the key stays outside the warehouse"
)
FRAME = Column("frame", "VARCHAR", "which picture of the post: post, video_1..video_3, or image_0..")
MODALITY = Column("modality", "VARCHAR", "image or text", allowed=MODALITIES)

VECTOR_CHECK = "len(embedding) = dimension"


def vector(of: str) -> tuple[Column, ...]:
    """The columns of a vector, and of the model that made it; `VECTOR_CHECK` is for their tables."""
    return (
        Column("encoder", "VARCHAR", f"id of the model that embedded the {of}"),
        Column("encoder_version", "VARCHAR", "version of weights and preprocessing"),
        Column("dimension", "BIGINT", "length of the vector", unit="components", minimum=1),
        Column("embedding", "FLOAT[]", "unit vector, float32", unit="1"),
    )
