"""Verdicts follow the numbers, also where these contradict the original project."""

from __future__ import annotations

import numpy as np
import pytest

from mkt_assets.core.experiments.verdicts import (
    encoder_verdict,
    judge,
    leakage_verdict,
    matting_verdict,
    method_verdict,
)


def row(variant: str, **numbers: object) -> dict[str, object]:
    return {"variant": variant, "modality": "image", "noise_share": 0.0, "n_clusters": 9, **numbers}


KMEANS = row("k-means", stability=0.8, stability_spread=0.05)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"n_clusters": 0, "noise_share": 1.0}, "DBSCAN finds no cluster: it leaves all pictures as noise."),
        (
            {"n_clusters": 1, "noise_share": 0.61},
            "DBSCAN leaves 61% of the pictures as noise and finds 1 cluster;",
        ),
        ({"n_clusters": 1, "noise_share": 0.02}, "DBSCAN puts 98% of the pictures into one cluster;"),
        ({"n_clusters": 7, "noise_share": 0.0}, "DBSCAN keeps all of the pictures, in 7 clusters;"),
        ({"n_clusters": 7, "noise_share": 0.1}, "DBSCAN keeps 90% of the pictures, in 7 clusters;"),
    ],
)
def test_noise_is_told_as_it_is(numbers: dict[str, float], said: str):
    assert method_verdict(row("dbscan", **numbers), KMEANS).startswith(said)


@pytest.mark.parametrize(
    ("stability", "spread", "said"),
    [
        (0.95, 0.02, "more stable on resamples than k-means"),
        (0.4, 0.1, "less stable on resamples than k-means"),
        (0.4, 0.6, "on resamples it is as stable as k-means"),
        (0.81, 0.0, "on resamples it is as stable as k-means"),
        (None, None, "nothing whose stability could be compared"),
    ],
)
def test_stability_is_compared_by_its_error(stability: float | None, spread: float | None, said: str):
    assert said in method_verdict(row("optics", stability=stability, stability_spread=spread), KMEANS)


def test_among_many_comparisons_a_small_difference_is_not_told():
    apart = row("optics", stability=0.55, stability_spread=0.06)
    assert "less stable" in method_verdict(apart, KMEANS)
    assert "less stable" not in method_verdict(apart, KMEANS, n_comparisons=14)


def test_refits_of_the_same_accounts_are_compared_in_pairs():
    luck = np.linspace(-0.3, 0.3, 10)
    one = row("optics", stability=0.6, stability_replicates=0.6 + luck)
    other = row("k-means", stability=0.5, stability_replicates=0.5 + luck + 0.01 * (-1) ** np.arange(10))
    assert "more stable" in method_verdict(one, other)
    unpaired = row("k-means", stability=0.5, stability_replicates=0.5 - luck)
    assert "more stable" not in method_verdict(one, unpaired)


def test_every_row_is_judged_against_its_experiments_baseline():
    def ran(experiment: str, variant: str, **numbers: object) -> dict[str, object]:
        known = {
            "experiment": experiment,
            "status": "run",
            "is_used": False,
            "stability": 0.5,
            "verdict": None,
        }
        return row(variant) | known | {"cross_agreement": 0.1, "background_agreement": None} | numbers

    rows = [
        ran("methods", "k-means"),
        ran("methods", "dbscan"),
        ran("matting", "matted"),
        ran("matting", "unmatted"),
        ran("encoders", "own", is_used=True, cross_agreement=0.6, cross_error=0.01),
        ran("encoders", "floor", cross_error=0.01),
        ran("encoders", "absent", status="not run"),
    ]
    judge(rows, "floor")
    assert [bool(r["verdict"]) for r in rows] == [False, True, True, False, True, False, False]
    assert "more than those of floor" in str(rows[4]["verdict"])


def pictures(variant: str, background: float | None, cross: float | None = 0.5, spread: float = 0.01):
    return row(
        variant,
        background_agreement=background,
        background_error=spread,
        cross_agreement=cross,
        cross_error=spread,
    )


@pytest.mark.parametrize(
    ("matted", "unmatted", "said"),
    [
        (
            0.1,
            0.6,
            "Matting lowers agreement with the background (adjusted mutual information 0.10, unmatted 0.60)",
        ),
        (0.6, 0.1, "Matting raises agreement with the background"),
        (0.5, 0.51, "Matting does not change agreement with the background"),
        (None, 0.4, "Agreement with the background is unknown"),
    ],
)
def test_matting_is_judged_by_the_background(matted: float | None, unmatted: float | None, said: str):
    assert said in matting_verdict(pictures("matted", matted), pictures("unmatted", unmatted))


@pytest.mark.parametrize(
    ("cross", "said"),
    [
        (0.9, "styles of matted pictures go better with the topics"),
        (0.1, "styles of unmatted pictures go better with the topics"),
        (0.5, "both agree as much"),
        (None, "agreement with the captions' topics is unknown"),
    ],
)
def test_matting_is_judged_by_the_topics_too(cross: float | None, said: str):
    assert said in matting_verdict(pictures("matted", 0.1, cross), pictures("unmatted", 0.1))


@pytest.mark.parametrize(
    ("cross", "said"),
    [
        (0.9, "agree with the captions' topics more than those of colour-histogram"),
        (0.1, "agree with the captions' topics less than those of colour-histogram"),
        (0.5, "imagebind cannot be told from colour-histogram"),
        (None, "imagebind cannot be judged"),
    ],
)
def test_an_encoder_is_judged_against_the_floor(cross: float | None, said: str):
    assert said in encoder_verdict(pictures("imagebind", 0.1, cross), pictures("colour-histogram", 0.1))


def test_accounts_and_copies_among_neighbours_are_warned_of():
    quiet = row("e", poster_neighbours=0.12, poster_neighbours_expected=0.1, copied_neighbours=0.0)
    assert leakage_verdict(quiet) is None
    loud = leakage_verdict(quiet | {"poster_neighbours": 0.68, "copied_neighbours": 0.59})
    assert loud is not None
    assert "same account for 68% (10% by chance)" in loud
    assert "near duplicate for 59%." in loud


def test_what_copies_add_to_an_agreement_is_told_with_the_warning():
    copied = row("e", copied_neighbours=0.5, cross_agreement=0.6, cross_agreement_without_copies=0.2)
    said = leakage_verdict(copied)
    assert said is not None
    assert "(with each counted once, agreement with the captions' topics is 0.20 instead of 0.60)" in said
