"""What other methods would have said of a crawl."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, MODALITY
from mkt_assets.contract.table import Column, Table

EXPERIMENTS = ("methods", "matting", "encoders")
_AMI = "adjusted mutual information of the clustering (an item a post, noise left out) with "
_NEAREST = "share of items whose nearest of another post is "

METHOD_COMPARISON = Table(
    "method_comparison",
    "a way to cluster the crawl's sample: a method, pictures matted or not, or an encoder",
    (
        CRAWL_DATE,
        MODALITY,
        Column("experiment", "VARCHAR", "what is varied; all else is the crawl's own", allowed=EXPERIMENTS),
        Column("variant", "VARCHAR", "k-means, dbscan ..; matted, unmatted; or the encoder"),
        Column("is_used", "BOOLEAN", "the crawl's own clusters are made so"),
        Column("status", "VARCHAR", "run, or 'not run' and why"),
        Column("parameters", "VARCHAR", "what the method was given", nullable=True),
        Column("encoder", "VARCHAR", "encoder of the vectors", nullable=True),
        Column("n_items", "BIGINT", "items sampled and clustered", "items", minimum=0),
        Column("n_items_all", "BIGINT", "items the crawl has", "items", minimum=0),
        Column("n_clusters", "BIGINT", "clusters found, noise not counted", "clusters", True, minimum=0),
        Column("noise_share", "DOUBLE", "share of the items in no cluster", "1", True, minimum=0, maximum=1),
        Column("silhouette", "DOUBLE", "mean silhouette of the clustered items", "1", True),
        Column(
            "stability",
            "DOUBLE",
            "mean adjusted Rand index between refits on random halves of the accounts",
            "1",
            True,
        ),
        Column("stability_spread", "DOUBLE", "standard error of it", "1", True),
        Column("agreement_kmeans", "DOUBLE", "adjusted Rand index with k-means", "1", True),
        Column("agreement_dbscan", "DOUBLE", "adjusted Rand index with DBSCAN", "1", True),
        Column("agreement_optics", "DOUBLE", "adjusted Rand index with OPTICS", "1", True),
        Column("agreement_hdbscan", "DOUBLE", "adjusted Rand index with HDBSCAN", "1", True),
        Column("poster_agreement", "DOUBLE", _AMI + "the posters", "1", True),
        Column(
            "poster_neighbours",
            "DOUBLE",
            "share of items whose nearest of another post is of the same poster",
            "1",
            True,
        ),
        Column("poster_neighbours_expected", "DOUBLE", "the same by chance", "1", True),
        Column("cross_agreement", "DOUBLE", _AMI + "the crawl's clusters of the other modality", "1", True),
        Column(
            "cross_error",
            "DOUBLE",
            "standard error of it (half-samples of accounts)",
            "1",
            True,
        ),
        Column(
            "cross_agreement_without_copies", "DOUBLE", "the same, near duplicates counted once", "1", True
        ),
        Column("background_agreement", "DOUBLE", _AMI + "clusters of the background's colours", "1", True),
        Column(
            "background_error",
            "DOUBLE",
            "standard error of it (half-samples of accounts)",
            "1",
            True,
        ),
        Column(
            "copied_neighbours",
            "DOUBLE",
            _NEAREST + "a near duplicate",
            "1",
            True,
        ),
        Column("seconds", "DOUBLE", "time of one fit", "seconds", True, minimum=0),
        Column("verdict", "VARCHAR", "what the numbers say, in a sentence", nullable=True),
    ),
    key=("modality", "experiment", "variant"),
    checks=("(status = 'run') = (n_clusters IS NOT NULL)",),
)

TABLES = (METHOD_COMPARISON,)
