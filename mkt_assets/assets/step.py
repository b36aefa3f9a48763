"""What every asset shell shares: how it is declared from its table, how it fails, how it reports."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from mkt_assets.charts.base import Picture, media_type
from mkt_assets.contract.schema import Table
from mkt_assets.orchestration.partitions import crawl_date_partitions
from mkt_assets.settings import Settings

OWNERS = ["team:marketing-data"]
# What makes links, pictures, HTML, code and cells out of text; a picture would be fetched by who looks at it.
_MARKDOWN = re.compile(r"[\\\[\]<>`|&!]")
_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=4), warn_window=timedelta(days=2))

AssetDecorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def table_asset(
    table: Table,
    settings: Settings,
    *,
    group: str,
    kinds: set[str],
    description: str,
    code_version: str,
    deps: Iterable[dg.AssetDep | str] = (),
    check_specs: Sequence[dg.AssetCheckSpec] | None = None,
    expected_daily: bool = False,
) -> AssetDecorator:
    """`@dg.asset` for a table of the schema: its key is the table's name, its columns are the schema's.

    With `expected_daily` the UI shows it as stale when it was not made for two days, and as failed after four.
    """
    return dg.asset(
        name=table.name,
        deps=list(deps),
        partitions_def=crawl_date_partitions(settings) if table.partitioned else None,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version,
        description=f"{description}\n\nOne row is {table.row_is}.",
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": f"mkt.main.{table.name}",
        },
        check_specs=check_specs,
        freshness_policy=_DAILY if expected_daily else None,
    )


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns, types, meanings and units, as the Dagster UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                c.type,
                description=c.doc + (f" [{c.unit}]" if c.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=c.nullable,
                    unique=table.key == (c.name,),
                    other=[f"one of {', '.join(c.allowed)}"] if c.allowed else [],
                ),
            )
            for c in table.columns
        ]
    )


def result(
    n_rows: int, metadata: Mapping[str, Any], *, checks: Sequence[dg.AssetCheckResult] = ()
) -> dg.MaterializeResult[Any]:
    """A materialization with its row count and what `metadata` says."""
    return dg.MaterializeResult(
        metadata={"dagster/partition_row_count": n_rows, **metadata}, check_results=list(checks)
    )


def preview(picture: Picture, *, max_side: int = 900) -> dg.MarkdownMetadataValue:
    """A thumbnail for the Dagster UI, tens of kB: the event log stores it."""
    return image_preview(picture.thumbnail(max_side=max_side), picture.title)


def image_preview(data: bytes, alt: str) -> dg.MarkdownMetadataValue:
    """A small PNG or JPEG as a picture in the Dagster UI."""
    return dg.MetadataValue.md(
        f"![{in_markdown(alt)}](data:{media_type(data)};base64,{base64.b64encode(data).decode()})"
    )


def in_markdown(text: str) -> str:
    """The text as Markdown shows it: whatever file or name it comes from, it is no link, picture, HTML or cell."""
    return " ".join(_MARKDOWN.sub(r"\\\g<0>", text).split())


def markdown_list(sentences: Iterable[str]) -> dg.MarkdownMetadataValue:
    """Sentences as a Markdown list."""
    return dg.MetadataValue.md("\n".join(f"- {in_markdown(sentence)}" for sentence in sentences))


def markdown_table(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table."""
    if not rows:
        return dg.MetadataValue.md("nothing")
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(in_markdown(str(row[name])) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def counts(values: Iterable[str]) -> list[dict[str, object]]:
    """How often each value occurs, most frequent first."""
    ranked = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [{"n": n, "what": what} for what, n in ranked]
