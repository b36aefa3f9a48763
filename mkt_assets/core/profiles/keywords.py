"""Which words set a cluster apart, and the name made of them: from words of captions to keywords; no vectors.

Not here: cutting captions into words (core/text/segmenter).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.crosstab.belief import MAX_P, false_discovery_rates
from mkt_assets.core.over_time.identity_ids import KINDS
from mkt_assets.core.text.word_lists import load_stop_words

NO_KEYWORDS_FILE = Path(__file__).parent / "no_keywords_zh.txt"

N_KEYWORDS = 8
MIN_POSTS = 3
"""A word in fewer posts of the crawl cannot set a cluster apart."""
MIN_POSTERS = 2
"""A word that fewer accounts use in a cluster is an account's habit."""
MIN_RATIO = 2.0
"""A keyword is at least so many times as frequent inside the cluster as outside."""
LONGEST_IN_NAME = 12  # characters; a longer hashtag is a keyword, and no part of a name

_SEPARATOR = " · "
_NUMERAL = re.compile(
    r"第?[\d.〇零一二两三四五六七八九十百千万亿几半多]+"
    r"(?:[个件条套只双把支张束杯口步句款种次年月日天点米度斤块元号期岁折]|厘米|公里|分钟|小时|cm|kg)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Caption:
    """A post's words, each once, and who posted it."""

    poster_id: str
    words: frozenset[str]


def telling_words(words: Iterable[str]) -> frozenset[str]:
    """Those of a caption's words that could be keywords.

    Single characters, numerals (155, 一件, 第三天) and what any post says (穿搭, 分享, 今天) say too little alone.

    Examples:
        >>> from mkt_assets.core.profiles.keywords import telling_words
        >>> sorted(telling_words(["今天", "配", "155", "小个子", "旗袍"]))
        ['小个子', '旗袍']
    """
    says_nothing = _words_that_say_nothing()
    return frozenset(
        word for word in words if len(word) > 1 and word not in says_nothing and not _NUMERAL.fullmatch(word)
    )


@cache
def _words_that_say_nothing() -> frozenset[str]:
    return load_stop_words((NO_KEYWORDS_FILE,))


def cluster_keywords(
    captions: Mapping[str, Caption],
    posts_of: Mapping[int, Collection[str]],
    repeats_of: Mapping[int, Collection[str]] | None = None,
) -> dict[int, list[str]]:
    """The keywords of every cluster, best first, at most `N_KEYWORDS`; [] where captions say nothing distinctive.

    Among the words that set a cluster apart, the best have the highest class-based TF-IDF (Grootendorst 2022,
    BERTopic), tf * log(1 + A / f), where tf is the share of a word among the cluster's words, f its frequency in
    all clusters and A the mean number of words of a cluster. A word counts once for each account in a cluster,
    so that the loudest account does not choose the words.

    A word sets a cluster apart if more of its posts have it than chance would give (hypergeometric, by post,
    Benjamini-Hochberg over all words and clusters, q < 0.05), also without the account that uses it most
    (p < 0.05), at least `MIN_RATIO` times as often as outside, and from `MIN_POSTERS` accounts or more.

    Args:
        captions: By post, of the posts that have a text.
        posts_of: The posts of each cluster, compared with those of all clusters; posts without a caption are
            passed over.
        repeats_of: Posts of each cluster that repeat another of its posts; they do not count for it.

    Examples:
        >>> from mkt_assets.core.profiles.keywords import Caption, cluster_keywords
        >>> topics = {0: ["羽绒服", "冬天"], 1: ["泳衣", "海边"]}
        >>> captions = {
        ...     f"{topic}{i}": Caption(f"account{i}", frozenset([*words, "白色"]))
        ...     for topic, words in topics.items()
        ...     for i in range(8)
        ... }
        >>> posts_of = {topic: [post for post in captions if post[0] == str(topic)] for topic in topics}
        >>> {topic: sorted(words) for topic, words in cluster_keywords(captions, posts_of).items()}
        {0: ['冬天', '羽绒服'], 1: ['泳衣', '海边']}
    """
    crawl = _Crawl(
        {post: captions[post] for posts in posts_of.values() for post in posts if post in captions}
    )
    clusters, words = sorted(posts_of), sorted(crawl.candidates())
    if not clusters or not words:
        return {cluster: [] for cluster in clusters}
    samples = [crawl.sample(posts_of[c], (repeats_of or {}).get(c, ())) for c in clusters]
    tests = [crawl.compare(sample, words) for sample in samples]
    q = false_discovery_rates(np.stack([p for p, _ in tests]))
    apart = (q < MAX_P) & np.stack([frequent for _, frequent in tests])
    scores = class_tf_idf(np.stack([crawl.n_posters(sample, words) for sample in samples]))
    keywords: dict[int, list[str]] = {}
    for cluster, sample, distinctive, score in zip(clusters, samples, apart, scores, strict=True):
        best = sorted(np.flatnonzero(distinctive).tolist(), key=lambda i, of=score: (-of[i], words[i]))
        held = (words[i] for i in best if crawl.p_without_loudest(words[i], sample) < MAX_P)
        keywords[cluster] = list(islice(held, N_KEYWORDS))
    return keywords


def class_tf_idf(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Class-based TF-IDF (Grootendorst 2022) of (classes, words) counts, same shape; 0 for a class without words.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.profiles.keywords import class_tf_idf
        >>> class_tf_idf(np.array([[8, 1, 5], [0, 9, 5]])).round(2).tolist()  # the last word is everybody's
        [[0.58, 0.06, 0.31], [0.0, 0.56, 0.31]]
    """
    totals = counts.sum(axis=1, keepdims=True)
    frequency = np.maximum(counts.sum(axis=0), 1)
    return counts / np.maximum(totals, 1) * np.log1p(totals.mean() / frequency)


def cluster_names(keywords: Mapping[int, Sequence[str]], modality: str) -> dict[int, tuple[str, str]]:
    """(name, who named: 'keywords' or 'number') of each cluster; no two names are equal.

    The name is the two best keywords that do not repeat each other (通勤 · 西装); where a larger cluster (of a
    smaller id) has it, other keywords are tried, and at last the number is added.

    Examples:
        >>> from mkt_assets.core.profiles.keywords import cluster_names
        >>> cluster_names({0: ["羽绒服", "冬天"], 1: [], 2: ["羽绒服", "冬天", "白色"]}, "text")
        {0: ('羽绒服 · 冬天', 'keywords'), 1: ('topic 1', 'number'), 2: ('羽绒服 · 白色', 'keywords')}
    """
    names: dict[int, tuple[str, str]] = {}
    taken: set[str] = set()
    for cluster in sorted(keywords):
        options = _names_from([word for word in keywords[cluster] if len(word) <= LONGEST_IN_NAME])
        free = (name for name in options if name not in taken)
        if options:
            names[cluster] = (next(free, f"{options[0]} ({cluster})"), "keywords")
        else:
            names[cluster] = (f"{KINDS[modality]} {cluster}", "number")
        taken.add(names[cluster][0])
    return names


def _names_from(words: Sequence[str]) -> list[str]:
    """Names that can be made of the words, best first: of two, of three, and where there is no two, of one."""
    made: list[str] = []
    for size in (2, 3):
        made += [
            _SEPARATOR.join(chosen)
            for chosen in combinations(words, size)
            if not any(_repeats(a, b) for a, b in combinations(chosen, 2))
        ]
    return made or list(words)


def _repeats(a: str, b: str) -> bool:
    """Whether two words say the same in part: one is in the other, or they share two Chinese characters in a row."""
    if a in b or b in a:
        return True
    return any(not pair.isascii() and pair in b for pair in (a[i : i + 2] for i in range(len(a) - 1)))


@dataclass(frozen=True, slots=True)
class _Sample:
    """The posts that count for a cluster, and those that count neither for it nor against it."""

    inside: frozenset[str]
    left_out: frozenset[str]


class _Crawl:
    """The captions of all clusters: which posts have a word, and what of that is in one cluster."""

    def __init__(self, captions: Mapping[str, Caption]) -> None:
        self._captions = captions
        self._posts_with: dict[str, set[str]] = {}
        self._posts_by: dict[str, set[str]] = {}
        for post, caption in captions.items():
            self._posts_by.setdefault(caption.poster_id, set()).add(post)
            for word in caption.words:
                self._posts_with.setdefault(word, set()).add(post)

    def candidates(self) -> list[str]:
        """Words of enough posts and accounts; as that is asked of the whole crawl, a cluster's test stays exact."""
        return [
            word
            for word, posts in self._posts_with.items()
            if len(posts) >= MIN_POSTS and len(self._posters(posts)) >= MIN_POSTERS
        ]

    def sample(self, posts: Iterable[str], repeats: Iterable[str]) -> _Sample:
        """The sample of a cluster's posts, those that repeat others left out."""
        left_out = self._captions.keys() & set(repeats)
        return _Sample(frozenset(self._captions.keys() & set(posts) - left_out), frozenset(left_out))

    def compare(self, sample: _Sample, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """By word, p of its count in the sample, and whether it is `MIN_RATIO` times as frequent as outside."""
        from scipy.stats import hypergeom

        inside = self._count(sample.inside, words)
        total = np.array([len(self._posts_with[word]) for word in words]) - self._count(
            sample.left_out, words
        )
        n_inside, n_all = len(sample.inside), len(self._captions) - len(sample.left_out)
        p = np.ones(len(words))
        seen = inside > 0
        p[seen] = hypergeom.sf(inside[seen] - 1, n_all, total[seen], n_inside)
        return p, inside * (n_all - n_inside) >= MIN_RATIO * (total - inside) * n_inside

    def n_posters(self, sample: _Sample, words: Sequence[str]) -> NDArray[np.int64]:
        """By word, how many accounts use it in the sample."""
        used = {
            (self._captions[post].poster_id, w) for post in sample.inside for w in self._captions[post].words
        }
        tally = Counter(word for _, word in used)
        return np.array([tally[word] for word in words], dtype=np.int64)

    def p_without_loudest(self, word: str, sample: _Sample) -> float:
        """The p of a word's count when the account that uses it most in the sample is gone from the crawl."""
        from scipy.stats import hypergeom

        using = Counter(self._captions[post].poster_id for post in self._posts_with[word] & sample.inside)
        if len(using) < MIN_POSTERS:
            return 1.0
        loudest = min(using, key=lambda poster: (-using[poster], poster))
        gone = sample.left_out | self._posts_by[loudest]
        with_word, inside = self._posts_with[word] - gone, sample.inside - gone
        n_all = len(self._captions) - len(gone)
        return float(hypergeom.sf(len(with_word & inside) - 1, n_all, len(with_word), len(inside)))

    def _posters(self, posts: Iterable[str]) -> set[str]:
        return {self._captions[post].poster_id for post in posts}

    def _count(self, posts: Iterable[str], words: Sequence[str]) -> NDArray[np.int64]:
        tally = Counter(word for post in posts for word in self._captions[post].words)
        return np.array([tally[word] for word in words], dtype=np.int64)
