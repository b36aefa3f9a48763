"""No argument of any command, however wrong, ends in a traceback."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from mkt_assets.commands.cli import app
from mkt_assets.settings import Settings

FILES = {
    "empty.csv": b"",
    "garbage.csv": bytes(range(256)) * 4,
    "utf16.csv": "poster_id,post_id,nums_category_img\n".encode("utf-16"),
    "other.csv": b"a,b\n1,2\n",
    "img.csv": b"poster_id,post_id,nums_category_img\nu,p,1\n",
    "text.csv": b"poster_id,post_id,num_category_text\nu,p,1\n",
    "words.csv": b"poster_id,post_id,nums_category_img\nu,p,many\n",
}

WRONG: list[Sequence[str]] = [
    ["run", "--crawl-date", "yesterday"],
    ["run", "--crawl-date", "2024-02-30"],
    ["run", "--crawl-date", "2024-06-13T00:00"],
    ["run", "--crawl-date", "2999-01-01"],
    ["run", "--crawl-date", "0001-01-01"],
    ["run", "--crawl-date", "2024-06-13"],
    ["run"],
    ["search"],
    ["search", "裙"],
    ["search", "裙", "--like", "other.csv"],
    ["search", "--like", "nowhere.jpg"],
    ["search", "--like", "other.csv"],
    ["search", "裙", "--limit", "0"],
    ["search", "裙", "--crawl-date", "13.6.2024"],
    ["search", "a\x00b"],
    ["compare"],
    ["compare", "2024-06-13"],
    ["compare", "yesterday", "2024-06-13"],
    ["compare", "2024-06-13", "2024-06-14"],
    ["explore"],
    ["explore", "--port", "0"],
    ["explore", "more"],
    ["inspect"],
    ["inspect", "nowhere"],
    ["inspect", "other.csv"],
    ["inspect", "a\x00b"],
    ["inspect", ".", "--crawl-date", "13.6.2024"],
    ["sample", "other.csv"],
    ["sample", "other.csv/below"],
    ["sample", "new", "--crawl-dates", "0"],
    ["sample", "new", "--posts", "-3"],
    ["sample", "new", "--seed", "-1"],
    ["sample", "new", "--seed", "x"],
    ["crosstab"],
    ["crosstab", "--images", "nowhere.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "empty.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "garbage.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "utf16.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "other.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "words.csv", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "img.csv", "--texts", "img.csv", "--out", "o.csv"],
    ["crosstab", "--images", ".", "--texts", "text.csv", "--out", "o.csv"],
    ["crosstab", "--images", "img.csv", "--texts", "text.csv", "--out", "no/such/o.csv"],
    ["crosstab", "--images", "img.csv", "--texts", "text.csv", "--out", "."],
    ["crosstab", "--images", "img.csv", "--texts", "text.csv", "--out", "o.csv", "--table", "no/such/t.csv"],
    ["crosstab", "--images", "img.csv", "--texts", "text.csv", "--out", "o.csv", "--top", "0"],
    ["crosstab", "--images", "img.csv", "--texts", "text.csv", "--out", "o.csv", "--unit", "page"],
    ["export", "new"],
    ["export", "new", "--crawl-date", "2024-06-13"],
    ["export", "other.csv", "--crawl-date", "2024-06-13"],
    ["export", ".", "--crawl-date", "2024-06-13"],
    ["export", "new", "--crawl-date", "2024-06-13", "--pictures", "gif"],
    ["snapshot"],
    ["move", "nowhere"],
    ["move", "lake"],
    ["move", "file"],
    ["upkeep"],
    ["snapshot", "more"],
    ["gc", "--min-age-hours", "0"],
    ["gc", "--min-age-hours", "nan"],
    ["gc", "--min-age-hours", "inf"],
    ["forget", "--yes"],
    ["forget", "--yes", "--post", ""],
    ["forget", "--yes", "--poster", "\x00"],
    ["forget", "--yes", "--crawled-before", "soon"],
    ["forget", "--yes", "--crawled-before", "2999-01-01"],
    ["models", "fetch", "nothing"],
    ["models", "fetch", "imagebind", "--accept-licence", "--from", "nowhere"],
    ["models", "fetch", "imagebind", "--accept-licence", "--from", "."],
    ["models", "fetch", "imagebind", "--accept-licence", "--from", "other.csv"],
    ["models", "fetch", "imagebind", "--accept-licence", "--url", "file:///etc/hostname"],
    ["models", "fetch", "imagebind", "--accept-licence", "--url", "no address"],
    ["models", "fetch", "imagebind", "--accept-licence", "--url", "http://127.0.0.1:1/x"],
    ["models", "check", "nothing"],
    ["models", "check", "imagebind"],
    ["ui", "--port", "none"],
    ["ui", "--port", "70000"],
    ["nothing"],
    ["run", "--nothing"],
]
HARMLESS = {("gc", "--min-age-hours", "inf")}
"""Odd, and still a wish that can be met."""


@pytest.fixture
def here(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with such files, and a home in which nothing is yet."""
    monkeypatch.setenv("MKT_HOME", str(settings.home))
    monkeypatch.setenv("MKT_DROPS", str(settings.drops_dir))
    monkeypatch.setenv("MKT_MODELS", str(tmp_path / "models"))
    folder = tmp_path / "here"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: ascii(" ".join(arguments)))
def test_a_wrong_argument_ends_in_a_sentence(here: Path, arguments: Sequence[str]) -> None:
    result = CliRunner().invoke(app, list(arguments))
    assert not crashed(result), result.exception
    if tuple(arguments) not in HARMLESS:
        assert result.exit_code not in (None, 0)
        assert result.output.strip()


@pytest.mark.parametrize("variable", ["MKT_HOME", "MKT_DROPS", "MKT_MODELS", "MKT_NAMES_FILE"])
@pytest.mark.parametrize("command", ["run", "doctor", "gc", "snapshot", "settings", "forget"])
def test_a_place_that_is_none_ends_in_a_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch, variable: str, command: str
) -> None:
    monkeypatch.setenv(variable, str(here / "other.csv" / "below"))
    result = CliRunner().invoke(app, [command, *(["--yes", "--again"] if command == "forget" else [])])
    assert not crashed(result), result.exception
    assert result.output.strip()


def test_every_command_is_tried() -> None:
    commands = set(get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue]
    assert {arguments[0] for arguments in WRONG} >= commands - {"doctor", "settings"}


@pytest.mark.parametrize("command", ["settings", "doctor", "gc"])
def test_a_misspelt_variable_is_told_by_every_command(
    here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(os.environ, "MKT_IMAGE_ENCODR", "imagebind")
    result = CliRunner().invoke(app, [command])
    told = "MKT_IMAGE_ENCODR is no setting, and changes nothing; do you mean MKT_IMAGE_ENCODER?"
    assert told in " ".join(result.output.split())


def crashed(result: Result) -> bool:
    return result.exception is not None and not isinstance(result.exception, SystemExit)
