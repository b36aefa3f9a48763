"""Words of clusters that no words of several accounts set apart: plain words, marked as one account's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from mkt_assets.core.crosstab.belief import MAX_P, false_discovery_rates
from mkt_assets.core.profiles.keywords import MIN_POSTS, MIN_RATIO, N_KEYWORDS, Caption, class_tf_idf

ONE_ACCOUNT = "one_account"
"""What a name is said to be made of if without one account its words would not set the cluster apart."""
MARK = "†"
SEEN = "seen"
"""What a name is said to be made of if its words are seen in pictures, and stand in no captions that they share."""
SEEN_MARK = "‡"


def shown_name(name: str, named_by: str) -> str:
    """The name as people see it: with `MARK` if it is made of one account's words, `SEEN_MARK` if of what is seen.

    Examples:
        >>> from mkt_assets.core.profiles.account_words import ONE_ACCOUNT, shown_name
        >>> shown_name("羽绒服 · 冬天", "keywords"), shown_name("羽绒服 · 冬天", ONE_ACCOUNT)
        ('羽绒服 · 冬天', '羽绒服 · 冬天 †')
    """
    mark = {ONE_ACCOUNT: MARK, SEEN: SEEN_MARK}.get(named_by)
    return f"{name} {mark}" if mark else name


def words_by_post(
    captions: Mapping[str, Caption],
    posts_of: Mapping[int, Collection[str]],
    repeats_of: Mapping[int, Collection[str]],
) -> dict[int, list[str]]:
    """What `keywords.cluster_keywords` would find if every post were an account's only one, best first.

    A word sets a cluster apart if more of its posts have it than chance would give (hypergeometric,
    Benjamini-Hochberg over all words and clusters, q < 0.05), at least `MIN_RATIO` times as often as the others,
    and `MIN_POSTS` or more; the best have the highest class-based TF-IDF (Grootendorst 2022), counted by post.

    Args:
        captions: By post, of the posts that have a text.
        posts_of: The posts of each cluster.
        repeats_of: Posts of each cluster that repeat another of its posts; they do not count for it.

    Examples:
        >>> from mkt_assets.core.profiles.keywords import Caption, cluster_keywords
        >>> from mkt_assets.core.profiles.account_words import words_by_post
        >>> topics = {0: ["羽绒服", "冬天"], 1: ["泳衣", "海边"]}
        >>> captions = {  # all of them one account's
        ...     f"{topic}{i}": Caption("one account", frozenset([*words, "白色"]))
        ...     for topic, words in topics.items()
        ...     for i in range(8)
        ... }
        >>> posts_of = {topic: [post for post in captions if post[0] == str(topic)] for topic in topics}
        >>> cluster_keywords(captions, posts_of)[0], sorted(words_by_post(captions, posts_of, {})[0])
        ([], ['冬天', '羽绒服'])
    """
    from scipy.stats import hypergeom

    clusters = sorted(posts_of)
    samples = [captions.keys() & set(posts_of[c]) - set(repeats_of.get(c, ())) for c in clusters]
    tallies = [Counter(word for post in sample for word in captions[post].words) for sample in samples]
    everywhere = {post for posts in posts_of.values() for post in posts if post in captions}
    totals = Counter(word for post in everywhere for word in captions[post].words)
    words = sorted(word for word, n in totals.items() if n >= MIN_POSTS)
    if not words:
        return {cluster: [] for cluster in clusters}
    inside = np.array([[tally[word] for word in words] for tally in tallies], dtype=np.int64)
    total, n_all = np.array([totals[word] for word in words]), len(everywhere)
    n_inside = np.array([[len(sample)] for sample in samples])
    p = np.where(inside > 0, hypergeom.sf(inside - 1, n_all, total, n_inside), 1.0)
    frequent = inside * (n_all - n_inside) >= MIN_RATIO * (total - inside) * n_inside
    apart = (false_discovery_rates(p) < MAX_P) & frequent & (inside >= MIN_POSTS)
    scores = class_tf_idf(inside)
    found: dict[int, list[str]] = {}
    for row, cluster in enumerate(clusters):
        best = sorted(np.flatnonzero(apart[row]).tolist(), key=lambda i, of=scores[row]: (-of[i], words[i]))
        found[cluster] = [words[i] for i in best[:N_KEYWORDS]]
    return found
