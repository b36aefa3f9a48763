"""Which posts a trend counts, and which identities are to be seen together: what makes crawls comparable.

Not here: the shares and their tests (core/over_time/trends).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

STOCK = 0.25
"""The first crawl is a stock if its fresh part is smaller than that of a later crawl by more than this."""
_OF_POST = ["modality", "encoder", "post_id"]


def first_sightings(items: pd.DataFrame) -> pd.DataFrame:
    """The items of every post's first crawl date, one row per (modality, encoder, post, identity).

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.trend_posts import first_sightings
        >>> items = pd.DataFrame({"post_id": ["p", "p", "q"], "crawl_date": ["2024-06-13", *["2024-06-14"] * 2]})
        >>> items = items.assign(modality="text", encoder="e 1", identity="a", published_at=None)
        >>> first_sightings(items)[["post_id", "crawl_date"]].values.tolist()
        [['p', '2024-06-13'], ['q', '2024-06-14']]
    """
    # as times: of date objects pandas would compare each post's in Python
    crawled = pd.to_datetime(items["crawl_date"])
    first = crawled.groupby([items[column] for column in _OF_POST]).transform("min")
    new = items[crawled == first].drop_duplicates([*_OF_POST, "identity"])
    published = pd.to_datetime(new["published_at"], utc=True).dt.tz_localize(None)
    return new.assign(published_at=published).sort_values([*_OF_POST, "identity"], ignore_index=True)


def comparable(posts: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The posts that crawls can be compared by, and whether these are only the fresh ones.

    A first crawl finds what has gathered for years, later ones what came since. A stock has more of whatever
    stays in search results for long: against it, something that is published at a constant rate seems to fall. So
    where the first crawl is such a stock (see `STOCK`), a post counts only if it was fresh: published since the
    crawl before or, of the first crawl, within the typical (median) time between crawls. This is left truncation:
    each crawl is asked only for what it alone could have found first. Where most times of publication are
    unknown, in the first crawl or in the later ones, nothing can be said of it, and all posts count.

    Args:
        posts: Of one modality and encoder, as `first_sightings` gives them.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.trend_posts import comparable
        >>> crawled = ["2024-06-01"] * 3 + ["2024-06-08"] * 3  # the first crawl finds posts of months
        >>> published = ["2023-12-01", "2024-03-01", "2024-05-30", "2024-06-05", "2024-06-06", "2024-06-07"]
        >>> posts = pd.DataFrame({"crawl_date": crawled, "published_at": pd.to_datetime(published)})
        >>> fresh, fresh_only = comparable(posts)
        >>> len(fresh), fresh_only
        (4, True)
    """
    crawled = pd.to_datetime(posts["crawl_date"])
    dates = np.sort(crawled.unique())
    if len(dates) < 2:
        return posts, False
    gap = pd.Timedelta(np.median(np.diff(dates)))
    before = dict(zip(dates, [dates[0] - gap, *dates[:-1]], strict=True))
    fresh = posts["published_at"] >= crawled.map(before)
    is_first, known = crawled == dates[0], posts["published_at"].notna()
    fresh_part = fresh[known].groupby(crawled[known]).mean()
    if min(known[is_first].mean(), known[~is_first].mean()) < 0.5:
        return posts, False
    if fresh_part.max() - fresh_part[dates[0]] <= STOCK:
        return posts, False
    return posts[fresh], True


def families(items: pd.DataFrame) -> pd.Series:
    """The family of every identity that was split off another one, or merged with it.

    Where a cluster is cut in two, or two are cut as one, shares move although nothing was posted otherwise. What
    is one family by splits and mergers is to be seen together before any of its members is said to rise or fall.

    Args:
        items: identity, crawl_date and, if they are there, split_from (an identity or missing) and absorbed (a
            list of identities or missing).

    Returns:
        By identity, the first member of its family (by crawl date, then id); itself if it is alone.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.trend_posts import families
        >>> items = pd.DataFrame({"identity": ["a", "b", "c"], "crawl_date": ["2024-06-13", *["2024-06-14"] * 2]})
        >>> families(items.assign(split_from=[None, "a", None])).to_dict()
        {'a': 'a', 'b': 'a', 'c': 'c'}
    """
    known = items.groupby("identity")["crawl_date"].min()
    head = {str(identity): str(identity) for identity in known.index}

    def head_of(identity: str) -> str:
        while head[identity] != identity:
            identity = head[identity]
        return identity

    for one, other in _kinships(items):
        if one in head and other in head:
            older, younger = sorted((head_of(one), head_of(other)), key=lambda i: (known[i], i))
            head[younger] = older
    return pd.Series({identity: head_of(identity) for identity in head}, dtype=object)


def _kinships(items: pd.DataFrame) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    if "split_from" in items:
        split = items.dropna(subset=["split_from"])
        found |= set(zip(split["identity"].astype(str), split["split_from"].astype(str), strict=True))
    if "absorbed" in items:
        # an empty list explodes to a missing value
        pairs = items[["identity", "absorbed"]].explode("absorbed").dropna(subset=["absorbed"])
        found |= set(zip(pairs["identity"].astype(str), pairs["absorbed"].astype(str), strict=True))
    return found
