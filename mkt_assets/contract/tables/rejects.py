"""What could not be used, and why."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE
from mkt_assets.contract.table import Column, Table

REJECTS = Table(
    "rejects",
    "a row, file or picture that could not be used",
    (
        CRAWL_DATE,
        Column("asset", "VARCHAR", "asset that refused it", allowed=("raw_posts", "matted_images")),
        Column("source_file", "VARCHAR", "file, relative to the drop, accounts hashed"),
        Column(
            "source_row", "BIGINT", "row in the file (1 = first record); null for a whole file", nullable=True
        ),
        Column("post_id", "VARCHAR", "the post, where it is known", nullable=True),
        Column("reason", "VARCHAR", "what is wrong, in a sentence"),
    ),
    key=(),
)

TABLES = (REJECTS,)
