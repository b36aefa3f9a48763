"""Thin shells that read tables, call core, and hand over rows and metadata: one file an asset.

Not here: what is computed (core/, compute/), how Dagster runs them (orchestration/).
"""

from __future__ import annotations

import dagster as dg

from mkt_assets.assets.caption_matches import caption_matches
from mkt_assets.assets.charts import charts
from mkt_assets.assets.cluster_identities import cluster_identities
from mkt_assets.assets.cluster_profiles import cluster_profiles
from mkt_assets.assets.clusters import clusters
from mkt_assets.assets.crosstab_ratios import crosstab_ratios
from mkt_assets.assets.image_embeddings import image_embeddings
from mkt_assets.assets.item_positions import item_positions
from mkt_assets.assets.k_selection import k_selection
from mkt_assets.assets.matted_images import matted_images
from mkt_assets.assets.method_comparison import method_comparison
from mkt_assets.assets.raw_posts import raw_posts
from mkt_assets.assets.report import report
from mkt_assets.assets.seen_words import seen_words
from mkt_assets.assets.summaries import summaries
from mkt_assets.assets.text_embeddings import text_embeddings
from mkt_assets.assets.trends import trends
from mkt_assets.settings import Settings

STEPS = (
    raw_posts,
    matted_images,
    image_embeddings,
    summaries,
    text_embeddings,
    item_positions,
    k_selection,
    clusters,
    cluster_profiles,
    cluster_identities,
    crosstab_ratios,
    seen_words,
    caption_matches,
    trends,
    charts,
    method_comparison,
    report,
)
"""In an order in which they can run."""


def build_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """All assets, for these settings."""
    return [step.build(settings) for step in STEPS]
