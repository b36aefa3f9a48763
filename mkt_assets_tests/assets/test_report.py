"""The report through Dagster: what the page says is what the tables say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import D1, D2, Crawl, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels


def test_the_page_is_where_its_row_and_dagster_say(whole_crawl: Crawl) -> None:
    said = whole_crawl.record.metadata["report"]
    (row,) = rows(whole_crawl.settings, "report", D1)
    page = whole_crawl.settings.reports_dir / row["path"]
    assert Path(said["report"]) == page
    assert hashlib.sha256(page.read_bytes()).hexdigest() == row["sha256"]
    assert row["n_bytes"] == page.stat().st_size
    assert row["headline"] == said["headline"]
    assert row["headline"] in said["findings"] or said["supported_pairs"]


def test_every_style_topic_and_run_is_on_the_page(whole_crawl: Crawl) -> None:
    settings = whole_crawl.settings
    page = (settings.reports_dir / "2024-06-13" / "report.html").read_text(encoding="utf-8")
    for row in rows(settings, "cluster_profiles", D1):
        kind = "style" if row["modality"] == "image" else "topic"
        assert f'id="{kind}-{row["cluster_id"]}"' in page
    n_tiles = page.count('src="data:image/webp')
    assert (
        n_tiles > sum(len(row["typical_post_ids"]) > 0 for row in rows(settings, "cluster_profiles", D1)) / 2
    )
    lineage = dict(re.findall(r"<tr><td>(\w+)</td><td>([0-9a-f-]{36})</td>", page))
    assert lineage["clusters"] == whole_crawl.record.run_id
    assert {"raw_posts", "trends", "method_comparison"} <= set(lineage)
    assert str(settings.home) not in page


def test_with_a_server_of_reports_the_ui_links_the_page_the_posts_of_its_findings_and_the_charts(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    settings = copied_crawl.model_copy(update={"explore_url": "http://explore.example.org"})
    result = materialize(settings, fake_models, D1, last=("report", "charts"), upstream=False)
    said = metadata(result, "report")
    page = f"http://explore.example.org/reports/{D1}/report.html"
    assert said["open"] == page
    links = re.findall(r"\[→\]\((\S+?)\)", said["findings"])
    assert links and all(link.startswith(f"{page}#") for link in links)
    [chart, *_] = re.findall(r"\]\((\S+?)\)", metadata(result, "charts")["open"])
    assert (settings.charts_dir / chart.removeprefix("http://explore.example.org/charts/")).is_file()


def test_no_account_is_on_the_page(whole_crawl: Crawl) -> None:
    settings = whole_crawl.settings
    page = (settings.reports_dir / "2024-06-13" / "report.html").read_text(encoding="utf-8")
    assert not [row for row in rows(settings, "raw_posts", D1) if row["poster_id"] in page]


def test_the_second_crawl_tells_what_is_new_and_leaves_the_first_page_alone(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    settings = copied_crawl
    write_drop(settings.drops_dir, D2, range(30, 60))
    first = (settings.reports_dir / "2024-06-13" / "report.html").read_bytes()
    findings = metadata(materialize(settings, fake_models, D2, last="report"), "report")["findings"]
    assert "No earlier crawl" not in findings
    assert (settings.reports_dir / "2024-06-13" / "report.html").read_bytes() == first


def test_a_crawl_without_a_usable_picture_has_a_report(settings: Settings, fake_models: FakeModels) -> None:
    drop = write_drop(settings.drops_dir, D1, range(6))
    for picture in [*drop.rglob("*.jpg"), *drop.rglob("*.png")]:
        picture.write_bytes(b"")
    materialize(settings, fake_models, D1, last="report")
    page = (settings.reports_dir / "2024-06-13" / "report.html").read_text(encoding="utf-8")
    assert "pictures were rejected, so there is no style" in page
