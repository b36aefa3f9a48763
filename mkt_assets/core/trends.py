"""Shares of lasting styles and topics over time, and which of them rise or fall; who is who is in `identities`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.belief import MAX_P, N_SIGN_FLIPS, false_discovery_rates, wilson_interval

MIN_TIMES = 3
"""A line through fewer points than this says nothing of a trend."""
TOO_FEW = "too few crawls"

Floats = NDArray[np.float64]

_TEST_COLUMNS = ["slope", "change", "p_value", "q_value", "poster_p_value", "direction", "n_times"]


def trends(items: pd.DataFrame, *, random_state: int = 0) -> pd.DataFrame:
    """The share of every identity in the posts of every crawl date and of every month of publication.

    A post counts once, on the first crawl date that has it (of its modality and encoder), as what its cluster
    there is: a post that is still found a week later is no news, and counted again on each day it would pass for
    independent evidence. A post with pictures in two styles counts in both, so shares of styles may sum to more
    than 1. Time by crawl and time by publication are kept apart in `basis`: what a search finds is not what was
    published, and the older a post, the more it had to please to be still found.

    An identity rises or falls if the test by post (`trend_tests`), corrected for all identities of the modality,
    encoder and basis, and the test by account (`poster_trend_tests`) both say so below `MAX_P`.

    Args:
        items: A row an item: crawl_date, modality, encoder, identity, name, post_id, poster_id, published_at
            (may be missing).
        random_state: Seed of the sign flips.

    Returns:
        A row a (modality, identity, basis, crawl_date), in that order, with the columns of the table trends;
        identities without a post on a date have a share of 0 there, dates without a new post no row.
    """
    posts = first_sightings(items)
    parts: list[pd.DataFrame] = []
    for (modality, encoder), group in posts.groupby(["modality", "encoder"]):
        by_crawl = group.assign(time=pd.to_datetime(group["crawl_date"]))
        by_month = group.dropna(subset=["published_at"])
        by_month = by_month.assign(time=by_month["published_at"].dt.to_period("M").dt.to_timestamp())
        for basis, dated in (("crawl_date", by_crawl), ("published_month", by_month)):
            if len(dated):
                found = _trends_of(dated, random_state)
                parts.append(found.assign(modality=str(modality), encoder=str(encoder), basis=basis))
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    names = items.drop_duplicates("identity").set_index("identity")["name"]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(name=table["identity"].map(names))
    order = ["modality", "identity", "basis", "crawl_date"]
    return table[_COLUMNS].sort_values(order, ignore_index=True)


_COLUMNS = [
    *("modality", "identity", "name", "basis", "crawl_date", "n_posts", "n_posts_all"),
    *("share", "share_low", "share_high"),
    *_TEST_COLUMNS,
    "encoder",
]


def first_sightings(items: pd.DataFrame) -> pd.DataFrame:
    """The items of every post's first crawl date, one row per (modality, encoder, post, identity)."""
    of_post = ["modality", "encoder", "post_id"]
    first = items.groupby(of_post)["crawl_date"].transform("min")
    new = items[items["crawl_date"] == first].drop_duplicates([*of_post, "identity"])
    published = pd.to_datetime(new["published_at"])
    return new.assign(published_at=published).sort_values([*of_post, "identity"], ignore_index=True)


def _trends_of(posts: pd.DataFrame, random_state: int) -> pd.DataFrame:
    """Shares and tests of all identities, of posts with a `time`."""
    has = pd.crosstab(posts["post_id"], posts["identity"]).clip(upper=1)
    of_post = posts.drop_duplicates("post_id").set_index("post_id").loc[has.index]
    times, at = np.unique(of_post["time"].to_numpy("datetime64[D]"), return_inverse=True)
    is_in = has.to_numpy(np.float64)
    n_all = np.bincount(at).astype(np.float64)
    n = np.stack([np.bincount(at, weights=column) for column in is_in.T], axis=1).astype(np.float64)
    days = (times - times[0]).astype(np.float64)
    low, high = wilson_interval(n / n_all[:, None], np.broadcast_to(n_all[:, None], n.shape))
    tests = _tests(days, n, n_all, at, is_in, of_post["poster_id"], random_state)
    tests.index = has.columns
    identities, dates = np.meshgrid(has.columns.to_numpy(), times)
    shares = pd.DataFrame(
        {
            "identity": identities.ravel(),
            "crawl_date": pd.to_datetime(dates.ravel()).date,
            "n_posts": n.ravel().astype(np.int64),
            "n_posts_all": np.broadcast_to(n_all[:, None], n.shape).ravel().astype(np.int64),
            "share": (n / n_all[:, None]).ravel(),
            "share_low": low.ravel(),
            "share_high": high.ravel(),
        }
    )
    return shares.join(tests, on="identity")


