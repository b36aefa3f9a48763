"""crosstab_ratios: which topics dominate which style. The counting is in core/crosstab."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_list, markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.links import CROSSTAB_RATIOS, UNITS
from mkt_assets.core.crosstab.belief import MAX_P, believe
from mkt_assets.core.crosstab.crosstab import cross
from mkt_assets.core.crosstab.link_sentences import link_sentences
from mkt_assets.core.sight.matches import LinkMatches, Side, match_links
from mkt_assets.core.sight.space import why_apart
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.crawl import Crawl

SIGHT = ("sight_contrast", "sight_q_value", "sight_agrees")


@step(
    CROSSTAB_RATIOS,
    version=6,
    group="findings",
    kinds={"python", "duckdb", "pandas"},
    deps=["clusters", "cluster_identities"],
    settings=("low_support_posts",),
    description="For every image cluster, the share of each text cluster among its items with a text; counted in "
    "distinct images and in distinct posts, with what stands behind each number and whether to believe it; "
    "and, where pictures and captions are in one space, whether they agree by sight.",
)
def crosstab_ratios(run: Run, warehouse: Warehouse) -> Made:
    """Count the pairs, and weigh what stands behind them."""
    crawl_date, settings = run.crawl_date, run.settings
    crawl = Crawl(warehouse.read, crawl_date)
    clusters, names = crawl.clusters, crawl.names
    ratios = ratios_of(clusters, crawl_date, min_posts=settings.low_support_posts)
    apart = why_apart(crawl.encoders.get("image"), crawl.encoders.get("text"))
    ratios = _with_sight(ratios, None if apart else _link_matches(crawl))
    rows = pa.Table.from_pandas(ratios, CROSSTAB_RATIOS.arrow_schema(), preserve_index=False)
    by_image = ratios[ratios["unit"] == "image"]
    styles = by_image.drop_duplicates("image_cluster")
    n_with, n_without = int(styles["n_with_text"].sum()), int(styles["n_without_text"].sum())
    return Made(
        rows,
        {
            "image_clusters": len(styles),
            "text_clusters": int(by_image["text_cluster"].nunique()),
            "images_with_text": n_with,
            "images_without_text": n_without,
            "coverage": n_with / (n_with + n_without) if n_with + n_without else 1.0,
            "low_support_image_clusters": int(styles["low_support"].sum()),
            "pairs": int(by_image["text_cluster"].notna().sum()),
            "supported_pairs": int(by_image["supported"].fillna(value=False).sum()),
            "pairs_below_q": int((by_image["q_value"] < MAX_P).sum()),
            **({"no_second_opinion_because": apart} if apart else {"pairs_seen": _n_seen(by_image)}),
            "findings": markdown_list(
                link_sentences(by_image, style_names=names["image"], topic_names=names["text"])
            ),
            "strongest_links": markdown_table(_strongest(by_image, names)),
        },
    )


def ratios_of(clusters: pd.DataFrame, crawl_date: date, *, min_posts: int) -> pd.DataFrame:
    """Rows of crosstab_ratios in every unit, from rows of clusters."""
    of_images = clusters[clusters["modality"] == "image"]
    of_texts = clusters[clusters["modality"] == "text"]
    images = of_images[["poster_id", "post_id", "frame"]].assign(image_cluster=of_images["cluster_id"])
    texts = of_texts[["post_id"]].assign(text_cluster=of_texts["cluster_id"])
    parts = [
        believe(cross(images, texts, unit, min_posts=min_posts), images, texts).assign(unit=unit)
        for unit in UNITS
    ]
    return pd.concat(parts, ignore_index=True).assign(crawl_date=crawl_date)


def _with_sight(ratios: pd.DataFrame, matches: LinkMatches | None) -> pd.DataFrame:
    """The rows with what pictures and captions say of their pair; nothing is known without `matches`."""
    if matches is None:
        return ratios.assign(**dict.fromkeys(SIGHT))
    n_styles, n_topics = matches.contrast.shape
    said = pd.DataFrame(
        {
            "image_cluster": np.repeat(matches.styles, n_topics),
            "text_cluster": np.tile(matches.topics, n_styles),
            "sight_contrast": matches.contrast.ravel(),
            "sight_q_value": matches.q.ravel(),
            "sight_agrees": matches.agrees.ravel(),
        }
    ).astype({"text_cluster": ratios["text_cluster"].dtype})
    return ratios.merge(said, on=["image_cluster", "text_cluster"], how="left")


def _link_matches(crawl: Crawl) -> LinkMatches:
    placed = [crawl.placed(modality) for modality in MODALITIES]
    posters = np.concatenate([items["poster_id"] for items, _ in placed])
    accounts = np.split(np.unique(posters, return_inverse=True)[1], [len(placed[0][0])])
    pictures, captions = (
        Side(vectors, items["cluster_id"].to_numpy(np.int64), of)
        for (items, vectors), of in zip(placed, accounts, strict=True)
    )
    return match_links(pictures, captions)


def _n_seen(ratios: pd.DataFrame) -> int:
    return int(ratios["sight_agrees"].fillna(value=False).sum())


def _strongest(
    ratios: pd.DataFrame, names: Mapping[str, Mapping[int, str]], n: int = 12
) -> list[dict[str, object]]:
    """The links most worth believing, for the UI; those that are not stand below."""
    order = ["supported", "q_value", "cautious_lift"]
    best = ratios.dropna(subset=["text_cluster"]).sort_values(order, ascending=[False, True, False])
    return [
        {
            "style": names["image"].get(row["image_cluster"], row["image_cluster"]),
            "topic": names["text"].get(row["text_cluster"], row["text_cluster"]),
            "share": f"{row['ratio']:.0%} ({row['ratio_low']:.0%} to {row['ratio_high']:.0%})",
            "lift, at least": f"{row['cautious_lift']:.1f}",
            "posts": row["n_posts"],
            "accounts": row["n_posters"],
            "largest account": f"{row['largest_poster_share']:.0%}",
            "q": f"{row['q_value']:.2g}",
            "q by account": f"{row['poster_q_value']:.2g}",
            "believe": "yes" if row["supported"] else "no",
            **({} if pd.isna(row["sight_agrees"]) else {"seen": "yes" if row["sight_agrees"] else "no"}),
        }
        for row in best.head(n).to_dict("records")
    ]
