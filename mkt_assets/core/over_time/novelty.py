"""Whether the posts of a cluster are new, or gone, against another crawl's.

Not here: who goes on in whom (core/over_time/identities).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.clustering.threads import one_blas_thread
from mkt_assets.core.crosstab.belief import false_discovery_rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALPHA = 0.05
"""False discovery rate of the claims about the clusters of a crawl date."""
FEWER = 1 / 4
"""What a crawl has of a cluster may be called nothing below this share of what the other crawl has."""
MIN_POSTS, MIN_ACCOUNTS = 5, 3
"""A group of fewer posts or accounts is announced neither as new nor as gone."""
_TYPES = {
    **dict.fromkeys(("n_posts_here", "n_posts_before", "n_posts_after"), "Int64"),
    **dict.fromkeys(("novelty_q_value", "gone_q_value"), "float64"),
    **dict.fromkeys(("is_new", "is_back", "is_gone"), "boolean"),
}
COLUMNS = tuple(_TYPES)
"""What `claims` adds to the columns of cluster_identities."""
_INSIDE = 0.95  # share of a cluster's own items that lie in its region


@dataclass(frozen=True)
class CrawlItems:
    """The clustered items of a crawl date and modality: (n, d) unit vectors, and n each of the rest."""

    vectors: NDArray[np.float32]
    clusters: Sequence[int]
    posts: Sequence[str]
    accounts: Sequence[str]


def claims(
    identities: pd.DataFrame,
    items_of: Callable[[str, date], CrawlItems | None],
    *,
    min_posts: int = MIN_POSTS,
) -> pd.DataFrame:
    """What of the unmatched clusters is new, of those that do not go on gone, and of those that return back.

    Matching looks at where centroids lie, and two halves of one crawl are never drawn in the same clusters. So the
    posts are asked, see `fewer_elsewhere`: an unmatched cluster is new if the crawl before has far fewer posts of
    its kind, one that does not go on is gone if the next crawl has, and one that goes on after an absence is back
    if the crawl before has.

    Args:
        identities: What `identities.identify` gave.
        items_of: The items of a modality and crawl date; None where they are no longer those that were clustered.
            Called once for each, in order, so that two crawls are in memory at a time.
        min_posts: Groups of fewer posts are too few to tell.

    Returns:
        The identities with the columns of `COLUMNS`, missing where nothing was compared; `event` is born or split
        where an unmatched cluster is new.

    Examples:
        >>> import numpy as np
        >>> from datetime import date
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.novelty import CrawlItems, claims
        >>> rng = np.random.default_rng(0)
        >>> def crawl(n_of_each):
        ...     clusters = np.repeat(np.arange(3), n_of_each)
        ...     vectors = np.eye(3, 8)[clusters] + rng.normal(0, 0.05, (len(clusters), 8))
        ...     vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        ...     names = [f"{n_of_each}{i}" for i in range(len(clusters))]
        ...     return CrawlItems(vectors=vectors, clusters=clusters, posts=names, accounts=names)
        ...
        >>> crawls = {date(2024, 6, 13): crawl([30, 30, 0]), date(2024, 6, 14): crawl([30, 30, 31])}
        >>> identities = pd.DataFrame({"crawl_date": [*crawls, date(2024, 6, 14)], "cluster_id": [0, 0, 2]})
        >>> identities = identities.assign(modality="text", encoder="e 1", identity=["a", "a", "c"])
        >>> identities = identities.assign(ended=False, split_from=None)
        >>> identities["event"] = ["first", "continued", "unmatched"]
        >>> identities["crawl_before"] = [None, date(2024, 6, 13), date(2024, 6, 13)]
        >>> identities["previous_crawl_date"] = [None, date(2024, 6, 13), None]
        >>> claims(identities, lambda modality, day: crawls[day])[["identity", "is_new"]].values.tolist()
        [['a', <NA>], ['a', False], ['c', True]]
    """
    found = identities.assign(**dict.fromkeys(COLUMNS)).astype(dict.fromkeys(COLUMNS, "object"))
    # rounding at a region's border must not depend on the number of threads
    with one_blas_thread():
        for (modality, _), rows in identities.groupby(["modality", "encoder"]):
            before: tuple[pd.DataFrame, Regions | None] | None = None
            for day, now in rows.groupby("crawl_date"):
                items = items_of(str(modality), pd.Timestamp(str(day)).date())
                regions = None if items is None else Regions(items)
                follows = (
                    before is not None and (now["crawl_before"] == before[0]["crawl_date"].iloc[0]).all()
                )
                if follows and before is not None and regions is not None and before[1] is not None:
                    _compare(found, (before[0], before[1]), (now, regions), min_posts)
                before = now, regions
    new = (found["is_new"] == True).to_numpy()  # noqa: E712  (missing is not new)
    of_parent = found["split_from"].notna().to_numpy()
    return found.assign(event=np.where(new, np.where(of_parent, "split", "born"), found["event"])).astype(
        _TYPES
    )


def _compare(
    found: pd.DataFrame,
    before: tuple[pd.DataFrame, Regions],
    now: tuple[pd.DataFrame, Regions],
    min_posts: int,
) -> None:
    """Fill in what two crawls say of each other."""
    (was, regions_before), (rows, regions) = before, now
    less = fewer_elsewhere(regions, regions_before.crawl, min_posts=min_posts).loc[rows["cluster_id"]]
    goes_on, fewer = (rows["event"] != "unmatched").to_numpy(), less["fewer"].to_numpy()
    returns = (pd.to_datetime(rows["previous_crawl_date"]) < pd.to_datetime(rows["crawl_before"])).to_numpy()
    found.loc[rows.index, "n_posts_here"] = less["n_posts_here"].to_numpy()
    found.loc[rows.index, "n_posts_before"] = less["n_posts_there"].to_numpy()
    found.loc[rows.index, "novelty_q_value"] = less["q_value"].to_numpy()
    found.loc[rows.index, "is_new"] = fewer & ~goes_on
    found.loc[rows.index, "is_back"] = fewer & goes_on & returns
    less = fewer_elsewhere(regions_before, regions.crawl, min_posts=min_posts).loc[was["cluster_id"]]
    found.loc[was.index, "n_posts_here"] = less["n_posts_here"].to_numpy()
    found.loc[was.index, "n_posts_after"] = less["n_posts_there"].to_numpy()
    found.loc[was.index, "gone_q_value"] = less["q_value"].to_numpy()
    found.loc[was.index, "is_gone"] = less["fewer"].to_numpy() & was["ended"].to_numpy()


def fewer_elsewhere(regions: Regions, there: CrawlItems, *, min_posts: int = MIN_POSTS) -> pd.DataFrame:
    """How much less of every cluster of a crawl there is in another crawl: in the one before, or the one after.

    The items of both crawls are placed: an item lies in the region of a cluster if its centroid is the nearest of
    all and as near as to 95 % of the cluster's members. To every item a cluster is what other accounts have in it:
    clusters are fitted to what they hold, and posts of an account resemble each other, so that placed by
    themselves they would seem to be nowhere else.

    Then the shares of posts in the region are compared. Posts of an account are not independent: their numbers are
    divided by the design effect (Rao and Scott 1992), at least 1: the variance of the difference of shares, over
    accounts (CV2 of Bell and McCaffrey 2002), by that of as many independent posts. The p-value is one-sided,
    binomial given the posts of both crawls together; q-values are Benjamini and Hochberg's (1995). The numbers of
    accounts are compared in the same way, uncorrected: a crowd is to agree.

    So "fewer" says: of what several accounts post here, the accounts there post next to nothing. What one account
    does, whose posts may all have come into one of the crawls, is never said to be new or gone.

    Args:
        regions: Of the crawl whose clusters are asked about, "here".
        there: The other crawl, of the same encoder.
        min_posts: Groups of fewer posts are too few to tell.

    Returns:
        Of each cluster, by ascending id as the index: n_posts_here and n_posts_there (posts in its region),
        n_accounts (that they are by, here), p_value, poster_p_value, q_value (missing where both crawls together
        have too few posts or accounts in the region to tell), and `fewer`: q_value and poster_p_value are at most
        `ALPHA`, the share there is at most `FEWER` of that here, and posts and accounts are enough.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.novelty import CrawlItems, Regions, fewer_elsewhere
        >>> rng = np.random.default_rng(0)
        >>> def crawl(n_of_each):
        ...     clusters = np.repeat(np.arange(3), n_of_each)
        ...     vectors = np.eye(3, 8)[clusters] + rng.normal(0, 0.05, (len(clusters), 8))
        ...     vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        ...     names = [f"{n_of_each}{i}" for i in range(len(clusters))]
        ...     return CrawlItems(vectors=vectors, clusters=clusters, posts=names, accounts=names)
        ...
        >>> now, before = crawl([30, 30, 30]), crawl([30, 30, 0])
        >>> fewer_elsewhere(Regions(now), before)["fewer"].tolist()  # the third cluster is new
        [False, False, True]
    """
    here, placed = regions.crawl, [regions.own_places, regions.place(there)]
    codes, names = pd.factorize(np.concatenate([_texts(here.accounts), _texts(there.accounts)]))
    accounts = np.split(codes, [len(here.accounts)])
    (in_here, n_here), (in_there, n_there) = (
        _posts_by_account(crawl.posts, of, places, len(names), len(regions.ids))
        for crawl, of, places in zip((here, there), accounts, placed, strict=True)
    )
    y, z, n, m = in_here.sum(axis=0), in_there.sum(axis=0), n_here.sum(), n_there.sum()
    p_value = _more_here(y, z, n / (n + m), _design_effect(in_here, n_here, in_there, n_there))
    of_here, of_there = (in_here > 0).sum(axis=0), (in_there > 0).sum(axis=0)
    share = (n_here > 0).sum() / ((n_here > 0).sum() + (n_there > 0).sum())
    poster_p = _more_here(of_here, of_there, share, np.ones(len(y)))
    # what could not be told even if all of it were here is not asked, and weakens no other answer (Tarone 1990)
    tested = (y + z >= min_posts) & (share ** (of_here + of_there) <= ALPHA)
    q_value = np.full(len(y), np.nan)
    if tested.any():
        q_value[tested] = false_discovery_rates(p_value[tested])
    enough = (y >= min_posts) & (of_here >= MIN_ACCOUNTS)
    more_here = enough & (np.nan_to_num(q_value, nan=1.0) <= ALPHA) & (poster_p <= ALPHA)
    found = {
        "n_posts_here": y.astype(np.int64),
        "n_posts_there": z.astype(np.int64),
        "n_accounts": of_here,
        "p_value": p_value,
        "poster_p_value": poster_p,
        "q_value": q_value,
        "more_here": more_here,
        "fewer": more_here & (z / m <= FEWER * y / n),
    }
    return pd.DataFrame(found, index=pd.Index(regions.ids, name="cluster_id"))


class Regions:
    """Where the clusters of a crawl lie, to each account by what the other accounts have in them.

    Attributes:
        crawl: The items that were clustered.
        ids: Ids of the clusters, ascending, (k,).
        own_places: The region of each of the items, as `place` gives it.
    """

    def __init__(self, crawl: CrawlItems) -> None:
        self.crawl = crawl
        self.ids, labels = np.unique(np.asarray(crawl.clusters, dtype=np.int64), return_inverse=True)
        k, X = len(self.ids), crawl.vectors
        self._names, accounts = np.unique(_texts(crawl.accounts), return_inverse=True)
        # the part of each account in each cluster, parts of an account next to each other
        parts, part_of = np.unique(accounts * k + labels, return_inverse=True)
        order = np.argsort(part_of, kind="stable")
        starts = np.searchsorted(part_of[order], np.arange(len(parts)))
        self._part_sums = np.add.reduceat(X[order], starts, axis=0, dtype=np.float64)
        self._part_cluster = of = parts % k
        self._first_part = np.searchsorted(parts // k, np.arange(len(self._names) + 1))
        self._sums = np.zeros((k, X.shape[1]))
        np.add.at(self._sums, of, self._part_sums)
        self._squares = (self._sums**2).sum(axis=1)
        # squared length of what is left of a cluster without the part, 0 if nothing is
        along = (self._part_sums @ self._sums.T)[np.arange(len(parts)), of]
        lengths = np.einsum("ij,ij->i", self._part_sums, self._part_sums)
        nobody = np.bincount(labels)[of] == np.bincount(part_of)
        self._squares_without = np.where(nobody, 0.0, self._squares[of] - 2 * along + lengths)
        apart = self._distances(crawl)
        self._radius = _radii(apart[np.arange(len(labels)), labels], labels, k)
        self.own_places = self._places(apart)

    def place(self, crawl: CrawlItems) -> Ints:
        """The region of every item of another crawl, (n,), by position in `ids`; -1 if it lies in none."""
        return self._places(self._distances(crawl))

    def _places(self, apart: Floats) -> Ints:
        nearest = apart.argmin(axis=1)
        return np.where(apart[np.arange(len(apart)), nearest] <= self._radius[nearest], nearest, -1)

    def _distances(self, crawl: CrawlItems) -> Floats:
        """Cosine distance of every item to each centroid made without its account, (n, k); inf if nobody is left."""
        X, texts = crawl.vectors, _texts(crawl.accounts)
        dots = (X @ self._sums.T.astype(np.float32)).astype(np.float64)
        squares = np.tile(self._squares, (len(X), 1))
        numbers = np.minimum(np.searchsorted(self._names, texts), len(self._names) - 1)
        numbers[self._names[numbers] != texts] = -1
        order = np.argsort(numbers, kind="stable")
        cuts = np.searchsorted(numbers[order], np.arange(len(self._names) + 1))
        for number in np.flatnonzero(np.diff(cuts)):
            items = order[cuts[number] : cuts[number + 1]]
            parts = slice(self._first_part[number], self._first_part[number + 1])
            at = np.ix_(items, self._part_cluster[parts])
            dots[at] -= X[items] @ self._part_sums[parts].T
            squares[at] = self._squares_without[parts]
        return np.where(squares > 1e-12, 1.0 - dots / np.sqrt(np.maximum(squares, 1e-12)), np.inf)


def _texts(values: Sequence[str]) -> NDArray[np.str_]:
    return np.asarray(list(values), dtype=np.str_)


def _radii(apart: Floats, labels: Ints, k: int) -> Floats:
    """How near to each cluster its members are, but for the farthest 5 %; -inf if one account has it alone."""
    radius = np.full(k, -np.inf)
    for cluster in range(k):
        near = apart[(labels == cluster) & np.isfinite(apart)]
        if len(near):
            radius[cluster] = np.quantile(near, _INSIDE, method="higher")
    return radius


def _posts_by_account(
    posts: Sequence[str], accounts: Ints, places: Ints, n_accounts: int, k: int
) -> tuple[Floats, Floats]:
    """Distinct posts in every region, (accounts, k), and in all, (accounts,)."""
    items = pd.DataFrame({"post": list(posts), "account": accounts, "place": places})
    inside = items[items["place"] >= 0].drop_duplicates(["post", "place"])
    counted = np.zeros((n_accounts, k))
    np.add.at(counted, (inside["account"].to_numpy(), inside["place"].to_numpy()), 1)
    whole = items.drop_duplicates("post")["account"].to_numpy()
    return counted, np.bincount(whole, minlength=n_accounts).astype(np.float64)


def _more_here(y: NDArray[Any], z: NDArray[Any], share: float, effect: Floats) -> Floats:
    """P(Y >= y), (k,), of y + z dealt out with this share; the beta function tells it of fractions, too."""
    from scipy.special import betainc

    tail = betainc(np.maximum(y / effect, 1e-9), z / effect + 1, share)
    return np.where(y > 0, tail, 1.0)


def _design_effect(in_here: Floats, n_here: Floats, in_there: Floats, n_there: Floats) -> Floats:
    """Variance of the difference of shares over that of independent posts, (k,), at least 1; inf of one account."""
    y, z, n, m = in_here.sum(axis=0), in_there.sum(axis=0), n_here.sum(), n_there.sum()
    weight_here, weight_there = n_here / n, n_there / m
    if weight_here.max() >= 1 or weight_there.max() >= 1:
        return np.full(len(y), np.inf)
    rest_here = (in_here - np.outer(n_here, y / n)) / n / np.sqrt(1 - weight_here)[:, None]
    rest_there = (in_there - np.outer(n_there, z / m)) / m / np.sqrt(1 - weight_there)[:, None]
    found = ((rest_here - rest_there) ** 2).sum(axis=0)
    share = (y + z) / (n + m)
    independent = share * (1 - share) * (1 / n + 1 / m)
    return np.maximum(found / np.maximum(independent, 1e-12), 1.0)
