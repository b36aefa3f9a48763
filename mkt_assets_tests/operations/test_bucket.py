"""A platform whose drops come from a bucket and whose files are in one: the same commands work.

Not here: runs of one (operations/test_elsewhere).
"""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.core.text.needles import Needles
from mkt_assets.crawlers.walk import DropMissing
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.operations.export import export_crawl
from mkt_assets.operations.forget import Request, forget
from mkt_assets.operations.gc import collect_garbage, find_garbage
from mkt_assets.operations.move_files import move_files
from mkt_assets.operations.search import search_home
from mkt_assets.orchestration.partitions import register_crawl_dates
from mkt_assets.resources.drops import MIRROR_PREFIX
from mkt_assets.resources.object_files import is_plain
from mkt_assets.resources.opening import open_bucket, open_drops, open_files, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.operations.homes import D1, D2, files, upload
from mkt_assets_tests.stores import BUCKET, Store

D3 = date(2024, 6, 15)


@pytest.fixture
def in_bucket(home: Settings, bucket: str) -> Settings:
    """The home with two crawls, its files moved into a bucket."""
    settings = Settings.load(**home.model_dump() | {"media": f"{bucket}/made", "lock_timeout_seconds": 20})
    move_files(settings)
    for folder in (home.media_dir, home.charts_dir, home.reports_dir):
        folder.rename(home.home.parent / folder.name)  # as `mkt move` says
    return settings


