"""How many clusters there are, and which item is in which."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, MODALITY, POST_ID, POSTER_ID
from mkt_assets.contract.table import Column, Table

K_SELECTION = Table(
    "k_selection",
    "a (modality, k) tried",
    (
        CRAWL_DATE,
        MODALITY,
        Column("k", "BIGINT", "number of clusters", "clusters", minimum=1),
        Column("inertia", "DOUBLE", "sum of squared distances to the nearest centroid", minimum=0),
        Column("silhouette", "DOUBLE", "mean silhouette (cosine geometry)", "1", True, minimum=-1, maximum=1),
        Column("stability", "DOUBLE", "mean adjusted Rand index between seeds", "1", True),
        Column(
            "half_stability",
            "DOUBLE",
            "adjusted Rand index between the clusterings that two halves of the items give all of them",
            "1",
            True,
        ),
        Column("chosen", "BOOLEAN", "this k was chosen; exactly one a modality"),
        Column(
            "chosen_by",
            "VARCHAR",
            "knee: there are clusters, most plainly at this k; bend: none were seen",
            nullable=True,
            allowed=("knee", "bend", "only", "pin"),
        ),
        Column("reason", "VARCHAR", "why this k was chosen, in a sentence", nullable=True),
        Column("separation", "DOUBLE", "mean silhouette of one item a group of near copies", "1", True),
        Column(
            "reference_separation",
            "DOUBLE",
            "the same of items with this covariance and no clusters",
            "1",
            True,
        ),
        Column(
            "knee_strength",
            "DOUBLE",
            "separation above reference at the k found; with the chosen k",
            "1",
            True,
        ),
        Column("knee_needed", "DOUBLE", "separation above reference that clusters must have", "1", True),
        Column("knee_sensitivity", "DOUBLE", "factor of what is needed that was asked for", "1", True),
        Column(
            "knee_lowest", "BIGINT", "smallest k at which clusters stand out nearly most", "clusters", True
        ),
        Column(
            "knee_highest", "BIGINT", "largest k at which clusters stand out nearly most", "clusters", True
        ),
        Column("n_items", "BIGINT", "items clustered", "items", minimum=1),
        Column("n_distinct", "BIGINT", "distinct vectors among those fitted", "items", minimum=1),
        Column(
            "n_fitted",
            "BIGINT",
            "items of the sample that the clusters were sought on; null: all of them",
            "items",
            True,
            minimum=1,
        ),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
        Column("window_start", "DATE", "first crawl date of the window the fit is on"),
        Column(
            "random_state", "BIGINT", "seed of the fit; null: of an earlier version", nullable=True, minimum=0
        ),
        Column(
            "items_sha256",
            "VARCHAR",
            "of the items clustered: crawl dates, posts, frames and vectors; with the chosen k",
            nullable=True,
        ),
        Column(
            "labels",
            "BIGINT[]",
            "cluster of each item at the chosen k, items in the order of post and frame: what `clusters` stores",
            nullable=True,
        ),
    ),
    key=("modality", "k"),
    checks=("chosen = (reason IS NOT NULL)",),
)

CLUSTERS = Table(
    "clusters",
    "an item (image, or text of a post)",
    (
        CRAWL_DATE,
        MODALITY,
        Column("cluster_id", "BIGINT", "cluster, by size, 0 = largest", minimum=0),
        POST_ID,
        POSTER_ID,
        Column("frame", "VARCHAR", "which picture of the post; null for a text", nullable=True),
        Column("distance", "DOUBLE", "distance to the cluster's centroid", minimum=0),
        Column("rank_in_cluster", "BIGINT", "1 = nearest to the centroid", minimum=1),
        Column("item_crawl_date", "DATE", "crawl date of the item; earlier than crawl_date in a window"),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
    ),
    key=("modality", "post_id", "frame"),
    checks=("(modality = 'text') = (frame IS NULL)",),
)

TABLES = (K_SELECTION, CLUSTERS)
