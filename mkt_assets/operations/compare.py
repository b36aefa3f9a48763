"""`mkt compare`: a page of two crawls side by side, from what is stored of them.

Not here: what it tells and how it looks (report/sides), what is claimed (core/over_time/side_by_side).
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from mkt_assets.report.of_crawl import tiles_of
from mkt_assets.report.sides import render_sides
from mkt_assets.report.sides_of import sides_of
from mkt_assets.resources.files import FileStore, LocalFiles, write_durably
from mkt_assets.resources.opening import open_files, open_warehouse
from mkt_assets.resources.warehouse import CrawlDateError, Warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.clustered import ClusteredItems
from mkt_assets.stored.crawl import Crawl

FOLDER = "compare"


def compare_crawls(settings: Settings, one: date, other: date, output: Path | None = None) -> str:
    """Write the page, the earlier crawl on the left, and say where it is.

    Without `output` it lies among the reports, with both dates in its name, by which `mkt forget` finds it.

    Args:
        settings: Which home.
        one: A crawl date.
        other: Another one.
        output: A file; an older one is replaced. It is its owner's from then on: `mkt forget` does not reach it.

    Raises:
        ValueError: if it is one date twice.
        CrawlDateError: if a crawl date is not there, or its styles and topics are not.
        IsADirectoryError: if `output` is a folder.
    """
    if one == other:
        raise ValueError(f"{one} is compared with itself: name two crawl dates.")
    if output is not None and output.is_dir():
        raise IsADirectoryError(f"{output} is a folder: name a file, such as {output / 'compared.html'}.")
    warehouse = open_warehouse(settings)
    earlier, later = sorted((one, other))
    _see_that_they_are_there(settings, warehouse, (earlier, later))
    crawls = Crawl(warehouse.read, earlier), Crawl(warehouse.read, later)
    items = ClusteredItems(
        warehouse.read,
        pd.concat([crawl.profiles for crawl in crawls]),
        pd.concat([crawl.clusters for crawl in crawls]),
    )
    reports, name = open_files(settings, "reports"), f"{FOLDER}/{earlier}_{later}.html"
    sides = sides_of(
        crawls,
        items.of,
        warehouse.read("trends").to_pandas(),
        (_link(warehouse, reports, earlier, name, output), _link(warehouse, reports, later, name, output)),
        min_posts=settings.low_support_posts,
    )
    media = open_files(settings, "media")
    page = render_sides(sides, (tiles_of(crawls[0], media), tiles_of(crawls[1], media))).encode("utf-8")
    if output is None:
        return reports.write(name, page)
    write_durably(output, page)
    return str(output)


def _see_that_they_are_there(settings: Settings, warehouse: Warehouse, days: tuple[date, date]) -> None:
    found: set[date] = set()
    if warehouse.database.exists():
        # without them nothing of a crawl has a name by which the other one knows it
        rows = warehouse.read("cluster_identities", columns=["crawl_date"])
        found = {day for day in rows["crawl_date"].to_pylist() if day is not None}
    missing = [day for day in days if day not in found]
    if missing:
        names = " and ".join(map(str, missing))
        known = f"the dates there are: {', '.join(map(str, sorted(found)))}" if found else "there is none yet"
        raise CrawlDateError(
            f"{settings.home} has no styles and topics of {names}; {known}. `mkt run --crawl-date {missing[0]}` "
            "makes them of a drop."
        )


def _link(
    warehouse: Warehouse, reports: FileStore, crawl_date: date, name: str, output: Path | None
) -> str | None:
    """Where the report of a crawl date is, relative to the page; None if it cannot be said."""
    paths = warehouse.read("report", [crawl_date], columns=["path"])["path"].to_pylist()
    if not paths or not reports.exists(str(paths[0])):
        return None
    if output is None:
        return quote(os.path.relpath(str(paths[0]), Path(name).parent))
    if not isinstance(reports, LocalFiles):
        return None
    return quote(os.path.relpath(reports.path(str(paths[0])), output.resolve().parent))
