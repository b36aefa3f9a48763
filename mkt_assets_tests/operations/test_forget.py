"""Forgetting: the same search that finds a person everywhere before finds her nowhere afterwards."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.contract.schema import TABLES
from mkt_assets.core.text.needles import Needles
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.operations.forget import ForgetError, Forgotten, Request, forget
from mkt_assets.operations.search import search_home
from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.database import open_database
from mkt_assets.resources.opening import open_media_memory, open_tombstones, open_warehouse
from mkt_assets.resources.tombstones import FILE_NAME
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import post_id, poster_id, write_drop
from mkt_assets_tests.operations.homes import D1, D2, copied, run
from mkt_assets_tests.stand_ins import FakeModels

HER = 2
HER_POSTS = frozenset(post_id(i) for i in range(30) if i % 5 == HER)
LONGER = post_id(2) + "0_7"
"""The id of another's post, that goes on where one of hers ends."""


def hashed(settings: Settings, number: int = HER) -> str:
    return AccountHasher(settings.home / KEY_NAME).hash(poster_id(number))


def found(settings: Settings, needles: Collection[str]) -> list[str]:
    return sorted(
        f"{Path(place.path).name}: {place.what}" for place in search_home(settings, Needles(needles)).places
    )


def posts(settings: Settings) -> set[str]:
    return {post["post_id"] for post in open_warehouse(settings).read("raw_posts").to_pylist()}


@dataclass(frozen=True)
class Changed:
    """A home in which somebody was forgotten, to be looked at only, and one as it was."""

    home: Settings
    done: Forgotten
    before: Settings


def changed(two_crawls: Path, folder: Path, request: Callable[[Settings], Request]) -> Changed:
    """Two homes, in one of which that is forgotten which `request` answers, once it has made of it what it likes."""
    before, home = copied(two_crawls, folder / "before"), copied(two_crawls, folder / "after")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home.dagster_home))
        return Changed(home, forget(home, request(home)), before)


