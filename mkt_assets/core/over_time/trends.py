"""Shares of lasting styles and topics over time, and which of them rise or fall.

Not here: who is who (core/over_time/identities), the tests (core/over_time/trend_tests).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mkt_assets.core.crosstab.belief import MAX_P, false_discovery_rates
from mkt_assets.core.crosstab.crosstab import tally
from mkt_assets.core.crosstab.intervals import clustered_interval
from mkt_assets.core.over_time.trend_posts import comparable, families, first_sightings
from mkt_assets.core.over_time.trend_tests import Floats, Integers, Posts, share_noise, trend_tests

MIN_TIMES = 3
"""A line through fewer points than this says nothing of a trend."""
TOO_FEW = "too few crawls"
_Z = 1.959963984540054  # of a normal distribution, 95 % two-sided

_TEST_COLUMNS = ["slope", "change", "change_low", "change_high", "p_value", "q_value", "poster_p_value"]
_COLUMNS = [
    *("modality", "identity", "name", "basis", "crawl_date", "n_posts", "n_posts_all"),
    *("share", "share_low", "share_high"),
    *_TEST_COLUMNS,
    *("direction", "n_times", "n_posters", "family", "fresh_only", "encoder"),
]


def trends(items: pd.DataFrame, *, random_state: int = 0) -> pd.DataFrame:
    """The share of every identity in the posts of every crawl date and of every month of publication.

    A post counts once, on the first crawl date that has it (of its modality and encoder), as what its cluster
    there is: a post that is still found a week later is no news, and counted again on each day it would pass for
    independent evidence. If the first crawl is a stock of old posts, only fresh ones count (`comparable`). A post
    with pictures in two styles counts in both, so shares of styles may sum to more than 1. Time by crawl and time
    by publication are kept apart in `basis`: what a search finds is not what was published, and the older a post,
    the more it had to please to be still found.

    An identity rises or falls if the test by noise, corrected for all identities of the modality, encoder and
    basis (Benjamini and Hochberg 1995), and the test by account both say so below `MAX_P` (`trend_tests`). A
    member of a family (`families`) does so only if its family as a whole does, the same way: p, q and p by account
    of a member are no smaller than its family's, and 1 where the family goes the other way. What happens inside
    of a family is not told from how it was cut.

    Args:
        items: A row an item: crawl_date, modality, encoder, identity, name, post_id, poster_id (missing: an account
            of its own), published_at (may be missing); split_from and absorbed of the identity on that crawl date,
            if known.
        random_state: No test draws numbers any more; a seed may be given and changes nothing.

    Returns:
        A row a (modality, identity, basis, crawl_date), in that order, with the columns of the table trends;
        identities without a post on a date have a share of 0 there, dates without a new post no row.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.trends import trends
        >>> weeks = pd.date_range("2024-06-01", periods=4, freq="W").repeat(50)
        >>> items = pd.DataFrame({"crawl_date": weeks, "poster_id": list(range(50)) * 4})
        >>> items["identity"] = ["a" if i % 50 < 5 + 10 * (i // 50) else "b" for i in range(200)]
        >>> items["post_id"] = items["crawl_date"].astype(str) + items["poster_id"].astype(str)
        >>> items = items.assign(modality="text", encoder="e 1", name=items["identity"], published_at=pd.NaT)
        >>> last = trends(items).drop_duplicates("identity", keep="last")
        >>> last[["identity", "share", "direction"]].values.tolist()
        [['a', 0.7, 'rising'], ['b', 0.3, 'falling']]
    """
    del random_state
    parts: list[pd.DataFrame] = []
    for (modality, encoder), group in items.groupby(["modality", "encoder"]):
        family = families(group)
        posts, fresh_only = comparable(first_sightings(group))
        by_crawl = posts.assign(time=pd.to_datetime(posts["crawl_date"]))
        by_month = posts.dropna(subset=["published_at"])
        by_month = by_month.assign(time=by_month["published_at"].dt.to_period("M").dt.to_timestamp())
        for basis, dated in (("crawl_date", by_crawl), ("published_month", by_month)):
            if len(dated):
                found = _trends_of(dated, family).assign(basis=basis, fresh_only=fresh_only)
                parts.append(found.assign(modality=str(modality), encoder=str(encoder)))
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    names = items.drop_duplicates("identity").set_index("identity")["name"]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(name=table["identity"].map(names))
    order = ["modality", "identity", "basis", "crawl_date"]
    return table[_COLUMNS].sort_values(order, ignore_index=True)


def _trends_of(dated: pd.DataFrame, family: pd.Series) -> pd.DataFrame:
    """Shares and tests of all identities, of posts with a `time`."""
    has = tally(dated, "post_id", "identity").clip(upper=1)
    of_post = dated.drop_duplicates("post_id").set_index("post_id").loc[has.index]
    times, at = np.unique(of_post["time"].to_numpy("datetime64[D]"), return_inverse=True)
    posts = Posts((times - times[0]).astype(np.float64), at.astype(np.intp), _accounts(of_post["poster_id"]))
    is_in = has.to_numpy(np.float64)
    heads = family.reindex(has.columns)
    sizes = family.value_counts()
    tests = _tested(posts, is_in, heads.to_numpy(str)).set_axis(has.columns, axis=0)
    tests["n_posters"] = (posts.per_account(is_in) > 0).sum(axis=0)
    tests["family"] = heads.where(heads.map(sizes) > 1, None)
    return _shares(posts, is_in, has.columns, times).join(tests, on="identity")


def _accounts(posters: pd.Series) -> Integers:
    """Numbers of accounts from 0; a post whose account is unknown is an account of its own."""
    own = pd.Series([f"\x1f{post}" for post in posters.index], index=posters.index)
    named = posters.astype(object).where(posters.notna(), own).astype(str)
    return np.unique(named.to_numpy(str), return_inverse=True)[1].astype(np.intp)


def _shares(
    posts: Posts, is_in: Floats, identities: pd.Index, times: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> pd.DataFrame:
    n = posts.per_time(is_in)
    low, high = np.empty_like(n), np.empty_like(n)
    for time in range(len(times)):
        here = posts.at == time
        _, writer = np.unique(posts.accounts[here], return_inverse=True)
        then = Posts(posts.days, np.zeros(len(writer), np.intp), writer.astype(np.intp))
        sizes = np.bincount(writer)[:, None]
        low[time], high[time] = clustered_interval(then.per_account(is_in[here]), sizes)
    names, dates = np.meshgrid(identities.to_numpy(), times)
    n_all = np.repeat(posts.n_all, n.shape[1])
    return pd.DataFrame(
        {
            "identity": names.ravel(),
            "crawl_date": pd.to_datetime(dates.ravel()).date,
            "n_posts": n.ravel().astype(np.int64),
            "n_posts_all": n_all.astype(np.int64),
            "share": n.ravel() / n_all,
            "share_low": low.ravel(),
            "share_high": high.ravel(),
        }
    )


def _tested(posts: Posts, is_in: Floats, heads: np.ndarray[tuple[int], np.dtype[np.str_]]) -> pd.DataFrame:
    """Slope and tests, a row an identity; tests are missing with fewer than `MIN_TIMES` times."""
    n_times = len(posts.days)
    if n_times < MIN_TIMES:
        share = posts.per_time(is_in) / posts.n_all[:, None]
        change = share[-1] - share[0] if n_times == 2 else np.full(is_in.shape[1], np.nan)
        found = pd.DataFrame({"slope": change / max(posts.days[-1], 1.0), "change": change})
        untested = dict.fromkeys(
            ("change_low", "change_high", "p_value", "q_value", "poster_p_value"), np.nan
        )
        return found.assign(**untested, direction=TOO_FEW, n_times=n_times)
    noise = share_noise(posts, is_in)
    own = trend_tests(posts, is_in, noise)
    p, q, by_account = own.p, false_discovery_rates(own.p), own.account_p
    kin, of = np.unique(heads, return_inverse=True)
    if len(kin) < len(heads):
        whole = trend_tests(posts, (is_in @ np.eye(len(kin))[of]).clip(max=1), noise)
        with_it = np.sign(whole.slope)[of] == np.sign(own.slope)
        p = np.where(with_it, np.maximum(p, whole.p[of]), 1.0)
        q = np.where(with_it, np.maximum(q, false_discovery_rates(whole.p)[of]), 1.0)
        by_account = np.where(with_it, np.maximum(by_account, whole.account_p[of]), 1.0)
    real = (q < MAX_P) & (by_account < MAX_P)
    length = posts.days[-1] - posts.days[0]
    return pd.DataFrame(
        {
            "slope": own.slope,
            "change": own.slope * length,
            "change_low": (own.slope - _Z * own.error) * length,
            "change_high": (own.slope + _Z * own.error) * length,
            "p_value": p,
            "q_value": q,
            "poster_p_value": by_account,
            "direction": np.where(real, np.where(own.slope > 0, "rising", "falling"), "flat"),
            "n_times": n_times,
        }
    )
