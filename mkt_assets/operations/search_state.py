"""Looking for texts in a shared state: in every text of every table, Dagster's records included.

Not here: looking in a home (operations/search), how a text may be spelt (core/text/needles).
"""

from __future__ import annotations

from psycopg2 import sql

from mkt_assets.core.text.needles import Needles
from mkt_assets.operations.event_log_postgres import rows_of, texts_of
from mkt_assets.operations.search import Place
from mkt_assets.orchestration.dagster_yaml import RECORDS_SCHEMA
from mkt_assets.resources.postgres import connected, transaction
from mkt_assets.resources.state_facts import SCHEMA


def search_state(url: str, needles: Needles) -> list[Place]:
    """Where in the state any of the texts is."""
    found: list[Place] = []
    with connected(url) as connection, transaction(connection):
        for schema in (SCHEMA, RECORDS_SCHEMA):
            for table, columns in texts_of(connection, schema).items():
                counts = dict.fromkeys(columns, 0)
                for _, row in rows_of(connection, sql.Identifier(schema, table), columns):
                    for column, text in row.items():
                        counts[column] += text is not None and needles.are_in(text)
                found += [
                    Place(url, f"{n} cell(s) of {schema}.{table}.{column}")
                    for column, n in counts.items()
                    if n
                ]
    return found
