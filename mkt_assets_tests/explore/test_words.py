from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from mkt_assets.explore.page import languages, page


def words_of(code: str) -> dict[str, str]:
    return json.loads(files("mkt_assets.explore").joinpath("words", f"{code}.json").read_text("utf-8"))


@pytest.mark.parametrize("code", languages())
def test_a_language_has_every_text_with_the_same_blanks(code: str) -> None:
    first, words = words_of(languages()[0]), words_of(code)
    assert set(words) == set(first)
    for key, text in words.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", first[key])), key


def test_every_text_that_the_page_asks_for_is_there_and_no_other() -> None:
    html, _ = page()
    known = set(words_of("en"))
    script = html[html.rindex("<script>") :]
    asked = set(re.findall(r'\bt\("(\w+)"', script)) | set(re.findall(r'data-t="(\w+)"', html))
    assert asked <= known
    # what is put together, as `verdict_${verdict}`, or chosen before it is asked for
    begun = tuple(re.findall(r"\bt\(`(\w+_)\$", script))
    # the tag goes into the page beside the languages
    others = {key for key in known - asked - {"language_tag"} if not key.startswith(begun)}
    assert all(f'"{key}"' in script or f".{key}" in script for key in others), others
