"""The experiments: the variants of each, and of what was tried a row of `method_comparison` each, not judged yet.

Not here: drawing the sample (sample), fitting (methods), measuring (comparison), saying what it means (verdicts), and
where variants are tried (compute/experiments).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.experiments.comparison import measure
from mkt_assets.core.experiments.methods import METHODS, agreement_of_labels, try_method
from mkt_assets.core.experiments.sample import Sample

NOT_RUN = "not run: "
ABSENT, TOO_FEW = f"{NOT_RUN}weights absent", f"{NOT_RUN}too few items"
_KMEANS = "k-means"

Row = dict[str, Any]
Embed = Callable[[str], Matrix | str]
"""Unit vectors (n, d) of the sample's items by the encoder of an id; or why there are none, as a status has it."""


@dataclass(frozen=True)
class Tried:
    """What became of a trial: the cluster of each item, (n,) int64, -1 noise, and what was measured of it."""

    labels: Labels
    measured: Mapping[str, object]


@dataclass(frozen=True)
class Attempt:
    """A method to be tried on a sample; can be pickled where the sample can."""

    method: str
    sample: Sample
    random_state: int = 0

    def tried(self) -> Tried:
        """Fitted, refitted and measured: some seconds for a thousand items.

        Examples:
            >>> import numpy as np
            >>> from mkt_assets.core.experiments.comparison import References
            >>> groups = np.repeat(np.arange(3), 20)
            >>> X = np.eye(3, 8, dtype=np.float32)[groups]
            >>> ids = [str(i) for i in range(60)]
            >>> of = References(ids, ids, groups.tolist(), [None] * 60, is_copy=lambda i, j: False)
            >>> tried = Attempt("k-means", Sample("image", X, "own 1", 60, 3, of)).tried()
            >>> len(tried.labels), tried.measured["n_clusters"]
            (60, 3)
        """
        of = self.sample
        trial = try_method(
            METHODS[self.method], of.X, of.n_clusters, units=of.units, random_state=self.random_state
        )
        return Tried(trial.labels, measure(trial, of.X, of.references))


TryEach = Callable[[Sequence[Attempt]], Iterator[Tried | str]]
"""Tries attempts, in their order; in place of one that could not be brought to an end, why."""


@dataclass(frozen=True)
class Variant:
    """A row to be: what is known of it before, and what is tried; None: nothing, and the row's status says why."""

    row: Row
    attempt: Attempt | None


def methods_of(sample: Sample, *, random_state: int = 0) -> list[Variant]:
    """The platform's k-means against methods by density, on the same vectors.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> nobody = References([], [], [], [], lambda i, j: False)
        >>> sample = Sample("image", np.empty((0, 4), np.float32), None, 0, 1, nobody)
        >>> [(row["variant"], row["status"]) for row in compare(methods_of(sample))][0]
        ('k-means', 'not run: too few items')
    """
    return [
        _variant(sample, "methods", name, sample.X, name == _KMEANS, random_state, method=name)
        for name in METHODS
    ]


def matting_of(matted: Sample, unmatted: Matrix | str, *, random_state: int = 0) -> list[Variant]:
    """Matted pictures against the same ones as crawled, by k-means.

    Args:
        matted: The pictures of which the original is there.
        unmatted: Unit vectors of the originals, (n, d); or why there are none, as a status has it.
        random_state: Seed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> nobody = References([], [], [], [], lambda i, j: False)
        >>> sample = Sample("image", np.empty((0, 4), np.float32), None, 0, 1, nobody)
        >>> [variant.row["variant"] for variant in matting_of(sample, ABSENT)]
        ['matted', 'unmatted']
    """
    return [
        _variant(matted, "matting", "matted", matted.X, True, random_state),
        _variant(matted, "matting", "unmatted", unmatted, False, random_state),
    ]


def encoders_of(
    sample: Sample, encoder_ids: Iterable[str], embed: Embed, *, random_state: int = 0
) -> list[Variant]:
    """Encoders against each other on the same items, by k-means; the sample's own comes first.

    Args:
        sample: The items, and their vectors by their own encoder.
        encoder_ids: The encoders to try.
        embed: Asked for every other encoder.
        random_state: Seed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> nobody = References([], [], [], [], lambda i, j: False)
        >>> sample = Sample("image", np.empty((0, 4), np.float32), None, 0, 1, nobody)
        >>> [variant.row["variant"] for variant in encoders_of(sample, ["resnet-50"], lambda encoder: ABSENT)]
        ['resnet-50']
    """
    own = [sample.encoder_id] if sample.encoder_id else []
    found: list[Variant] = []
    for encoder_id in dict.fromkeys([*own, *encoder_ids]):
        is_used = encoder_id == sample.encoder_id
        X = sample.X if is_used or sample.is_too_small else embed(encoder_id)
        found.append(_variant(sample, "encoders", encoder_id, X, is_used, random_state))
    return found


