"""report: one page for people, of a crawl date. What it says and how it looks is in report/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import cast

import dagster as dg
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_list
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.tables.published import REPORT
from mkt_assets.models import registry
from mkt_assets.orchestration.records import SETTINGS_KEY, code_version_of
from mkt_assets.report import facts as of_report
from mkt_assets.report.answers import answers, headline
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.of_crawl import facts_of, models_of, tiles_of
from mkt_assets.report.openings import FILE_NAME, openings_of
from mkt_assets.report.page import render
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import PREFIX, Settings
from mkt_assets.stored.crawl import Crawl

UPSTREAM = (
    *(
        "raw_posts",
        "matted_images",
        "image_embeddings",
        "summaries",
        "text_embeddings",
        "k_selection",
        "clusters",
    ),
    *("item_positions", "crosstab_ratios", "cluster_profiles", "cluster_identities", "seen_words"),
    *("caption_matches", "trends", "method_comparison"),
)
PACKAGES = (
    *("mkt_assets", "dagster", "duckdb", "numpy", "pandas", "scikit-learn", "scipy", "torch", "pillow"),
    *("matplotlib", "rjieba"),
)
_KINDS = {"matting": "matting", "image": "image_encoder", "text": "text_encoder"}


@step(
    REPORT,
    version=7,
    group="findings",
    kinds={"python", "html"},
    deps=[
        *("crosstab_ratios", "cluster_profiles", "cluster_identities", "item_positions", "seen_words"),
        *("caption_matches", "trends", "method_comparison"),
    ],
    expected_daily=True,
    description="One HTML page that needs nothing else, `reports/<crawl date>/report.html`: the answers to an "
    "analyst's questions, styles, topics, links, trends, a map, and how far to believe them. English and Chinese.",
)
def report(run: Run, warehouse: Warehouse, media: FileStore, report_files: FileStore) -> Made:
    """Write the page of what is stored of the crawl, and of when and how it was made."""
    crawl = Crawl(warehouse.read, run.crawl_date)
    materialized = materializations(run.instance, run.crawl_date)
    reported = warehouse.read("report", columns=["crawl_date"])
    facts = facts_of(
        crawl,
        trends=warehouse.read("trends").to_pandas(),
        models=[(*model, _licence(*model[:2], run.settings)) for model in models_of(crawl)],
        settings=settings_of(materialized),
        packages=[(name, version(name)) for name in PACKAGES],
        made=[_made(name, record) for name, record in materialized],
        reported=[day for day in reported["crawl_date"].to_pylist() if day is not None],
    )
    data = render(facts, tiles_of(crawl, media)).encode("utf-8")
    path = f"{run.crawl_date.isoformat()}/{FILE_NAME}"
    written = report_files.write(path, data)
    findings = [sentence for answer in answers(facts) for sentence in answer.sentences]
    sentences = [ENGLISH.write(sentence) for sentence in findings]
    url = None if run.settings.explore_url is None else f"{run.settings.explore_url}/reports/{path}"
    # as links, or none: without a server there is nothing that a browser would open from the UI
    places = [[] if url is None else [url + o.address for o in openings_of(facts, s)] for s in findings]
    row: of_report.Row = {
        "crawl_date": run.crawl_date,
        "path": path,
        "sha256": hashlib.sha256(data).hexdigest(),
        "n_bytes": len(data),
        "n_findings": len(sentences),
        "headline": ENGLISH.write(headline(facts)),
    }
    return Made(
        pa.Table.from_pylist([row], REPORT.arrow_schema()),
        {
            "report": dg.MetadataValue.path(written),
            **({} if url is None else {"open": dg.MetadataValue.url(url)}),
            **({} if "://" in written else {"open_it_with": f"xdg-open {written}"}),
            "headline": row["headline"],
            "findings": markdown_list(sentences, places),
            "posts": facts.quality["posts"][0],
            "rejects": sum(n for *_, n in facts.rejects),
            "supported_pairs": sum(pair.supported for pair in facts.pairs),
            "n_bytes": len(data),
        },
    )


def materializations(instance: dg.DagsterInstance, crawl_date: date) -> list[tuple[str, dg.EventLogRecord]]:
    """The latest materialization of each asset that the report is made of, as far as Dagster knows them."""
    found: list[tuple[str, dg.EventLogRecord]] = []
    for name in UPSTREAM:
        wanted = dg.AssetRecordsFilter(dg.AssetKey(name), asset_partitions=[crawl_date.isoformat()])
        found += [(name, record) for record in instance.fetch_materializations(wanted, limit=1).records]
    return found


def settings_of(materialized: Sequence[tuple[str, dg.EventLogRecord]]) -> list[tuple[str, str]]:
    """Variables and values of the settings that results depended on, as they were when these were made.

    A setting that two assets were made with differently has both values, each with the asset.
    """
    used: dict[str, dict[str, str]] = {}
    for name, record in materialized:
        made = record.asset_materialization
        recorded = made.metadata.get(SETTINGS_KEY) if made else None
        values = cast("Mapping[str, object]", recorded.value) if recorded else {}
        for setting, value in values.items():
            used.setdefault(setting, {})[name] = _shown(value)
    return [
        (PREFIX + setting.upper(), next(iter(by.values())) if len({*by.values()}) == 1 else _by_asset(by))
        for setting, by in used.items()
    ]


def _by_asset(values: Mapping[str, str]) -> str:
    return "; ".join(f"{value} ({name})" for name, value in values.items())


def _shown(value: object) -> str:
    if value is None or value == []:
        return "-"
    return (
        ", ".join(str(part) for part in cast("list[object]", value))
        if isinstance(value, list)
        else str(value)
    )


def _made(name: str, record: dg.EventLogRecord) -> of_report.Made:
    made, at = record.asset_materialization, datetime.fromtimestamp(record.timestamp, tz=UTC)
    return of_report.Made(name, record.run_id, at, (code_version_of(made) if made else None) or "")


def _licence(role: str, model_id: str, settings: Settings) -> str:
    """SPDX name of a model's licence; a model that is no longer known here has none to tell."""
    try:
        kind = cast("registry.Role", _KINDS[role])
        return registry.describe(kind, model_id, settings.model_options).licence
    except registry.UnknownModel:
        return "-"
