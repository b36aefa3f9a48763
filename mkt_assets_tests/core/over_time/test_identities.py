"""Behaviour of lasting identities: planted styles keep theirs, whatever the order, the labels or the seed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mkt_assets.core.clustering.kmeans import fit_sweep, refine
from mkt_assets.core.clustering.labels import cluster_means
from mkt_assets.core.over_time.identities import CLUSTER_KEY, anchors, identify, reaches, spreads
from mkt_assets.core.profiles.identity_names import name_identities

FIRST = date(2024, 6, 1)
Floats = NDArray[np.float64]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def unit(rows: Floats) -> Floats:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def centres(n: int, *, dimension: int = 64, together: float = 1.0, seed: int = 0) -> Floats:
    """Directions that lie as close as those of an encoder whose vectors share most of what they are."""
    rng = np.random.default_rng(seed)
    apart = unit(rng.standard_normal((n, dimension)))
    return unit(apart + together * unit(rng.standard_normal((1, dimension))))


def crawl(
    number: int, styles: Floats, *, n: int = 30, noise: float = 0.06, seed: int | None = None
) -> pd.DataFrame:
    """Items of a crawl date: n near every style; `style` is the truth."""
    rng = np.random.default_rng(number if seed is None else seed)
    truth = np.repeat(np.arange(len(styles)), n)
    vectors = unit(styles[truth] + noise * rng.standard_normal((len(truth), styles.shape[1])))
    return pd.DataFrame(
        {
            "crawl_date": day(number),
            "post_id": [f"post-{number}-{i}" for i in range(len(truth))],
            "frame": "post",
            "style": truth,
            "vector": list(vectors),
        }
    )


def fitted(items: pd.DataFrame, k: int, seed: int = 0) -> pd.DataFrame:
    vectors = np.stack(list(items["vector"])).astype(np.float32)
    labels = refine(vectors, fit_sweep(vectors, [k], random_state=seed).labels(k))
    return items.assign(cluster_id=labels, modality="image")


def profiles(members: pd.DataFrame, encoder: str = "e") -> pd.DataFrame:
    """What cluster_profiles has of these members."""
    rows: list[dict[str, object]] = []
    for (crawl_date, modality, cluster_id), part in members.groupby(CLUSTER_KEY):
        vectors = np.stack(list(part["vector"]))
        mean = cluster_means(vectors.astype(np.float32), np.zeros(len(vectors), dtype=np.int64))
        rows.append(
            {
                "crawl_date": crawl_date,
                "modality": modality,
                "cluster_id": cluster_id,
                "encoder": encoder,
                "centroid": unit(mean.astype(np.float64))[0],
                "spread": 1 - float(np.linalg.norm(mean)),
                "name": f"{crawl_date} {cluster_id}",
                "name_by": "number",
            }
        )
    return pd.DataFrame(rows)


def identified(*crawls: pd.DataFrame, known: pd.DataFrame | None = None) -> pd.DataFrame:
    members = pd.concat(crawls, ignore_index=True)
    return identify(profiles(members).merge(anchors(members).reset_index(), on=CLUSTER_KEY), known)


def of_items(identities: pd.DataFrame, *crawls: pd.DataFrame) -> pd.DataFrame:
    members = pd.concat(crawls, ignore_index=True)
    return members.merge(identities[[*CLUSTER_KEY, "identity", "event"]], on=CLUSTER_KEY)


def as_planted(items: pd.DataFrame) -> pd.DataFrame:
    return items.assign(cluster_id=items["style"], modality="image")


STYLES = centres(8)


def test_a_planted_style_keeps_its_identity_over_the_crawl_dates():
    crawls = [fitted(crawl(i, STYLES), 8) for i in range(4)]
    items = of_items(identified(*crawls), *crawls)
    assert items.groupby("style")["identity"].nunique().tolist() == [1] * 8
    assert items["identity"].nunique() == 8
    assert set(items["event"]) == {"first", "continued"}


def test_identities_do_not_depend_on_how_close_the_encoder_puts_everything():
    for together in (0.0, 1.0, 5.0):
        styles = centres(8, together=together)
        noise = 0.06 / (1 + together)
        crawls = [as_planted(crawl(i, styles, noise=noise)) for i in range(3)]
        assert set(identified(*crawls)["event"]) == {"first", "continued"}, together


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(8)), st.permutations(range(8)), st.randoms(use_true_random=False))
def test_permuted_labels_and_rows_change_no_identity(one: list[int], other: list[int], rng: object):
    plain = [as_planted(crawl(i, STYLES, n=6)) for i in range(3)]
    relabelled = [
        items.assign(cluster_id=np.array(order)[items["cluster_id"]])
        for items, order in zip(plain, (one, other, one), strict=True)
    ]
    shuffled = [items.sample(frac=1, random_state=sum(one[:3])) for items in reversed(relabelled)]
    before = of_items(identified(*plain), *plain).set_index("post_id")["identity"]
    after = of_items(identified(*shuffled), *shuffled).set_index("post_id")["identity"]
    assert (before == after.loc[before.index]).all()


def test_a_refit_with_another_seed_keeps_nine_of_ten_items_in_their_identity():
    data = [crawl(i, STYLES, noise=0.1) for i in range(3)]
    one = [fitted(items, 8, seed=0) for items in data]
    other = [fitted(items, 8, seed=11 + i) for i, items in enumerate(data)]
    before = of_items(identified(*one), *one).set_index("post_id")["identity"]
    after = of_items(identified(*other), *other).set_index("post_id")["identity"]
    assert (before == after.loc[before.index]).mean() >= 0.9


def test_a_new_style_gets_exactly_one_new_identity():
    with_new = centres(9)
    crawls = [as_planted(crawl(i, with_new[: 9 if i >= 2 else 8])) for i in range(4)]
    identities = identified(*crawls)
    items = of_items(identities, *crawls)
    new = items[items["style"] == 8]
    assert new["identity"].nunique() == 1
    assert new.groupby("crawl_date")["event"].first().tolist() == ["unmatched", "continued"]
    assert not set(new["identity"]) & set(items.loc[items["style"] < 8, "identity"])
    assert identities["identity"].nunique() == 9


def test_a_style_that_stays_away_comes_back_as_itself():
    crawls = [as_planted(crawl(i, STYLES)) for i in range(4)]
    for i in (1, 2):
        crawls[i] = crawls[i][crawls[i]["style"] != 3]
    identities = identified(*crawls)
    back = of_items(identities, *crawls).query("style == 3")
    assert back["identity"].nunique() == 1
    rows = identities[identities["identity"] == back["identity"].iloc[0]]
    assert rows["ended"].tolist() == [True, False]
    assert rows["previous_crawl_date"].tolist() == [None, day(0)]
    assert (rows["first_seen"] == day(0)).all() and (rows["last_seen"] == day(3)).all()


def test_a_style_that_is_replaced_does_not_hand_on_its_identity():
    nine = centres(9)
    before, after = as_planted(crawl(0, nine[:8])), as_planted(crawl(1, nine[[0, 1, 2, 3, 4, 5, 6, 8]]))
    identities = identified(before, after)
    last = identities[identities["crawl_date"] == day(1)].set_index("cluster_id")
    assert last["event"].tolist() == ["continued"] * 7 + ["unmatched"]
    assert identities.query("ended")["cluster_id"].tolist() == [7]


def split_style(items: pd.DataFrame, style: int, share: float) -> pd.DataFrame:
    """The style cut in two along a direction of its own; its smaller part is cluster 8."""
    vectors = np.stack(list(items["vector"]))
    mine = (items["style"] == style).to_numpy()
    along = np.random.default_rng(1).standard_normal(vectors.shape[1])
    vectors[mine] += np.where(np.arange(mine.sum()) < share * mine.sum(), -0.12, 0.24)[:, None] * unit(
        along[None]
    )
    cut = np.where(
        mine, np.where((vectors - vectors[mine].mean(axis=0)) @ along > 0, 8, style), items["style"]
    )
    return items.assign(vector=list(unit(vectors)), cluster_id=cut)


def test_of_a_style_that_splits_the_nearer_part_goes_on_and_the_other_says_where_it_comes_from():
    one, two = as_planted(crawl(0, STYLES)), as_planted(crawl(1, STYLES))
    identities = identified(one, split_style(two, 5, 2 / 3))
    last = identities[identities["crawl_date"] == day(1)].set_index("cluster_id")
    first = identities[identities["crawl_date"] == day(0)].set_index("cluster_id")
    assert str(last.loc[5, "identity"]) == first.loc[5, "identity"]
    assert last.loc[8, "event"] == "unmatched"
    assert str(last.loc[8, "split_from"]) == first.loc[5, "identity"]
    assert (last["event"] == "continued").sum() == 8


def test_of_styles_that_merge_the_nearer_goes_on_and_the_other_is_absorbed():
    one, two = as_planted(crawl(0, STYLES)), as_planted(crawl(1, STYLES))
    identities = identified(split_style(one, 5, 2 / 3), two)
    last = identities[identities["crawl_date"] == day(1)].set_index("cluster_id")
    first = identities[identities["crawl_date"] == day(0)].set_index("cluster_id")
    assert last.loc[5, "event"] == "merged"
    assert str(last.loc[5, "identity"]) == first.loc[5, "identity"]
    assert last.loc[5, "absorbed"] == [first.loc[8, "identity"]]
    assert bool(first.loc[8, "ended"])


def test_a_later_crawl_date_changes_no_identity_of_an_earlier_one():
    crawls = [fitted(crawl(i, STYLES, noise=0.15), 11, seed=i) for i in range(5)]
    columns = [*CLUSTER_KEY, "identity", "event", "similarity"]
    whole = identified(*crawls)[columns]
    for n in range(1, 5):
        part = identified(*crawls[:n])[columns]
        pd.testing.assert_frame_equal(part, whole.head(len(part)))


def test_identities_of_different_encoders_never_mix():
    one, two = as_planted(crawl(0, STYLES)), as_planted(crawl(1, STYLES))
    rows = pd.concat([profiles(one, "old"), profiles(two, "new")])
    members = pd.concat([one, two])
    identities = identify(rows.merge(anchors(members).reset_index(), on=CLUSTER_KEY))
    assert identities["identity"].nunique() == 16
    assert set(identities["event"]) == {"first"}
    assert not identities["ended"].any()


def test_without_clusters_there_are_no_identities():
    empty = profiles(as_planted(crawl(0, STYLES)))[:0].assign(anchor="")
    assert len(identify(empty)) == 0


def test_a_crawl_of_one_cluster_goes_on_in_one_like_it_and_in_no_other():
    here = as_planted(crawl(0, STYLES[:1]))
    assert identified(here, as_planted(crawl(1, STYLES[:1])))["event"].tolist() == ["first", "continued"]
    for elsewhere in (STYLES[1:2], -STYLES[:1]):
        apart = identified(here, as_planted(crawl(1, elsewhere)))
        assert apart["event"].tolist() == ["first", "unmatched"]
        assert apart["identity"].nunique() == 2


def test_reach_is_half_the_way_to_the_nearest_sibling_but_within_the_spread_and_no_less_than_typical():
    angles = np.array([0.0, 0.1, 1.0, 2.0])
    places = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    nearest = np.array([1 - np.cos(0.1), 1 - np.cos(0.1), 1 - np.cos(0.9), 1 - np.cos(1.0)])
    halfway = 0.5 * np.maximum(nearest, np.median(nearest))
    np.testing.assert_allclose(reaches(places, np.full(4, 0.5)), halfway, atol=1e-12)
    np.testing.assert_allclose(
        reaches(places, np.array([0.1, 0.1, 0.1, 0.2])), [*halfway[:2], 0.1, 0.2], atol=1e-12
    )
    assert reaches(places[:1], np.array([0.3])).tolist() == [0.3]


def test_spread_is_the_mean_cosine_distance_from_the_centroid():
    items = as_planted(crawl(0, STYLES[:2]))
    vectors = np.stack(list(items["vector"]))
    means = np.stack([vectors[(items["style"] == c).to_numpy()].mean(axis=0) for c in (0, 1)])
    distance = np.linalg.norm(vectors - means[items["style"]], axis=1)
    cosines = (vectors * unit(means)[items["style"]]).sum(axis=1)
    expected = (1 - pd.Series(cosines)).groupby(items["style"]).mean()
    np.testing.assert_allclose(spreads(items.assign(distance=distance)), expected, atol=1e-12)


@pytest.fixture
def published() -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Crawls 1 to 3, and their identities as a warehouse keeps them."""
    crawls = [as_planted(crawl(i, STYLES)) for i in range(1, 4)]
    return crawls, identified(*crawls)


