"""What a cluster is like: its members, accounts, keywords, engagement."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, MODALITY
from mkt_assets.contract.table import Column, Table

PROPOSED_BY = ("keywords", "one_account")


def _median(name: str) -> tuple[Column, ...]:
    of = f"median {name} of its distinct posts that show them"
    return (
        Column(f"{name}_median", "DOUBLE", of, name, True, minimum=0),
        Column(f"{name}_low", "DOUBLE", f"{of}: lower end of the 95 % interval", name, True, minimum=0),
        Column(f"{name}_high", "DOUBLE", f"{of}: upper end of the 95 % interval", name, True, minimum=0),
        Column(f"{name}_median_is_lower_bound", "BOOLEAN", f"the {of} is 'at least' (10万+ among them)"),
        Column(f"n_with_{name}", "BIGINT", f"distinct posts that show {name}", "posts", minimum=0),
    )


CLUSTER_PROFILES = Table(
    "cluster_profiles",
    "a cluster: a visual style (image) or a topic (text)",
    (
        CRAWL_DATE,
        MODALITY,
        Column("cluster_id", "BIGINT", "cluster, as in clusters", minimum=0),
        Column(
            "proposed_name",
            "VARCHAR",
            "name that this crawl's captions propose, of its best keywords, unique in a modality; null: they propose "
            "none. What it is called is in cluster_identities",
            nullable=True,
        ),
        Column(
            "proposed_by",
            "VARCHAR",
            "what that is made of: keywords of several accounts, or one account's words (there are no others)",
            nullable=True,
            allowed=PROPOSED_BY,
        ),
        Column(
            "keywords",
            "VARCHAR[]",
            "words that set it apart, best first, with proposed_by one_account of one account; [] if none does",
        ),
        Column("n_items", "BIGINT", "images or texts in it", "items", minimum=1),
        Column("n_posts", "BIGINT", "distinct posts they come from", "posts", minimum=1),
        Column("n_posters", "BIGINT", "distinct posters they come from", "posters", minimum=1),
        Column("share", "DOUBLE", "share of the modality's items", "1", minimum=0, maximum=1),
        Column("medoid_post_id", "VARCHAR", "post of the item nearest to the centroid"),
        Column("medoid_frame", "VARCHAR", "picture of that post; null for a text", nullable=True),
        Column("typical_post_ids", "VARCHAR[]", "posts of its most typical items, no near duplicates"),
        Column("typical_frames", "VARCHAR[]", "their pictures, in the same order; '' for a text"),
        Column(
            "top_poster_share", "DOUBLE", "share of its items of the most frequent poster", "1", maximum=1
        ),
        Column(
            "n_effective_posters",
            "DOUBLE",
            "posters if all had equally many items (1 over the sum of squared shares)",
            "posters",
            minimum=1 - 1e-9,
        ),
        *_median("likes"),
        *_median("collects"),
        Column(
            "n_near_duplicates",
            "BIGINT",
            "items that nearly repeat a more typical one (cosine 0.95 or more)",
            "items",
            minimum=0,
        ),
        Column("low_support", "BOOLEAN", "it has fewer posts than is worth believing"),
        Column("one_poster", "BOOLEAN", "one poster made at least 90 % of its items"),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
        Column("centroid", "FLOAT[]", "direction of the mean of its vectors, length 1", unit="1"),
    ),
    key=("modality", "cluster_id"),
    checks=(
        "(modality = 'text') = (medoid_frame IS NULL)",
        "(proposed_by IS NULL) = (proposed_name IS NULL)",
        "proposed_by IS NULL OR len(keywords) > 0",
        "len(typical_post_ids) = len(typical_frames) AND typical_post_ids[1] = medoid_post_id",
    ),
)

TABLES = (CLUSTER_PROFILES,)
