"""Posts are found by words and by likeness, as far as the models in use allow, and the answer says how far that is."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.operations.find_posts import find_by_words, find_like
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import COLOURS, picture, post_id, write_drop
from mkt_assets_tests.joint_models import JointModels
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import D1, D2, materialize, rows
from mkt_assets_tests.stand_ins import FakeModels

EMBEDDINGS = ("image_embeddings", "text_embeddings")
RED, GREEN, BLUE = ({post_id(i) for i in range(colour, 12, 3)} for colour in range(3))


class NoModels(FakeModels):
    def text_encoder(self, model_id: str) -> Any:
        raise AssertionError("no model is needed")


def load(folder: Path, **more: Any) -> Settings:
    return Settings.load(home=folder / "home", drops=folder / "drops", workers=2, **more)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Twelve posts, four a colour, embedded in one space; of the first date three, of other likes."""

    def make(folder: Path) -> None:
        settings = load(folder)
        write_drop(settings.drops_dir, D1, range(3), likes="900")
        write_drop(settings.drops_dir, D2, range(12))
        for day in (D1, D2):
            materialize(settings, JointModels(), day, last=EMBEDDINGS)

    return load(
        made_once(tmp_path_factory, "posts_to_find", make),
        image_encoder="imagebind",
        text_encoder="imagebind",
    )


def test_a_word_finds_the_posts_that_contain_it_each_once_and_no_other_with_only_words(
    stored: Settings,
) -> None:
    found = find_by_words(stored, NoModels(), "绿绿", only_words=True)
    contained = {
        row["post_id"] for row in rows(stored, "raw_posts") if "绿绿" in row["title"] + row["content"]
    }
    assert {post.post_id for post in found.posts} == contained == GREEN
    assert len(found.posts) == found.n_with_words == 4
    assert {post.crawl_date for post in found.posts} == {D2}


def test_words_are_anded_in_any_case_and_as_they_stand(stored: Settings) -> None:
    assert {p.post_id for p in find_by_words(stored, NoModels(), "红 裙子3", only_words=True).posts} == {
        post_id(3)
    }
    assert find_by_words(stored, NoModels(), "红%", only_words=True).posts == ()
    assert find_by_words(stored, NoModels(), "'; DROP TABLE raw_posts --", only_words=True).posts == ()


def test_a_crawl_date_narrows_it(stored: Settings) -> None:
    found = find_by_words(stored, NoModels(), "裙子", crawl_dates=[D1], only_words=True)
    assert [(post.crawl_date, post.n_likes) for post in found.posts] == [(D1, 900)] * 3


def test_what_contains_the_words_comes_before_what_is_close(stored: Settings) -> None:
    found = find_by_words(stored, JointModels(), "红 裙子6")
    assert found.posts[0].post_id == post_id(6)
    assert [post.has_words for post in found.posts] == [True] + [False] * 11
    assert {post.post_id for post in found.posts[:4]} == RED
    assert found.notes == ()


def test_in_one_space_words_are_compared_with_pictures(stored: Settings) -> None:
    found = find_by_words(stored, JointModels(), "蓝")
    of = {post.post_id: post.picture_similarity or 0 for post in found.posts}
    assert min(of[post] for post in BLUE) > max(of[post] for post in RED | GREEN)


def test_in_two_spaces_it_says_that_pictures_were_not_compared(stored: Settings) -> None:
    two = stored.model_copy(update={"text_encoder": "use-multilingual-v3"})
    found = find_by_words(two, JointModels(), "蓝")
    assert {post.picture_similarity for post in found.posts} == {None}
    assert any("in two spaces" in note for note in found.notes)
    assert {post.post_id for post in found.posts[:4]} == BLUE


def test_a_picture_finds_those_whose_people_look_like_it(stored: Settings, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(picture(COLOURS["红"], 3))
    found = find_like(stored, JointModels(), tmp_path / "red.png", limit=6)
    assert {post.post_id for post in found.posts[:4]} == RED
    similarities = [post.picture_similarity or 0 for post in found.posts]
    assert similarities == sorted(similarities, reverse=True)
    assert found.posts[0].picture is not None and found.posts[0].picture.endswith("post.png")


def test_a_picture_of_nobody_and_a_file_that_is_none_are_refused_in_a_sentence(
    stored: Settings, tmp_path: Path
) -> None:
    black = io.BytesIO()
    Image.new("RGB", (60, 80)).save(black, "PNG")
    (tmp_path / "black.png").write_bytes(black.getvalue())
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match="nobody was found in"):
        find_like(stored, JointModels(), tmp_path / "black.png")
    with pytest.raises(ValueError, match=r"text\.png"):
        find_like(stored, JointModels(), tmp_path / "text.png")


def test_vectors_of_another_version_are_not_compared_and_it_says_so(stored: Settings, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(picture(COLOURS["红"]))
    models = JointModels()
    models.images.version = "2"
    found = find_like(stored, models, tmp_path / "red.png")
    assert found.posts == ()
    assert any("version 2" in note for note in found.notes)


def test_no_words_too_many_or_nothing_stored_is_a_sentence(stored: Settings, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="which words"):
        find_by_words(stored, NoModels(), "  ")
    with pytest.raises(ValueError, match="more than 20"):
        find_by_words(stored, NoModels(), "红 " * 21)
    with pytest.raises(ValueError, match="nothing is stored"):
        find_by_words(load(tmp_path), NoModels(), "红")


def test_the_command_prints_a_table_and_json(stored: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    open_warehouse(stored).publish_snapshot()
    monkeypatch.setenv("MKT_HOME", str(stored.home))
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["search", "绿绿", "--only-words", "--json"])
    assert done.exit_code == 0, done.output
    assert {post["post_id"] for post in json.loads(done.stdout)} == GREEN
    done = CliRunner().invoke(app, ["search", "绿绿", "--only-words"])
    assert "4 posts have all the words" in done.stdout
    assert "2024-06-14" in done.stdout
    assert CliRunner().invoke(app, ["search"]).exit_code == 2


@pytest.mark.parametrize("charset", ["ascii", "gbk"])
def test_a_terminal_that_lacks_letters_of_the_posts_shows_them_by_number_and_programs_read_the_same(
    stored: Settings, monkeypatch: pytest.MonkeyPatch, charset: str
) -> None:
    monkeypatch.setenv("MKT_HOME", str(stored.home))
    wanted = CliRunner().invoke(app, ["search", "绿绿", "--only-words", "--json"])
    found = CliRunner(charset=charset).invoke(app, ["search", "绿绿", "--only-words", "--json"])
    assert json.loads(found.stdout_bytes.decode(charset)) == json.loads(wanted.stdout)
    monkeypatch.setenv("MKT_DROPS", str(stored.home / "绿💚"))
    shown = CliRunner(charset=charset).invoke(app, ["settings"])
    assert shown.exit_code == 0, shown.output
    assert "\\U0001f49a   (environment)" in shown.stdout_bytes.decode(charset)
