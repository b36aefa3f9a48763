"""Forgetting where homes share a state: one home tells the others, and each is past it when it forgot as well.

What is only in a home (reports, charts, places of media, logs) nobody else reaches; `mkt doctor` there says that it is
behind, and `mkt forget --again` does it.

Not here: forgetting (operations/forget).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from mkt_assets.resources.opening import open_tombstones
from mkt_assets.resources.state_home import mark_of, write_mark
from mkt_assets.settings import Settings

if TYPE_CHECKING:
    from mkt_assets.resources.state_tombstones import StateTombstones


def tell_others(settings: Settings, crawl_dates: Collection[date]) -> None:
    """Tell the other homes on which crawl dates whoever was forgotten may show there; and runs that are cut off."""
    if settings.state is not None:
        _shared(settings).tell(crawl_dates)


def told_by_others(settings: Settings) -> frozenset[date]:
    """Crawl dates on which whoever was forgotten, and not yet in this home, may show in it."""
    mark = mark_of(settings.home)
    return frozenset() if mark is None else _shared(settings).told_since(mark.n_forgettings)[1]


def done_here(settings: Settings) -> None:
    """Note that this home is past all that was told."""
    if (mark := mark_of(settings.home)) is not None:
        n, _ = _shared(settings).told_since(mark.n_forgettings)
        write_mark(settings.home, replace(mark, n_forgettings=n))


def _shared(settings: Settings) -> StateTombstones:
    from mkt_assets.resources.state_tombstones import StateTombstones

    store = open_tombstones(settings)
    assert isinstance(store, StateTombstones)
    return store
