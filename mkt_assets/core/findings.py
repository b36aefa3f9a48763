"""What the cross table says, in sentences made from its numbers; which links are believed is decided in `belief`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


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
    """
    pairs = ratios.dropna(subset=["text_cluster"])
    if pairs.empty:
        return ["No picture has a caption, so no style goes with any topic."]
    believed = pairs[pairs["supported"].fillna(value=False).astype(bool)]
    if believed.empty:
        return [
            f"None of the {len(pairs)} pairs of style and topic is supported: chance, a single account, or too few "
            "posts explain them all."
        ]
    by_strength = believed.sort_values(["q_value", "lift"], ascending=[True, False])
    sentences = [
        f"{_named('Style', row['image_cluster'], style_names)} goes with "
        f"{_named('topic', row['text_cluster'], topic_names)}: {row['ratio']:.0%} of its items "
        f"({row['ratio_low']:.0%} to {row['ratio_high']:.0%}), {row['lift']:.1f} times as much as everywhere; "
        f"{row['n_posts']} posts of {row['n_posters']} accounts."
        for row in by_strength.head(most).to_dict("records")
    ]
    untold = f" The strongest {most} are told." if len(believed) > most else ""
    return [*sentences, f"{len(believed)} of {len(pairs)} pairs of style and topic are supported.{untold}"]


def _named(kind: str, cluster: object, names: Mapping[int, str] | None) -> str:
    name = (names or {}).get(int(str(cluster)))
    return f"{kind} {cluster}" + (f" ({name})" if name else "")
