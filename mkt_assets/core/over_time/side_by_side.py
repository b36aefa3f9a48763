"""Two crawls side by side: which styles or topics are kept, grown, shrunk, new or gone between them.

Not here: the test (core/over_time/novelty), who is who (core/over_time/identities), trends over more crawls
(core/over_time/trends).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mkt_assets.core.crosstab.crosstab import tally
from mkt_assets.core.crosstab.intervals import clustered_interval
from mkt_assets.core.over_time.novelty import MIN_POSTS, CrawlItems, Regions, fewer_elsewhere

KEPT, GROWN, SHRUNK, NEW, GONE = "kept", "grown", "shrunk", "new", "gone"
ONLY_EARLIER, ONLY_LATER = "only earlier", "only later"
"""A cluster without a counterpart of which it is not shown that its posts are gone, or new."""
_ORDER = (NEW, GROWN, SHRUNK, GONE, KEPT, ONLY_LATER, ONLY_EARLIER)


def side_by_side(
    earlier: CrawlItems,
    later: CrawlItems,
    identities: tuple[Mapping[int, str], Mapping[int, str]],
    *,
    min_posts: int = MIN_POSTS,
) -> pd.DataFrame:
    """What became of every style, or every topic, from one crawl to another one.

    Claims are made by `novelty.fewer_elsewhere` alone, which places the posts of both crawls in the same regions and
    allows for accounts. It is asked twice: of the later crawl's clusters, whether there is more of them than there
    was, and of the earlier one's, whether there is less now. A cluster without a counterpart is new, or gone, if the
    other crawl has next to nothing of it. One that goes on has grown, or shrunk, if there is more of it in the one
    crawl, and neither the regions of the other crawl nor the sizes of the clusters themselves say otherwise: regions
    fit the crawl that they were drawn in a little better, and clusters may only have been cut elsewhere.

    Two crawls differ also by what the search found on a day. Whether a difference is a trend takes more crawls
    (`trends`).

    Args:
        earlier: The clustered items of the first crawl.
        later: Those of the second, of the same encoder.
        identities: By cluster id, the identity, in the first crawl and in the second.
        min_posts: Groups of fewer posts are too few to tell.

    Returns:
        A row an identity, what is claimed first and then the largest: `identity`; of the crawl `earlier` and `later`
        each `cluster_*` (missing where it has none), `n_posts_*`, `n_accounts_*`, `largest_*` (share of its most
        active account in them; missing without posts), `share_*` of the crawl's posts, with `low_*` and `high_*`,
        the ends of its 95 % interval that allows for accounts; `what`; and of the test that decided it `q_value`
        (Benjamini and Hochberg 1995 over the clusters of the crawl that has more; missing where there is too little
        to tell) and `poster_p_value`.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.novelty import CrawlItems
        >>> from mkt_assets.core.over_time.side_by_side import side_by_side
        >>> rng = np.random.default_rng(0)
        >>> def crawl(n_of_each, name):
        ...     clusters = np.repeat(np.arange(4), n_of_each)
        ...     vectors = np.eye(4, 8)[clusters] + rng.normal(0, 0.05, (len(clusters), 8))
        ...     vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        ...     names = [f"{name}{i}" for i in range(len(clusters))]
        ...     return CrawlItems(vectors=vectors, clusters=clusters, posts=names, accounts=names)
        ...
        >>> earlier, later = crawl([60, 60, 20, 0], "a"), crawl([60, 20, 60, 30], "b")
        >>> found = side_by_side(earlier, later, (dict(enumerate("xyz")), dict(enumerate("xyzw"))))
        >>> dict(zip(found["identity"], found["what"]))
        {'w': 'new', 'z': 'grown', 'y': 'shrunk', 'x': 'kept'}
    """
    names = sorted({*identities[0].values(), *identities[1].values()})
    found = pd.DataFrame(index=pd.Index(names, name="identity"))
    for side, crawl, of in zip(("earlier", "later"), (earlier, later), identities, strict=True):
        found = found.join(_sizes(crawl, of, names).add_suffix(f"_{side}"))
    less_now = _tested(earlier, later, identities[0], names, min_posts).add_prefix("then_")
    more_now = _tested(later, earlier, identities[1], names, min_posts).add_prefix("now_")
    n_posts = len(set(earlier.posts)), len(set(later.posts))
    found = found.join(_verdicts(found.join(less_now).join(more_now), *n_posts))
    place = found["what"].map({what: place for place, what in enumerate(_ORDER)})
    largest = -found[["share_earlier", "share_later"]].max(axis=1)
    order = found.assign(place=place, largest=largest).sort_values(["place", "largest"], kind="stable").index
    return found.loc[order].reset_index()


def _sizes(crawl: CrawlItems, identity_of: Mapping[int, str], names: list[str]) -> pd.DataFrame:
    """Posts and accounts of each identity in a crawl, its share of the crawl's posts and its interval."""
    items = pd.DataFrame({"cluster": crawl.clusters, "post": crawl.posts, "account": crawl.accounts})
    items["identity"] = items["cluster"].map(identity_of)
    sizes = items.drop_duplicates("post").groupby("account").size()
    posts = items.drop_duplicates(["post", "identity"])
    counts = tally(posts, "account", "identity").reindex(sizes.index, fill_value=0)
    of_account = counts.reindex(columns=names, fill_value=0).to_numpy(np.float64)
    n = of_account.sum(axis=0)
    low, high = clustered_interval(of_account, sizes.to_numpy(np.float64)[:, None])
    cluster = pd.Series({identity: cluster for cluster, identity in identity_of.items()}, dtype="Int64")
    return pd.DataFrame(
        {
            "cluster": cluster.reindex(names).array,
            "n_posts": n.astype(np.int64),
            "n_accounts": (of_account > 0).sum(axis=0),
            "largest": np.where(n > 0, of_account.max(axis=0) / np.maximum(n, 1.0), np.nan),
            "share": n / sizes.sum(),
            "low": low,
            "high": high,
        },
        index=names,
    )


