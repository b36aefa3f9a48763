"""The whole platform on real models: what was planted in a generated crawl is found, and a shuffled one is not."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from sklearn.metrics import adjusted_rand_score

from mkt_assets.resources.models import Models
from mkt_assets.settings import Settings
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import materialize, rows
from mkt_sample import generate
from mkt_sample.lexicon import TOPICS
from mkt_sample.media import MediaFile, render
from mkt_sample.plan import Post

D1 = date(2024, 6, 13)
PINS = {"ops": {"k_selection": {"config": {"image_k": 10, "text_k": 8}}}}


class Truth:
    """What was planted: style of a picture, topic of a post, ratios of the planted table."""

    def __init__(self, folder: Path) -> None:
        self.styles: dict[tuple[str, str], str] = {}
        self.topics: dict[str, str] = {}
        with (folder / "items.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["style"]:
                    self.styles[row["post_id"], row["frame"]] = row["style"]
                if row["topic"]:
                    self.topics[row["post_id"]] = row["topic"]
        with (folder / "crosstab.csv").open(encoding="utf-8") as file:
            self.ratios = {(r["style"], r["topic"]): float(r["ratio"]) for r in csv.DictReader(file)}


def load(folder: Path) -> Settings:
    return Settings.load(home=folder / "home", drops=folder / "drops", workers=2)


def draw(folder: Path, *, shuffled: bool = False) -> None:
    generate(folder / "drops", n_crawl_dates=1, n_posts=90, seed=3, shuffled=shuffled)


def crawl(folder: Path) -> None:
    last = ("crosstab_ratios", "cluster_profiles")
    assert materialize(load(folder), Models(), D1, last=last, run_config=PINS).success


@pytest.fixture(scope="session")
def planted_crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drops and home of a crawl in which styles and topics go together; beside it, the drops of its control."""

    def make(folder: Path) -> None:
        # shuffling leaves pictures as they are (sample/test_drops): each is drawn once
        drawn: dict[int, list[MediaFile]] = {}

        def drawn_once(post: Post, seed: int) -> list[MediaFile]:
            if post.serial not in drawn:
                drawn[post.serial] = render(post, seed)
            return drawn[post.serial]

        with patch("mkt_sample.drops.render", drawn_once):
            draw(folder)
            draw(folder / "shuffled", shuffled=True)
        crawl(folder)

    return made_once(tmp_path_factory, "planted", make)


def test_planted_styles_topics_and_links_are_found(planted_crawl: Path) -> None:
    settings, truth = load(planted_crawl), Truth(planted_crawl / "drops" / "truth")
    items = rows(settings, "clusters", D1)
    images = {(r["post_id"], r["frame"]): r["cluster_id"] for r in items if r["modality"] == "image"}
    texts = {r["post_id"]: r["cluster_id"] for r in items if r["modality"] == "text"}
    known = [key for key in images if key in truth.styles]
    assert adjusted_rand_score([truth.styles[k] for k in known], [images[k] for k in known]) >= 0.7
    posts = [post for post in texts if post in truth.topics]
    assert adjusted_rand_score([truth.topics[p] for p in posts], [texts[p] for p in posts]) >= 0.9

    topic_of = majority((texts[p], truth.topics[p]) for p in posts)
    style_of = majority((images[k], truth.styles[k]) for k in known)
    found = {
        style_of[r["image_cluster"]]: topic_of[r["text_cluster"]]
        for r in rows(settings, "crosstab_ratios", D1)
        if r["unit"] == "image" and r["rank"] == 1 and not r["low_support"]
    }
    planted = {
        style: max((ratio, topic) for (s, topic), ratio in truth.ratios.items() if s == style)[1]
        for style in {style for style, _ in truth.ratios}
    }
    assert len(found) >= 6
    assert found == {style: planted[style] for style in found}

    for profile in rows(settings, "cluster_profiles", D1):
        if profile["modality"] == "text":
            own_words = str(TOPICS[topic_of[profile["cluster_id"]]]).casefold()
            assert profile["proposed_by"] == "keywords"
            assert all(word in own_words for word in profile["proposed_name"].split(" · ")), profile


def test_on_the_shuffled_control_topics_say_nothing_of_styles(planted_crawl: Path, tmp_path: Path) -> None:
    # the pictures are the same: what the models make of them is in the cache
    for name, made in (("home", "home"), ("drops", "shuffled/drops")):
        shutil.copytree(planted_crawl / made, tmp_path / name)
    crawl(tmp_path)
    settings, truth = load(tmp_path), Truth(tmp_path / "drops" / "truth")
    planted = Counter((style, truth.topics.get(post)) for (post, _), style in truth.styles.items())
    sizes = Counter(truth.styles.values())
    strongest = max(n / sizes[style] for (style, topic), n in planted.items() if topic and sizes[style] >= 8)
    assert strongest < 0.9
    pure = [r for r in rows(settings, "crosstab_ratios", D1) if r["unit"] == "post" and r["ratio"] == 1.0]
    assert [r for r in pure if r["n_posts"] >= 5] == []

    styles = [r for r in rows(settings, "cluster_profiles", D1) if r["modality"] == "image"]
    assert sum(r["proposed_by"] is None for r in styles) >= len(styles) - 1


def majority(pairs: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The name that most items of each cluster have."""
    tallies: dict[int, Counter[str]] = {}
    for cluster, name in pairs:
        tallies.setdefault(cluster, Counter())[name] += 1
    return {cluster: tally.most_common(1)[0][0] for cluster, tally in tallies.items()}
