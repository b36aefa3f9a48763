"""What a comparison of methods, mattings or encoders says, in a sentence chosen by its numbers and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mkt_assets.core.methods import N_RESAMPLES

Row = Mapping[str, object]

MUCH_NOISE = 0.2
"""A share of items left out above which a method is said to leave them."""
LEAST_DIFFERENCE = 0.02
"""Agreements and stabilities closer than this are not told apart, however small their spread."""
NAMES = {"k-means": "k-means", "dbscan": "DBSCAN", "optics": "OPTICS", "hdbscan": "HDBSCAN"}


def method_verdict(row: Row, baseline: Row) -> str:
    """A density method against k-means on the same items."""
    name, what = NAMES.get(str(row["variant"]), str(row["variant"])), _items(row)
    n_clusters, noise = int(_number(row, "n_clusters")), _number(row, "noise_share")
    if n_clusters == 0:
        return f"{name} finds no cluster: it leaves all {what} as noise."
    found = f"{n_clusters} cluster{'s' if n_clusters > 1 else ''}"
    if noise > MUCH_NOISE:
        first = f"{name} leaves {noise:.0%} of the {what} as noise and finds {found}"
    elif n_clusters == 1:
        first = f"{name} puts {1 - noise:.0%} of the {what} into one cluster"
    else:
        kept = "all" if noise == 0 else f"{1 - noise:.0%}"
        first = f"{name} keeps {kept} of the {what}, in {found}"
    second = _compared(row, baseline, "stability", "stability_spread", n_averaged=N_RESAMPLES)
    values = (
        f"(adjusted Rand index {_number(row, 'stability'):.2f}; k-means {_number(baseline, 'stability'):.2f})"
    )
    sentence = {
        "unknown": "there is nothing whose stability could be compared",
        "higher": f"what it finds is more stable on resamples than k-means' clusters {values}",
        "lower": f"what it finds is less stable on resamples than k-means' clusters {values}",
        "same": f"on resamples it is as stable as k-means {values}",
    }[second]
    return f"{first}; {sentence}."


def matting_verdict(matted: Row, unmatted: Row) -> str:
    """Clusters of matted pictures against clusters of the same pictures as crawled."""
    sentences = [
        _told(
            _compared(matted, unmatted, "background_agreement", "background_error"),
            matted,
            unmatted,
            "background_agreement",
            higher="Matting raises agreement with the background",
            lower="Matting lowers agreement with the background",
            same="Matting does not change agreement with the background",
            unknown="Agreement with the background is unknown: there are not several backgrounds to tell apart",
        ),
        _told(
            _compared(matted, unmatted, "cross_agreement", "cross_error"),
            matted,
            unmatted,
            "cross_agreement",
            higher="styles of matted pictures go better with the topics of the captions",
            lower="styles of unmatted pictures go better with the topics of the captions",
            same="with the captions' topics both agree as much",
            unknown="agreement with the captions' topics is unknown",
        ),
    ]
    return "; ".join(sentences) + "."


def encoder_verdict(row: Row, baseline: Row) -> str:
    """An encoder against another (of pictures: the colour histogram), by agreement with the other modality."""
    name, other, what = row["variant"], baseline["variant"], _other(row)
    compared = _compared(row, baseline, "cross_agreement", "cross_error")
    return (
        _told(
            compared,
            row,
            baseline,
            "cross_agreement",
            higher=f"Clusters of {name} agree with {what} more than those of {other}",
            lower=f"Clusters of {name} agree with {what} less than those of {other}",
            same=f"By agreement with {what}, {name} cannot be told from {other}",
            unknown=f"{name} cannot be judged: its agreement with {what} is unknown",
        )
        + "."
    )


def leakage_verdict(row: Row) -> str | None:
    """A warning where nearest neighbours are the same account's, or copies, far more often than by chance."""
    same, expected = _number(row, "poster_neighbours"), _number(row, "poster_neighbours_expected")
    copies = _number(row, "copied_neighbours")
    warnings: list[str] = []
    if same > max(0.3, 3 * expected):
        warnings.append(
            f"the nearest picture or caption of another post is of the same account for {same:.0%} "
            f"({expected:.0%} by chance)"
        )
    if copies > MUCH_NOISE:
        warnings.append(
            f"the nearest of another post is a near duplicate for {copies:.0%}{_counted_once(row)}"
        )
    return f"Take care, {row['variant']}: {', and '.join(warnings)}." if warnings else None


def _counted_once(row: Row) -> str:
    once = _number(row, "cross_agreement_without_copies")
    if math.isnan(once):
        return ""
    values = f"{once:.2f} instead of {_number(row, 'cross_agreement'):.2f}"
    return f" (with each counted once, agreement with {_other(row)} is {values})"


def _compared(row: Row, other: Row, column: str, spread: str, n_averaged: int = 1) -> str:
    """higher, lower, same or unknown: apart by two standard errors, and by `LEAST_DIFFERENCE`.

    `spread` is the column of the standard error or, with `n_averaged`, of the standard deviation over so many
    resamples that were averaged.
    """
    difference = _number(row, column) - _number(other, column)
    if math.isnan(difference):
        return "unknown"
    spreads = [value for value in (_number(row, spread), _number(other, spread)) if not math.isnan(value)]
    if abs(difference) <= max(LEAST_DIFFERENCE, 2 * math.hypot(*spreads) / math.sqrt(n_averaged)):
        return "same"
    return "higher" if difference > 0 else "lower"


def _told(
    compared: str, row: Row, other: Row, column: str, *, higher: str, lower: str, same: str, unknown: str
) -> str:
    sentence = {"higher": higher, "lower": lower, "same": same, "unknown": unknown}[compared]
    if compared == "unknown":
        return sentence
    values = f"{_number(row, column):.2f}, {other['variant']} {_number(other, column):.2f}"
    return f"{sentence} (adjusted mutual information {values})"


def _items(row: Row) -> str:
    return "pictures" if row["modality"] == "image" else "captions"


def _other(row: Row) -> str:
    return "the captions' topics" if row["modality"] == "image" else "the pictures' styles"


def _number(row: Row, column: str) -> float:
    value = row.get(column)
    return float("nan") if value is None else float(str(value))
