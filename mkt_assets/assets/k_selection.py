"""k_selection: the curve of every k tried, and which k was chosen, by whom and why. Rules: core/clustering."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.assets.metadata import preview
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.charts.elbow import draw_elbow
from mkt_assets.compute.assigning import inertia_of_all, labels_of_all, settled_on_all
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.clustering import K_SELECTION
from mkt_assets.core.clustering.distinct import count_distinct
from mkt_assets.core.clustering.kmeans import Sweep, fit_sweep, refine
from mkt_assets.core.clustering.knee import Choice, choose_k, default_ks
from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_means
from mkt_assets.core.clustering.sampled_fit import fair_sample, fair_weights, without_copies
from mkt_assets.core.clustering.silhouette import silhouette
from mkt_assets.core.clustering.stability import half_stability, seed_stability, sweeps_over_seeds
from mkt_assets.orchestration.partitions import window
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.items import read_items
from mkt_assets.stored.large_items import LargeItems, count_rows, read_large_items

_N_FITS = 10
"""Fits of a sample at the chosen k, which are merged: one of a sample leaves more to chance than one of all items."""


@step(
    K_SELECTION,
    version=7,
    group="clusters",
    kinds={"python", "duckdb", "scikitlearn"},
    deps=["image_embeddings", "text_embeddings"],
    settings=(
        "image_k",
        "text_k",
        "image_k_range",
        "text_k_range",
        "knee_sensitivity",
        "full_fit_items",
        "random_state",
        "window_crawl_dates",
    ),
    description="Inertia, silhouette and stability of k-means at every k tried, for pictures and for captions; and "
    "the k that was chosen: where clusters stand out most against items without clusters, or a pin.",
)
def k_selection(run: Run, warehouse: Warehouse) -> Made:
    """Fit k-means at every k, choose one, and keep its labels."""
    crawl_date, settings = run.crawl_date, run.settings
    dates = window(crawl_date, settings.window_crawl_dates)
    curves = {m: _curve(_material(warehouse, m, dates, run), m, run) for m in MODALITIES}
    frames = [
        curve.assign(crawl_date=crawl_date, modality=modality, window_start=dates[0])
        for modality, curve in curves.items()
        if len(curve)
    ]
    rows = K_SELECTION.empty()
    if frames:
        rows = pa.Table.from_pandas(
            pd.concat(frames)[K_SELECTION.column_names], K_SELECTION.arrow_schema(), preserve_index=False
        )
    metadata: dict[str, object] = {"window": f"{dates[0]} to {dates[-1]}"}
    for modality, curve in curves.items():
        metadata |= _metadata(modality, curve)
    return Made(rows, metadata)


@dataclass(frozen=True)
class _All:
    """All items where clusters are sought on a sample of them; `weights` say what each counts for, as it does there."""

    items: LargeItems
    weights: NDArray[np.float64]
    random_state: int


@dataclass(frozen=True)
class _Material:
    """What is clustered: `vectors` are what clusters are sought on, and `all` the items where these are a sample."""

    vectors: Matrix
    n_items: int
    encoder: str | None
    sha256: str | None
    all: _All | None = None

    def inertia(self, sweep: Sweep, n_threads: int) -> NDArray[np.float64]:
        """Of all items, at each k."""
        if self.all is None:
            return sweep.inertia
        return inertia_of_all(self.all.items, [sweep.centers(k) for k in sweep.ks], n_threads=n_threads)

    def labels(self, sweep: Sweep, k: int, n_threads: int) -> Labels:
        """Of all items, at one k."""
        if self.all is None:
            return refine(self.vectors, sweep.labels(k))
        seeds = range(self.all.random_state + 1, self.all.random_state + _N_FITS)
        further = (fit_sweep(self.vectors, [k], random_state=seed) for seed in seeds)
        fits = [refine(self.vectors, fit.labels(k)) for fit in (sweep, *further)]
        centers = settled_on_all(
            self.all.items,
            [cluster_means(self.vectors, labels) for labels in fits],
            self.all.weights,
            n_threads=n_threads,
        )
        return labels_of_all(self.all.items, centers, n_threads=n_threads)


def _material(warehouse: Warehouse, modality: str, dates: Sequence[date], run: Run) -> _Material:
    most = run.settings.full_fit_items
    if count_rows(warehouse, modality, dates) <= most:
        items = read_items(warehouse, modality, dates)
        return _Material(items.vectors, len(items.vectors), items.encoder, items.sha256)
    large = read_large_items(warehouse, modality, dates)
    seed, digest = run.settings.random_state, large.digest()
    accounts = pd.factorize(large.frame["poster_id"])[0].astype(np.int64)
    sample = large.vectors_at(fair_sample(accounts, most, random_state=seed), digest)
    vectors = without_copies(sample, random_state=seed)
    run.log(
        f"clusters of {len(large.frame):,} {modality} items are sought on {len(vectors):,} of them (MKT_FULL_FIT_ITEMS "
        f"is {most:,})."
    )
    whole = _All(large, fair_weights(accounts, most), seed)
    return _Material(vectors, len(large.frame), large.encoder, digest.hexdigest(), whole)


def _curve(items: _Material, modality: str, run: Run) -> pd.DataFrame:
    """Rows of k_selection for one modality, without the columns that say where they belong."""
    settings = run.settings
    n_distinct = count_distinct(items.vectors)
    if n_distinct == 0:
        return pd.DataFrame()
    pin = settings.image_k if modality == "image" else settings.text_k
    k_range = settings.image_k_range if modality == "image" else settings.text_k_range
    ks = default_ks(n_distinct, smallest=k_range[0], largest=k_range[1], pin=pin)
    sweep = fit_sweep(items.vectors, ks, random_state=settings.random_state)
    inertia = items.inertia(sweep, settings.workers)
    silhouettes = [silhouette(items.vectors, sweep.labels(k)) for k in sweep.ks]
    sensitivity = settings.knee_sensitivity
    choice = choose_k(
        sweep.ks,
        inertia,
        silhouettes,
        n_distinct=n_distinct,
        vectors=items.vectors,
        pin=pin,
        sensitivity=sensitivity,
        random_state=settings.random_state,
    )
    reason = choice.reason
    if pin is not None:
        pinned_by = "the run's configuration" if f"{modality}_k" in run.configured else "the settings"
        reason += f" by {pinned_by}; by itself: {choice.by_itself}"
    if items.all is not None:
        reason += f"; sought on {len(items.vectors)} items, a sample that is fair to accounts and near copies"
    seeds = sweeps_over_seeds(items.vectors, sweep.ks)
    labels = items.labels(sweep, choice.k, settings.workers).tolist()
    lowest, highest = _plateau(choice)
    chosen = np.asarray(sweep.ks) == choice.k

    def if_chosen(value: object) -> list[object]:
        return [value if is_chosen else None for is_chosen in chosen]

    return pd.DataFrame(
        {
            "k": sweep.ks,
            "inertia": inertia,
            "silhouette": silhouettes,
            "stability": seed_stability(seeds, sweep.ks),
            "half_stability": half_stability(items.vectors, sweep.ks, random_state=settings.random_state),
            "chosen": chosen,
            "chosen_by": if_chosen(choice.chosen_by),
            "reason": if_chosen(reason),
            **_compared(choice, sweep.ks),
            "knee_strength": if_chosen(choice.strength),
            "knee_needed": if_chosen(choice.needed),
            "knee_sensitivity": if_chosen(sensitivity),
            "knee_lowest": _integers(if_chosen(lowest)),
            "knee_highest": _integers(if_chosen(highest)),
            "n_items": items.n_items,
            "n_distinct": n_distinct,
            "n_fitted": _integers([None if items.all is None else len(items.vectors)] * len(sweep.ks)),
            "encoder": items.encoder,
            "random_state": settings.random_state,
            "items_sha256": if_chosen(items.sha256),
            "labels": if_chosen(labels),
        }
    )


def _plateau(choice: Choice) -> tuple[int | None, int | None]:
    """The smallest and the largest k at which clusters stand out nearly as much as at the best."""
    plateau = choice.structure.plateau if choice.structure else ()
    return min(plateau, default=None), max(plateau, default=None)


def _compared(choice: Choice, ks: Sequence[int]) -> dict[str, list[float | None]]:
    """The columns of how far clusters stand apart, here and without clusters; None at a k not looked at."""
    seen = choice.structure
    if seen is None:
        return {"separation": [None] * len(ks), "reference_separation": [None] * len(ks)}
    curves = {"separation": seen.separation, "reference_separation": seen.reference}
    return {
        name: [float(values[seen.ks.index(k)]) if k in seen.ks else None for k in ks]
        for name, values in curves.items()
    }


def _integers(values: list[object]) -> pd.Series:
    return pd.Series(values, dtype="Int64")


def _metadata(modality: str, curve: pd.DataFrame) -> dict[str, object]:
    if curve.empty:
        return {f"{modality}_k": 0, f"{modality}_reason": "there is nothing to cluster"}
    chosen = curve[curve["chosen"]].iloc[0]
    return {
        f"{modality}_k": int(chosen["k"]),
        f"{modality}_chosen_by": str(chosen["chosen_by"]),
        f"{modality}_reason": str(chosen["reason"]),
        f"{modality}_knee_strength": float(chosen["knee_strength"]),
        **_if_known(f"{modality}_silhouette", chosen["silhouette"]),
        **_if_known(f"{modality}_stability", chosen["stability"]),
        **_if_known(f"{modality}_half_stability", chosen["half_stability"]),
        f"{modality}_items": int(chosen["n_items"]),
        f"elbow_{modality}": preview(draw_elbow(modality, curve)),
    }


def _if_known(name: str, value: float) -> dict[str, object]:
    return {} if pd.isna(value) else {name: float(value)}