def same_ids(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    both = one[[*CLUSTER_KEY, "identity"]].merge(other[[*CLUSTER_KEY, "identity"]], on=CLUSTER_KEY)
    return len(both) > 0 and bool((both["identity_x"] == both["identity_y"]).all())


@pytest.mark.parametrize("kept", [True, False], ids=["with centroids", "from before centroids were kept"])
def test_a_crawl_date_before_the_first_renames_nothing(
    published: tuple[list[pd.DataFrame], pd.DataFrame], kept: bool
):
    crawls, before = published
    known = before if kept else before.assign(centroid=None)
    earlier = as_planted(crawl(0, STYLES[:5]))
    after = identified(earlier, *crawls, known=known)
    assert same_ids(before, after)
    assert after["identity"].nunique() == 8
    assert set(after.loc[after["crawl_date"] == day(0), "event"]) == {"first"}


def test_a_crawl_date_between_and_one_that_is_taken_away_rename_nothing(
    published: tuple[list[pd.DataFrame], pd.DataFrame],
):
    crawls, _ = published
    outer = identified(crawls[0], crawls[2])
    assert same_ids(outer, identified(*crawls, known=outer))
    assert same_ids(outer, identified(crawls[2], known=outer))


def test_a_crawl_that_is_clustered_again_keeps_the_ids_of_what_is_nearest(
    published: tuple[list[pd.DataFrame], pd.DataFrame],
):
    crawls, before = published
    alone = identified(crawls[0])
    order = np.array([3, 1, 0, 2, 7, 6, 5, 4])
    again = crawls[0].sample(frac=0.8, random_state=1).assign(cluster_id=lambda f: order[f["style"]])
    for known, others in ((alone, []), (before, crawls[1:])):
        after = identified(again, *others, known=known)
        of_style = after[after["crawl_date"] == day(1)].set_index("cluster_id")["identity"]
        was = known[known["crawl_date"] == day(1)].set_index("cluster_id")["identity"]
        assert of_style.loc[order].tolist() == was.sort_index().tolist()


def test_which_clusters_are_one_identity_depends_on_no_published_id(
    published: tuple[list[pd.DataFrame], pd.DataFrame],
):
    crawls, before = published
    known = before.assign(identity=["style-" + str(i % 3) for i in range(len(before))])
    after = identified(*crawls, known=known)
    groups = [frame.groupby("identity").indices.values() for frame in (before, after)]
    assert {tuple(g) for g in groups[0]} == {tuple(g) for g in groups[1]}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 10_000))
