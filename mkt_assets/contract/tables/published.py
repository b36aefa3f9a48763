"""What is drawn and written for people."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE
from mkt_assets.contract.table import Column, Table

CHARTS = Table(
    "charts",
    "a picture",
    (
        CRAWL_DATE,
        Column("name", "VARCHAR", "what it shows: elbow_image, map_text, cluster_sheet, bars_top3 .."),
        Column("part", "BIGINT", "part of a picture in parts, or the cluster of a contact sheet", minimum=0),
        Column("title", "VARCHAR", "title, as drawn"),
        Column("path", "VARCHAR", "PNG file, relative to charts/"),
        Column("sha256", "VARCHAR", "sha256 of the file"),
        Column("width", "BIGINT", "width", "pixels", minimum=1),
        Column("height", "BIGINT", "height", "pixels", minimum=1),
        Column("n_bytes", "BIGINT", "size of the file", "bytes", minimum=1),
        Column(
            "drawn_from",
            "VARCHAR",
            "digest of all that it was drawn from; with the same one it is not drawn again",
            nullable=True,
        ),
    ),
    key=("name", "part"),
)

REPORT = Table(
    "report",
    "the report of a crawl date",
    (
        CRAWL_DATE,
        Column("path", "VARCHAR", "its file, below the reports folder"),
        Column("sha256", "VARCHAR", "sha256 of the file"),
        Column("n_bytes", "BIGINT", "size of the file", "bytes", minimum=1),
        Column("n_findings", "BIGINT", "sentences in the answers at its top", "sentences", minimum=0),
        Column("headline", "VARCHAR", "the crawl in a sentence"),
    ),
    key=("path",),
)

TABLES = (CHARTS, REPORT)
