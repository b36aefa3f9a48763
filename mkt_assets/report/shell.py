"""What is around the body of a page: head, style, font, script. It loads nothing and runs no script but its own.

Not here: what a page shows (report/page, report/sides), how values get into markup (report/html).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

from mkt_assets.charts.fonts import chinese_font
from mkt_assets.report.html import filled
from mkt_assets.report.languages import languages


def in_page(body: Markup, title: str, scripts: Sequence[str]) -> str:
    """A whole page.

    Args:
        body: What is between its body tags, with the data that the scripts read.
        title: For the browser.
        scripts: Names of files of report/scripts, in the order in which one uses what another says.

    Returns:
        An HTML page in one piece. Its Content-Security-Policy allows no load at all and no script but the page's,
        so whatever a caption holds is shown and never run. It brings a font of the Chinese characters in it,
        which a browser takes where the reader's system has none.
    """
    parts = Markup("\n").join(_read(f"scripts/{name}.js") for name in scripts)
    script = Markup('"use strict";\n(() => {\n') + parts + Markup("})();")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    page = filled(
        "page.html",
        title=title,
        languages=languages(),
        policy="default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=_read("colours.css") + _read("page.css"),
        script=script,
        font=base64.b64encode(chinese_font(body)).decode("ascii"),
        body=body,
    )
    return str(page)


def _read(name: str) -> Markup:
    """A file of ours, which is put into the page as it is."""
    return Markup(files("mkt_assets.report").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704
