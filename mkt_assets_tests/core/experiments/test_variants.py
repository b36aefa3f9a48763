"""Samples are drawn by hash, and every variant of an experiment has its row, run or not."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.experiments import variants
from mkt_assets.core.experiments.comparison import References
from mkt_assets.core.experiments.controls import copied_pictures
from mkt_assets.core.experiments.methods import METHODS, MIN_ITEMS, Fitter, Trial, try_method
from mkt_assets.core.experiments.sample import Sample, draw
from mkt_assets.core.experiments.variants import (
    ABSENT,
    TOO_FEW,
    Attempt,
    Tried,
    compare,
    encoders_of,
    matting_of,
    methods_of,
    n_variants,
    tried_here,
)

IDS = [(f"post-{i}", "image_1") for i in range(200)]


def sample(n: int, encoder: str | None = "own 1") -> Sample:
    """Items of three plain groups, each an account's own."""
    rng = np.random.default_rng(0)
    of = np.arange(n) % 3
    points = np.eye(3, 8)[of] + 0.05 * rng.normal(size=(n, 8))
    X = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    references = References(
        [f"post-{i}" for i in range(n)],
        [f"poster-{i % 11}" for i in range(n)],
        of.tolist(),
        [None] * n,
        lambda i, j: (i, j) in {(3, 0), (0, 3)},
    )
    return Sample("image", X, encoder, 2 * n, 3, references)


def test_a_sample_is_of_its_size_in_the_order_of_the_items_and_the_same_when_they_are_shuffled() -> None:
    drawn = draw(IDS, 50)
    assert len(drawn) == 50
    assert (np.diff(drawn) > 0).all()
    backwards = draw(IDS[::-1], 50)
    assert {IDS[::-1][i] for i in backwards} == {IDS[i] for i in drawn}


def test_of_more_items_those_of_the_old_sample_stay_but_for_whom_newer_ones_push_out() -> None:
    before, after = ({IDS[i] for i in draw(IDS[:n], 50)} for n in (150, 200))
    assert after - before <= set(IDS[150:])


def test_another_seed_draws_others_and_there_may_be_fewer_than_asked_for() -> None:
    assert set(draw(IDS, 50).tolist()) != set(draw(IDS, 50, random_state=1).tolist())
    assert draw(IDS[:3], 50).tolist() == [0, 1, 2]
    assert draw([], 50).tolist() == []


def test_a_part_knows_the_same_of_its_items() -> None:
    part = sample(30).part([0, 3, 7])
    assert part.references.posts == ["post-0", "post-3", "post-7"]
    assert part.references.posters == ["poster-0", "poster-3", "poster-7"]
    assert part.references.is_copy(1, 0)
    assert not part.references.is_copy(1, 2)
    assert np.array_equal(part.X, sample(30).X[[0, 3, 7]])
    assert part.n_all == 60


def test_every_method_is_compared_with_every_other() -> None:
    rows = list(compare(methods_of(sample(60))))
    assert [row["variant"] for row in rows] == list(METHODS)
    assert [row["is_used"] for row in rows] == [True, False, False, False]
    for row in rows:
        assert row["status"] == "run"
        others = {f"agreement_{name.replace('-', '')}" for name in METHODS if name != row["variant"]}
        assert {name for name in row if name.startswith("agreement_")} == others
    assert rows[0]["agreement_hdbscan"] == pytest.approx(1)


def test_what_several_experiments_ask_of_the_crawl_s_own_vectors_is_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def counted(fit: Fitter, X: Matrix, *rest: Any, **named: Any) -> Trial:
        asked.append("own" if X is drawn.X else "other")
        return try_method(fit, X, *rest, **named)

    monkeypatch.setattr(variants, "try_method", counted)
    drawn, others = sample(60), sample(60).X[::-1].copy()
    *methods, matted, unmatted, own, other = compare(
        [
            *methods_of(drawn),
            *matting_of(drawn.part(range(60)), others),
            *encoders_of(drawn, ["other"], lambda encoder: others),
        ]
    )
    assert asked == ["own"] * len(METHODS) + ["other"] * 2
    measured = set(methods[0]) & set(matted) - {"experiment", "variant", "encoder"}
    for row in (matted, own):
        np.testing.assert_equal({n: row[n] for n in measured}, {n: methods[0][n] for n in measured})
    assert unmatted["silhouette"] == other["silhouette"] != own["silhouette"]


