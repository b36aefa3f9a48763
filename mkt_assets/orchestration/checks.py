"""Asset checks: what should be true of a stored partition, said in numbers. What must be true is in the contract.

Rows that break the schema never get in (resources/warehouse); a check here warns of a partition that is
well-formed and still not to be trusted.

Not here: what must be true (contract/schema), the check of a home (operations/doctor).
"""

import warnings
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa

from mkt_assets.contract.schema import TABLES
from mkt_assets.core.vectors import to_matrix
from mkt_assets.orchestration.partitions import crawl_date_of, crawl_date_partitions
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings

# The original wrote "nan" into 36 % of its summaries and lost 57 % of its texts to truncation.
MAX_SHARE_WITHOUT_TEXT = 0.5
# Only 24 % of the original's pictures had a text, and nothing said so.
MIN_SHARE_OF_IMAGES_WITH_TEXT = 0.5
UNIT_NORM_TOLERANCE = 1e-3

Outcome = tuple[bool, Mapping[str, Any]]
Examine = Callable[[Warehouse, date], Outcome]


def build_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks, partitioned like the assets."""
    with warnings.catch_warnings():
        # partitions of checks are in preview in Dagster 1.13; without them a check could not tell its crawl date
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return _checks(settings)


def _checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    checks = [
        _check(
            settings, name, "rows_keep_the_contract", _contract(name), "Keys are unique in what is stored."
        )
        for name in TABLES
        if name != "rejects" and TABLES[name].partitioned
    ]
    checks += [
        _check(
            settings,
            "raw_posts",
            "has_posts",
            _has_posts,
            "The crawl has posts; an empty crawl is a warning.",
        ),
        _check(
            settings,
            "summaries",
            "few_posts_without_text",
            _few_without_text,
            f"At most {MAX_SHARE_WITHOUT_TEXT:.0%} of the posts have no text left.",
        ),
        _check(
            settings,
            "summaries",
            "no_literal_nan_or_suffix",
            _no_artefacts,
            "No summary ends in the platform's suffix or in the literal 'nan' of a missing field.",
        ),
        _check(
            settings,
            "image_embeddings",
            "unit_norm",
            _unit_norm("image_embeddings"),
            "Vectors have length 1.",
        ),
        _check(
            settings, "text_embeddings", "unit_norm", _unit_norm("text_embeddings"), "Vectors have length 1."
        ),
        _check(
            settings,
            "text_embeddings",
            "different_tokens_different_vectors",
            _distinct_vectors,
            "No two texts with different encoder tokens share a vector: the original lost 57 % of its posts so.",
        ),
        _check(
            settings,
            "text_embeddings",
            "nothing_truncated",
            _nothing_truncated,
            "Every post with text has a vector; texts of several windows are counted.",
        ),
        _check(
            settings,
            "clusters",
            "images_with_text",
            _coverage,
            f"At least {MIN_SHARE_OF_IMAGES_WITH_TEXT:.0%} of the clustered pictures have a clustered text.",
        ),
        _check(
            settings,
            "crosstab_ratios",
            "ratios_sum_to_1",
            _sums_to_one,
            "Ratios of an image cluster sum to 1.",
        ),
        _check_of_all(
            "cluster_identities",
            "every_cluster_has_an_identity",
            _identified,
            "Every cluster with a profile, of any crawl date, has an identity of its own.",
        ),
        _check_of_all(
            "trends",
            "shares_of_topics_sum_to_1",
            _topic_shares_sum_to_one,
            "Every caption is of one topic, so shares of topics sum to 1 on every date.",
        ),
    ]
    return checks


def _check(
    settings: Settings, asset: str, name: str, examine: Examine, description: str
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset, name=name, description=description, partitions_def=crawl_date_partitions(settings)
    )
    def check(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.AssetCheckResult:
        passed, metadata = examine(warehouse, crawl_date_of(context))
        return dg.AssetCheckResult(
            passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=dict(metadata)
        )

    return check


def _check_of_all(
    asset: str, name: str, examine: Callable[[Warehouse], Outcome], description: str
) -> dg.AssetChecksDefinition:
    """A check of a table that is computed of all crawl dates, and not partitioned."""

    @dg.asset_check(asset=asset, name=name, description=description)
    def check(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
        passed, metadata = examine(warehouse)
        return dg.AssetCheckResult(
            passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=dict(metadata)
        )

    return check


def _contract(name: str) -> Examine:
    def examine(warehouse: Warehouse, crawl_date: date) -> Outcome:
        spec = TABLES[name]
        rows = warehouse.read(name, [crawl_date], columns=["crawl_date", *spec.key])
        keys = rows.group_by(list(spec.key)).aggregate([]).num_rows
        return keys == rows.num_rows, {"rows": rows.num_rows, "keys": keys}

    return examine


def _has_posts(warehouse: Warehouse, crawl_date: date) -> Outcome:
    n = warehouse.read("raw_posts", [crawl_date], columns=["post_id"]).num_rows
    return n > 0, {"posts": n}


def _few_without_text(warehouse: Warehouse, crawl_date: date) -> Outcome:
    has_text = warehouse.read("summaries", [crawl_date], columns=["has_text"])["has_text"].to_pylist()
    share = has_text.count(False) / len(has_text) if has_text else 0.0
    return share <= MAX_SHARE_WITHOUT_TEXT, {"share_without_text": share, "posts": len(has_text)}


def _no_artefacts(warehouse: Warehouse, crawl_date: date) -> Outcome:
    summaries = warehouse.read("summaries", [crawl_date], columns=["summary"])["summary"].to_pylist()
    texts = [str(summary) for summary in summaries]
    suffixed = sum(s.endswith(("- 小红书", "- 小紅書")) for s in texts)
    # a caption may really end in "nan"; two in a row is what two missing fields left in the original
    nans = sum(s.endswith("nan nan") or s == "nan" for s in texts)
    return not (suffixed or nans), {"ends_in_suffix": suffixed, "ends_in_nan": nans}


def _unit_norm(table: str) -> Examine:
    def examine(warehouse: Warehouse, crawl_date: date) -> Outcome:
        vectors = to_matrix(warehouse.read(table, [crawl_date], columns=["embedding"])["embedding"])
        norms = np.linalg.norm(vectors, axis=1) if len(vectors) else np.ones(1)
        worst = float(np.abs(norms - 1).max())
        return worst <= UNIT_NORM_TOLERANCE, {"largest_deviation_from_1": worst, "vectors": len(vectors)}

    return examine


def _distinct_vectors(warehouse: Warehouse, crawl_date: date) -> Outcome:
    rows = warehouse.read("text_embeddings", [crawl_date], columns=["token_sha256", "embedding"])
    tokens_of: dict[bytes, set[str]] = {}
    for vector, token in zip(to_matrix(rows["embedding"]), rows["token_sha256"].to_pylist(), strict=True):
        tokens_of.setdefault(vector.tobytes(), set()).add(str(token))
    shared = sum(len(tokens) for tokens in tokens_of.values() if len(tokens) > 1)
    return shared == 0, {"different_texts_sharing_a_vector": shared, "distinct_vectors": len(tokens_of)}


def _nothing_truncated(warehouse: Warehouse, crawl_date: date) -> Outcome:
    has_text = warehouse.read("summaries", [crawl_date], columns=["has_text"])["has_text"].to_pylist()
    rows = warehouse.read("text_embeddings", [crawl_date], columns=["n_chunks"])
    several = sum(n is not None and n > 1 for n in rows["n_chunks"].to_pylist())
    return rows.num_rows == has_text.count(True), {
        "posts_with_text": has_text.count(True),
        "posts_with_vector": rows.num_rows,
        "posts_in_several_windows": several,
    }


def _coverage(warehouse: Warehouse, crawl_date: date) -> Outcome:
    rows = warehouse.read("clusters", [crawl_date], columns=["modality", "post_id"]).to_pylist()
    with_text = {row["post_id"] for row in rows if row["modality"] == "text"}
    images = [row["post_id"] for row in rows if row["modality"] == "image"]
    covered = sum(post_id in with_text for post_id in images)
    share = covered / len(images) if images else 1.0
    return share >= MIN_SHARE_OF_IMAGES_WITH_TEXT, {"share_of_images_with_text": share, "images": len(images)}


def _sums_to_one(warehouse: Warehouse, crawl_date: date) -> Outcome:
    rows: pa.Table = warehouse.read("crosstab_ratios", [crawl_date])
    sums: dict[tuple[str, int], float] = {}
    for row in rows.to_pylist():
        if row["ratio"] is not None:
            key = (row["unit"], row["image_cluster"])
            sums[key] = sums.get(key, 0.0) + row["ratio"]
    worst = max((abs(total - 1) for total in sums.values()), default=0.0)
    return worst <= 1e-9, {"largest_deviation_from_1": worst, "image_clusters": len({i for _, i in sums})}


def _identified(warehouse: Warehouse) -> Outcome:
    key = ["crawl_date", "modality", "cluster_id"]
    profiles = {tuple(row.values()) for row in warehouse.read("cluster_profiles", columns=key).to_pylist()}
    rows = warehouse.read("cluster_identities", columns=[*key, "identity"]).to_pylist()
    identified = {(row["crawl_date"], row["modality"], row["cluster_id"]) for row in rows}
    shared = len(rows) - len({(row["crawl_date"], row["identity"]) for row in rows})
    without, gone = len(profiles - identified), len(identified - profiles)
    return not (without or gone or shared), {
        "clusters_without_identity": without,
        "identities_of_clusters_that_are_no_more": gone,
        "clusters_sharing_an_identity": shared,
    }


def _topic_shares_sum_to_one(warehouse: Warehouse) -> Outcome:
    sums: dict[tuple[str, str, date], float] = {}
    for row in warehouse.read(
        "trends", columns=["modality", "basis", "encoder", "crawl_date", "share"]
    ).to_pylist():
        if row["modality"] == "text":
            key = (row["basis"], row["encoder"], row["crawl_date"])
            sums[key] = sums.get(key, 0.0) + row["share"]
    worst = max((abs(total - 1) for total in sums.values()), default=0.0)
    return worst <= 1e-9, {"largest_deviation_from_1": worst, "dates": len(sums)}
