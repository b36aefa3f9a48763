from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mkt_assets.crawlers.drop import ingest_drop
from mkt_assets.crawlers.walk import list_drops
from mkt_sample import NotASampleError, SampleTruth, generate
from mkt_sample.drops import ITEM_COLUMNS

N_POSTS = 58


def hashed(poster_id: str) -> str:
    return hashlib.sha256(poster_id.encode()).hexdigest()[:16]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def items(truth: SampleTruth) -> list[dict[str, str]]:
    with truth.items.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleTruth]:
    yield generate(tmp_path_factory.mktemp("sample") / "drops", n_crawl_dates=2, n_posts=N_POSTS, seed=3)


def test_each_crawl_date_is_a_drop_and_the_truth_lies_beside(sample: SampleTruth):
    assert sample.crawl_dates == (date(2024, 6, 13), date(2024, 6, 14))
    assert tuple(list_drops(sample.out_dir)) == sample.crawl_dates
    assert sample.n_posts == 2 * N_POSTS


def test_both_layouts_are_ingested_without_a_post_lost(sample: SampleTruth):
    for crawl_date in sample.crawl_dates:
        ingest = ingest_drop(sample.out_dir / str(crawl_date), crawl_date, hash_poster=hashed)
        planted = {row["post_id"] for row in items(sample) if row["crawl_date"] == str(crawl_date)}
        found = set(ingest.posts["post_id"].to_pylist())
        assert len(found) == N_POSTS
        assert planted <= found
        assert ingest.n_merged == N_POSTS // 30
        assert ingest.n_rejected_rows == 3


def test_every_planted_picture_has_its_file(sample: SampleTruth):
    rows = items(sample)
    assert tuple(rows[0]) == ITEM_COLUMNS
    pictures = [row for row in rows if row["frame"]]
    assert sample.n_pictures == len(pictures)
    for row in pictures:
        folders = [p for p in (sample.out_dir / row["crawl_date"]).rglob(row["post_id"]) if p.is_dir()]
        names = {path.stem for folder in folders for path in folder.iterdir()}
        stem = {"v": "video"}.get(row["frame"][0], row["frame"])
        if "xhs" in folders[0].parts:
            stem = "0" if stem == "video" else row["frame"].removeprefix("image_")
        assert stem in names, row


def test_texts_and_pictures_of_a_post_share_its_topic(sample: SampleTruth):
    topics: dict[tuple[str, str], set[str]] = {}
    for row in items(sample):
        topics.setdefault((row["crawl_date"], row["post_id"]), set()).add(row["topic"])
    assert all(len(found) == 1 for found in topics.values())
    styles = {row["style"] for row in items(sample) if row["frame"]}
    assert len(styles - {""}) == 10 and "" in styles
    assert all(not row["topic"] for row in items(sample) if row["style"] == "evening_gown")
    assert all(not row["frame"] for row in items(sample) if row["topic"] == "cafe")


def test_masks_fit_their_pictures(sample: SampleTruth):
    masks = sorted(sample.masks.glob("*.png"))
    assert 20 <= len(masks) <= 80
    for mask_path in masks[:10]:
        post_id, frame = mask_path.stem.split("_", 1)
        stem = frame.removeprefix("image_") if "image" in frame else frame
        picture = next(p for p in sample.out_dir.rglob(f"*/{post_id}/{stem}.*"))
        with Image.open(mask_path) as mask, Image.open(picture) as image:
            assert mask.size == image.size
            assert set(np.unique(np.asarray(mask.convert("L")))) <= {0, 255}


def test_a_post_seen_again_has_the_same_pictures_and_higher_counts(sample: SampleTruth):
    tables = [
        {
            row["post_id"]: row
            for row in ingest_drop(sample.out_dir / str(d), d, hash_poster=hashed).posts.to_pylist()
        }
        for d in sample.crawl_dates
    ]
    again = sorted(set(tables[0]) & set(tables[1]))
    assert 5 <= len(again) <= 8
    for post_id in again:
        assert tables[1][post_id]["n_likes"] > tables[0][post_id]["n_likes"]
        hashes = [
            {
                hashlib.sha256(p.read_bytes()).hexdigest()
                for p in (sample.out_dir / str(d)).rglob(f"{post_id}/*")
            }
            for d in sample.crawl_dates
        ]
        assert hashes[0] == hashes[1]


