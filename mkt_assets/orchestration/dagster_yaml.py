"""dagster.yaml of a home: the user's own, but for a part between two lines that says where Dagster's records are.

Where a state is shared they are in its database, in a schema of their own, so that one may be let at them alone. No
password is in it: it comes from PGPASSWORD or ~/.pgpass, for every process of Dagster too.

Not here: making the instance (orchestration/instance).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

RECORDS_SCHEMA = "mkt_dagster"
NAME = "dagster.yaml"
_BEGIN, _END = (
    "# >>> of MKT_STATE: written and removed by mkt, leave it alone\n",
    "# <<< of MKT_STATE\n",
)
_OURS = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)
_STORAGE = re.compile(
    r"^(storage|run_storage|event_log_storage|schedule_storage|compute_logs):", re.MULTILINE
)


def with_storage(text: str, state_url: str | None) -> str:
    r"""The configuration with Dagster's records in a state; None: in the home.

    What a user wrote about storage is left as it is.

    Examples:
        >>> ours = with_storage("nux:\n  enabled: false\n", "postgresql://mkt@db/state")
        >>> print(ours.splitlines()[-2].strip())
        postgres_url: 'postgresql+psycopg2://mkt@db/state?options=-csearch_path%3Dmkt_dagster'
        >>> with_storage(ours, None)
        'nux:\n  enabled: false\n'
    """
    own = _OURS.sub("", text)
    if state_url is None or set(_STORAGE.findall(own)) - {"compute_logs"}:
        return own
    url = records_url(state_url).replace("'", "''")
    head = own if not own or own.endswith("\n") else f"{own}\n"
    return f"{head}{_BEGIN}storage:\n  postgres:\n    postgres_url: '{url}'\n{_END}"


def records_url(state_url: str) -> str:
    """Where Dagster's records are in a state, as SQLAlchemy has it: with the driver, and their schema as the first."""
    parts = urlsplit(state_url)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -csearch_path={RECORDS_SCHEMA}".strip()
    asked = urlencode(query, quote_via=quote)
    return urlunsplit(("postgresql+psycopg2", parts.netloc, parts.path, asked, ""))


def kept_elsewhere(dagster_home: Path) -> list[str]:
    """Keys of dagster.yaml by which a user moved records to where they cannot be looked after."""
    path = dagster_home / NAME
    return _STORAGE.findall(_OURS.sub("", path.read_text("utf-8"))) if path.exists() else []