@pytest.fixture(scope="module")
def without_her(two_crawls: Path, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Without her, by her hashed account; its pictures have a time in the future."""

    def request(home: Settings) -> Request:
        for path in home.media_dir.rglob("*.webp"):
            os.utime(path, (2**32, 2**32))
        return Request(posters=[hashed(home)])

    return changed(two_crawls, tmp_path_factory.mktemp("without_her"), request)


@pytest.fixture(scope="module")
def without_a_post(two_crawls: Path, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Without one post, that is in the first crawl only, where another one has an id that begins with its."""

    def request(home: Settings) -> Request:
        with open_database(home.warehouse_path, timeout_seconds=5) as connection:
            for name, table in TABLES.items():
                if "post_id" in table.column_names:
                    connection.execute(
                        f"UPDATE {name} SET post_id = ? WHERE post_id = ?", [LONGER, post_id(3)]
                    )
            connection.execute("UPDATE raw_posts SET content = ? WHERE post_id = ?", [f"as {LONGER}", LONGER])
        return Request(posts=[post_id(2)])

    return changed(two_crawls, tmp_path_factory.mktemp("without_a_post"), request)


@pytest.fixture(scope="module")
def without_the_first(two_crawls: Path, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Without the first of the two crawls."""
    folder = tmp_path_factory.mktemp("without_the_first")
    return changed(two_crawls, folder, lambda _: Request(crawled_before=D2))


def test_the_search_finds_her_in_tables_snapshot_and_logs_before(without_her: Changed) -> None:
    places = " ".join(found(without_her.before, {hashed(without_her.before), *HER_POSTS}))
    for part in (
        "mkt.duckdb: ",
        "mkt.snapshot.duckdb: ",
        f"{D1}.json: its bytes",
        "cell(s) of raw_posts.poster_id",
        "clusters.post_id",
    ):
        assert part in places


def test_places_of_media_which_name_her_account_are_found_before_and_gone_afterwards(
    without_her: Changed,
) -> None:
    remembered = (open_media_memory(without_her.before).folder / f"{D1}.json").read_bytes()
    for needle in (poster_id(HER), hashed(without_her.before), post_id(HER)):
        assert Needles([needle]).are_in_bytes(remembered)
    assert not open_media_memory(without_her.home).folder.exists()


def test_a_forgotten_poster_is_nowhere_and_the_others_are_as_they_were(without_her: Changed) -> None:
    home = without_her.home
    before = open_warehouse(without_her.before).read("matted_images").to_pylist()
    assert found(home, {hashed(home), poster_id(HER), *HER_POSTS}) == []
    assert without_her.done.search.places == ()
    assert without_her.done.n_posts == 8
    assert not posts(home) & HER_POSTS
    after = open_warehouse(home).read("matted_images").to_pylist()
    assert after == [row for row in before if row["post_id"] not in HER_POSTS]
    assert all((home.media_dir / row["matte_path"]).is_file() for row in after)


def test_a_post_is_forgotten_and_the_posters_other_posts_stay(without_a_post: Changed) -> None:
    assert not posts(without_a_post.home) & {post_id(2)}
    assert search_home(without_a_post.home, Needles([post_id(2)], [LONGER])).places == ()
    assert posts(without_a_post.home) & HER_POSTS == HER_POSTS - {post_id(2)}


def test_a_post_whose_id_goes_on_where_hers_ends_stays_as_it_was(without_a_post: Changed) -> None:
    assert without_a_post.done.search.places == ()
    warehouse = open_warehouse(without_a_post.home)
    for name in ("raw_posts", "matted_images", "text_embeddings", "clusters"):
        assert LONGER in warehouse.read(name)["post_id"].to_pylist(), name
    assert f"as {LONGER}" in warehouse.read("raw_posts")["content"].to_pylist()


def test_words_and_pictures_that_dagster_shows_of_her_crawls_are_masked_and_of_others_stay(
    without_a_post: Changed,
) -> None:
    shown = re.compile(r'"md_str": "(?!\[forgotten\])')

    def showing(home: Settings) -> set[tuple[str, str | None]]:
        found: set[tuple[str, str | None]] = set()
        with sqlite3.connect(home.dagster_home / "history" / "runs" / "index.db") as connection:
            query = "SELECT asset_key, partition, event FROM event_logs WHERE asset_key IS NOT NULL"
            for key, partition, event in connection.execute(query).fetchall():
                if shown.search(event):
                    found.add((json.loads(key)[0], partition))
        return found

    assert {("cluster_profiles", str(D1)), ("trends", str(D2)), ("charts", str(D2))} <= showing(
        without_a_post.before
    )
    # names of styles and topics are made of people's words; a report and what has no crawl date look back
    left = showing(without_a_post.home)
    assert {partition for _, partition in left} == {str(D2)}
    assert ("cluster_profiles", str(D2)) in left
    looking_back = ("report", "charts", "crosstab_ratios", "cluster_identities", "trends")
    assert not {(asset, str(D2)) for asset in looking_back} & left


def test_a_report_of_an_earlier_crawl_goes_if_a_name_in_it_comes_from_hers(home: Settings) -> None:
    only_second = next(i for i in range(20, 30))
    with open_database(home.warehouse_path, timeout_seconds=5) as connection:
        connection.execute("UPDATE cluster_identities SET name = 'her word', name_by = 'keywords'")
    done = forget(home, Request(posts=[post_id(only_second)]))
    assert D1 in done.crawl_dates
    assert not list(home.reports_dir.rglob("*.html"))


def test_a_picture_with_a_time_in_the_future_goes_as_well(without_her: Changed) -> None:
    media = without_her.home.media_dir
    kept = open_warehouse(without_her.home).read("matted_images")["matte_path"].to_pylist()
    assert {path.relative_to(media).as_posix() for path in media.rglob("*.webp")} == set(kept)


def test_who_is_forgotten_by_the_crawlers_id_no_later_run_brings_back_with_old_posts_new_ones_or_pictures(
    home: Settings, fake_models: FakeModels
) -> None:
    forget(home, Request(crawler_accounts=[poster_id(HER)]))
    assert found(home, {hashed(home), poster_id(HER), *HER_POSTS}) == []
    write_drop(home.drops_dir, D2, range(30, 40))
    assert run(home, fake_models, D1, without=["charts"]).success
    assert run(home, fake_models, D2).success
    for day in (D1, D2):
        assert (open_media_memory(home).folder / f"{day}.json").is_file()
    assert found(home, {poster_id(HER), hashed(home), *HER_POSTS, post_id(32), post_id(37)}) == []
    assert posts(home) == {post_id(i) for i in (*range(20), *range(30, 40)) if i % 5 != HER}
    reports = open_warehouse(home).read("report").to_pylist()
    assert [report["crawl_date"] for report in reports] == [D1, D2]
    assert all((home.reports_dir / report["path"]).is_file() for report in reports)


def test_pages_and_charts_that_may_show_her_are_gone(without_her: Changed) -> None:
    assert without_her.done.crawl_dates == (D1, D2)
    assert without_her.done.drops_left == (D1, D2)
    home, warehouse = without_her.home, open_warehouse(without_her.home)
    assert warehouse.read("charts").num_rows == 0
    assert warehouse.read("report").num_rows == 0
    assert not list(home.reports_dir.rglob("*.html"))


def test_a_report_that_looks_back_on_her_crawl_goes_with_its_row(without_a_post: Changed) -> None:
    assert D2 in without_a_post.done.crawl_dates
    assert open_warehouse(without_a_post.home).read("report").num_rows == 0


def test_crawls_before_a_date_go_and_do_not_come_back(
    without_the_first: Changed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_models: FakeModels
) -> None:
    home = copied(without_the_first.home.home.parent, tmp_path / "copy")
    warehouse = open_warehouse(home)
    for name, table in TABLES.items():
        if table.partitioned:
            assert D1 not in set(warehouse.read(name)["crawl_date"].to_pylist()), name
    with dg.DagsterInstance.from_config(str(home.dagster_home)) as instance:
        assert instance.get_dynamic_partitions("crawl_date") == [str(D2)]
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster_home))
    with pytest.raises(Exception, match="before 2024-06-14 were forgotten"):
        run(home, fake_models, D1)


def test_ids_of_the_crawl_dates_that_stay_are_remembered_and_words_of_those_that_go_are_not(
    without_the_first: Changed,
) -> None:
    columns = ["crawl_date", "modality", "cluster_id", "identity", "name", "name_by"]
    before, after = (
        open_warehouse(home).read("cluster_identities", columns=columns).to_pylist()
        for home in (without_the_first.before, without_the_first.home)
    )
    stay = [row for row in before if row["crawl_date"] == D2]
    assert stay and {row["crawl_date"] for row in before} == {D1, D2}
    assert after == [{**row, "name": row["identity"], "name_by": "identity"} for row in stay]


def test_a_forget_that_was_cut_short_is_completed_by_asking_again(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(posters=[hashed(home)])

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in (
        "mkt_assets.operations.forget.scrub",
        "mkt_assets.resources.database.FileDatabase.compact",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(step, cut)
            with pytest.raises(KeyboardInterrupt):
                forget(home, request)
        assert hashed(home) in open_tombstones(home).read()
    assert forget(home, request).search.places == ()
    assert found(home, {hashed(home), *HER_POSTS}) == []


@pytest.mark.parametrize("step", ["traces_of", "erase", "collect_garbage"])
def test_a_forget_that_was_cut_short_is_told_by_the_doctor_and_ended_with_whatever_is_forgotten_next(
    home: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def told() -> bool:
        return any(
            "was cut short" in finding.what and "--again" in finding.to_do
            for finding in examine(home)
            if finding.verdict is Verdict.problem
        )

    with monkeypatch.context() as patch:
        patch.setattr(f"mkt_assets.operations.forget.{step}", cut)
        with pytest.raises(KeyboardInterrupt):
            forget(home, Request(posters=[hashed(home)]))
    assert hashed(home) in open_tombstones(home).read()
    assert told()
    forget(home, Request(again=True) if step != "collect_garbage" else Request(posts=[post_id(3)]))
    assert not told()
    assert found(home, {hashed(home), *HER_POSTS}) == []
    pictures = {row for row in open_warehouse(home).read("matted_images")["matte_path"].to_pylist() if row}
    assert len(list(home.media_dir.rglob("*.webp"))) == len(pictures)


def test_whom_a_restored_backup_brings_back_the_doctor_tells_of_and_forgets_again(
    without_her: Changed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copied(without_her.home.home.parent, tmp_path / "copy")
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster_home))
    home.warehouse_path.write_bytes(without_her.before.warehouse_path.read_bytes())
    told = [f.what for f in examine(home) if f.about == "forgotten" and f.verdict is Verdict.problem]
    assert len(told) == 1
    assert told[0].startswith(
        "7 posters and posts and 0 crawl dates that were forgotten are in the warehouse"
    )
    assert forget(home, Request(again=True)).n_posts == 8
    assert found(home, {hashed(home), *HER_POSTS}) == []


def test_the_file_of_the_forgotten_names_nobody(without_her: Changed) -> None:
    text = (without_her.home.home / FILE_NAME).read_text("utf-8")
    assert hashed(without_her.home) not in text
    assert not any(post in text for post in HER_POSTS)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Request(), "say whom"),
        (Request(posters=["alice"]), "not a poster_id"),
        (Request(crawled_before=date(2124, 1, 1)), "lies in the future"),
        (Request(again=True), "nothing was ever forgotten"),
    ],
)
def test_what_is_no_id_or_nothing_changes_nothing(
    settings: Settings, request_: Request, problem: str
) -> None:
    with pytest.raises(ForgetError, match=problem):
        forget(settings, request_)
    assert not (settings.home / FILE_NAME).exists()


def test_records_that_dagster_keeps_elsewhere_make_it_refuse(home: Settings) -> None:
    config = home.dagster_home / "dagster.yaml"
    config.write_text(config.read_text("utf-8") + "\nstorage:\n  postgres: {}\n", "utf-8")
    with pytest.raises(ForgetError, match="keeps Dagster's records elsewhere"):
        forget(home, Request(posters=[hashed(home)]))
    assert posts(home) >= HER_POSTS


def test_the_command_asks_forgets_and_says_what_to_do(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(home.home))
    monkeypatch.setenv("MKT_DROPS", str(home.drops_dir))
    arguments = ["forget", "--poster", hashed(home)]
    asked = CliRunner().invoke(app, arguments, input="n\n")
    assert asked.exit_code == 1
    assert f"Remove {hashed(home)} from" in asked.output
    assert posts(home) >= HER_POSTS
    done = CliRunner().invoke(app, [*arguments, "--post", "no-such-post", "--yes"])
    assert done.exit_code == 0, done.output
    assert "nothing is left" in done.output
    assert "perhaps misspelt: no-such-post;" in done.output
    assert "mkt run --crawl-date 2024-06-13 --crawl-date 2024-06-14" in done.output
    assert not Path(home.home / "reports").exists() or not list(home.reports_dir.rglob("*.html"))
