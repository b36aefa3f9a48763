"""All tables by their names, in the order in which they are made. The only contract between the assets.

From these the warehouse takes its DDL and Arrow schemas, the Dagster UI its column tables, and the
checks what they check. Nothing here touches a database.

Not here: the tables (contract/tables), the DDL (resources/warehouse), older schemas (resources/migrations).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mkt_assets.contract.table import Table
from mkt_assets.contract.tables import (
    clustering,
    items,
    links,
    methods,
    over_time,
    profiles,
    published,
    rejects,
    sight,
)

_GROUPS = (items, clustering, links, profiles, sight, methods, over_time, published, rejects)

TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for group in _GROUPS for table in group.TABLES}
)