def _tests(
    days: Floats,
    n: Floats,
    n_all: Floats,
    at: NDArray[np.intp],
    is_in: Floats,
    posters: pd.Series,
    random_state: int,
) -> pd.DataFrame:
    """Slope and tests, a row an identity; tests are missing with fewer than `MIN_TIMES` times."""
    n_times = len(days)
    if n_times < MIN_TIMES:
        slope = np.full(n.shape[1], np.nan) if n_times == 1 else fitted_slopes(days, n, n_all)
        found = pd.DataFrame({"slope": slope, "change": slope * (days[-1] - days[0])})
        untested = dict.fromkeys(("p_value", "q_value", "poster_p_value"), np.nan)
        return found.assign(**untested, direction=TOO_FEW, n_times=n_times)
    slope, p = trend_tests(days, n, n_all)
    _, poster = np.unique(posters.to_numpy(str), return_inverse=True)
    by_account = poster_trend_tests(days[at], is_in, poster, random_state=random_state)
    q = false_discovery_rates(p)
    real = (q < MAX_P) & (by_account < MAX_P)
    direction = np.where(real & (slope > 0), "rising", np.where(real & (slope < 0), "falling", "flat"))
    return pd.DataFrame(
        {
            "slope": slope,
            "change": slope * (days[-1] - days[0]),
            "p_value": p,
            "q_value": q,
            "poster_p_value": by_account,
            "direction": direction,
            "n_times": n_times,
        }
    )


def fitted_slopes(days: Floats, n: Floats, n_all: Floats) -> Floats:
    """Slope of the line through shares n / n_all, (times, identities), each time weighted by its posts."""
    weights = n_all / n_all.sum()
    centred = days - weights @ days
    return (centred @ n) / (n_all @ centred**2)


def trend_tests(days: Floats, n: Floats, n_all: Floats) -> tuple[Floats, Floats]:
    """Test for trend in binomial shares (Cochran 1954, Armitage 1955), allowing for overdispersion.

    Crawls differ from each other by more than the chance of single posts: the search found other things, clusters
    were cut otherwise. So the variance is multiplied by a dispersion (McCullagh and Nelder 1989, 4.5), Pearson's
    chi-squared about the lines over its degrees of freedom: that of the identity or that of all identities
    together, whichever is larger, and at least 1. Few crawls say little of one identity's dispersion, and all
    identities together say more; their degrees of freedom are those of Student's t.

    Args:
        days: (times,) at least `MIN_TIMES`, in increasing order.
        n: (times, identities) posts of the identity.
        n_all: (times,) posts, at least 1.

    Returns:
        Slope of the share, per day, and two-sided p, both (identities,). An identity that has no post, or all of
        them, has p 1.
    """
    from scipy.stats import t

    slope = fitted_slopes(days, n, n_all)
    mean = n.sum(axis=0) / n_all.sum()
    varies = (mean > 0) & (mean < 1)
    centred = days - n_all @ days / n_all.sum()
    one = np.where(varies, mean * (1 - mean), 1.0)
    line = mean + centred[:, None] * slope
    squares = ((n / n_all[:, None] - line) ** 2 * n_all[:, None]).sum(axis=0) / one
    free = len(days) - 2
    n_free = free * max(
        1, int(varies.sum()) - 1
    )  # shares sum to about 1: one identity follows from the others
    pooled = squares[varies].sum() / n_free
    dispersion = np.maximum(np.maximum(squares / free, pooled), 1.0)
    score = slope / np.sqrt(dispersion * one / (n_all @ centred**2))
    return slope, np.where(varies, np.minimum(2 * t.sf(np.abs(score), n_free), 1.0), 1.0)


def poster_trend_tests(
    days: Floats, is_in: Floats, posters: NDArray[np.intp], *, random_state: int = 0
) -> Floats:
    """Two-sided p, (identities,), of a trend with accounts, not posts, as what varies.

    Each account contributes the sum over its posts of (day - mean day) x (is in - mean). Without a trend these
    sums lie around 0 and are independent of each other, so their signs may be flipped at random: p is the share of
    `N_SIGN_FLIPS` sign patterns whose total is as far from 0 (the score wild bootstrap of Kline and Santos 2012).
    It takes about six accounts for a p below 0.05, however many posts they make.

    Args:
        days: (posts,) when each post is.
        is_in: (posts, identities) 1 where the post has the identity.
        posters: (posts,) numbers from 0.
        random_state: Seed.
    """
    from threadpoolctl import threadpool_limits

    products = (days - days.mean())[:, None] * (is_in - is_in.mean(axis=0))
    sums = np.zeros((int(posters.max()) + 1, is_in.shape[1]))
    np.add.at(sums, posters, products)
    signs = np.random.default_rng(random_state).integers(0, 2, (N_SIGN_FLIPS, len(sums))) * 2.0 - 1.0
    with threadpool_limits(limits=1):
        totals = np.abs(signs @ sums)
    # equal sums in another order of addition are equal
    reached = totals >= np.abs(sums.sum(axis=0)) - 1e-9 * np.abs(sums).sum(axis=0)
    return (reached.sum(axis=0) + 1) / (N_SIGN_FLIPS + 1)