def test_whatever_the_clusters_identities_are_one_to_one_and_their_dates_true(sizes: list[int], seed: int):
    rng = np.random.default_rng(seed)
    crawls = [
        as_planted(crawl(i, unit(rng.standard_normal((n, 3))), n=2, seed=seed))
        for i, n in enumerate(sizes)
        if n
    ]
    if not crawls:
        return
    identities = identified(*crawls)
    assert not identities.duplicated(["crawl_date", "identity"]).any()
    assert len(identities) == sum(sizes)
    for _, rows in identities.groupby("identity"):
        assert (rows["first_seen"] == rows["crawl_date"].min()).all()
        assert (rows["last_seen"] == rows["crawl_date"].max()).all()
        assert set(rows["event"].iloc[1:]) <= {"continued", "merged"}
    known = {(r.crawl_date, r.cluster_id): r.identity for r in identities.itertuples()}
    for row in identities.dropna(subset=["previous_crawl_date"]).itertuples():
        previous = known[row.previous_crawl_date, row.previous_cluster_id]
        assert str(previous) == str(row.split_from if row.event == "unmatched" else row.identity)


@pytest.fixture
def named() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Identities, profiles and members of three crawls of three styles: 0 without keywords, 1 and 2 with the same."""
    crawls = [as_planted(crawl(i, STYLES[:3])) for i in range(3)]
    members = pd.concat(crawls, ignore_index=True)
    rows = profiles(members)
    says = rows["cluster_id"] > 0
    rows["name"] = np.where(
        says,
        [
            f"通勤 {d.day if c == 1 else 1}"
            for d, c in zip(rows["crawl_date"], rows["cluster_id"], strict=True)
        ],
        "style 0",
    )
    rows["name_by"] = np.where(says, "keywords", "number")
    return identified(*crawls), rows, members


def test_a_name_stays_is_unique_and_falls_back_on_the_id(
    named: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
):
    identities, unused = name_identities(*named, given={})
    of_cluster = identities.groupby("cluster_id")["name"].agg(["nunique", "first"])
    assert of_cluster["nunique"].tolist() == [1, 1, 1]
    assert sorted(of_cluster["first"].iloc[1:]) == ["通勤 1", "通勤 1 (2)"]
    identity = identities.query("cluster_id == 0")["identity"].iloc[0]
    assert of_cluster["first"].iloc[0] == identity.replace("-", " ")[: len("style 2b14")]
    assert set(identities["name_by"]) == {"keywords", "identity"}
    assert unused == []


def test_what_is_seen_names_what_no_words_of_several_accounts_do(
    named: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
):
    identities, proposals, members = named
    seen = proposals.assign(name="白色 · 蕾丝", name_by="seen")
    of_one = proposals.assign(name="我家", name_by="one_account")
    all_of_them = pd.concat([proposals, of_one, seen], ignore_index=True)
    found, _ = name_identities(identities, all_of_them, members, {})
    called = found[found["cluster_id"] == 0]
    assert set(called["name"]) == {"白色 · 蕾丝 ‡"} and set(called["name_by"]) == {"seen"}
    assert set(found.loc[found["cluster_id"] != 0, "name_by"]) == {"keywords"}
    assert len(found) == len(identities)


def test_the_analysts_name_beats_the_keywords_by_identity_and_by_post(
    named: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
):
    identity = named[0].query("cluster_id == 1")["identity"].iloc[0]
    given_names = {
        ("image", identity): "西装控",
        ("image", "post-0-0"): "白裙",
        ("image", "post-2-1"): "这个没用",
        ("image", "nowhere"): "没有",
        ("text", identity): "也没有",
    }
    identities, unused = name_identities(*named, given=given_names)
    names = identities.drop_duplicates("identity").set_index("cluster_id")["name"]
    assert names[0] == "白裙"
    assert names[1] == "西装控"
    assert names[2] == "通勤 1"
    assert unused == [("image", "post-2-1"), ("image", "nowhere"), ("text", identity)]


def test_a_name_by_post_survives_a_refit_that_changes_the_identity(
    named: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
):
    _, _, members = named
    rest = members[~((members["crawl_date"] == day(0)) & (members["style"] == 0) & (members.index % 2 == 0))]
    before, after = identified(members), identified(rest)
    for identities, of in ((before, members), (after, rest)):
        found, unused = name_identities(identities, profiles(of), of, {("image", "post-2-3"): "白裙"})
        assert found.query("name == '白裙'")["cluster_id"].tolist() == [0, 0, 0]
        assert unused == []
