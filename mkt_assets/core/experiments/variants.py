"""The experiments: each variant tried on a sample and measured, a row of `method_comparison` each, not judged yet.

Not here: drawing the sample (sample), fitting (methods), measuring (comparison), saying what it means (verdicts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.experiments.comparison import measure
from mkt_assets.core.experiments.methods import (
    METHODS,
    Fitter,
    Trial,
    agreement_of_labels,
    fit_kmeans,
    try_method,
)
from mkt_assets.core.experiments.sample import Sample

ABSENT, TOO_FEW = "not run: weights absent", "not run: too few items"

Row = dict[str, Any]
Embed = Callable[[str], Matrix | None]
"""Unit vectors (n, d) of the sample's items by the encoder of an id; None where its weights are absent."""


def compare_methods(sample: Sample, *, random_state: int = 0) -> Iterator[Row]:
    """The platform's k-means against methods by density, on the same vectors.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> nobody = References([], [], [], [], lambda i, j: False)
        >>> sample = Sample("image", np.empty((0, 4), np.float32), None, 0, 1, nobody)
        >>> [(row["variant"], row["status"]) for row in compare_methods(sample)][0]
        ('k-means', 'not run: too few items')
    """
    if sample.is_too_small:
        yield from (_not_run(sample, "methods", name, TOO_FEW, name == "k-means") for name in METHODS)
        return
    tried = {name: _tried(fit, sample, random_state) for name, fit in METHODS.items()}
    trials = {name: trial for name, (trial, _) in tried.items()}
    for name, (trial, measured) in tried.items():
        yield (
            _row(sample, "methods", name, "run", name == "k-means")
            | measured
            | {
                f"agreement_{other.replace('-', '')}": agreement_of_labels(trial.labels, peer.labels)
                for other, peer in trials.items()
                if other != name
            }
        )


def compare_matting(matted: Sample, unmatted: Matrix | None, *, random_state: int = 0) -> Iterator[Row]:
    """Matted pictures against the same ones as crawled, by k-means.

    Args:
        matted: The pictures of which the original is there.
        unmatted: Unit vectors of the originals, (n, d); None where the weights of their encoder are absent.
        random_state: Seed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import References
        >>> nobody = References([], [], [], [], lambda i, j: False)
        >>> sample = Sample("image", np.empty((0, 4), np.float32), None, 0, 1, nobody)
        >>> [row["variant"] for row in compare_matting(sample, None)]
        ['matted', 'unmatted']
    """
    yield _by_kmeans(matted, "matting", "matted", matted.X, is_used=True, random_state=random_state)
    yield _by_kmeans(matted, "matting", "unmatted", unmatted, is_used=False, random_state=random_state)


def compare_encoders(
    sample: Sample, encoder_ids: Iterable[str], embed: Embed, *, random_state: int = 0
) -> Iterator[Row]:
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
        >>> [row["variant"] for row in compare_encoders(sample, ["resnet-50"], lambda encoder: None)]
        ['resnet-50']
    """
    own = [sample.encoder_id] if sample.encoder_id else []
    for encoder_id in dict.fromkeys([*own, *encoder_ids]):
        is_used = encoder_id == sample.encoder_id
        X = sample.X if is_used or sample.is_too_small else embed(encoder_id)
        row = _by_kmeans(sample, "encoders", encoder_id, X, is_used=is_used, random_state=random_state)
        yield row | ({"encoder": encoder_id} if row["status"] == "run" else {})


def n_variants(n_image_encoders: int, n_text_encoders: int) -> int:
    """Number of rows that all experiments give, where each encoder of the crawl is among these.

    >>> n_variants(n_image_encoders=4, n_text_encoders=2)
    16
    """
    return 2 * len(METHODS) + 2 + n_image_encoders + n_text_encoders


def _by_kmeans(
    sample: Sample, experiment: str, variant: str, X: Matrix | None, *, is_used: bool, random_state: int
) -> Row:
    if sample.is_too_small:
        return _not_run(sample, experiment, variant, TOO_FEW, is_used)
    if X is None:
        return _not_run(sample, experiment, variant, ABSENT, is_used)
    _, measured = _tried(fit_kmeans, sample.with_vectors(X), random_state)
    return _row(sample, experiment, variant, "run", is_used) | measured


def _tried(fit: Fitter, sample: Sample, random_state: int) -> tuple[Trial, dict[str, object]]:
    """A trial, and what is measured of it; k-means once for a sample, as every experiment compares with it."""
    known = sample.by_kmeans if fit is fit_kmeans else {}
    if random_state not in known:
        trial = try_method(fit, sample.X, sample.n_clusters, units=sample.units, random_state=random_state)
        known[random_state] = trial, measure(trial, sample.X, sample.references)
    return known[random_state]


def _not_run(sample: Sample, experiment: str, variant: str, why: str, is_used: bool) -> Row:
    row = _row(sample, experiment, variant, why, is_used)
    return row if why == TOO_FEW else row | {"n_items": 0}


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