def tried_here(attempts: Iterable[Attempt]) -> Iterator[Tried]:
    """Each attempt, tried in this process when it is asked for: a `TryEach`.

    Examples:
        >>> list(tried_here([]))
        []
    """
    return (attempt.tried() for attempt in attempts)


def compare(variants: Sequence[Variant], *, try_each: TryEach = tried_here) -> Iterator[Row]:
    """A row of each variant, in order, as soon as it is measured; without the verdicts.

    Variants that try the same on the same sample, as every experiment does with the crawl's own vectors, share it.

    Args:
        variants: Of any experiments on any samples; those of `methods_of` one sample one after the other.
        try_each: Tries what there is to try.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8, dtype=np.float32)[groups]
        >>> ids = [str(i) for i in range(60)]
        >>> of = References(ids, ids, groups.tolist(), [None] * 60, is_copy=lambda i, j: False)
        >>> sample = Sample("image", X, "own 1", 60, 3, of)
        >>> def refuse(attempts):
        ...     return iter(["there is no memory"] * len(attempts))
        >>> [row["status"] for row in compare(matting_of(sample, X.copy()), try_each=refuse)]
        ['not run: there is no memory', 'not run: there is no memory']
    """
    attempts = {_key(v.attempt): v.attempt for v in variants if v.attempt is not None}
    results = zip(attempts, try_each(list(attempts.values())), strict=True)
    known: dict[tuple[str, int], Tried | str] = {}

    def outcome(variant: Variant) -> Tried | str | None:
        if variant.attempt is None:
            return None
        key = _key(variant.attempt)
        while key not in known:
            known.update([next(results)])
        return known[key]

    for (_, experiment), group in groupby(variants, lambda v: (v.row["modality"], v.row["experiment"])):
        if experiment == "methods":
            yield from _with_agreements([(variant, outcome(variant)) for variant in group])
        else:
            yield from (_row_of(variant, outcome(variant)) for variant in group)


def n_variants(n_image_encoders: int, n_text_encoders: int) -> int:
    """Number of rows that all experiments give, where each encoder of the crawl is among these.

    >>> n_variants(n_image_encoders=4, n_text_encoders=2)
    16
    """
    return 2 * len(METHODS) + 2 + n_image_encoders + n_text_encoders


def _variant(
    sample: Sample,
    experiment: str,
    name: str,
    X: Matrix | str,
    is_used: bool,
    random_state: int,
    *,
    method: str = _KMEANS,
) -> Variant:
    if sample.is_too_small:
        return Variant(_row(sample, experiment, name, TOO_FEW, is_used), None)
    if isinstance(X, str):
        return Variant(_row(sample, experiment, name, X, is_used) | {"n_items": 0}, None)
    # what has run names its encoder itself: the sample's is the crawl's
    encoder = {"encoder": name} if experiment == "encoders" else {}
    row = _row(sample, experiment, name, "run", is_used) | encoder
    return Variant(row, Attempt(method, sample.with_vectors(X), random_state))


def _key(attempt: Attempt) -> tuple[str, int]:
    """What is tried on what: samples are compared by identity, as their vectors are large."""
    return attempt.method, id(attempt.sample)


def _row_of(variant: Variant, outcome: Tried | str | None) -> Row:
    if isinstance(outcome, str):
        return variant.row | {"status": f"{NOT_RUN}{outcome}", "n_items": 0}
    return variant.row if outcome is None else {**variant.row, **outcome.measured}


def _with_agreements(outcomes: Sequence[tuple[Variant, Tried | str | None]]) -> Iterator[Row]:
    """Rows of methods that were tried on one sample, each with how far it agrees with the others."""
    labels = {v.row["variant"]: tried.labels for v, tried in outcomes if isinstance(tried, Tried)}
    for variant, outcome in outcomes:
        name = variant.row["variant"]
        others = {other: of for other, of in labels.items() if name in labels and other != name}
        yield (
            _row_of(variant, outcome)
            | {
                f"agreement_{other.replace('-', '')}": agreement_of_labels(labels[name], of)
                for other, of in others.items()
            }
        )


def _row(sample: Sample, experiment: str, variant: str, status: str, is_used: bool) -> Row:
    return {
        "modality": sample.modality,
        "experiment": experiment,
        "variant": variant,
        "status": status,
        "is_used": is_used,
        "encoder": sample.encoder,
        "n_items": len(sample.X),
        "n_items_all": sample.n_all,
    }
