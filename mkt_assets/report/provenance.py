"""What went in and what was left out, and how the report was made.

Not here: markup (report/templates), reading what Dagster knows of runs (assets/report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Facts
from mkt_assets.report.text import Reason, say


@dataclass(frozen=True)
class Amount:
    """How many of something there are, and their share of the whole where there is one."""

    n: str
    share: str | None


def values_of(facts: Facts) -> Mapping[str, object]:
    """Values of the template: amounts by what they are of; rows of tables; how to take the numbers along."""
    return {
        "quality": {
            name: Amount(f"{n:,}", percent(n / whole) if whole else None)
            for name, (n, whole) in facts.quality.items()
        },
        "rejects": [(asset, Reason(reason), f"{n:,}") for asset, reason, n in facts.rejects],
        "models": [(say(f"role_{role}"), *model) for role, *model in facts.models],
        "lineage": [(m.asset, m.run_id, f"{m.at:%Y-%m-%d %H:%M}", m.code_version) for m in facts.made],
        "export_command": f"mkt export FOLDER --crawl-date {facts.crawl_date.isoformat()}",
    }
