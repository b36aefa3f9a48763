"""What else a clustering may have found: accounts, backgrounds, copies, the other modality; no clustering here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.clustering.threads import one_blas_thread
from mkt_assets.core.experiments.methods import NOISE, Trial, half_sample_error

NEAR_DUPLICATE_BITS = 6
"""Pictures whose difference hashes differ in no more of 64 bits are copies of each other."""
BACKGROUND_SIDE = 96
"""Pixels of a side of what is looked at of a background: its colours are asked for, not its things."""
NEAR_DUPLICATE_TRIGRAMS = 0.8
"""Texts that share this part of their character trigrams are copies of each other."""

IsCopy = Callable[[int, int], bool]
"""Whether two items, by their numbers, are copies of each other; those made here can be pickled."""


@dataclass(frozen=True)
class Agreement:
    """Adjusted mutual information with a reference, and the same of each refit, (refits,); NaN: unknown."""

    value: float
    replicates: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Standard error of the value, by the refits."""
        return half_sample_error(self.replicates)


def agreement(trial: Trial, reference: Sequence[Hashable | None]) -> Agreement:
    """How much a clustering knows of another grouping: 0 as by chance, 1 the same groups (Vinh et al. 2010).

    Items that are noise, or that have no reference (None), are left out.

    Examples:
        >>> from mkt_assets.core.experiments.methods import fit_kmeans, try_method
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.controls import agreement
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> trial, others = try_method(fit_kmeans, X, 3), [i % 4 for i in range(60)]
        >>> round(agreement(trial, groups.tolist()).value, 2), agreement(trial, others).value < 0.05
        (1.0, True)
    """
    codes = _codes(reference)
    values = [_mutual_information(codes[rows], labels) for rows, labels in trial.resamples]
    return Agreement(_mutual_information(codes, trial.labels), np.array(values, dtype=np.float64))


def nearest_neighbours(X: Matrix, posts: Sequence[Hashable]) -> Labels:
    """Row of the most similar item of another post, (n,) int64; ties: the first row.

    Items of one post (frames of a video) are alike by nature and would hide everything else. -1 where all items
    are of one post.

    Args:
        X: Unit vectors, (n, d) float32.
        posts: Post of each.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.controls import nearest_neighbours
        >>> X = np.array([[1, 0], [0.99, 0.14], [0.8, 0.6]], dtype=np.float32)
        >>> nearest_neighbours(X, ["p", "p", "q"]).tolist()  # frames of one post are not compared
        [2, 2, 1]
    """
    post = _codes(posts)
    nearest = np.full(len(X), -1, dtype=np.int64)
    with one_blas_thread():
        for start in range(0, len(X), 1024):
            rows = slice(start, min(start + 1024, len(X)))
            similarity = X[rows] @ X.T
            similarity[post[rows, None] == post] = -np.inf
            found = similarity.argmax(axis=1)
            possible = similarity[np.arange(len(found)), found] > -np.inf
            nearest[rows] = np.where(possible, found, -1)
    return nearest


def same_group_neighbours(
    nearest: Labels, groups: Sequence[Hashable], posts: Sequence[Hashable]
) -> tuple[float, float]:
    """Share of items whose nearest neighbour is of the same group, and the share expected by chance.

    By chance the neighbour is any item of another post. NaN where there is no other post.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.controls import same_group_neighbours
        >>> nearest = np.array([1, 0, 3, 2])
        >>> same, by_chance = same_group_neighbours(nearest, ["a", "a", "b", "b"], ["p", "q", "r", "s"])
        >>> same, round(by_chance, 2)
        (1.0, 0.33)
    """
    codes, post = _codes(groups), _codes(posts)
    asked = np.flatnonzero(nearest >= 0)
    if not len(asked):
        return float("nan"), float("nan")
    # all items of a post are of one group, so the group's others are its size less the post's
    same = np.bincount(codes)[codes] - np.bincount(post)[post]
    others = len(post) - np.bincount(post)[post]
    return float((codes[nearest[asked]] == codes[asked]).mean()), float((same[asked] / others[asked]).mean())


def copied_neighbours(nearest: Labels, is_copy: IsCopy) -> float:
    """Share of items whose nearest neighbour is a near duplicate; NaN where there is no other post.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.controls import copied_neighbours
        >>> copied_neighbours(np.array([1, 0, 1, 2]), lambda i, j: {i, j} == {0, 1})
        0.5
    """
    asked = np.flatnonzero(nearest >= 0).tolist()
    return float(np.mean([is_copy(i, int(nearest[i])) for i in asked])) if asked else float("nan")


def once_a_post(reference: Sequence[Hashable | None], posts: Sequence[Hashable]) -> list[Hashable | None]:
    """The reference for the first item of each post, None for its others.

    Frames of one video share clothes, room and account: counted each, they agree with anything of the post's.

    Examples:
        >>> from mkt_assets.core.experiments.controls import once_a_post
        >>> once_a_post(["red", "red", "blue"], ["p", "p", "q"])
        ['red', None, 'blue']
    """
    seen: set[Hashable] = set()
    firsts = [post not in seen and not seen.add(post) for post in posts]
    return [group if first else None for group, first in zip(reference, firsts, strict=True)]


