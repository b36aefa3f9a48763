"""Facts of an invented crawl, for tests of the report: two styles, two topics, one link, hostile captions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from PIL import Image

from mkt_assets.report.facts import (
    Cluster,
    Curve,
    Event,
    Facts,
    Item,
    ItemMap,
    Made,
    Member,
    Pair,
    Placed,
    Post,
    Trend,
)

DAY, BEFORE = date(2024, 6, 14), date(2024, 6, 13)
HOSTILE = (
    "<script>window.ran = true</script>",
    "</script><img src=x onerror='window.ran = true'>",
    '"><svg onload="window.ran = true">',
    '=HYPERLINK("https://example.com")',
    "\u2028<!-- ]]> &lt;b&gt; \u0000 \ud800",
)


def cluster(modality: str, number: int, name: str, **changes: Any) -> Cluster:
    frame = "post" if modality == "image" else None
    kind = "style" if modality == "image" else "topic"
    made = Cluster(
        modality=modality,
        cluster_id=number,
        identity=f"{kind}-{number}",
        name=name,
        named_by="keywords",
        keywords=(name, "穿搭"),
        n_items=20 - number,
        n_posts=12 - number,
        n_posters=6,
        share=0.5,
        likes=(120.0, 80.0, 300.0, False),
        n_near_duplicates=0,
        low_support=False,
        one_poster=False,
        event="continued",
        previous=BEFORE,
        is_new=False,
        is_back=False,
        direction="flat",
        typical=tuple(Item(DAY, f"post{i}", frame) for i in range(len(HOSTILE))),
    )
    return replace(made, **changes)


def pair(style: int, topic: int, **changes: Any) -> Pair:
    made = Pair(
        style=style,
        topic=topic,
        rank=topic + 1,
        share=0.62,
        low=0.41,
        high=0.78,
        lift=3.1,
        q=0.003,
        poster_q=0.02,
        n_posts=9,
        n_posters=6,
        supported=True,
        cautious_lift=2.1,
        largest_poster_share=0.33,
    )
    return replace(made, **changes)


def trend(modality: str, number: int, name: str, direction: str, change: float = 0.0) -> Trend:
    kind = "style" if modality == "image" else "topic"
    shares = (0.1, 0.2, 0.3)
    return Trend(
        modality=modality,
        identity=f"{kind}-{number}",
        name=name,
        days=(date(2024, 6, 12), BEFORE, DAY),
        shares=shares,
        lows=tuple(s / 2 for s in shares),
        highs=tuple(s * 1.5 for s in shares),
        n_posts=30,
        direction=direction,
        change=change,
    )


def curve(modality: str, chosen_by: str) -> Curve:
    chosen: dict[str, Any] = {
        "k": 3,
        "chosen_by": chosen_by,
        "reason": "elbow of the inertia curve at k = 3",
        "knee_strength": 0.2,
        "knee_needed": 0.06,
        "knee_sensitivity": 1.0,
        "silhouette": 0.4,
        "stability": 0.9,
        "half_stability": None,
        "n_fitted": None,
    }
    return Curve(modality, (2, 3, 4, 5), (90.0, 40.0, 35.0, 30.0), chosen)


def item_map(modality: str) -> ItemMap:
    frame = "post" if modality == "image" else None
    placed = tuple(
        Placed(Item(DAY, f"post{i % len(HOSTILE)}", frame), (i % 7) / 7, (i % 5) / 5, i % 2, 1)
        for i in range(30)
    )
    return ItemMap(modality, "t-SNE", 30, placed)


def method(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "modality": "image",
        "experiment": "methods",
        "variant": "dbscan",
        "is_used": False,
        "status": "run",
        "n_items": 30,
        "n_clusters": 4.0,
        "noise_share": 0.61,
        "stability": 0.4,
        "cross_agreement": 0.2,
        "background_agreement": None,
        "verdict": "DBSCAN leaves 61% of the pictures as noise.",
    }
    return row | changes


def a_crawl(**changes: Any) -> Facts:
    """The facts, with changes."""
    facts = Facts(
        crawl_date=DAY,
        window_start=DAY,
        compared_with={"image": BEFORE, "text": BEFORE},
        styles=(cluster("image", 0, "通勤 · 西装"), cluster("image", 1, "<b>运动</b>")),
        topics=(cluster("text", 0, "职场 · 上班"), cluster("text", 1, "健身 · 跑步")),
        pairs=(
            pair(0, 0),
            pair(1, 1, rank=1, supported=False, q=0.4),
            pair(0, 1, share=0.2, supported=False, q=0.9),
        ),
        n_pictures=40,
        n_with_caption=40,
        trends=(trend("image", 0, "通勤 · 西装", "rising", 0.2), trend("text", 1, "健身 · 跑步", "flat")),
        events=(Event(DAY, "image", "born", "<b>运动</b>", ""), Event(DAY, "text", "split", "上班", "职场")),
        curves=(curve("image", "knee"), curve("text", "knee")),
        methods=(
            method(),
            method(variant="imagebind", experiment="encoders", status="not run: weights absent"),
        ),
        maps=(item_map("image"), item_map("text")),
        posts={
            (DAY, f"post{i}"): Post(text, "https://example.com/post" if i else "javascript:window.ran=true")
            for i, text in enumerate(HOSTILE)
        },
        quality={"posts": (24, None), "rejected": (0, 40)},
        rejects=(),
        models=(("image", "efficientnet-lite0", "1", "Apache-2.0"),),
        settings=(("MKT_BACKGROUND", "black"),),
        packages=(("duckdb", "1.4"),),
        members=tuple(
            Member(modality, i % 2, Item(DAY, f"post{i}", frame), i // 2 + 1)
            for modality, frame in (("image", "post"), ("text", None))
            for i in range(len(HOSTILE))
        ),
        made=(Made("clusters", "a-run-id", datetime(2024, 6, 14, 12, tzinfo=UTC), "1"),),
    )
    return replace(facts, **changes)


def grey_tiles(item: Item, max_size: tuple[int, int]) -> Image.Image | None:
    """A picture for every item that has a frame, smaller than any that is asked for."""
    del max_size
    return Image.new("RGBA", (60, 80), (90, 90, 90, 255)) if item.frame else None
