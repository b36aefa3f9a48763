"""The explorer's page: its files put into one, with a policy that lets nothing else run or load.

Not here: what the page shows, which its script asks the server for (explore/app).
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from markupsafe import escape

_SCRIPTS = ("words", "state", "map", "posts", "tags", "begin")
_FIRST = "en"


@cache
def page() -> tuple[str, str]:
    """The page, and its Content-Security-Policy."""
    words = {code: json.loads(_read("words", f"{code}.json")) for code in languages()}
    script = (
        '"use strict";\n(() => {\n' + "\n".join(_read("page", f"{name}.js") for name in _SCRIPTS) + "})();"
    )
    style = _read("page", "page.css")
    html = _read("page", "page.html")
    for mark, text in (
        ("{{style}}", style),
        ("{{script}}", script),
        ("{{words}}", json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")),
        ("{{title}}", str(escape(words[_FIRST]["title"]))),
    ):
        html = html.replace(mark, text)
    policy = (
        "default-src 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors 'none'; style-src {_digest(style)}; script-src {_digest(script)}"
    )
    return html, policy


def languages() -> list[str]:
    """Codes of the languages, each a file in explore/words; the first is that of readers whose own is not there."""
    names = (Path(file.name) for file in files("mkt_assets.explore").joinpath("words").iterdir())
    return sorted(
        (name.stem for name in names if name.suffix == ".json"), key=lambda code: (code != _FIRST, code)
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _read(folder: str, name: str) -> str:
    return files("mkt_assets.explore").joinpath(folder, name).read_text(encoding="utf-8")
