"""Styles by topics: what goes with what, and what of it to believe."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE
from mkt_assets.contract.table import Column, Table

UNITS = ("image", "post")

CROSSTAB_RATIOS = Table(
    "crosstab_ratios",
    "an (image cluster, text cluster) pair, per counting unit",
    (
        CRAWL_DATE,
        Column("unit", "VARCHAR", "what n counts: distinct images or distinct posts", allowed=UNITS),
        Column("image_cluster", "BIGINT", "image cluster", minimum=0),
        Column(
            "text_cluster",
            "BIGINT",
            "text cluster; null: no item of this image cluster has a text",
            nullable=True,
        ),
        Column("n", "BIGINT", "items of the pair", "items", minimum=0),
        Column(
            "ratio",
            "DOUBLE",
            "n over the image cluster's items with a text cluster",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "rank",
            "BIGINT",
            "1 = largest ratio; ties: larger n, then smaller text id",
            nullable=True,
            minimum=1,
        ),
        Column("n_with_text", "BIGINT", "items of the image cluster with a text cluster", "items", minimum=0),
        Column(
            "n_without_text",
            "BIGINT",
            "items of the image cluster without a text cluster",
            "items",
            minimum=0,
        ),
        Column("n_images", "BIGINT", "distinct images behind the pair", "images", minimum=0),
        Column("n_posts", "BIGINT", "distinct posts behind the pair", "posts", minimum=0),
        Column("n_posters", "BIGINT", "distinct posters behind the pair", "posters", minimum=0),
        Column(
            "low_support", "BOOLEAN", "the image cluster has fewer posts with a text than is worth believing"
        ),
        Column(
            "ratio_low",
            "DOUBLE",
            "lower end of the ratio's 95 % interval (Wilson, n = what the posts are worth, given their accounts)",
            "1",
            True,
        ),
        Column("ratio_high", "DOUBLE", "upper end of it", "1", True),
        Column("base_share", "DOUBLE", "share of the text cluster among all items with a text", "1", True),
        Column("lift", "DOUBLE", "ratio over base_share: 1 = as everywhere", "1", True, minimum=0),
        Column(
            "cautious_lift",
            "DOUBLE",
            "the lift nearest to 1 that the ratio's interval allows: what to show, to colour and to sort by",
            "1",
            True,
            minimum=0,
        ),
        Column("npmi", "DOUBLE", "normalised pointwise mutual information: 0 = independent", "1", True),
        Column(
            "p_value",
            "DOUBLE",
            "chance of so many posts or more if topics were dealt at random to posts (hypergeometric)",
            "1",
            True,
        ),
        Column("q_value", "DOUBLE", "p_value corrected for all pairs (Benjamini-Hochberg)", "1", True),
        Column(
            "poster_p_value",
            "DOUBLE",
            "the same asked by account, not by post (jackknife, see core/crosstab/account_links)",
            "1",
            True,
        ),
        Column(
            "poster_q_value",
            "DOUBLE",
            "poster_p_value corrected for all pairs (Benjamini-Hochberg)",
            "1",
            True,
        ),
        Column(
            "largest_poster_share",
            "DOUBLE",
            "share of the pair's posts that its most active account wrote; null: accounts are not known",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "supported", "BOOLEAN", "the link is worth believing, see core/crosstab/belief", nullable=True
        ),
        Column(
            "sight_contrast",
            "DOUBLE",
            "by how much the style's pictures match other accounts' captions of the topic better than other styles' "
            "do (difference of mean cosines); null: pictures and captions are in two spaces",
            "1",
            True,
        ),
        Column(
            "sight_q_value",
            "DOUBLE",
            "chance of such a contrast if pictures were dealt at random to styles, or captions to topics, whichever is "
            "likelier; by account, corrected for all pairs (Benjamini-Hochberg)",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "sight_agrees",
            "BOOLEAN",
            "second opinion on the link: pictures and captions are of one thing, see core/sight/matches",
            nullable=True,
        ),
    ),
    key=("unit", "image_cluster", "text_cluster"),
    checks=(
        "(text_cluster IS NULL) = (n = 0)",
        "(text_cluster IS NULL) = (ratio IS NULL)",
        "ratio_low <= ratio AND ratio <= ratio_high",
        "p_value <= q_value",
        "poster_p_value <= poster_q_value",
        "(sight_contrast IS NULL) = (sight_agrees IS NULL)",
    ),
)

TABLES = (CROSSTAB_RATIOS,)
