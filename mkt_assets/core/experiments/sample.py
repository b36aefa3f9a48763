"""What the experiments are made on: a sample of a crawl's items, the same whatever else the crawl holds.

Not here: where the items come from, and what is tried on them (core/experiments/variants).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.experiments.comparison import References
from mkt_assets.core.experiments.methods import MIN_ITEMS, drawn_together
from mkt_assets.core.vectors import content_key


@dataclass(frozen=True)
class Sample:
    """Sampled items of one modality, and what is known of them.

    Attributes:
        modality: image or text.
        X: Their unit vectors, (n, d) float32.
        encoder: Whose these are, "id version", which need not be today's setting; None without items.
        n_all: Number of items that it was drawn from.
        n_clusters: The crawl's k.
        references: What is known of the items beside their vectors.
    """

    modality: str
    X: Matrix
    encoder: str | None
    n_all: int
    n_clusters: int
    references: References

    @property
    def encoder_id(self) -> str | None:
        """Id of the encoder of the vectors; None without items."""
        return self.encoder and self.encoder.split(" ")[0]

    @property
    def units(self) -> Sequence[Hashable]:
        """What resamples draw as a whole."""
        return drawn_together(self.references.posters, self.references.posts)

    @property
    def is_too_small(self) -> bool:
        """Whether it has too few items to compare anything."""
        return len(self.X) < MIN_ITEMS

    def part(self, kept: Sequence[int]) -> Sample:
        """The same for some of the items only, by their numbers; itself if these are all."""
        if list(kept) == list(range(len(self.X))):
            return self
        return replace(self, X=self.X[list(kept)], references=self.references.part(kept))

    def with_vectors(self, X: Matrix) -> Sample:
        """The same items by other vectors; itself if these are its own."""
        return self if X is self.X else replace(self, X=X)


def draw(ids: Sequence[tuple[str, ...]], most: int, *, random_state: int = 0) -> NDArray[np.int64]:
    """Numbers of the sampled items, ascending, (min(n, most),): those of the lowest hashes of seed and id.

    So an item that is in the sample of a crawl stays in it when others come, unless they push it out.

    Args:
        ids: What identifies each item.
        most: Size of the sample.
        random_state: Seed.

    Examples:
        >>> ids = [(f"post {i}", "0") for i in range(100)]
        >>> of_all, of_most = ({ids[i] for i in draw(ids[:n], 10)} for n in (100, 90))
        >>> of_all - {*ids[90:]} <= of_most
        True
        >>> draw(ids[:3], 10).tolist()
        [0, 1, 2]
    """
    hashes = [content_key(str(random_state), *parts) for parts in ids]
    return np.sort(np.argsort(hashes)[:most]).astype(np.int64)