def test_tables_show_the_oddities_that_crawlers_meet(sample: SampleTruth):
    drop = sample.out_dir / "2024-06-13"
    second = (drop / "02_post_data_2024-06-13.csv").read_bytes()
    assert second.startswith(b"\xef\xbb\xbf") and not second.endswith(b"\n")
    assert second.decode("utf-8-sig").count("poster_id,post_id,") == 2
    text = (drop / "01_post_data_2024-06-13.csv").read_text("utf-8") + second.decode("utf-8-sig")
    for trace in (" - 小红书", "昨天 12:00", "3天前", "02-29", ",赞,", "\u3000", "<br>", " nan ", "../../"):
        assert trace in text, trace
    lines = (
        (sample.out_dir / "2024-06-14/xhs/jsonl/search_contents_2024-06-14.jsonl")
        .read_text("utf-8")
        .split("\n")
    )
    kinds = Counter(json.loads(line)["type"] for line in lines[:-1])
    assert kinds["video"] >= 10 and kinds["normal"] >= 30
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[-1])


def test_equal_arguments_make_equal_bytes_in_one_process_or_two(tmp_path: Path):
    generate(tmp_path / "one", n_crawl_dates=2, n_posts=12, seed=5)
    generate(tmp_path / "two", n_crawl_dates=2, n_posts=12, seed=5, n_processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_makes_another_sample_and_shuffling_other_topics(tmp_path: Path):
    for name, seed, shuffled in (("one", 5, False), ("other", 6, False), ("shuffled", 5, True)):
        generate(tmp_path / name, n_crawl_dates=1, n_posts=12, seed=seed, shuffled=shuffled)
    hashes = {name: contents(tmp_path / name) for name in ("one", "other", "shuffled")}
    assert not set(hashes["one"].values()) & {
        hashes["other"][name] for name in hashes["other"] if "post." in name
    }
    pictures = {name: sha for name, sha in hashes["one"].items() if "media" in name}
    assert pictures == {name: sha for name, sha in hashes["shuffled"].items() if "media" in name}
    assert hashes["one"]["truth/items.csv"] != hashes["shuffled"]["truth/items.csv"]
    assert hashes["one"]["truth/crosstab.csv"] != hashes["shuffled"]["truth/crosstab.csv"]


def test_a_sample_replaces_a_sample_and_nothing_else(tmp_path: Path):
    out_dir = tmp_path / "out"
    generate(out_dir, n_crawl_dates=2, n_posts=1, seed=1)
    generate(out_dir, n_crawl_dates=1, n_posts=1, seed=1, first_crawl_date=date(2024, 6, 14))
    assert list_drops(out_dir) == [date(2024, 6, 14)]
    (out_dir / "notes.txt").write_text("mine")
    with pytest.raises(NotASampleError, match=r"notes\.txt is in it"):
        generate(out_dir, n_crawl_dates=1, n_posts=1, seed=1)
    assert (out_dir / "notes.txt").read_text() == "mine"


def test_a_real_drop_is_never_overwritten(tmp_path: Path):
    (tmp_path / "2024-06-13").mkdir()
    with pytest.raises(NotASampleError, match="not a sample"):
        generate(tmp_path, n_crawl_dates=1, n_posts=1, seed=1)
    assert (tmp_path / "2024-06-13").is_dir()


def test_progress_counts_up_to_all_posts(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    generate(
        tmp_path, n_crawl_dates=2, n_posts=3, seed=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(n, 6) for n in range(1, 7)]


@pytest.mark.parametrize(("n_crawl_dates", "n_posts"), [(0, 5), (1, 0)])
def test_a_sample_of_nothing_is_refused(tmp_path: Path, n_crawl_dates: int, n_posts: int):
    with pytest.raises(ValueError, match="at least"):
        generate(tmp_path, n_crawl_dates=n_crawl_dates, n_posts=n_posts, seed=1)
