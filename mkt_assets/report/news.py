"""What came, went and moved since the crawl before, in sentences; only what is tested is called new or gone.

Not here: the tests (core/over_time), the trends that are drawn (over_time), the words (languages).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mkt_assets.core.over_time.trends import MIN_TIMES, TOO_FEW
from mkt_assets.core.rounding import points
from mkt_assets.report.facts import Cluster, Facts, Trend
from mkt_assets.report.text import Text, amounts, counted, say
from mkt_assets.report.wording import Remark, names_of, together


def news(facts: Facts) -> tuple[Text, ...]:
    """What came and went since the crawl before, and what rises or falls."""
    there = [m for m in ("image", "text") if facts.clusters(m)]
    if not there:
        return (say("no_news"),)
    new = [m for m in there if m not in facts.compared_with]
    known = [m for m in there if m in facts.compared_with]
    sentences = together((m, "first_crawl", {}) for m in new)
    for modality in known:
        sentences += _came_and_went(facts, modality)
    sentences += _nothing_new(facts, known)
    return (*sentences, *_moves(facts, known))


def _came_and_went(facts: Facts, modality: str) -> list[Text]:
    clusters, before = facts.clusters(modality), facts.compared_with[modality]
    gone = [
        event.name
        for event in facts.events
        if (event.modality, event.what, event.crawl_date) == (modality, "ended", before)
    ]
    changes = {
        "born": [c.name for c in clusters if c.is_new],
        "back": [c.name for c in clusters if c.is_back],
    }
    sentences: list[Text] = [
        say(f"{what}_{modality}", names=names_of(names)) for what, names in changes.items() if names
    ]
    if gone:  # not on this page: where one can look at them is told with them
        sentences.append(say(f"gone_{modality}", names=names_of(gone), date=before.isoformat()))
    unmatched = [c for c in clusters if not _lasts(c, before) and not c.is_new and not c.is_back]
    if unmatched:
        kind = "style" if modality == "image" else "topic"
        things = counted(len(unmatched), kind)
        sentences.append(say("not_surely_new", len(unmatched), things=things, date=before.isoformat()))
    return sentences


def _lasts(cluster: Cluster, before: date) -> bool:
    """Whether a cluster of the crawl before goes on in it."""
    return cluster.event in ("continued", "merged") and cluster.previous == before


def _nothing_new(facts: Facts, known: Iterable[str]) -> list[Text]:
    """Of the modalities of which every cluster goes on from the crawl before: that they do."""
    lasting: dict[str, list[str]] = {}
    for modality in known:
        before = facts.compared_with[modality]
        if all(_lasts(c, before) for c in facts.clusters(modality)):
            lasting.setdefault(before.isoformat(), []).append(modality)
    sentences: list[Text] = []
    for before, modalities in lasting.items():
        numbers = [(len(facts.clusters(m)), "style" if m == "image" else "topic") for m in modalities]
        things, n = amounts(*numbers)
        sentences.append(say("all_continued", n, things=things, date=before))
    return sentences


def _moves(facts: Facts, known: Iterable[str]) -> list[Text]:
    moved: list[Text] = []
    remarks: list[Remark] = []
    tested: list[Trend] = []
    for modality in known:
        trends = [trend for trend in facts.trends if trend.modality == modality]
        remark = _untested(facts, modality, trends)
        if remark is not None:
            remarks.append(remark)
            continue
        if any(trend.direction in ("rising", "falling") for trend in trends):
            tested += trends
        else:
            crawls = counted(max(len(trend.days) for trend in trends), "crawl")
            remarks.append((modality, "no_moves", {"crawls": crawls}))
    for direction in ("rising", "falling"):
        names = [_moved(trend) for trend in tested if trend.direction == direction]
        if names:
            moved.append(say(direction, names=names_of(names)))
    return [*moved, *together(remarks)]


def _untested(facts: Facts, modality: str, trends: list[Trend]) -> Remark | None:
    """Why nothing can be said of what rises and falls; None if it can."""
    n_crawls = max((len(trend.days) for trend in trends), default=0)
    if len(facts.clusters(modality)) == 1:
        return modality, "moves_single", {}
    if trends and not any(trend.direction for trend in trends):
        return modality, "moves_later", {}
    if all(trend.direction in ("", TOO_FEW) for trend in trends):
        if n_crawls >= MIN_TIMES:
            return modality, "moves_unknown", {}
        crawls = counted(n_crawls, "crawl")
        return modality, "too_few_crawls", {"n": str(MIN_TIMES), "crawls": crawls}
    return None


def _moved(trend: Trend) -> Text:
    return say("moved", name=trend.name, change=points(trend.change))