def _tested(
    here: CrawlItems, there: CrawlItems, identity_of: Mapping[int, str], names: list[str], min_posts: int
) -> pd.DataFrame:
    """What `fewer_elsewhere` says of each identity; of one that is not here, nothing."""
    found = fewer_elsewhere(Regions(here), there, min_posts=min_posts)
    found = found.set_axis([identity_of[cluster] for cluster in found.index.tolist()]).reindex(names)
    return found.assign(fewer=found["fewer"].eq(other=True), more_here=found["more_here"].eq(other=True))


def _verdicts(both: pd.DataFrame, n_earlier: int, n_later: int) -> pd.DataFrame:
    """What is claimed of each identity, and q and p by account of the test that was asked."""
    came, went = both["cluster_earlier"].isna(), both["cluster_later"].isna()
    grew = both["share_later"] > both["share_earlier"]
    # by the regions of the crawl that has less
    also_grew = both["then_n_posts_there"] / n_later > both["then_n_posts_here"] / n_earlier
    also_shrank = both["now_n_posts_there"] / n_earlier > both["now_n_posts_here"] / n_later
    cases = {
        NEW: came & both["now_fewer"],
        ONLY_LATER: came,
        GONE: went & both["then_fewer"],
        ONLY_EARLIER: went,
        GROWN: grew & both["now_more_here"] & also_grew,
        SHRUNK: ~grew & both["then_more_here"] & also_shrank,
    }
    asked_of_later = came | (~went & grew)
    return pd.DataFrame(
        {
            "what": np.select(list(cases.values()), list(cases), KEPT),
            "q_value": both["now_q_value"].where(asked_of_later, both["then_q_value"]),
            "poster_p_value": both["now_poster_p_value"].where(asked_of_later, both["then_poster_p_value"]),
        }
    )