def without_copies(
    reference: Sequence[Hashable | None], nearest: Labels, is_copy: IsCopy
) -> list[Hashable | None]:
    """The reference, None for items whose nearest neighbour is a near duplicate in an earlier row.

    So the first of each set of copies stays, and an agreement counts it once.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.controls import without_copies
        >>> without_copies(["red", "red", "blue"], np.array([1, 0, 0]), lambda i, j: {i, j} == {0, 1})
        ['red', None, 'blue']
    """
    return [
        None if 0 <= near < i and is_copy(i, near) else group
        for i, (group, near) in enumerate(zip(reference, nearest.tolist(), strict=True))
    ]


def difference_hash(image: Image.Image) -> int:
    """64 bits: is each of 8 x 8 grey cells darker than its right neighbour (Krawetz 2013).

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.experiments.controls import difference_hash
        >>> picture = Image.linear_gradient("L").rotate(90)
        >>> smaller = picture.resize((64, 64))
        >>> difference_hash(picture) == difference_hash(smaller)
        True
    """
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    pixels = np.asarray(grey, dtype=np.int16)
    return int("".join("1" if bit else "0" for bit in (pixels[:, 1:] > pixels[:, :-1]).ravel()), 2)


def copied_pictures(hashes: Sequence[int]) -> IsCopy:
    """Whether two pictures, by their difference hashes, are copies.

    Examples:
        >>> from mkt_assets.core.experiments.controls import copied_pictures
        >>> is_copy = copied_pictures([0b1011, 0b1010, 2**64 - 1])
        >>> is_copy(0, 1), is_copy(0, 2)
        (True, False)
    """
    return partial(_are_copied_pictures, hashes)


def copied_texts(texts: Sequence[str]) -> IsCopy:
    """Whether two texts, by their character trigrams (Jaccard), are copies.

    Examples:
        >>> from mkt_assets.core.experiments.controls import copied_texts
        >>> is_copy = copied_texts(["周末穿搭分享，白裙子", "周末穿搭分享，白裙子！", "海边泳衣"])
        >>> is_copy(0, 1), is_copy(0, 2)
        (True, False)
    """
    return partial(
        _are_copied_texts, [{text[i : i + 3] for i in range(max(1, len(text) - 2))} for text in texts]
    )


def background_pixels(image: Image.Image, alpha: Image.Image) -> NDArray[np.uint8]:
    """The pixels that are surely not the person, (n, 3) RGB, of a picture scaled to `BACKGROUND_SIDE` squared.

    Args:
        image: The picture as crawled.
        alpha: Its matte, of the same shape or smaller, or what `background_alpha` makes of it: 0 is background.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.experiments.controls import background_pixels
        >>> picture, alpha = Image.new("RGB", (96, 96), "green"), Image.new("L", (96, 96))
        >>> alpha.paste(255, (0, 0, 48, 96))  # the person is on the left
        >>> background_pixels(picture, alpha).shape
        (4608, 3)
    """
    side = (BACKGROUND_SIDE, BACKGROUND_SIDE)
    small = np.asarray(image.convert("RGB").resize(side, Image.Resampling.BOX, reducing_gap=2.0))
    return small[np.asarray(background_alpha(alpha)) < 8]


def background_alpha(alpha: Image.Image) -> Image.Image:
    """A matte as far as `background_pixels` looks at it, mode L, `BACKGROUND_SIDE` squared: small enough to wait.

    Examples:
        >>> from PIL import Image
        >>> background_alpha(Image.new("L", (400, 300), 255)).size == (BACKGROUND_SIDE, BACKGROUND_SIDE)
        True
    """
    return alpha.convert("L").resize((BACKGROUND_SIDE, BACKGROUND_SIDE), Image.Resampling.BOX)


def _are_copied_pictures(hashes: Sequence[int], i: int, j: int) -> bool:
    return (hashes[i] ^ hashes[j]).bit_count() <= NEAR_DUPLICATE_BITS


def _are_copied_texts(trigrams: Sequence[Set[str]], i: int, j: int) -> bool:
    return len(trigrams[i] & trigrams[j]) >= NEAR_DUPLICATE_TRIGRAMS * len(trigrams[i] | trigrams[j])


def _codes(groups: Sequence[Hashable | None]) -> Labels:
    """Groups as numbers from 0 in order of first appearance; None is -1."""
    seen: dict[Hashable, int] = {}
    return np.array(
        [NOISE if group is None else seen.setdefault(group, len(seen)) for group in groups], dtype=np.int64
    )


def _mutual_information(codes: Labels, labels: Labels) -> float:
    """Adjusted mutual information, as scikit-learn's, which spends twenty times as long on what it is given."""
    from sklearn.metrics.cluster import expected_mutual_information

    used = (codes != NOISE) & (labels != NOISE)
    (known, of_codes), (found, of_labels) = (
        np.unique(groups[used], return_inverse=True) for groups in (codes, labels)
    )
    if len(known) < 2 or len(found) < 2:
        return float("nan")
    n = len(of_codes)
    if len(known) == len(found) == n:  # every item is alone in both: no other way to share as much
        return 1.0
    counts = np.bincount(of_codes * len(found) + of_labels, minlength=len(known) * len(found))
    table = counts.reshape(len(known), len(found))
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    entropies = _entropy(rows / n) + _entropy(columns / n)
    shared = entropies - _entropy(counts[counts > 0] / n)
    expected = float(expected_mutual_information(table, n))
    return float((shared - expected) / (entropies / 2 - expected))


def _entropy(shares: NDArray[np.float64]) -> float:
    return float(-(shares * np.log(shares)).sum())
