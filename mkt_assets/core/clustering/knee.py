"""Which k: what to try, and the choice.

Not here: whether there are clusters at all (core/clustering/reference_curve).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.clustering.reference_curve import Structure, find_structure

MIN_STRENGTH = 0.05
"""Weaker elbows occur without clusters: 60 to 1000 items of noise in 2 to 100 dimensions reached 0.023."""

MIN_STRENGTH_UNSEEN = 0.15
"""Where the items are not given: clouds of a few long directions have elbows of up to 0.14 without clusters."""

_ZERO = 1e-9  # of the curve's first value; below it an inertia is rounding


@dataclass(frozen=True)
class Knee:
    """The elbow of a curve, or k None if it has none.

    Attributes:
        k: Number of clusters at the elbow.
        strength: How far the curve falls below a straight one, as a share of its height, 0..1.
        reason: Why, in a sentence.
    """

    k: int | None
    strength: float
    reason: str


@dataclass(frozen=True)
class Choice:
    """The k taken, who chose it, and why.

    Attributes:
        k: Number of clusters.
        chosen_by: "knee": there are clusters, and k is where they stand out most; "bend": no clusters were found,
            and k is a convention; "pin": an analyst; "only": no other k could be tried.
        reason: Why, in a sentence.
        by_itself: What was found without regard to a pin, in a sentence.
        strength: How much stands out at the k found, and
        needed: how much must. Of silhouettes, or without the items of the curve's sag.
        structure: What was compared; None without the items.
    """

    k: int
    chosen_by: Literal["knee", "bend", "only", "pin"]
    reason: str
    by_itself: str = ""
    strength: float = 0.0
    needed: float = 0.0
    structure: Structure | None = None


def default_ks(
    n_distinct: int, *, smallest: int = 2, largest: int = 200, n_values: int = 48, pin: int | None = None
) -> tuple[int, ...]:
    """Numbers of clusters to try, ascending, about equally far apart in ratio.

    They end at a quarter of the distinct items, so that a cluster has four on average, and at `largest` (the
    original swept images to about 200 and texts to 100). They begin at 2, not at the original's 20: an elbow
    below the first k tried cannot be seen. From one to the next is a step of a tenth, so that an elbow is
    found to within a twentieth; fewer numbers miss it (16: a third of planted numbers within a tenth; 48: all).

    Args:
        n_distinct: Number of distinct items.
        smallest: First k tried, where the items allow it.
        largest: Last k tried.
        n_values: Numbers tried, at most.
        pin: A number tried in any case, clipped to the distinct items.

    Raises:
        ValueError: A range that is empty or begins below 1, fewer than two values, or a pin below 1.

    Examples:
        >>> from mkt_assets.core.clustering.knee import default_ks
        >>> default_ks(1_000, largest=40, n_values=8, pin=20)
        (2, 3, 5, 7, 11, 17, 20, 26, 40)
        >>> default_ks(5)
        (2,)
    """
    if not 1 <= smallest <= largest or n_values < 2:
        raise ValueError(f"There are no {n_values} numbers of clusters from {smallest} to {largest} to try.")
    if pin is not None and pin < 1:
        raise ValueError(f"A clustering cannot be pinned to {pin} clusters: choose 1 or more.")
    if n_distinct < 1:
        return ()
    last = min(largest, max(2, n_distinct // 4), n_distinct)
    first = min(smallest, last)
    ks = {round(float(k)) for k in np.geomspace(first, last, n_values)}
    return tuple(sorted(ks if pin is None else ks | {min(pin, n_distinct)}))


def needed_strength(n_ks: int, sensitivity: float) -> float:
    """How deep an elbow of a curve over `n_ks` numbers of clusters must be: see `find_knee`.

    Examples:
        >>> from mkt_assets.core.clustering.knee import needed_strength
        >>> [round(needed_strength(n_ks, 1.0), 3) for n_ks in (5, 50)]
        [0.25, 0.05]
    """
    return max(MIN_STRENGTH, sensitivity / (n_ks - 1))


def find_knee(
    ks: Sequence[int], inertia: ArrayLike, *, n_items: int | None = None, sensitivity: float = 1.0
) -> Knee:
    """The elbow of an inertia curve by Kneedle, on logarithmic axes.

    Kneedle (Satopää et al. 2011) takes the point of a curve, scaled to the unit square, that is farthest
    below the straight line between its ends. On plain axes every inertia curve has such a point, at a k that
    depends on the range tried: without clusters inertia falls as k^(-2/d) (Zador 1982). With the logarithms
    of both that is a straight line in any dimension d, and what sags below it is an elbow. The curve is made
    non-increasing first, as a start of k-means can be unlucky.

    Where there are few items to a cluster, inertia falls towards 0 at k = n whatever the data, which bends the
    curve the other way and hides elbows. With `n_items` it is inertia per degree of freedom, n - k, that is
    looked at: on 40 fresh crawls of 100 to 400 items that found 26 planted numbers within a tenth instead of 22,
    and noise still had no elbow.

    Args:
        ks: Numbers of clusters, ascending.
        inertia: Inertia at each, (len(ks),).
        n_items: Distinct items that were clustered; None: many more than clusters.
        sensitivity: Kneedle's S: the elbow is deeper than S mean steps in k, and than `MIN_STRENGTH`.

    Raises:
        ValueError: ks do not ascend from 1, inertias are not as many, not finite or negative.

    Examples:
        >>> from mkt_assets.core.clustering.knee import find_knee
        >>> inertia = [100, 60, 25, 22, 20, 19, 18.5, 18.2]
        >>> knee = find_knee(range(2, 10), inertia)
        >>> knee.k, round(knee.strength, 2)
        (4, 0.35)
    """
    values = _checked(ks, inertia)
    if n_items is not None:
        values = values / np.maximum(n_items - np.asarray(ks, dtype=np.float64), 1.0)
    if len(ks) < 3:
        return Knee(None, 0.0, f"no elbow: it takes three k to see one, and {len(ks)} were tried")
    curve = np.minimum.accumulate(values)
    if curve[-1] >= curve[0] * (1 - _ZERO):
        return Knee(None, 0.0, "no elbow: more clusters leave the inertia as it is")
    depth = sag(np.log(np.asarray(ks, dtype=np.float64)), np.log(np.maximum(curve, curve[0] * _ZERO)))
    best = int(depth.argmax())
    strength = float(depth[best])
    needed = needed_strength(len(ks), sensitivity)
    if strength < needed:
        weak = f"strength {strength:.3f} of {needed:.3f} needed"
        return Knee(None, strength, f"no elbow: the curve falls as it would without clusters ({weak})")
    return Knee(ks[best], strength, f"elbow of the inertia curve at k = {ks[best]} (strength {strength:.3f})")


def choose_k(
    ks: Sequence[int],
    inertia: ArrayLike,
    silhouette: Sequence[float | None] | NDArray[np.float64],
    *,
    n_distinct: int,
    vectors: Matrix | None = None,
    pin: int | None = None,
    sensitivity: float = 1.0,
    random_state: int = 0,
) -> Choice:
    """The k to cluster with: the pinned one, else that of the structure, else where the plain curve bends most.

    With the items, structure is what `find_structure` sees against references without clusters. Without them it
    cannot be known whether a curve bends for its clusters or for its few long directions: then only an elbow
    deeper than those have is believed, see `MIN_STRENGTH_UNSEEN`, and real ones are missed.

    The bend is Kneedle on plain axes, the nearest rule to the original's eye (which took 100 of 20..500 images
    and 20 of 5..100 texts, where it gives 150 and 30). It always finds something, at a k that depends on the
    range tried, so it is called a bend and not an elbow. The best silhouette is told beside it, not followed:
    without clusters it is nearly always the coarsest split.

    Args:
        ks: Numbers of clusters tried, ascending.
        inertia: Inertia at each.
        silhouette: Mean silhouette at each; None or NaN where there is none.
        n_distinct: Number of distinct items.
        vectors: The items, (n, d) float32.
        pin: The analyst's k; more than the distinct items means that many.
        sensitivity: Factor of what is needed to believe in an elbow.
        random_state: Seed of the references.

    Raises:
        ValueError: No k was tried, or not the pinned one; lengths differ; or as `find_knee`.

    Examples:
        >>> from mkt_assets.core.clustering.knee import choose_k
        >>> ks, inertia = range(2, 10), [100, 60, 25, 22, 20, 19, 18.5, 18.2]
        >>> choose_k(ks, inertia, [None] * 8, n_distinct=500).k
        4
        >>> choose_k(ks, inertia, [None] * 8, n_distinct=500, pin=7).reason
        'pinned to k = 7'
    """
    values = _checked(ks, inertia)
    scores = np.array([np.nan if score is None else score for score in silhouette], dtype=np.float64)
    if len(scores) != len(ks):
        raise ValueError(f"There are {len(ks)} k, but {len(scores)} silhouettes.")
    if not len(ks):
        raise ValueError("There is no k to choose from: no item was clustered.")
    if len(ks) == 1 and pin is None:
        return Choice(ks[0], "only", f"{n_distinct} distinct item(s) leave only k = {ks[0]} to try")
    found, choice = _structure_or_knee(ks, values, n_distinct, vectors, sensitivity, random_state)
    if pin is not None:
        k, reason = _pinned(ks, pin, n_distinct)
        return replace(choice, k=k, chosen_by="pin", reason=reason)
    k = _bend(ks, values) if found is None else found
    reason = choice.by_itself
    if found is None:
        reason += f"; on plain axes the curve bends most at k = {k}, for the k from {ks[0]} to {ks[-1]} tried"
    if not np.isnan(scores).all() and (best := ks[int(np.nanargmax(scores))]) != k:
        reason += f"; the silhouette is best at k = {best}"
    return replace(choice, k=k, chosen_by="bend" if found is None else "knee", reason=reason)


def _structure_or_knee(
    ks: Sequence[int],
    inertia: NDArray[np.float64],
    n_distinct: int,
    vectors: Matrix | None,
    sensitivity: float,
    random_state: int,
) -> tuple[int | None, Choice]:
    """The k of the structure, if there is one, and what is known of it, in a choice that is not made yet."""
    if vectors is not None:
        structure = find_structure(vectors, ks, random_state=random_state, sensitivity=sensitivity)
        strength, needed = structure.strongest
        return structure.k, Choice(ks[0], "bend", "", structure.sentence(), strength, needed, structure)
    knee = find_knee(ks, inertia, n_items=n_distinct, sensitivity=sensitivity)
    needed = max(MIN_STRENGTH_UNSEEN * sensitivity, needed_strength(len(ks), sensitivity))
    if knee.k is None or knee.strength >= needed:
        return knee.k, Choice(ks[0], "bend", "", knee.reason, knee.strength, needed)
    weak = (
        f"no elbow: the curve bends at k = {knee.k} (strength {knee.strength:.3f} of {needed:.3f} needed), as it may "
        "without clusters; the items that could tell were not given"
    )
    return None, Choice(ks[0], "bend", "", weak, knee.strength, needed)


def _bend(ks: Sequence[int], inertia: NDArray[np.float64]) -> int:
    """The k at which the plain curve is farthest below the line between its ends; the first of a flat curve."""
    curve = np.minimum.accumulate(inertia)
    if len(ks) < 3 or curve[-1] >= curve[0] * (1 - _ZERO):
        return ks[0]
    return ks[int(sag(np.asarray(ks, dtype=np.float64), curve).argmax())]


def _pinned(ks: Sequence[int], pin: int, n_distinct: int) -> tuple[int, str]:
    k = min(pin, n_distinct)
    if k not in ks:
        raise ValueError(f"The pinned k = {k} was not fitted: add it to the numbers tried (default_ks does).")
    clipped = f", clipped to the {n_distinct} distinct item(s) there are" if k < pin else ""
    return k, f"pinned to k = {pin}{clipped}"


def sag(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a falling curve lies below the line between its ends, both axes scaled to 0..1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.knee import sag
        >>> sag(np.array([1.0, 2.0, 3.0]), np.array([10.0, 2.0, 0.0])).round(2).tolist()
        [0.0, 0.3, 0.0]
    """
    return 1 - (x - x[0]) / (x[-1] - x[0]) - (y - y[-1]) / (y[0] - y[-1])


def _checked(ks: Sequence[int], inertia: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(inertia, dtype=np.float64)
    if values.shape != (len(ks),):
        raise ValueError(f"There are {len(ks)} k, but inertias of shape {values.shape}.")
    if any(after <= before for before, after in pairwise(ks)) or (len(ks) and ks[0] < 1):
        raise ValueError("The numbers of clusters must ascend, from 1 or more.")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("Inertias must be finite and not negative.")
    return values
