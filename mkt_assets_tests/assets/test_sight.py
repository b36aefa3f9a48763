"""seen_words, caption_matches and the second opinion on links through Dagster, with models whose space is known."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest

from mkt_assets.core.sight.vocabulary import VocabularyError
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import COLOURS, post_id, write_drop
from mkt_assets_tests.joint_models import ColourWords, JointModels
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import D1, PINS, Crawl, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels

SIGHT = ("seen_words", "caption_matches", "crosstab_ratios")
JOINT = {"image_encoder": "imagebind", "text_encoder": "imagebind"}
WORDS = """kind,zh,en
none,*,
colour,红,red
colour,绿,green
colour,蓝,blue
garment,裙子,dress
garment,帽子,hat
cut,短款,cropped
cut,长款,long
material,棉,cotton
"""


class OtherWords(JointModels):
    """The same names of models, and other weights for texts."""

    def text_encoder(self, model_id: str) -> Any:
        encoder = ColourWords()
        encoder.version = "2"
        return encoder


class NoTexts(FakeModels):
    def text_encoder(self, model_id: str) -> Any:
        raise AssertionError("no text is embedded")


def load(folder: Path, **more: Any) -> Settings:
    return Settings.load(home=folder / "home", drops=folder / "drops", workers=2, **{**JOINT, **more})


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Thirty posts by five accounts, ten a colour, which is in their pictures and in their texts."""

    def make(folder: Path) -> None:
        settings = load(folder)
        write_drop(settings.drops_dir, D1, range(30))
        settings.home.mkdir(exist_ok=True)
        settings.sight_words_file.write_text(WORDS, "utf-8")
        materialize(settings, JointModels(), D1, last=SIGHT, run_config=PINS)

    return load(made_once(tmp_path_factory, "posts_to_see", make))


def copied(settings: Settings, folder: Path) -> Settings:
    shutil.copytree(settings.home, folder / "home")
    return load(folder)


def colour_of(number: int) -> str:
    return list(COLOURS)[number % 3]


def styles(settings: Settings, table: str) -> list[dict[str, Any]]:
    return [row for row in rows(settings, table) if row["modality"] == "image"]


def styles_by_colour(settings: Settings, modality: str = "image") -> dict[int, str]:
    numbers = {post_id(i): i for i in range(30)}
    return {
        row["cluster_id"]: colour_of(numbers[row["post_id"]])
        for row in rows(settings, "clusters")
        if row["modality"] == modality
    }


def test_every_style_is_named_by_the_colour_that_its_pictures_show(seen: Settings) -> None:
    words = {row["cluster_id"]: row["word_zh"] for row in rows(seen, "seen_words")}
    assert words == styles_by_colour(seen)
    assert {(row["kind"], row["rank"]) for row in rows(seen, "seen_words")} == {("colour", 1)}


def test_a_style_without_words_of_several_accounts_is_called_by_what_is_seen_and_marked(
    seen: Settings,
) -> None:
    proposed = {row["cluster_id"]: row["proposed_by"] for row in styles(seen, "cluster_profiles")}
    assert "keywords" not in proposed.values()
    names = {row["cluster_id"]: (row["name"], row["name_by"]) for row in styles(seen, "cluster_identities")}
    assert names == {style: (f"{colour} ‡", "seen") for style, colour in styles_by_colour(seen).items()}


def test_every_text_matches_its_pictures_better_than_others(seen: Settings) -> None:
    matches = rows(seen, "caption_matches")
    assert {row["post_id"] for row in matches} == {post_id(i) for i in range(30)}
    # a third of the others are of the same colour, and match about as well
    assert all(row["percentile"] >= 2 / 3 and row["n_pictures"] == 1 for row in matches)
    assert sum(row["percentile"] for row in matches) / 30 == pytest.approx(5 / 6, abs=0.02)


