"""Asset checks: what should be true of a stored partition, said in numbers. What must be true is in the contract.

Rows that break the schema never get in (resources/warehouse); a check here tells of a partition that is
well-formed and still not to be trusted. `CHECKS` decides of each how severe it is, and what follows.

Not here: what must be true (contract/tables), the check of a home (operations/doctor).
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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

# In the metadata of raw_posts: what reading the drop left out.
ROWS_READ = "rows_read"
ROWS_REJECTED = "rows_rejected"
FILES_REJECTED = "files_rejected"
FIRST_REJECTED = "first_files_rejected"
_REPLACED = "\ufffd"

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@dataclass(frozen=True)
class Subject:
    """What a check looks at: what is stored of an asset, and of which crawl date (None: of all)."""

    asset: str
    crawl_date: date | None
    warehouse: Warehouse
    settings: Settings
    instance: dg.DagsterInstance

    def read(self, table: str, columns: list[str] | None = None) -> pa.Table:
        """Rows of a table, of the crawl date."""
        dates = None if self.crawl_date is None else [self.crawl_date]
        return self.warehouse.read(table, dates, columns=columns)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the asset said of the crawl date when it was last made."""
        partition = None if self.crawl_date is None else [self.crawl_date.isoformat()]
        chosen = dg.AssetRecordsFilter(dg.AssetKey(self.asset), asset_partitions=partition)
        for record in self.instance.fetch_materializations(chosen, limit=1).records:
            if record.asset_materialization is not None:
                return {key: value.value for key, value in record.asset_materialization.metadata.items()}
        return {}


@dataclass(frozen=True)
class Outcome:
    """Whether a check passed, in numbers; and, if need be, in a sentence."""

    passed: bool
    metadata: Mapping[str, Any]
    sentence: str = ""


@dataclass(frozen=True)
class Check:
    """What should be true of some assets, what it is worth, and why so much.

    A failed error makes `mkt run` end with 1 and `mkt doctor` complain; if it blocks, what comes after is not made,
    and the run fails. A failed warning is shown in the UI. `of_all` is a check of a table of all crawl dates.
    """

    name: str
    assets: tuple[str, ...]
    severity: dg.AssetCheckSeverity
    blocks: bool
    says: str
    why: str
    examine: Callable[[Subject], Outcome]
    of_all: bool = False


