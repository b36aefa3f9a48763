"""Thin shells that read tables, call core, write tables and report metadata: one file an asset."""

from __future__ import annotations

import dagster as dg

from mkt_assets.assets.charts import build_charts
from mkt_assets.assets.cluster_identities import build_cluster_identities
from mkt_assets.assets.cluster_profiles import build_cluster_profiles
from mkt_assets.assets.clusters import build_clusters
from mkt_assets.assets.crosstab_ratios import build_crosstab_ratios
from mkt_assets.assets.image_embeddings import build_image_embeddings
from mkt_assets.assets.k_selection import build_k_selection
from mkt_assets.assets.matted_images import build_matted_images
from mkt_assets.assets.method_comparison import build_method_comparison
from mkt_assets.assets.raw_posts import build_raw_posts
from mkt_assets.assets.report import build_report
from mkt_assets.assets.summaries import build_summaries
from mkt_assets.assets.text_embeddings import build_text_embeddings
from mkt_assets.assets.trends import build_trends
from mkt_assets.settings import Settings

BUILDERS = (
    build_raw_posts,
    build_matted_images,
    build_image_embeddings,
    build_summaries,
    build_text_embeddings,
    build_k_selection,
    build_clusters,
    build_crosstab_ratios,
    build_cluster_profiles,
    build_cluster_identities,
    build_trends,
    build_charts,
    build_method_comparison,
    build_report,
)


def build_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """All assets, for these settings."""
    return [build(settings) for build in BUILDERS]
