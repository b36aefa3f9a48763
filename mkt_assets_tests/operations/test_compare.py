"""`mkt compare`: the links of its page work, what cannot be compared is refused in a sentence, people are forgotten."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.operations.compare import compare_crawls
from mkt_assets.operations.forget import Request, forget
from mkt_assets.operations.gc import find_garbage
from mkt_assets.resources.warehouse import CrawlDateError
from mkt_assets.settings import Settings
from mkt_assets_tests.operations.homes import D1, D2
from mkt_assets_tests.report.test_page import Page
from mkt_assets_tests.runs import rows


def addresses_of(path: Path) -> set[str]:
    return {a["href"] or "" for a in Page(path.read_text("utf-8")).of("a")}


def report_links(path: Path) -> set[Path]:
    found = {unquote(address.partition("#")[0]) for address in addresses_of(path)}
    return {(path.parent / address).resolve() for address in found if address.endswith("report.html")}


def test_the_page_lies_among_the_reports_and_links_to_both_whichever_date_comes_first(home: Settings) -> None:
    written = Path(compare_crawls(home, D2, D1))
    assert written == home.reports_dir / "compare" / f"{D1}_{D2}.html"
    reports = {(home.reports_dir / str(day) / "report.html").resolve() for day in (D1, D2)}
    assert report_links(written) == reports
    assert all(report.is_file() for report in reports)
    assert compare_crawls(home, D1, D2) == str(written)
    page = Page(written.read_text("utf-8"))
    assert page.open == []
    assert f"{D1} and {D2}" in page.text
    assert [src for a in page.of("img") if (src := a["src"] or "").startswith("data:image/webp")]


def test_a_page_of_ones_own_links_to_the_reports_from_where_it_is(home: Settings, tmp_path: Path) -> None:
    output = tmp_path / "for them" / "sides.html"
    assert compare_crawls(home, D1, D2, output) == str(output)
    assert report_links(output) == {
        (home.reports_dir / str(day) / "report.html").resolve() for day in (D1, D2)
    }
    assert not (home.reports_dir / "compare").exists()


def test_a_report_that_is_not_there_is_not_linked(home: Settings) -> None:
    (home.reports_dir / str(D1) / "report.html").unlink()
    written = Path(compare_crawls(home, D1, D2))
    assert report_links(written) == {(home.reports_dir / str(D2) / "report.html").resolve()}


def test_the_second_report_links_to_the_first_and_says_the_command(home: Settings) -> None:
    later = home.reports_dir / str(D2) / "report.html"
    assert report_links(later) == {(home.reports_dir / str(D1) / "report.html").resolve()}
    assert f"mkt compare {D1} {D2}" in Page(later.read_text("utf-8")).text
    assert report_links(home.reports_dir / str(D1) / "report.html") == set()


def test_dates_that_are_not_there_and_one_date_twice_are_refused_in_a_sentence(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CrawlDateError, match=f"2030-01-01; the dates there are: {D1}, {D2}"):
        compare_crawls(home, D1, date(2030, 1, 1))
    with pytest.raises(ValueError, match="compared with itself"):
        compare_crawls(home, D1, D1)
    with pytest.raises(IsADirectoryError, match="is a folder: name a file"):
        compare_crawls(home, D1, D2, tmp_path)
    monkeypatch.setenv("MKT_HOME", str(tmp_path / "nobodys"))
    done = CliRunner().invoke(app, ["compare", str(D1), str(D2)])
    assert done.exit_code == 2
    assert "there is none yet" in done.output


def test_the_command_says_where_the_page_is(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    done = CliRunner().invoke(app, ["compare", str(D1), str(D2)])
    assert done.exit_code == 0, done.output
    assert Path(done.output.strip()).is_file()


def test_who_is_forgotten_is_in_no_comparison_either(home: Settings) -> None:
    written = Path(compare_crawls(home, D1, D2))
    assert written not in [orphan.path for orphan in find_garbage(home, min_age_hours=0).orphans]
    only_later = {r["post_id"] for r in rows(home, "raw_posts", D2)} - {
        r["post_id"] for r in rows(home, "raw_posts", D1)
    }
    forget(home, Request(posts=[min(only_later)]))
    assert not written.exists()
    assert (home.reports_dir / str(D1) / "report.html").exists()
