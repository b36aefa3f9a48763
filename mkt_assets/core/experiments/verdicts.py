"""What a comparison of methods, mattings or encoders says, in a sentence chosen by its numbers and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import numpy as np

from mkt_assets.core.crosstab.belief import MAX_P
from mkt_assets.core.experiments.methods import N_RESAMPLES, half_sample_error
from mkt_assets.core.rounding import index, percent

Row = Mapping[str, Any]

MUCH_NOISE = 0.2
"""A share of items left out above which a method is said to leave them."""
LEAST_DIFFERENCE = 0.02
"""Agreements and stabilities closer than this are not told apart, however small their spread."""
MIN_REPLICATES = 5
"""Refits that must know a value for its error to be known."""
_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "stability": "stability_spread",
        "cross_agreement": "cross_error",
        "background_agreement": "background_error",
    }
)
NAMES = {"k-means": "k-means", "dbscan": "DBSCAN", "optics": "OPTICS", "hdbscan": "HDBSCAN"}


def judge(rows: Iterable[MutableMapping[str, Any]], floor: str) -> None:
    """Write the verdict of every row, against its experiment's baseline, all comparisons of the crawl taken together.

    Args:
        rows: Rows of `method_comparison` and what `comparison.measure` gave beside.
        floor: The encoder that the others are compared with; where it has not run, the crawl's own.

    Examples:
        >>> from mkt_assets.core.experiments.verdicts import judge
        >>> row = {"modality": "text", "experiment": "methods", "status": "run", "is_used": False}
        >>> kmeans = row | {"variant": "k-means", "is_used": True, "stability": 0.78}
        >>> dbscan = row | {"variant": "dbscan", "n_clusters": 0, "noise_share": 1.0}
        >>> judge([kmeans, dbscan], floor="colour-histogram")
        >>> kmeans["verdict"], dbscan["verdict"]
        (None, 'DBSCAN finds no cluster: it leaves all captions as noise.')
    """
    ran = [row for row in rows if row["status"] == "run"]
    pairs = [(row, baseline) for row in ran if (baseline := _baseline(row, ran, floor)) is not None]
    # matting is compared in two things
    n = len(pairs) + sum(row["experiment"] == "matting" for row, _ in pairs)
    for row in ran:
        leaks = leakage_verdict(row) if row["experiment"] == "encoders" else None
        row["verdict"] = leaks
    for row, baseline in pairs:
        verdict = _VERDICTS[row["experiment"]](row, baseline, n_comparisons=n)
        row["verdict"] = " ".join(filter(None, [verdict, row["verdict"]]))


def _baseline(row: Row, ran: Iterable[Row], floor: str) -> Row | None:
    """What a row is compared with; None if with nothing, or if it is itself what others are compared with."""
    peers = [r for r in ran if (r["modality"], r["experiment"]) == (row["modality"], row["experiment"])]
    named = {str(r["variant"]): r for r in peers}
    if row["experiment"] == "matting":
        return named.get("unmatted") if row["variant"] == "matted" else None
    own = next((r for r in peers if r["is_used"]), None)
    baseline = named.get("k-means") if row["experiment"] == "methods" else named.get(floor, own)
    return None if baseline is row else baseline


def method_verdict(row: Row, baseline: Row, *, n_comparisons: int = 1) -> str:
    """A density method against k-means on the same items.

    Examples:
        >>> from mkt_assets.core.experiments.verdicts import method_verdict
        >>> row = {"variant": "dbscan", "modality": "text", "n_clusters": 4, "noise_share": 0.46}
        >>> print(method_verdict(row | {"stability": 0.31}, {"variant": "k-means", "stability": 0.78}))
        DBSCAN leaves 46% of the captions as noise and finds 4 clusters; what it finds is less stable on
        resamples than k-means' clusters (adjusted Rand index 0.31; k-means 0.78).
    """
    name, what = NAMES.get(str(row["variant"]), str(row["variant"])), _items(row)
    n_clusters, noise = int(_number(row, "n_clusters")), _number(row, "noise_share")
    if n_clusters == 0:
        return f"{name} finds no cluster: it leaves all {what} as noise."
    found = f"{n_clusters} cluster{'s' if n_clusters > 1 else ''}"
    if noise > MUCH_NOISE:
        first = f"{name} leaves {percent(noise)} of the {what} as noise and finds {found}"
    elif n_clusters == 1:
        first = f"{name} puts {_kept(noise)} of the {what} into one cluster"
    else:
        first = f"{name} keeps {_kept(noise)} of the {what}, in {found}"
    second = _compared(row, baseline, "stability", n_comparisons)
    of_both = (index(_number(one, "stability")) for one in (row, baseline))
    values = "(adjusted Rand index {}; k-means {})".format(*of_both)
    sentence = {
        "unknown": "there is nothing whose stability could be compared",
        "higher": f"what it finds is more stable on resamples than k-means' clusters {values}",
        "lower": f"what it finds is less stable on resamples than k-means' clusters {values}",
        "same": f"on resamples it is as stable as k-means, as far as can be told {values}",
    }[second]
    return f"{first}; {sentence}."


def matting_verdict(matted: Row, unmatted: Row, *, n_comparisons: int = 1) -> str:
    """Clusters of matted pictures against clusters of the same pictures as crawled.

    Examples:
        >>> from mkt_assets.core.experiments.verdicts import matting_verdict
        >>> matted = {"variant": "matted", "background_agreement": 0.05, "cross_agreement": 0.41}
        >>> unmatted = {"variant": "unmatted", "background_agreement": 0.38, "cross_agreement": 0.40}
        >>> print(matting_verdict(matted, unmatted))
        Matting lowers agreement with the background (adjusted mutual information 0.05, unmatted 0.38); with
        the captions' topics both agree as much, as far as can be told (adjusted mutual information 0.41,
        unmatted 0.40).
    """
    sentences = [
        _told(
            _compared(matted, unmatted, "background_agreement", n_comparisons),
            matted,
            unmatted,
            "background_agreement",
            higher="Matting raises agreement with the background",
            lower="Matting lowers agreement with the background",
            same="Matting does not change agreement with the background, as far as can be told",
            unknown="Agreement with the background is unknown: there are not several backgrounds to tell apart",
        ),
        _told(
            _compared(matted, unmatted, "cross_agreement", n_comparisons),
            matted,
            unmatted,
            "cross_agreement",
            higher="styles of matted pictures go better with the topics of the captions",
            lower="styles of unmatted pictures go better with the topics of the captions",
            same="with the captions' topics both agree as much, as far as can be told",
            unknown="agreement with the captions' topics is unknown",
        ),
    ]
    return "; ".join(sentences) + "."


def encoder_verdict(row: Row, baseline: Row, *, n_comparisons: int = 1) -> str:
    """An encoder against another (of pictures: the colour histogram), by agreement with the other modality.

    Examples:
        >>> from mkt_assets.core.experiments.verdicts import encoder_verdict
        >>> row = {"variant": "efficientnet-lite0", "modality": "image", "cross_agreement": 0.41}
        >>> print(encoder_verdict(row, {"variant": "colour-histogram", "cross_agreement": 0.12}))
        Clusters of efficientnet-lite0 agree with the captions' topics more than those of colour-histogram
        (adjusted mutual information 0.41, colour-histogram 0.12).
    """
    name, other, what = row["variant"], baseline["variant"], _other(row)
    compared = _compared(row, baseline, "cross_agreement", n_comparisons)
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
    """A warning where nearest neighbours are the same account's, or copies, far more often than by chance.

    Examples:
        >>> from mkt_assets.core.experiments.verdicts import leakage_verdict
        >>> row = {"variant": "resnet-50", "modality": "image", "poster_neighbours_expected": 0.02}
        >>> print(leakage_verdict(row | {"poster_neighbours": 0.45}))
        Take care, resnet-50: the nearest picture or caption of another post is of the same account for 45%
        (2.0% by chance).
        >>> leakage_verdict(row | {"poster_neighbours": 0.04}) is None
        True
    """
    same, expected = _number(row, "poster_neighbours"), _number(row, "poster_neighbours_expected")
    copies = _number(row, "copied_neighbours")
    warnings: list[str] = []
    if same > max(0.3, 3 * expected):
        warnings.append(
            f"the nearest picture or caption of another post is of the same account for {percent(same)} "
            f"({percent(expected)} by chance)"
        )
    if copies > MUCH_NOISE:
        warnings.append(
            f"the nearest of another post is a near duplicate for {percent(copies)}{_counted_once(row)}"
        )
    return f"Take care, {row['variant']}: {', and '.join(warnings)}." if warnings else None


def _counted_once(row: Row) -> str:
    once = _number(row, "cross_agreement_without_copies")
    if math.isnan(once):
        return ""
    values = f"{index(once)} instead of {index(_number(row, 'cross_agreement'))}"
    return f" (with each counted once, agreement with {_other(row)} is {values})"


def _compared(row: Row, other: Row, column: str, n_comparisons: int) -> str:
    """higher, lower, same or unknown: apart beyond chance, and by `LEAST_DIFFERENCE`.

    Student's t of the difference over its error, paired by refit (both are of the same accounts), and by
    Bonferroni significant among `n_comparisons`. Rows as they are stored have no replicates, and so the errors of
    both.
    """
    from scipy.stats import t

    difference = _number(row, column) - _number(other, column)
    if math.isnan(difference):
        return "unknown"
    error, n = _error_of_difference(row, other, column)
    if abs(difference) <= LEAST_DIFFERENCE or math.isnan(error):
        return "same"
    p = 2 * float(t.sf(abs(difference) / max(error, 1e-12), n - 1))
    if p * n_comparisons >= MAX_P:
        return "same"
    return "higher" if difference > 0 else "lower"


def _error_of_difference(row: Row, other: Row, column: str) -> tuple[float, int]:
    """Standard error of the difference, and of how many refits; NaN unless `MIN_REPLICATES` know both."""
    one, two = row.get(f"{column}_replicates"), other.get(f"{column}_replicates")
    if one is None or two is None:
        errors = (_number(row, _ERRORS[column]), _number(other, _ERRORS[column]))
        return math.hypot(*(error for error in errors if not math.isnan(error))), N_RESAMPLES
    differences = np.asarray(one, dtype=np.float64) - np.asarray(two, dtype=np.float64)
    n = int(np.count_nonzero(~np.isnan(differences)))
    return (half_sample_error(differences) if n >= MIN_REPLICATES else float("nan")), n


def _told(
    compared: str, row: Row, other: Row, column: str, *, higher: str, lower: str, same: str, unknown: str
) -> str:
    sentence = {"higher": higher, "lower": lower, "same": same, "unknown": unknown}[compared]
    if compared == "unknown":
        return sentence
    values = f"{index(_number(row, column))}, {other['variant']} {index(_number(other, column))}"
    return f"{sentence} (adjusted mutual information {values})"


def _kept(noise: float) -> str:
    return "all" if noise == 0 else percent(1 - noise)


def _items(row: Row) -> str:
    return "pictures" if row["modality"] == "image" else "captions"


def _other(row: Row) -> str:
    return "the captions' topics" if row["modality"] == "image" else "the pictures' styles"


def _number(row: Row, column: str) -> float:
    value = row.get(column)
    return float("nan") if value is None else float(str(value))


_VERDICTS = {"methods": method_verdict, "matting": matting_verdict, "encoders": encoder_verdict}
