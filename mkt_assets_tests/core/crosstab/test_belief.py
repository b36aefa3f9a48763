"""Belief: planted links are found, chance and single accounts are not, and the statistics are what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.core.crosstab.belief import (
    believe,
    false_discovery_rates,
    hypergeometric_p_values,
    normalised_pmi,
    poster_p_values,
)
from mkt_assets.core.crosstab.crosstab import cross
from mkt_assets.core.crosstab.intervals import wilson_interval
from mkt_assets.core.crosstab.link_sentences import link_sentences
from mkt_assets_tests.calibration import intervals, links
from mkt_assets_tests.calibration.cases import Case, measure

Crawl = tuple[pd.DataFrame, pd.DataFrame]


def crawl(style: list[int], topic: list[int], poster: list[str]) -> Crawl:
    """One picture and one text a post."""
    posts = [f"p{i:05d}" for i in range(len(style))]
    images = pd.DataFrame({"poster_id": poster, "post_id": posts, "frame": "post", "image_cluster": style})
    return images, pd.DataFrame({"poster_id": poster, "post_id": posts, "text_cluster": topic})


def believed(of: Crawl) -> pd.DataFrame:
    return believe(cross(*of, "image"), *of)


def planted(n: int, seed: int, share: float = 0.7) -> Crawl:
    """Style s talks about topic s with this probability, else about anything; posts of many accounts."""
    rng = np.random.default_rng(seed)
    style = rng.integers(0, 4, n)
    topic = np.where(rng.random(n) < share, style, rng.integers(0, 6, n))
    poster = [f"u{u}" for u in rng.integers(0, n // 3, n)]
    return crawl(style.tolist(), topic.tolist(), poster)


def chance(n: int, seed: int) -> Crawl:
    rng = np.random.default_rng(seed)
    poster = [f"u{u}" for u in rng.integers(0, n // 3, n)]
    return crawl(rng.integers(0, 8, n).tolist(), rng.integers(0, 6, n).tolist(), poster)


@pytest.mark.parametrize("seed", range(5))
def test_planted_links_are_supported_and_no_others(seed: int):
    found = believed(planted(160, seed))
    supported = found[found["supported"]]
    assert supported[["image_cluster", "text_cluster"]].to_numpy().tolist() == [[s, s] for s in range(4)]
    assert (supported["lift"] > 2).all()
    assert (supported["npmi"] > 0.2).all()


def test_by_chance_at_most_one_crawl_in_twenty_shows_any_link():
    shown = sum(bool((believed(chance(150, seed))["q_value"] < 0.05).any()) for seed in range(40))
    assert shown <= 2


def test_many_posts_of_one_account_are_not_a_trend():
    of = chance(120, 3)
    style, topic = [8] * 30, [6] * 30
    images, texts = crawl(
        [*of[0]["image_cluster"], *style],
        [*of[1]["text_cluster"], *topic],
        [*of[0]["poster_id"], *["one"] * 30],
    )
    found = believed((images, texts))
    [row] = found[(found["image_cluster"] == 8) & (found["text_cluster"] == 6)].to_dict("records")
    assert row["q_value"] < 1e-6
    assert row["n_posters"] == 1
    assert row["largest_poster_share"] == 1
    assert row["poster_p_value"] == 1
    assert not row["supported"]


@pytest.mark.parametrize("unit", ["image", "post"])
def test_rows_that_are_there_twice_change_nothing(unit: str):
    images, texts = planted(60, 1)
    once = believe(cross(images, texts, unit), images, texts)  # pyright: ignore[reportArgumentType]
    doubled = pd.concat([images, images]), pd.concat([texts, texts])
    twice = believe(cross(*doubled, unit), *doubled)  # pyright: ignore[reportArgumentType]
    pd.testing.assert_frame_equal(once, twice)


def test_the_order_of_the_rows_changes_nothing():
    images, texts = planted(90, 2)
    shuffled = images.sample(frac=1, random_state=1), texts.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(believed((images, texts)), believed(shuffled))


def test_a_style_with_few_posts_is_not_supported_however_pure():
    of = planted(160, 0)
    images, texts = crawl(
        [*of[0]["image_cluster"], *[9] * 4],
        [*of[1]["text_cluster"], *[7] * 4],
        [*of[0]["poster_id"], "a", "b", "c", "d"],
    )
    found = believed((images, texts))
    [row] = found[found["image_cluster"] == 9].to_dict("records")
    assert (row["ratio"], row["low_support"], bool(row["supported"])) == (1.0, True, False)


def test_an_image_cluster_without_text_and_a_crawl_without_any_have_nothing_to_believe():
    images, texts = crawl([0, 0, 1], [0, 1, 0], ["a", "b", "c"])
    found = believed((images, texts.head(2)))
    assert found[found["image_cluster"] == 1][["lift", "q_value", "supported"]].isna().all(axis=None)
    nothing = believed((images, texts.head(0)))
    assert len(nothing) == 2
    assert nothing[["ratio_low", "supported"]].isna().all(axis=None)
    assert len(believed((images.head(0), texts.head(0)))) == 0


def test_without_accounts_every_post_speaks_for_itself():
    images, texts = planted(160, 0)
    bare = images.drop(columns="poster_id"), texts.drop(columns="poster_id")
    found = believed(bare)
    assert found["supported"].sum() == 4
    assert found["largest_poster_share"].isna().all()
    nameless = images.assign(poster_id=None), texts.assign(poster_id=None)
    assert believed(nameless)["supported"].tolist() == found["supported"].tolist()
    low, _ = wilson_interval(found["ratio"], found["n_with_text"])
    assert found["ratio_low"].to_numpy() == pytest.approx(low)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_a_q_value_is_p_times_tests_over_rank_and_never_below_p_or_that_of_a_larger_p(p: list[float]):
    values = np.array(p)
    q = false_discovery_rates(values[:, None])[:, 0]
    ranked = np.sort(values)
    rates = ranked * len(p) / np.arange(1, len(p) + 1)
    by_definition = [rates[i:].min() for i in range(len(p))]
    assert np.sort(q) == pytest.approx(by_definition, abs=1e-12)
    assert (q >= values).all()


def test_a_missing_p_value_is_refused_and_no_p_values_have_no_q():
    assert false_discovery_rates(np.empty((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="between 0 and 1"):
        false_discovery_rates(np.array([0.1, np.nan]))


def test_the_exact_test_is_that_of_a_lady_tasting_tea():
    counts = np.array([[4.0, 0.0], [0.0, 4.0]])
    p = hypergeometric_p_values(counts, np.array([4.0, 4.0]), np.array([4.0, 4.0]), 8)
    assert p == pytest.approx(np.array([[1 / 70, 1.0], [1.0, 1 / 70]]))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_ratios_lifts_and_bases_fit_together(seed: int):
    found = believed(planted(40, seed, share=0.3))
    weights = found["n_with_text"] / found.drop_duplicates("image_cluster")["n_with_text"].sum()
    assert (found["lift"] * found["base_share"]).to_numpy() == pytest.approx(found["ratio"].to_numpy())
    for topic, rows in found.groupby("text_cluster"):
        assert (rows["ratio"] * weights[rows.index]).sum() == pytest.approx(rows["base_share"].iloc[0]), topic
    assert found["npmi"].between(-1, 1).all()
    assert ((found["npmi"] > 1e-9) == (found["lift"] > 1 + 1e-9)).all()
    assert found["poster_p_value"].between(0, 1).all()
    assert found["cautious_lift"].sub(1).abs().le(found["lift"].sub(1).abs() + 1e-9).all()


def test_always_together_is_one_and_independent_is_zero():
    values = normalised_pmi(np.array([1.0, 0.5, 0.25]), np.array([1.0, 0.5, 0.5]), np.array([1.0, 0.5, 0.5]))
    assert values == pytest.approx([1, 1, 0])


def test_what_one_busy_account_does_is_no_link():
    # one account posts everything of style and topic 1, half of it crosswise; all others know style and topic 0 alone
    busy = [(style, topic) for style in (0, 1) for topic in (0, 1)] * 10
    others = [(0, 0)] * 100
    style, topic = map(list, zip(*busy, *others, strict=True))
    poster = ["busy"] * 40 + [f"u{i // 5}" for i in range(100)]
    assert not believed(crawl(style, topic, poster))["supported"].any()


def test_a_link_in_all_accounts_is_found_whoever_wrote_most():
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(12), [200, *[10] * 11])
    style = rng.integers(0, 3, len(of))
    topic = np.where(rng.random(len(of)) < 0.6, style, rng.integers(0, 3, len(of)))
    found = believed(crawl(style.tolist(), topic.tolist(), [f"u{u}" for u in of]))
    supported = found.loc[found["supported"], ["image_cluster", "text_cluster"]]
    assert supported.to_numpy().tolist() == [[s, s] for s in range(3)]


def test_a_cell_of_two_posts_does_not_shout_its_lift():
    of = planted(160, 0)
    style, topic = [*of[0]["image_cluster"], *[9] * 8], [*of[1]["text_cluster"], 7, 7, 0, 1, 2, 3, 4, 5]
    found = believed(crawl(style, topic, [*of[0]["poster_id"], *"abcdefgh"]))
    [loud] = found[(found["image_cluster"] == 9) & (found["text_cluster"] == 7)].to_dict("records")
    assert loud["lift"] > 15
    assert loud["cautious_lift"] < loud["lift"] / 2
    assert (found.loc[found["supported"], "cautious_lift"] > 1.5).all()


def test_fewer_than_three_accounts_tell_nothing_of_accounts():
    both = np.ones((2, 1, 2)) * [[[5.0, 0.0]], [[0.0, 5.0]]]
    assert (poster_p_values(both, both.sum(axis=1)) == 1).all()


@pytest.mark.parametrize(
    ("case", "n_runs"),
    [(0, 30), (1, 30), (3, 40), (6, 10), (9, 4), (11, 12)],
    ids=str,
)
def test_links_keep_their_calibration(case: int, n_runs: int):
    measured = measure(links.CASES[case], n_runs=n_runs)
    assert measured.kept, measured


@pytest.mark.parametrize("case", intervals.CASES, ids=lambda case: case.world)
def test_intervals_keep_their_coverage(case: Case):
    assert measure(case, n_runs=60).kept


def test_findings_are_sentences_with_their_numbers():
    found = believed(planted(160, 0))
    sentences = link_sentences(found, style_names={0: "通勤 · 西装"}, most=2)
    assert len(sentences) == 3
    assert any("accounts." in sentence for sentence in sentences)
    assert sentences[-1].startswith("4 of ")
    assert "The strongest 2 are told." in sentences[-1]
    assert any(
        "Style 通勤 · 西装 goes with topic 0" in s
        for s in link_sentences(found, style_names={0: "通勤 · 西装"})
    )
    assert "None of the" in link_sentences(believed(chance(60, 0)))[0]
    images, texts = chance(10, 0)
    assert "No post has both" in link_sentences(believed((images, texts.head(0))))[0]
