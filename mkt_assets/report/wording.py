"""Parts that several sentences of the report share: kinds, lists of names, times as often.

Not here: the sentences (answers, news), the words (languages).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mkt_assets.core.rounding import times
from mkt_assets.report.facts import Pair
from mkt_assets.report.text import Text, joined, say

MOST_NAMES = 4
BOTH_KINDS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {("image", "text"): "styles_and_topics", ("image",): "styles_word", ("text",): "topics_word"}
)
"""The words for the clusters of these modalities."""


Remark = tuple[str, str, Mapping[str, Text]]
"""Modality, key of a sentence, its values without {what}: those that only differ in the modality become one."""


def names_of(names: Sequence[Text]) -> Text:
    """The first names, and how many more there are."""
    comma, more = say("list_comma"), len(names) - MOST_NAMES
    shown = joined(names[:MOST_NAMES], comma)
    return joined([shown, f"… +{more}"], comma) if more > 0 else shown


def lift_of(pair: Pair) -> Text:
    """How much more often than everywhere: of a supported link, as measured; of any other, what is sure of it."""
    cautious = times(pair.cautious_lift)
    if pair.supported:
        lift = times(pair.lift)
        return (
            say("lift_times", lift=lift) if lift == cautious else say("lift_range", lift=lift, low=cautious)
        )
    if pair.cautious_lift == 1:
        return say("lift_one")
    return say("lift_at_least" if pair.cautious_lift > 1 else "lift_at_most", lift=cautious)


def together(remarks: Iterable[Remark]) -> list[Text]:
    """Sentences, one for both modalities where they are the same."""
    modalities: dict[tuple[str, tuple[tuple[str, Text], ...]], list[str]] = {}
    for modality, key, values in remarks:
        modalities.setdefault((key, tuple(values.items())), []).append(modality)
    return [
        say(key, what=say(BOTH_KINDS[tuple(of)]), **dict(values)) for (key, values), of in modalities.items()
    ]
