"""A home of two crawls, planted row by row: 40 posts a crawl in two styles and topics, with mattes and vectors."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.opening import open_files, open_warehouse
from mkt_assets.settings import Settings

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)
N = 40
WORDS = ("瑜伽", "Lace", "通勤")
DEFAULTS: Mapping[str, Any] = {
    "VARCHAR": "",
    "BIGINT": 1,
    "DOUBLE": 0.0,
    "BOOLEAN": False,
    "DATE": D1,
    "TIMESTAMP": datetime(2024, 6, 1),
    "VARCHAR[]": [],
    "BIGINT[]": [],
    "FLOAT[]": [1.0],
}


def post_id(number: int) -> str:
    return f"p{number:03}"


def caption_of(number: int) -> str:
    return " ".join(word for at, word in enumerate(WORDS) if number % (at + 2) == 0) + f" 第{number}天"


def vector_of(number: int) -> list[float]:
    """Even posts point one way, odd ones another, each a little aside."""
    angle = (number % 2) * np.pi / 2 + number / 200
    return [float(np.float32(np.cos(angle))), float(np.float32(np.sin(angle)))]


def put(settings: Settings, table: str, day: date, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows of a table, of which what is not given is anything that the schema allows."""
    spec = TABLES[table]
    filled = [
        {
            c.name: row.get(c.name, None if c.nullable else c.allowed[0] if c.allowed else DEFAULTS[c.type])
            for c in spec.columns
        }
        | {"crawl_date": day}
        for row in rows
    ]
    open_warehouse(settings).replace_partition(table, day, pa.Table.from_pylist(filled, spec.arrow_schema()))


def plant(folder: Path) -> Settings:
    """The home; its snapshot is published."""
    settings = Settings.load(home=folder / "home", drops=folder / "drops")
    media = open_files(settings, "media")
    for grey in (60, 200):
        out = io.BytesIO()
        Image.new("RGBA", (30, 40), (grey, grey, grey, 255)).save(out, "WEBP")
        media.write(f"{grey}.webp", out.getvalue())
    for day, first in ((D1, 0), (D2, 30)):
        numbers = range(first, first + N)
        put(settings, "raw_posts", day, [_post(number) for number in numbers])
        put(settings, "matted_images", day, [_matte(number) for number in numbers])
        for table in ("image_embeddings", "text_embeddings"):
            embedded = numbers if table.startswith("text") else [n for n in numbers if n % 10 != 9]
            put(settings, table, day, [_vector(number) for number in embedded])
        of_text = [{**_item(number), "modality": "text"} for number in numbers]
        of_image = [{**_item(n), "modality": "image", "frame": "post"} for n in numbers if n % 10 != 9]
        put(settings, "item_positions", day, [{**row, **_place(row)} for row in (*of_image, *of_text)])
        members = [
            {**row, "item_crawl_date": day, "rank_in_cluster": at}
            for at, row in enumerate((*of_image, *of_text), 1)
        ]
        put(settings, "clusters", day, members)
    names = [
        {
            "modality": modality,
            "cluster_id": c,
            "identity": f"{kind}-{c}",
            "name": f"{name}{c}",
            "last_seen": D2,
        }
        for modality, kind, name in (("image", "style", "风格"), ("text", "topic", "话题"))
        for c in (0, 1)
    ]
    for day in (D1, D2):
        put(settings, "cluster_identities", day, names)
    for store, name in (("reports", f"{D2}/report.html"), ("charts", f"{D2}/map.png")):
        open_files(settings, store).write(name, b"<!DOCTYPE html><title>of the crawl</title>")  # type: ignore[arg-type]
    open_warehouse(settings).publish_snapshot()
    return settings


def _post(number: int) -> dict[str, Any]:
    return {
        "post_id": post_id(number),
        "poster_id": f"a{number % 4}",
        "content": caption_of(number),
        "tags": ["标签"] if number % 7 == 0 else [],
        "n_likes": number * 10 if number != 5 else None,
        "n_collects": number,
        "post_url": f"https://example.org/{number}" if number != 6 else "javascript:alert(1)",
        "published_at": datetime(2024, 6, 1 + number % 28),
        "source_row": 1,
    }


def _matte(number: int) -> dict[str, Any]:
    is_bad = number % 10 == 9
    return {
        "post_id": post_id(number),
        "frame": "post",
        "verdict": "rejected" if is_bad else "kept",
        "reason": "nobody in it" if is_bad else None,
        "matte_path": None if is_bad else f"{(60, 200)[number % 2]}.webp",
        "width": 30,
        "height": 40,
    }


def _vector(number: int) -> dict[str, Any]:
    of = {"post_id": post_id(number), "frame": "post", "embedding": vector_of(number), "dimension": 2}
    return {**of, "encoder": "e", "encoder_version": "1"}


def _item(number: int) -> dict[str, Any]:
    return {"post_id": post_id(number), "poster_id": f"a{number % 4}", "cluster_id": number % 2}


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    number = int(str(row["post_id"])[1:])
    at = {"x": -0.4 if number % 2 else 0.4, "y": number / 100 - 0.4}
    return {**at, "layout": "one", "method": "PCA", "encoder": "e 1"}