def test_the_doctor_finds_nothing_wrong_and_tells_what_is_missing_and_who_does_not_answer(
    in_bucket: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [finding for finding in examine(in_bucket) if finding.about == "files"]
    assert {finding.verdict for finding in said} == {Verdict.ok}, said
    assert f"{in_bucket.media} answers, and can be written" in {finding.what for finding in said}
    media = open_files(in_bucket, "media")
    media.remove(next(file.name for file in media.files()))
    [problem] = [f for f in examine(in_bucket) if f.verdict is Verdict.problem]
    assert "1 of" in problem.what and f"are not in {in_bucket.media}/media" in problem.what
    elsewhere = Settings.load(**in_bucket.model_dump() | {"drops": "s3://nowhere/x"})
    told = [f.what for f in examine(elsewhere) if f.verdict is Verdict.problem]
    assert ["there is no bucket nowhere" in what for what in told] == [True, False], told
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    [problem] = [f for f in examine(in_bucket) if f.verdict is Verdict.problem]
    assert "may not be used with these keys" in problem.what


def test_garbage_in_a_bucket_is_removed_once_it_is_old_and_nothing_else(in_bucket: Settings) -> None:
    before = files(in_bucket)
    media, charts = open_files(in_bucket, "media"), open_files(in_bucket, "charts")
    orphans = {
        media.location("mattes/aa/nobody.webp"),
        charts.location(f"{D1}/heatmap_0.deadbeef.png"),
    }
    media.write("mattes/aa/nobody.webp", b"left over")
    charts.write(f"{D1}/heatmap_0.deadbeef.png", b"left over")
    assert find_garbage(in_bucket, min_age_hours=1).orphans == ()
    # as if they were an hour older
    assert {o.path for o in collect_garbage(in_bucket, min_age_hours=-1).orphans} == orphans
    assert files(in_bucket) == before


def test_who_is_forgotten_is_in_no_object(in_bucket: Settings) -> None:
    posts = open_warehouse(in_bucket).read("raw_posts").to_pylist()
    poster = posts[0]["poster_id"]
    mattes = open_warehouse(in_bucket).read("matted_images").to_pylist()
    of_hers = {row["content_sha256"] for row in mattes if row["poster_id"] == poster}
    of_others = {row["content_sha256"] for row in mattes if row["poster_id"] != poster}
    needles = Needles(of_hers - of_others or of_hers)
    names = {row["matte_path"] for row in mattes if row["content_sha256"] in of_hers - of_others}
    media = open_files(in_bucket, "media")
    assert names and all(media.exists(name) for name in names)
    media.touch(names)
    done = forget(in_bucket, Request(posters=[poster]))
    assert done.search.places == ()
    assert done.search.n_files > 40
    assert not any(media.exists(name) for name in names)
    assert search_home(in_bucket, needles).places == ()
    media.write("mattes/zz/left.webp", b"of " + poster.encode())
    [place] = search_home(in_bucket, Needles([poster])).places
    assert (place.path, place.what) == (media.location("mattes/zz/left.webp"), "its bytes")


def test_an_export_has_the_pictures_and_charts_of_the_bucket(in_bucket: Settings, tmp_path: Path) -> None:
    written = export_crawl(in_bucket, D1, tmp_path / "export", pictures="webp")
    assert {made.what for made in written} == {"rows", "chart", "charts", "pictures"}
    paths = open_warehouse(in_bucket).read("charts")["path"].to_pylist()
    stored = [open_files(in_bucket, "charts").read(str(path)) for path in paths]
    exported = [path.read_bytes() for path in (tmp_path / "export").rglob("*.png")]
    assert set(exported) <= set(stored) and exported


def test_a_move_that_was_cut_short_goes_on_and_comes_back_equal(
    in_bucket: Settings, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = files(in_bucket)
    media = open_files(in_bucket, "media")
    first = min(there["media"])
    whole = media.read(first)
    back = move_files(in_bucket, back=True)
    assert files(home) == there
    assert sum(one.n_there for one in back.values()) == 0
    media.write(first, whole[:100])  # as a store that is not to be trusted would leave it
    again = move_files(in_bucket)
    assert media.read(first) == whole
    assert sum(one.n_files - one.n_there for one in again.values()) == 1
    monkeypatch.setenv("MKT_HOME", str(home.home))
    assert "set MKT_MEDIA" in CliRunner().invoke(app, ["move", "media"]).output
    monkeypatch.setenv("MKT_MEDIA", str(in_bucket.media))
    said = CliRunner().invoke(app, ["move", "media"])
    assert said.exit_code == 0, said.output
    assert f"{in_bucket.media}/media" in said.output


def test_a_bucket_that_keeps_versions_is_told_by_the_doctor_and_whoever_forgets(
    home: Settings, bucket: str, store_server: Store
) -> None:
    assert bucket
    name = f"versions-{uuid4().hex[:8]}"
    store_server.say(f"s3.bucket.create -name {name}")
    store_server.say(f"s3.bucket.versioning -name {name} -status Enabled")
    settings = Settings.load(**home.model_dump() | {"media": f"s3://{name}/made", "lock_timeout_seconds": 20})
    move_files(settings)
    told = [finding.what for finding in examine(settings) if finding.verdict is Verdict.note]
    assert any("keeps earlier versions: `mkt forget` cannot remove those" in what for what in told)
    poster = open_warehouse(settings).read("raw_posts").to_pylist()[0]["poster_id"]
    [place] = [
        p for p in forget(settings, Request(posters=[poster])).search.places if p.path == settings.media
    ]
    assert "its owner must delete the versions that are not current" in place.what


def test_commands_say_where_things_are_and_what_is_wrong_in_a_sentence(
    home: Settings, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(home.drops_dir / D1.isoformat(), f"{bucket}/drops/{D1}")
    monkeypatch.setenv("MKT_HOME", str(home.home))
    monkeypatch.setenv("MKT_DROPS", f"{bucket}/drops")
    monkeypatch.setenv("MKT_LOCK_TIMEOUT_SECONDS", "2")
    inspected = CliRunner().invoke(app, ["inspect", D1.isoformat()])
    assert inspected.exit_code == 0, inspected.output
    assert f"{bucket}/drops/{D1}, crawl date {D1}" in inspected.output
    assert "20 posts" in inspected.output
    missing = CliRunner().invoke(app, ["run", "--crawl-date", D3.isoformat()])
    assert (missing.exit_code, f"{bucket}/drops/{D3}, so nothing was run" in missing.output) == (2, True)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    for command in (["run"], ["inspect", D1.isoformat()]):
        refused = CliRunner().invoke(app, command)
        assert (refused.exit_code, "may not be used with these keys" in refused.output) == (2, True)
    assert not list(home.home.glob(f"{MIRROR_PREFIX}*"))


def test_while_a_bucket_does_not_answer_no_crawl_date_is_taken_away(
    home: Settings, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(home.drops_dir, f"{bucket}/drops")
    settings = Settings.load(**home.model_dump() | {"drops": f"{bucket}/drops"})
    with dg.DagsterInstance.ephemeral() as instance:
        assert register_crawl_dates(instance, settings) == [str(D1), str(D2)]
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        assert register_crawl_dates(instance, settings) == [str(D1), str(D2)]


# drops


@pytest.fixture
def drops(bucket: str, tmp_path: Path) -> Settings:
    """A drop of three objects in a bucket."""
    settings = Settings.load(home=tmp_path / "home", drops=f"{bucket}/drops", lock_timeout_seconds=20)
    (tmp_path / "home").mkdir()
    into = open_bucket(f"{bucket}/drops/{D1}", patience_seconds=10)
    for name, data in {
        "posts.csv": b"a,b\n1,2\n",
        "media/p1/post.png": b"png",
        "媒体/笔记 %20#?.txt": b"x",
    }.items():
        into.write(name, data)
    return settings


def texts(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_changes_in_a_bucket_is_fetched_again_and_what_is_gone_is_removed(drops: Settings) -> None:
    source, into = open_drops(drops), open_bucket(f"{drops.drops}/{D1}", patience_seconds=10)
    first = source.read(D1)
    assert texts(first.folder).keys() == {"posts.csv", "media/p1/post.png", "媒体/笔记 %20#?.txt"}
    kept = (first.folder / "media/p1/post.png").stat()
    assert source.digest(D1, until=time.monotonic() + 60) == first.digest
    into.write("posts.csv", b"a,b\n3,4\n")
    into.remove("媒体/笔记 %20#?.txt")
    second = source.read(D1)
    assert texts(second.folder) == {"posts.csv": b"a,b\n3,4\n", "media/p1/post.png": b"png"}
    assert second.digest != first.digest
    assert (second.folder / "media/p1/post.png").stat().st_ino == kept.st_ino, "it was fetched again"
    source.release()
    assert list(drops.home.iterdir()) == []
    again = open_drops(drops).read(D1)
    assert again.digest == second.digest
    assert (again.folder / "media/p1/post.png").stat().st_mtime_ns == kept.st_mtime_ns


def test_a_look_at_a_bucket_fetches_nothing_and_dates_take_turns(drops: Settings) -> None:
    into = open_bucket(str(drops.drops), patience_seconds=10)
    into.write(f"{D2}/posts.csv", b"a\n1\n")
    into.write("not-a-date/posts.csv", b"a\n1\n")
    source = open_drops(drops)
    assert source.dates() == [D1, D2]
    assert source.to_look_at() == [D2, D1]
    assert source.digest(D2, until=time.monotonic() + 60)
    assert source.to_look_at() == [D1, D2]
    assert source.digest(D1, until=time.monotonic() - 1) is None
    assert list(drops.home.iterdir()) == []


def test_objects_that_are_too_large_are_rejects_and_are_not_fetched(drops: Settings) -> None:
    into = open_bucket(f"{drops.drops}/{D1}", patience_seconds=10)
    into.write("large.png", bytes(2_000_000))
    small = Settings.load(**drops.model_dump() | {"max_picture_megabytes": 1})
    source = open_drops(small)
    drop = source.read(D1)
    assert [(one.source_file, one.reason) for one in drop.walk.rejects] == [
        ("large.png", "The object has 2 MB, more than 1 MB; it was not fetched.")
    ]
    assert len(texts(drop.folder)) == 3
    assert drop.digest != open_drops(drops).digest(D1, until=time.monotonic() + 60), "more may be fetched now"
    source.release()


def test_what_stands_for_a_folder_is_none_of_its_files_and_an_empty_one_is_a_crawl_without_posts(
    drops: Settings, store_server: Store
) -> None:
    prefix = str(drops.drops).removeprefix(f"s3://{BUCKET}/")
    for key in (f"{D1}/", f"{D1}/media/", f"{D2}/"):
        store_server.put(BUCKET, f"{prefix}/{key}", b"")
    source = open_drops(drops)
    assert len(texts(source.read(D1).folder)) == 3
    assert source.dates() == [D1, D2]
    assert (texts(source.read(D2).folder), source.read(D2).walk.files) == ({}, ())
    with pytest.raises(DropMissing, match="There is no drop s3://"):
        source.read(D3)
    source.release()


@given(st.text(alphabet=st.sampled_from("a./\\~\x00\n\x7f长 -")))
def test_the_name_of_an_object_that_may_be_fetched_is_one_below_its_folder(name: str) -> None:
    if is_plain(name):
        root = Path("/somewhere/drop")
        assert (root / name).is_relative_to(root) and ".." not in Path(name).parts
        assert name in ("", Path(name).as_posix())
        assert name.isprintable()


def test_what_a_killed_process_fetched_is_garbage_and_what_a_living_one_did_is_not(drops: Settings) -> None:
    living, killed = open_drops(drops), open_drops(drops)
    folder = living.folder(D1)
    left = killed.folder(D1)
    os.close(killed._lock)  # pyright: ignore[reportAttributeAccessIssue]
    removed = {Path(orphan.path) for orphan in collect_garbage(drops, min_age_hours=-1).orphans}
    assert removed == {left.parent}
    assert folder.is_dir() and not left.exists()
    living.release()
