"""Rising and falling: every topic of a world without trends is to be called flat, and a planted one is to be found.

A run is one history of crawls; the claim is made if any of its 5 to 20 topics is said to rise or fall. The crawls are
3 to 12, of 30 to 300 posts each, if nothing else is said; 21 accounts are as active as those of a real crawl. The last
null is harder than its nominal 5 %: a whim of the search that lasts over several crawls looks like a trend, and a
handful of crawls cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.over_time.trends import trends
from mkt_assets_tests.calibration.cases import Case, activity

FIRST = date(2024, 6, 1)
N_ACCOUNTS = 21

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


def frame(
    crawl: Integers, topic: Integers, account: Integers, age: Floats | None = None, **columns: object
) -> pd.DataFrame:
    """Posts as `trends` takes them; crawls are a week apart, `age` is in days before the crawl."""
    days = pd.Timestamp(FIRST) + pd.to_timedelta(7 * crawl, "D")
    published = None if age is None else days - pd.to_timedelta(age, "D")
    names = np.char.add("topic-", topic.astype(str))
    fixed = {"modality": "text", "encoder": "e", "identity": names, "name": names}
    posts = {"post_id": np.arange(len(crawl)).astype(str), "poster_id": np.char.add("a", account.astype(str))}
    when = {"crawl_date": days.date, "published_at": published}
    return pd.DataFrame({**when, **fixed, **posts, **columns})


def topics_of(rng: np.random.Generator, shares: Floats) -> Integers:
    """A topic a post, by the shares of topics, (posts, topics), that it is drawn of."""
    above = rng.random(len(shares))[:, None] > np.cumsum(shares, axis=1)
    return np.minimum(above.sum(axis=1), shares.shape[1] - 1).astype(np.intp)


def accounts_of(rng: np.random.Generator, n_posts: int, exponent: float = 1.25) -> Integers:
    """An account a post."""
    weights = activity(N_ACCOUNTS, 1000, exponent=exponent)
    return rng.choice(N_ACCOUNTS, n_posts, p=weights / weights.sum())


def crawls(rng: np.random.Generator) -> tuple[Integers, Floats]:
    """The crawl of each post, and the shares of the topics."""
    sizes = np.exp(rng.uniform(np.log(30), np.log(300), int(rng.integers(3, 13)))).astype(int)
    return np.repeat(np.arange(len(sizes)), sizes), rng.dirichlet(np.full(int(rng.integers(5, 21)), 3.0))


def moves(found: pd.DataFrame) -> float:
    """1 if anything is said to rise or fall by crawl, in a table of trends."""
    of_crawls = found[found["basis"] == "crawl_date"]
    return float(of_crawls["direction"].isin(["rising", "falling"]).any())


def few_accounts(seed: int) -> pd.DataFrame:
    """Nothing but unequal crawls and few accounts."""
    rng = np.random.default_rng(seed)
    crawl, shares = crawls(rng)
    return frame(crawl, topics_of(rng, np.tile(shares, (len(crawl), 1))), accounts_of(rng, len(crawl)))


def own_topics(seed: int, concentration: float) -> pd.DataFrame:
    """Accounts have topics of their own, and most are there for some of the time."""
    rng = np.random.default_rng(seed)
    crawl, shares = crawls(rng)
    mixes = rng.dirichlet(np.maximum(concentration * shares, 1e-6), N_ACCOUNTS)
    n, weights = int(crawl[-1]) + 1, activity(N_ACCOUNTS, 1000).astype(float)
    ends = np.sort(rng.integers(0, n, (N_ACCOUNTS, 2)), axis=1)
    ends[rng.random(N_ACCOUNTS) < 0.4] = 0, n - 1
    account = np.empty(len(crawl), dtype=np.intp)
    for number in range(n):
        there = (ends[:, 0] <= number) & (number <= ends[:, 1])
        active = weights * (there if there.any() else 1)
        posts = crawl == number
        account[posts] = rng.choice(N_ACCOUNTS, int(posts.sum()), p=active / active.sum())
    return frame(crawl, topics_of(rng, mixes[account]), account)


def whims(seed: int, sd: float, lasting: float = 0.0) -> pd.DataFrame:
    """The search favours other topics on each date; the logarithm of its favour is autoregressive."""
    rng = np.random.default_rng(seed)
    crawl, shares = crawls(rng)
    favour = np.empty((int(crawl[-1]) + 1, len(shares)))
    favour[0] = rng.normal(size=len(shares))
    for number in range(1, len(favour)):
        news = np.sqrt(1 - lasting**2) * rng.normal(size=len(shares))
        favour[number] = lasting * favour[number - 1] + news
    found = shares * np.exp(sd * favour)
    found /= found.sum(axis=1, keepdims=True)
    return frame(crawl, topics_of(rng, found[crawl]), accounts_of(rng, len(crawl), exponent=0))


def split(seed: int) -> pd.DataFrame:
    """The largest topic is cut in two from a crawl in the middle on; nobody posts otherwise."""
    rng = np.random.default_rng(seed)
    crawl, shares = crawls(rng)
    topic = topics_of(rng, np.tile(shares, (len(crawl), 1)))
    largest, new, since = int(shares.argmax()), len(shares), max(1, int(crawl[-1]) // 2)
    topic[(topic == largest) & (crawl >= since) & (rng.random(len(crawl)) < 0.5)] = new
    parent = pd.Series(f"topic-{largest}", range(len(crawl))).where((topic == new) & (crawl == since), None)
    return frame(crawl, topic, accounts_of(rng, len(crawl)), split_from=parent)


def evergreen(seed: int) -> pd.DataFrame:
    """The first crawls find what has gathered in a year, later ones what is new; only an evergreen topic lasts.

    Every crawl finds six in ten of the posts that are still there: of the evergreen all, of others the last weeks'.
    """
    rng = np.random.default_rng(seed)
    n_topics, n_crawls, a_week = int(rng.integers(5, 12)), int(rng.integers(4, 9)), int(rng.integers(40, 120))
    week = np.repeat(np.arange(-52, n_crawls), a_week)
    topic = topics_of(rng, np.tile(rng.dirichlet(np.full(n_topics, 5.0)), (len(week), 1)))
    published = 7 * week - rng.uniform(0, 7, len(week))
    gone = np.where(topic == 0, np.inf, published + rng.exponential(30, len(week)))
    crawl = np.full(len(week), n_crawls)
    for number in reversed(range(n_crawls)):
        is_there = (week <= number) & (gone > 7 * number)
        crawl[is_there & (rng.random(len(week)) < 0.6)] = number
    seen = crawl < n_crawls
    accounts = accounts_of(rng, int(seen.sum()), exponent=0)
    return frame(crawl[seen], topic[seen], accounts, (7 * crawl - published)[seen])


def fourfold(seed: int, exponent: float, n_posts: int = 150, n_topics: int = 8) -> pd.DataFrame:
    """Topic 0 goes from 5 % to 20 % over six crawls."""
    rng = np.random.default_rng(seed)
    first = np.linspace(0.05, 0.2, 6)[:, None]
    shares = np.hstack([first, (1 - first) * rng.dirichlet(np.full(n_topics - 1, 3.0))])
    crawl = np.repeat(np.arange(6), n_posts)
    return frame(crawl, topics_of(rng, shares[crawl]), accounts_of(rng, len(crawl), exponent))


_WORLDS = {
    "few accounts": few_accounts,
    "own topics": partial(own_topics, concentration=1.0),
    "more alike": partial(own_topics, concentration=4.5),
    "whims": partial(whims, sd=0.2),
    "lasting whims": partial(whims, sd=0.3, lasting=0.6),
    "split": split,
    "evergreen": evergreen,
}


@lru_cache
def found_in(world: str, seed: int) -> pd.DataFrame:
    """The trends of a world without any; kept, as several tests look at the same."""
    return trends(_WORLDS[world](seed))


def false_move(seed: int, world: str) -> float:
    """Whether anything is said to move in a world without trends."""
    return moves(found_in(world, seed))


def rise_found(seed: int, exponent: float) -> float:
    """Whether the planted rise is found."""
    found = trends(fourfold(seed, exponent)).query("basis == 'crawl_date' and identity == 'topic-0'")
    return float(found["direction"].iloc[0] == "rising")


def change_covered(seed: int) -> float:
    """The part of topics whose 95 % interval of the change covers it, in a flat world of accounts with own topics."""
    found = trends(own_topics(seed, 4.5)).drop_duplicates("identity")
    return float(((found["change_low"] <= 0) & (found["change_high"] >= 0)).mean())


def _nulls(worlds: Mapping[str, tuple[str, float]]) -> list[Case]:
    claim = "a topic rises or falls"
    return [
        Case(claim, said, "at most", bound, partial(false_move, world=world), 200)
        for world, (said, bound) in worlds.items()
    ]


CASES = [
    *_nulls(
        {
            "few accounts": ("flat; unequal crawls, 21 accounts", 0.05),
            "more alike": ("flat; accounts with own topics (Dirichlet 4.5) come and go", 0.05),
            "own topics": ("flat; accounts with own topics (Dirichlet 1) come and go", 0.05),
            "whims": ("flat; each crawl favours other topics (sd of the log .2)", 0.05),
            "split": ("flat; the largest topic splits in two", 0.05),
            "evergreen": ("flat; the first crawls find old posts, too; one topic is evergreen", 0.05),
            "lasting whims": ("flat; favours (sd .3) last to the next crawl by .6", 0.15),
        }
    ),
    Case(
        "95 % interval of a change",
        "accounts with own topics come and go",
        "at least",
        0.9,
        change_covered,
        200,
    ),
    *(
        Case("a topic rises", f"5 % to 20 % over six crawls of 150; {who}", "at least", 0.85, run, 150)
        for who, run in (
            ("21 equal accounts", partial(rise_found, exponent=0.0)),
            ("21 accounts as in real crawls", partial(rise_found, exponent=1.25)),
        )
    ),
]