def build_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks, partitioned like the assets."""
    with warnings.catch_warnings():
        # partitions of checks are in preview in Dagster 1.13; without them a check could not tell its crawl date
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [_definition(check, asset, settings) for check in CHECKS for asset in check.assets]


def as_markdown() -> str:
    """`CHECKS` as the table that docs/operations.md shows."""
    lines = ["| check | of | worth | what should be so, and why it is worth that |", "|---|---|---|---|"]
    for check in CHECKS:
        of = "every table" if len(check.assets) > 2 else ", ".join(f"`{asset}`" for asset in check.assets)
        worth = "warning" if check.severity is WARN else "error, blocks" if check.blocks else "error"
        lines.append(f"| `{check.name}` | {of} | {worth} | {check.says} {check.why} |")
    return "\n".join(lines) + "\n"


def failed_errors(evaluations: Iterable[dg.AssetCheckEvaluation]) -> list[str]:
    """Those that failed as errors, each in a sentence."""
    return [sentence_of(one) for one in evaluations if not one.passed and one.severity is ERROR]


def sentence_of(evaluation: dg.AssetCheckEvaluation) -> str:
    """What a check that failed found: its sentence, or else its numbers."""
    numbers = ", ".join(f"{key} {value.value}" for key, value in evaluation.metadata.items())
    return f"{evaluation.asset_key.to_user_string()}.{evaluation.check_name}: {evaluation.description or numbers}"


def _definition(check: Check, asset: str, settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=check.name,
        description=f"{check.says} {check.why}",
        blocking=check.blocks,
        partitions_def=None if check.of_all else crawl_date_partitions(settings),
    )
    def evaluate(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.AssetCheckResult:
        crawl_date = None if check.of_all else crawl_date_of(context)
        outcome = check.examine(Subject(asset, crawl_date, warehouse, settings, context.instance))
        return dg.AssetCheckResult(
            passed=outcome.passed,
            severity=check.severity,
            metadata=dict(outcome.metadata),
            description=outcome.sentence or None,
        )

    return evaluate


def _unique_keys(of: Subject) -> Outcome:
    spec = TABLES[of.asset]
    rows = of.read(of.asset, ["crawl_date", *spec.key])
    keys = rows.group_by(list(spec.key)).aggregate([]).num_rows
    return Outcome(keys == rows.num_rows, {"rows": rows.num_rows, "keys": keys})


def _has_posts(of: Subject) -> Outcome:
    n = of.read("raw_posts", ["post_id"]).num_rows
    return Outcome(n > 0, {"posts": n}, "" if n else "The crawl is empty.")


def _all_files_read(of: Subject) -> Outcome:
    n = int(of.metadata.get(FILES_REJECTED, 0))
    sentence = (
        f"{of.metadata.get(FIRST_REJECTED, 'See the table rejects')}: posts may be missing." if n else ""
    )
    return Outcome(n == 0, {FILES_REJECTED: n}, sentence)


def _few_rows_rejected(of: Subject) -> Outcome:
    n_rows, n_rejected = (int(of.metadata.get(key, 0)) for key in (ROWS_READ, ROWS_REJECTED))
    return _few(n_rejected, n_rows, "rows were rejected; the reasons are in the table rejects", of)


def _few_texts_damaged(of: Subject) -> Outcome:
    rows = of.read("raw_posts", ["title", "content"]).to_pylist()
    n = sum(any(_REPLACED in str(text) for text in row.values()) for row in rows)
    return _few(n, len(rows), "posts have U+FFFD in their texts, for bytes that are in no known encoding", of)


def _few(n: int, n_all: int, what: str, of: Subject) -> Outcome:
    share = n / n_all if n_all else 0.0
    most = of.settings.max_rejected_share
    sentence = f"{n:,} of {n_all:,} {what}. (MKT_MAX_REJECTED_SHARE: {most})"
    return Outcome(share <= most, {"share": share, "n": n, "of": n_all}, "" if share <= most else sentence)


def _few_without_text(of: Subject) -> Outcome:
    has_text = of.read("summaries", ["has_text"])["has_text"].to_pylist()
    share = has_text.count(False) / len(has_text) if has_text else 0.0
    numbers = {"share_without_text": share, "posts": len(has_text)}
    return Outcome(share <= MAX_SHARE_WITHOUT_TEXT, numbers)


def _no_artefacts(of: Subject) -> Outcome:
    texts = [str(summary) for summary in of.read("summaries", ["summary"])["summary"].to_pylist()]
    suffixed = sum(s.endswith(("- 小红书", "- 小紅書")) for s in texts)
    # a caption may really end in "nan"; two in a row is what two missing fields left in the original
    nans = sum(s.endswith("nan nan") or s == "nan" for s in texts)
    return Outcome(not (suffixed or nans), {"ends_in_suffix": suffixed, "ends_in_nan": nans})


def _unit_norm(of: Subject) -> Outcome:
    vectors = to_matrix(of.read(of.asset, ["embedding"])["embedding"])
    norms = np.linalg.norm(vectors, axis=1) if len(vectors) else np.ones(1)
    worst = float(np.abs(norms - 1).max())
    numbers = {"largest_deviation_from_1": worst, "vectors": len(vectors)}
    return Outcome(worst <= UNIT_NORM_TOLERANCE, numbers)


def _distinct_vectors(of: Subject) -> Outcome:
    rows = of.read("text_embeddings", ["token_sha256", "embedding"])
    tokens_of: dict[bytes, set[str]] = {}
    for vector, token in zip(to_matrix(rows["embedding"]), rows["token_sha256"].to_pylist(), strict=True):
        tokens_of.setdefault(vector.tobytes(), set()).add(str(token))
    shared = sum(len(tokens) for tokens in tokens_of.values() if len(tokens) > 1)
    return Outcome(
        shared == 0, {"different_texts_sharing_a_vector": shared, "distinct_vectors": len(tokens_of)}
    )


def _nothing_truncated(of: Subject) -> Outcome:
    has_text = of.read("summaries", ["has_text"])["has_text"].to_pylist()
    rows = of.read("text_embeddings", ["n_chunks"])
    several = sum(n is not None and n > 1 for n in rows["n_chunks"].to_pylist())
    numbers = {
        "posts_with_text": has_text.count(True),
        "posts_with_vector": rows.num_rows,
        "posts_in_several_windows": several,
    }
    return Outcome(rows.num_rows == has_text.count(True), numbers)


def _coverage(of: Subject) -> Outcome:
    rows = of.read("clusters", ["modality", "post_id"]).to_pylist()
    with_text = {row["post_id"] for row in rows if row["modality"] == "text"}
    images = [row["post_id"] for row in rows if row["modality"] == "image"]
    covered = sum(post_id in with_text for post_id in images)
    share = covered / len(images) if images else 1.0
    numbers = {"share_of_images_with_text": share, "images": len(images)}
    return Outcome(share >= MIN_SHARE_OF_IMAGES_WITH_TEXT, numbers)


def _sums_to_one(of: Subject) -> Outcome:
    sums: dict[tuple[str, int], float] = {}
    for row in of.read("crosstab_ratios").to_pylist():
        if row["ratio"] is not None:
            key = (row["unit"], row["image_cluster"])
            sums[key] = sums.get(key, 0.0) + row["ratio"]
    worst = max((abs(total - 1) for total in sums.values()), default=0.0)
    numbers = {"largest_deviation_from_1": worst, "image_clusters": len({i for _, i in sums})}
    return Outcome(worst <= 1e-9, numbers)


def _identified(of: Subject) -> Outcome:
    key = ["crawl_date", "modality", "cluster_id"]
    profiles = {tuple(row.values()) for row in of.read("cluster_profiles", key).to_pylist()}
    rows = of.read("cluster_identities", [*key, "identity"]).to_pylist()
    identified = {(row["crawl_date"], row["modality"], row["cluster_id"]) for row in rows}
    shared = len(rows) - len({(row["crawl_date"], row["identity"]) for row in rows})
    without, gone = len(profiles - identified), len(identified - profiles)
    numbers = {
        "clusters_without_identity": without,
        "identities_of_clusters_that_are_no_more": gone,
        "clusters_sharing_an_identity": shared,
    }
    return Outcome(not (without or gone or shared), numbers)


def _topic_shares_sum_to_one(of: Subject) -> Outcome:
    sums: dict[tuple[str, str, date], float] = {}
    for row in of.read("trends", ["modality", "basis", "encoder", "crawl_date", "share"]).to_pylist():
        if row["modality"] == "text":
            key = (row["basis"], row["encoder"], row["crawl_date"])
            sums[key] = sums.get(key, 0.0) + row["share"]
    worst = max((abs(total - 1) for total in sums.values()), default=0.0)
    return Outcome(worst <= 1e-9, {"largest_deviation_from_1": worst, "dates": len(sums)})


CHECKS = (
    Check(
        *("rows_keep_the_contract", tuple(n for n, t in TABLES.items() if n != "rejects" and t.partitioned)),
        *(ERROR, True),
        "Keys are unique in what is stored.",
        "Rows that break it are refused before they are stored: the warehouse is damaged if it fails.",
        _unique_keys,
    ),
    Check(
        *("all_files_were_read", ("raw_posts",), ERROR, False),
        "Every file of the drop was read to its end, and gave a row that can be used.",
        "What could be read is worth showing, but posts may be missing.",
        _all_files_read,
    ),
    Check(
        *("few_rows_rejected", ("raw_posts",), ERROR, False),
        "The share of rejected rows is at most MKT_MAX_REJECTED_SHARE.",
        "A crawler that writes otherwise than before loses posts silently.",
        _few_rows_rejected,
    ),
    Check(
        *("few_texts_damaged", ("raw_posts",), ERROR, False),
        "The share of posts with unreadable characters in title or content is at most MKT_MAX_REJECTED_SHARE.",
        "A table in a wrong encoding gives topics of nonsense.",
        _few_texts_damaged,
    ),
    Check(
        *("has_posts", ("raw_posts",), WARN, False),
        "The crawl has posts.",
        "An empty crawl may be one: no file, or tables without a row.",
        _has_posts,
    ),
    Check(
        *("few_posts_without_text", ("summaries",), WARN, False),
        f"At most {MAX_SHARE_WITHOUT_TEXT:.0%} of the posts have no text left.",
        "A crawl of pictures alone is possible; its topics say little.",
        _few_without_text,
    ),
    Check(
        *("no_literal_nan_or_suffix", ("summaries",), WARN, False),
        "No summary ends in the platform's suffix or in the literal 'nan' of a missing field.",
        "Somebody may have written so.",
        _no_artefacts,
    ),
    Check(
        *("unit_norm", ("image_embeddings", "text_embeddings"), ERROR, True),
        "Vectors have length 1.",
        "All that follows counts on it, and would replace sound clusters by wrong ones.",
        _unit_norm,
    ),
    Check(
        *("different_tokens_different_vectors", ("text_embeddings",), ERROR, False),
        "No two texts with different encoder tokens share a vector: the original lost 57 % of its posts so.",
        "The encoder cuts texts off; topics of the others stay of use.",
        _distinct_vectors,
    ),
    Check(
        *("nothing_truncated", ("text_embeddings",), ERROR, False),
        "Every post with text has a vector; texts of several windows are counted.",
        "Posts are missing from the topics.",
        _nothing_truncated,
    ),
    Check(
        *("images_with_text", ("clusters",), WARN, False),
        f"At least {MIN_SHARE_OF_IMAGES_WITH_TEXT:.0%} of the clustered pictures have a clustered text.",
        "The cross table rests on few posts; its intervals say how few.",
        _coverage,
    ),
    Check(
        *("ratios_sum_to_1", ("crosstab_ratios",), ERROR, False),
        "Ratios of an image cluster sum to 1.",
        "Charts and report would show wrong shares.",
        _sums_to_one,
    ),
    Check(
        *("every_cluster_has_an_identity", ("cluster_identities",), ERROR, False),
        "Every cluster with a profile, of any crawl date, has an identity of its own.",
        "Names and trends of some crawl are wrong.",
        _identified,
        of_all=True,
    ),
    Check(
        *("shares_of_topics_sum_to_1", ("trends",), ERROR, False),
        "Every caption is of one topic, so shares of topics sum to 1 on every date.",
        "Trends would be of wrong shares.",
        _topic_shares_sum_to_one,
        of_all=True,
    ),
)
"""Every check: what it is worth is decided here, and told in docs/operations.md."""
