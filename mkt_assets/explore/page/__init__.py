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
_BEFORE, _AFTER = ("reader", "plane"), ("own_font",)
"""What the report's pages have, too: languages and light, a plane to move in, a font where there is none."""
_FIRST = "en"


@cache
def page() -> tuple[str, str]:
    """The page, and its Content-Security-Policy."""
    words = {code: json.loads(_read("words", f"{code}.json")) for code in languages()}
    parts = [
        *(_of_report(f"scripts/{name}.js") for name in _BEFORE),
        *(_read("page", f"{name}.js") for name in _SCRIPTS),
        *(_of_report(f"scripts/{name}.js") for name in _AFTER),
    ]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "})();"
    style = _of_report("colours.css") + _read("page", "page.css")
    html = _read("page", "page.html")
    for mark, text in (
        ("{{style}}", style),
        ("{{script}}", script),
        ("{{words}}", _data(words)),
        ("{{languages}}", _data({code: of["language_tag"] for code, of in words.items()})),
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


def _data(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _of_report(name: str) -> str:
    return files("mkt_assets.report").joinpath(name).read_text(encoding="utf-8")


def _read(folder: str, name: str) -> str:
    return files("mkt_assets.explore").joinpath(folder, name).read_text(encoding="utf-8")
