"""`mkt doctor` of a shared state: what it needs is here, it answers, this home may share it, and is not behind.

Not here: everything of the home itself (operations/doctor).
"""

from __future__ import annotations

from collections.abc import Iterator

from mkt_assets.operations.findings import Finding, Verdict
from mkt_assets.operations.forget_state import told_by_others
from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError
from mkt_assets.resources.opening import open_state
from mkt_assets.resources.state_facts import SCHEMA, fact
from mkt_assets.resources.state_home import FINGERPRINT, mark_of
from mkt_assets.resources.tombstones import FILE_NAME
from mkt_assets.settings import Settings, SettingsError

_INSTALL = "in a clone: sh deploy/install.sh .venv/bin/python --extra cluster"


def examine_state(settings: Settings) -> Iterator[Finding]:
    """What is the matter with the state; no finding where the home shares none, and nothing is changed."""
    try:
        state = open_state(settings)
    except SettingsError as error:
        yield Finding("state", Verdict.problem, str(error), _INSTALL)
        return
    except DatabaseSetupError as error:
        yield Finding("state", Verdict.problem, str(error), "set MKT_STATE, or leave it as it says")
        return
    if state is None:
        return
    try:
        yield from _looked_at(settings)
    except (DatabaseSetupError, DatabaseBusyError) as error:
        yield Finding(
            "state",
            Verdict.problem,
            str(error),
            "start it, or correct MKT_STATE, PGPASSWORD, or what this user may do there",
        )


def _looked_at(settings: Settings) -> Iterator[Finding]:
    from mkt_assets.resources.postgres import connected
    from mkt_assets.resources.state import State

    url = settings.state or ""
    state = State(url, timeout_seconds=5)
    has_mark = mark_of(settings.home) is not None
    if not has_mark and (settings.home / FILE_NAME).exists():
        yield Finding(
            "state",
            Verdict.problem,
            f"this home does not share {url} yet, which does not know who was forgotten here",
            "`mkt move state`",
        )
        return
    if not state.exists():
        yield Finding(
            "state", Verdict.note, f"there is none in {url} yet", "`mkt run` makes it, or `mkt move state`"
        )
        return
    with connected(url) as connection, connection.cursor() as cursor:
        known = fact(cursor, FINGERPRINT)
        tables = ", ".join(f"'{SCHEMA}.{table}'" for table in ("vectors", "mattes"))
        cursor.execute(
            "SELECT bool_and(has_table_privilege(name, 'INSERT')), "
            "pg_size_pretty(pg_database_size(current_database())) "
            f"FROM unnest(ARRAY[{tables}]) AS t(name)"
        )
        may_write, size = cursor.fetchone() or (False, "")
    key = settings.home / KEY_NAME
    if known is not None and (not key.exists() or AccountHasher(key).fingerprint != known):
        yield Finding(
            "state",
            Verdict.problem,
            f"{key} is {'another than' if key.exists() else 'not here, and there is'} the key of the homes that share "
            f"{url}: one account would be another in each",
            "copy it from one of them",
        )
        return
    if not may_write:
        yield Finding(
            "state",
            Verdict.problem,
            f"this user may not add to the cache in {url}",
            "see docs/cluster.md for who needs which grants",
        )
        return
    yield Finding("state", Verdict.ok, f"{url} answers and can be written; its database has {size}")
    if has_mark and told_by_others(settings):
        yield Finding(
            "forgotten",
            Verdict.problem,
            "somebody was forgotten in another home: reports, charts and logs of this one may still show her",
            "`mkt forget --again`",
        )
