"""What went in and what was left out, and how the report was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Facts
from mkt_assets.report.markup import written
from mkt_assets.report.text import Text, say


def quality_section(facts: Facts) -> str:
    """Counts of what was used, and what was rejected why."""
    tiles = "".join(
        f"<div><dt>{written(say(f'quality_{name}'))}</dt><dd>{n:,}{_of(n, whole)}</dd></div>"
        for name, (n, whole) in facts.quality.items()
    )
    rejected = (
        _table(
            ("asset", "reason", "number"),
            [(asset, reason, f"{n:,}") for asset, reason, n in facts.rejects],
        )
        if facts.rejects
        else f"<p>{written(say('no_rejects'))}</p>"
    )
    return (
        f'<section id="quality" aria-labelledby="quality-h"><h2 id="quality-h">{written(say("quality"))}</h2>'
        f'<dl class="numbers">{tiles}</dl><h3>{written(say("rejects"))}</h3>{rejected}</section>\n'
    )


def _of(n: int, whole: int | None) -> str:
    return f" <small>{percent(n / whole)}</small>" if whole else ""


def made_section(facts: Facts) -> str:
    """Models, lineage, settings, software, and how to take the numbers along."""
    models = [(say(f"role_{role}"), name, version, licence) for role, name, version, licence in facts.models]
    lineage = [
        (made.asset, made.run_id, f"{made.at:%Y-%m-%d %H:%M}", made.code_version) for made in facts.made
    ]
    command = f"mkt export FOLDER --crawl-date {facts.crawl_date.isoformat()}"
    return (
        f'<section id="made" aria-labelledby="made-h"><h2 id="made-h">{written(say("made"))}</h2>'
        f"<h3>{written(say('models'))}</h3>{_table(('role', 'model', 'version', 'licence'), models)}"
        f"<h3>{written(say('take_along'))}</h3><p>{written(say('take_along_text', command=command))}</p>"
        f"{_folded('lineage', ('asset', 'run', 'when', 'version'), lineage)}"
        f"{_folded('settings', ('settings', 'number'), facts.settings, head=False)}"
        f"{_folded('packages', ('packages', 'version'), facts.packages)}</section>\n"
    )


def _folded(name: str, columns: Sequence[str], rows: Sequence[Sequence[Text]], *, head: bool = True) -> str:
    if not rows:
        return ""
    return (
        f"<details><summary>{written(say(name))}</summary>{_table(columns if head else (), rows)}</details>"
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[Text]]) -> str:
    head = "".join(f'<th scope="col">{written(say(name))}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{written(cell)}</td>' for cell in row)}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="wide" tabindex="0"><table class="plain">{top}<tbody>{body}</tbody></table></div>'
