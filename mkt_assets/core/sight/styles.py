"""Names by sight: the words of a vocabulary that set the pictures of a style apart from those of the others.

Not here: words that stand in captions (core/profiles/keywords), the vocabulary (vocabulary).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.crosstab.belief import MAX_P, false_discovery_rates
from mkt_assets.core.sight.contrast import Ids, chance_contrast, contrasts
from mkt_assets.core.sight.vocabulary import Word

N_WORDS = 3


@dataclass(frozen=True)
class SeenWord:
    """A word that the pictures of a style show.

    Attributes:
        style: cluster.
        rank: 1 = what sets it apart most.
        word: of the vocabulary.
        cosine: of the style's pictures with it, mean of the accounts.
        contrast: by how much that is above the pictures outside.
        q: chance of such a contrast if the pictures were dealt at random to styles, corrected for all pairs.
    """

    style: int
    rank: int
    word: Word
    cosine: float
    contrast: float
    q: float


def seen_words(
    pictures: NDArray[np.float32],
    styles: Ids,
    accounts: Ids,
    words: Sequence[Word],
    word_vectors: NDArray[np.float32],
) -> list[SeenWord]:
    """The words that styles get by sight, best first: at most `N_WORDS` a style, of different kinds.

    A style gets a word if its pictures are nearer to it than those of other styles, asked by account (see
    `contrast`; Benjamini-Hochberg over all styles and words, q < 0.05), and if the word stands out among all words,
    further than any of a vocabulary that means nothing would in one style of twenty, see `chance_contrast`.

    Args:
        pictures: (n, d) unit vectors.
        styles: (n,) cluster of each.
        accounts: (n,) who posted it, as a number.
        words: the vocabulary.
        word_vectors: (w, d) unit vectors of them, in the same space.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.sight.styles import seen_words
        >>> from mkt_assets.core.sight.vocabulary import Word
        >>> english = ["red", "blue", "pink", "gold", "grey", "navy", "cream"]
        >>> words = [Word("colour", word, word) for word in english]
        >>> styles, accounts = np.repeat([0, 1], 6), np.arange(12)
        >>> pictures = np.eye(7, dtype=np.float32)[styles]
        >>> found = seen_words(pictures, styles, accounts, words, np.eye(7, dtype=np.float32))
        >>> [(seen.style, seen.word.en) for seen in found]
        [(0, 'red'), (1, 'blue')]
    """
    if not len(pictures) or not words:
        return []
    scores = pictures.astype(np.float64) @ word_vectors.astype(np.float64).T
    found = contrasts(scores, styles, accounts)
    q = false_discovery_rates(found.p)
    chosen: list[SeenWord] = []
    for row, style in enumerate(found.groups.tolist()):
        difference = found.difference[row]
        is_seen = (q[row] < MAX_P) & (difference > chance_contrast(difference, MAX_P / len(words)))
        kinds: list[str] = []
        for i in np.argsort(-difference, kind="stable").tolist():
            if is_seen[i] and words[i].kind not in kinds and len(kinds) < N_WORDS:
                kinds.append(words[i].kind)
                chosen.append(
                    SeenWord(
                        style,
                        len(kinds),
                        words[i],
                        float(found.mean[row, i]),
                        float(difference[i]),
                        float(q[row, i]),
                    )
                )
    return chosen