def test_links_of_a_colour_with_itself_are_agreed_with_by_sight(seen: Settings) -> None:
    colours, topics = styles_by_colour(seen), styles_by_colour(seen, "text")
    links = rows(seen, "crosstab_ratios")
    assert {row["unit"] for row in links} == {"image", "post"}
    for row in links:
        assert row["sight_agrees"] == (colours[row["image_cluster"]] == topics[row["text_cluster"]])


def test_texts_dealt_to_other_posts_match_as_by_chance(tmp_path: Path) -> None:
    settings = load(tmp_path)
    table = next(write_drop(settings.drops_dir, D1, range(45)).glob("*.csv"))
    with table.open(encoding="utf-8") as file:
        posts = list(csv.DictReader(file))
    texts = [[post[name] for name in ("post_title", "post_content", "post_tag")] for post in posts]
    for i, post in enumerate(posts):  # of each account and colour a third gets each colour's text
        other = 15 * (i // 15) + (i % 15 + 5 * (i // 15)) % 15
        post["post_title"], post["post_content"], post["post_tag"] = texts[other]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(posts[0]))
        writer.writeheader()
        writer.writerows(posts)
    materialize(settings, JointModels(), D1, last="caption_matches")
    percentiles = [row["percentile"] for row in rows(settings, "caption_matches")]
    assert sum(percentiles) / len(percentiles) == pytest.approx(0.5, abs=0.05)


def test_models_of_two_spaces_are_never_compared_and_it_says_what_to_set(whole_crawl: Crawl) -> None:
    said = whole_crawl.record.metadata
    for why in (
        said["seen_words"]["nothing_because"],
        said["caption_matches"]["nothing_because"],
        said["crosstab_ratios"]["no_second_opinion_because"],
    ):
        assert "are in two spaces" in why and "set MKT_IMAGE_ENCODER and MKT_TEXT_ENCODER to one model" in why
    assert rows(whole_crawl.settings, "seen_words") == rows(whole_crawl.settings, "caption_matches") == []
    assert {row["sight_agrees"] for row in rows(whole_crawl.settings, "crosstab_ratios")} == {None}


def test_without_a_joint_model_none_is_loaded_to_say_so(seen: Settings, tmp_path: Path) -> None:
    settings = load(copied(seen, tmp_path).home.parent, image_encoder="colour-histogram")
    result = materialize(settings, NoTexts(), D1, last="seen_words", upstream=False)
    assert "are in two spaces" in metadata(result, "seen_words")["nothing_because"]
    assert rows(settings, "seen_words") == []


def test_words_of_other_weights_are_not_compared_with_what_is_stored(seen: Settings, tmp_path: Path) -> None:
    settings = copied(seen, tmp_path)
    result = materialize(settings, OtherWords(), D1, last="seen_words", upstream=False)
    why = metadata(result, "seen_words")["nothing_because"]
    assert "mean-colour 1" in why and "mean-colour 2" in why
    assert rows(settings, "seen_words") == []


def test_the_analysts_words_are_taken_in_the_next_run_and_the_others_come_from_the_cache(
    seen: Settings, tmp_path: Path
) -> None:
    settings = copied(seen, tmp_path)
    settings.sight_words_file.write_text(WORDS.replace("colour,红,red", "colour,大红,scarlet"), "utf-8")
    result = materialize(settings, JointModels(), D1, last="seen_words", upstream=False)
    assert metadata(result, "seen_words")["embedded_now"] == 2
    assert "大红" in {row["word_zh"] for row in rows(settings, "seen_words")}
    settings.sight_words_file.write_text("kind,zh,en\nhue,红,red\n", "utf-8")
    with pytest.raises(VocabularyError, match="line 2: kind is 'hue'"):
        materialize(settings, JointModels(), D1, last="seen_words", upstream=False)


def test_a_crawl_without_posts_has_nothing_to_see(tmp_path: Path) -> None:
    settings = load(tmp_path)
    result = materialize(settings, JointModels(), D1, last=SIGHT, upstream=False)
    assert "there is no picture" in metadata(result, "seen_words")["nothing_because"]
    assert [rows(settings, table) for table in SIGHT] == [[], [], []]