def test_encoders_are_asked_for_once_each_but_the_sample_s_own_and_one_that_is_absent_says_so() -> None:
    asked: list[str] = []

    def embed(encoder_id: str) -> Matrix | str:
        asked.append(encoder_id)
        return ABSENT if encoder_id == "absent" else sample(60).X[:, ::-1]

    rows = list(compare(encoders_of(sample(60), ["other", "own", "absent"], embed)))
    assert asked == ["other", "absent"]
    assert [(row["variant"], row["is_used"], row["status"], row["n_items"]) for row in rows] == [
        ("own", True, "run", 60),
        ("other", False, "run", 60),
        ("absent", False, ABSENT, 0),
    ]
    # of what has not run, the encoder is the crawl's
    assert [row["encoder"] for row in rows] == ["own", "other", "own 1"]


def test_unmatted_pictures_are_compared_unless_their_encoder_is_absent() -> None:
    matted = sample(60)
    status = [row["status"] for row in compare(matting_of(matted, matted.X))]
    assert status == ["run", "run"]
    assert [row["status"] for row in compare(matting_of(matted, ABSENT))] == ["run", ABSENT]


@pytest.mark.parametrize("n", [0, MIN_ITEMS - 1])
def test_of_too_few_items_nothing_is_embedded_and_each_row_says_how_few(n: int) -> None:
    few = sample(n, "own 1" if n else None)

    def embed(encoder_id: str) -> Matrix | str:
        raise AssertionError(encoder_id)

    rows = compare([*methods_of(few), *matting_of(few, ABSENT), *encoders_of(few, ["other"], embed)])
    assert {(row["status"], row["n_items"]) for row in rows} == {(TOO_FEW, n)}


def test_what_could_not_be_brought_to_an_end_says_why_and_the_others_are_compared_without_it() -> None:
    def try_each(attempts: Sequence[Attempt]) -> Iterator[Tried | str]:
        for attempt, tried in zip(attempts, tried_here(attempts), strict=True):
            yield "it needs more memory than there is" if attempt.method == "optics" else tried

    *methods, matted, unmatted = compare(
        [*methods_of(sample(60)), *matting_of(sample(60), sample(60).X)], try_each=try_each
    )
    said = {row["variant"]: (row["status"], row["n_items"]) for row in methods}
    assert said.pop("optics") == ("not run: it needs more memory than there is", 0)
    assert set(said.values()) == {("run", 60)}
    for row in methods:
        others = {f"agreement_{name.replace('-', '')}" for name in said if name != row["variant"]}
        expected = others if row["variant"] != "optics" else set()
        assert {name for name in row if name.startswith("agreement_")} == expected
    assert (matted["status"], unmatted["status"]) == ("run", "run")


def test_an_attempt_is_the_same_after_it_was_sent_elsewhere() -> None:
    drawn = replace(sample(24), references=replace(sample(24).references, is_copy=copied_pictures([7] * 24)))
    here = Attempt("dbscan", drawn.part(range(3, 24)))
    there = pickle.loads(pickle.dumps(here))
    mine, others = here.tried(), there.tried()
    assert np.array_equal(mine.labels, others.labels)
    without_time = [{n: v for n, v in t.measured.items() if n != "seconds"} for t in (mine, others)]
    np.testing.assert_equal(without_time[0], without_time[1])
    assert mine.measured["copied_neighbours"] == 1


def test_the_number_of_rows_is_known_before() -> None:
    of_methods = methods_of(sample(15))
    both = [
        *of_methods,
        *of_methods,  # of texts
        *matting_of(sample(15), ABSENT),
        *encoders_of(sample(15), ["own", "other"], lambda _: ABSENT),
        *encoders_of(sample(15), ["own"], lambda _: ABSENT),
    ]
    assert len(both) == n_variants(2, 1)
