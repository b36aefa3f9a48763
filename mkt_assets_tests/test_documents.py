"""What the documents say of the code is so: paths, make targets, pictures, licences of the data that ships."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from docs.architecture import draw, pictures
from mkt_assets.orchestration.checks import as_markdown
from mkt_assets.settings import PROJECT_DIR

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "NOTICE.md", "docs/architecture.md", "docs/cluster.md")
# those that a recipe makes, and those that a run makes
MADE = re.compile(r"NAME|<|\*|^data/")
TOP = ("mkt_assets", "mkt_assets_tests", "mkt_sample", "docs", "deploy", ".ci")
DATA = (".txt", ".tflite", ".json", ".npz", ".ttf", ".otf", ".woff2", ".png", ".svg")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    text = (PROJECT_DIR / name).read_text("utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(map(re.escape, TOP))})/[^`\s]*)`", text))
    linked = set(re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", text))
    beside = (PROJECT_DIR / name).parent
    missing = {path for path in named if not MADE.search(path) and not (PROJECT_DIR / path).exists()}
    missing |= {path for path in linked if not (beside / path).exists()}
    assert missing == set()
    assert named or linked


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    text = (PROJECT_DIR / name).read_text("utf-8")
    makefile = (PROJECT_DIR / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:`|^|true )make ([a-z-]+)", text, flags=re.MULTILINE))
    assert targets
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_the_table_of_checks_is_what_the_code_decides() -> None:
    text = (PROJECT_DIR / "docs/operations.md").read_text("utf-8")
    [table] = re.findall(r"<!-- checks -->\n(.*)<!-- /checks -->", text, re.DOTALL)
    assert table.strip() == as_markdown().strip()


def test_no_recipe_needs_more_than_three_files_beside_its_test() -> None:
    recipes = re.findall(
        r"^### (.+?)\n(.*?)(?=^##)",
        (PROJECT_DIR / "CONTRIBUTING.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert len(recipes) == 9
    for title, recipe in recipes:
        steps = [
            line for line in re.findall(r"^\d\. (.*)", recipe, re.MULTILINE) if not line.startswith("Test:")
        ]
        assert len(steps) <= 3, title
        assert "Test" in recipe, title


@pytest.mark.parametrize("name", ["assets.svg", "rooms.svg"])
def test_a_picture_of_the_architecture_is_what_the_code_gives(name: str) -> None:
    assert (PROJECT_DIR / "docs" / name).read_text("utf-8") == pictures()[name], "make docs draws it again"


def test_every_room_of_the_code_is_told_in_the_architecture() -> None:
    drawn = ElementTree.fromstring((PROJECT_DIR / "docs/rooms.svg").read_text("utf-8"))
    rooms = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    page = (PROJECT_DIR / "docs/architecture.md").read_text("utf-8")
    told = {
        path.removeprefix("mkt_assets/").rstrip("/") for path in re.findall(r"^\| `([^`]+)` \|", page, re.M)
    }
    files = {room for room in rooms if room and (PROJECT_DIR / "mkt_assets" / f"{room}.py").exists()}
    assert rooms - files <= told


def test_a_picture_leaves_out_the_arrows_that_others_imply() -> None:
    svg = draw({"a": set(), "b": {"a"}, "c": {"a", "b"}}, dict.fromkeys("abc", "one"), "three")
    drawn = ElementTree.fromstring(svg)
    assert len(drawn.findall("{http://www.w3.org/2000/svg}path")) == 2


def test_every_shipped_data_file_has_its_origin_and_licence_told() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    notice = (PROJECT_DIR / "NOTICE.md").read_text("utf-8")
    told = re.findall(r"`([^`\s]+/[^`\s]*)`", notice)
    shipped = [path for path in listed if path.endswith(DATA)]
    assert shipped
    untold = [path for path in shipped if not any(_covers(each, path) for each in told)]
    assert untold == []


def _covers(told: str, path: str) -> bool:
    if told.endswith("/"):
        return path.startswith(told)
    return path == told or (
        told.startswith("docs/*") and path.startswith("docs/") and path.endswith(told[6:])
    )
