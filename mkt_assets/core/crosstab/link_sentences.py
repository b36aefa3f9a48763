"""What the cross table says, in sentences made from its numbers.

Not here: which links are believed (core/crosstab/belief), the report's sentences (report/answers).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from mkt_assets.core.rounding import percent, times


def link_sentences(
    ratios: pd.DataFrame,
    *,
    style_names: Mapping[int, str] | None = None,
    topic_names: Mapping[int, str] | None = None,
    most: int = 8,
) -> list[str]:
    """The supported links, strongest first, and how many of the pairs they are.

    Args:
        ratios: `crosstab_ratios` rows of one unit.
        style_names: Names of image clusters.
        topic_names: Names of text clusters.
        most: Links told.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.link_sentences import link_sentences
        >>> row = {"image_cluster": 0, "text_cluster": 3, "ratio": 0.8, "ratio_low": 0.5, "ratio_high": 0.9}
        >>> row |= {"lift": 4.0, "q_value": 0.001, "supported": True, "n_posts": 12, "n_posters": 7}
        >>> for sentence in link_sentences(pd.DataFrame([row]), topic_names={3: "户外"}):
        ...     print(sentence)
        ...
        Style 0 goes with topic 户外: 80% of its items with a caption (50% to 90%), 4.0 times the share in
        all styles together; it rests on 12 posts by 7 accounts.
        1 of 1 pair of style and topic is supported.
    """
    pairs = ratios.dropna(subset=["text_cluster"])
    if pairs.empty:
        return ["No post has both a picture and a caption that were clustered: no style goes with any topic."]
    believed = pairs[pairs["supported"].fillna(value=False).astype(bool)]
    if believed.empty:
        which = "The only pair" if len(pairs) == 1 else f"None of the {len(pairs)} pairs"
        is_not = "is not" if len(pairs) == 1 else "is"
        return [
            f"{which} of style and topic {is_not} supported: chance, a single account or too few posts would do to "
            "explain it."
        ]
    by_strength = believed.sort_values(["q_value", "lift"], ascending=[True, False])
    sentences = [
        f"{_named('Style', row['image_cluster'], style_names)} goes with "
        f"{_named('topic', row['text_cluster'], topic_names)}: {percent(row['ratio'])} of its items with a "
        f"caption ({percent(row['ratio_low'])} to {percent(row['ratio_high'])}), {times(row['lift'])} times the share "
        f"in all styles together; it rests on {_rests_on(row)}."
        for row in by_strength.head(most).to_dict("records")
    ]
    untold = f" The strongest {most} are told." if len(believed) > most else ""
    pairs_are = "pair of style and topic is" if len(pairs) == 1 else "pairs of style and topic are"
    return [*sentences, f"{len(believed)} of {len(pairs)} {pairs_are} supported.{untold}"]


def _rests_on(row: Mapping[Hashable, Any]) -> str:
    largest = row.get("largest_poster_share")
    of_one = (
        "" if largest is None or pd.isna(largest) else f" ({percent(largest)} of them the largest account's)"
    )
    return f"{row['n_posts']} posts{of_one} by {row['n_posters']} accounts"


def _named(kind: str, cluster: object, names: Mapping[int, str] | None) -> str:
    name = (names or {}).get(int(str(cluster)))
    if name is None:
        return f"{kind} {cluster}"
    # one that nobody named is called by its kind already: style 2b14
    return f"{kind} {name.removeprefix(f'{kind.lower()} ')}"
