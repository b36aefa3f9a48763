from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mkt_assets.report import languages as package
from mkt_assets.report.languages import languages

MADE_UP = """
import re
from dataclasses import replace
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH

three_forms = {key: re.sub(r"[|]([^]]*)[]]", r"|\\1|\\1]", text) for key, text in ENGLISH.messages.items()}
messages = {key: f"q{text}q" for key, text in three_forms.items()} | {"n_post": "{n} [eins|zwei|viele]"}
LANGUAGE = replace(ENGLISH, code="qq", tag="qq", name="Qq", form=lambda n: min(n, 2), messages=messages)
"""


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A third language, added as its file."""
    (tmp_path / "qq.py").write_text(MADE_UP, encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    languages.cache_clear()
    yield
    languages.cache_clear()
    sys.modules.pop(f"{package.__name__}.qq", None)
