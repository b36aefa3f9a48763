"""No text begins as a spreadsheet's formula does, and every one comes back."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.crosstab.original_files import escape_formulas
from mkt_assets.core.text.csv_injection import escape_formula, unescape_formula

STARTS = "=+-@\t\r\n＝＋－＠"
TEXTS = st.text()
HOSTILE = st.builds(lambda start, rest: start + rest, st.text("'" + STARTS, min_size=1, max_size=4), TEXTS)


@pytest.mark.parametrize("start", STARTS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    assert escape_formula(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "红裙", "3-4", "a=b", "'quoted'", " =1", "#穿搭", "０＝１"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert escape_formula(text) == unescape_formula(text) == text


@given(TEXTS | HOSTILE)
def test_every_text_comes_back(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert not escape_formula(text).startswith(tuple(STARTS))


def test_numbers_below_zero_are_numbers() -> None:
    frame = pd.DataFrame({"ratio": [-0.5], "name": ["-0.5"]})
    safe = escape_formulas(frame)
    assert safe["ratio"].tolist() == [-0.5]
    assert safe["name"].tolist() == ["'-0.5"]
