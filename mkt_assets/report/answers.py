"""The five answers at the top of the report, in sentences made from the numbers.

Not here: what is new (news), parts of sentences that several share (wording), the words (languages).
"""

from __future__ import annotations

from dataclasses import dataclass

from mkt_assets.core.profiles.account_words import ONE_ACCOUNT
from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Curve, Facts, Pair
from mkt_assets.report.news import news
from mkt_assets.report.text import Text, amounts, counted, say
from mkt_assets.report.wording import lift_of, names_of, together

MOST_LINKS = 3
PLAIN_STABILITY = 0.95
"""Agreement (adjusted Rand index) from which two clusterings are nearly the same."""


@dataclass(frozen=True)
class Answer:
    """A question and its answer in sentences."""

    question: str
    sentences: tuple[Text, ...]


def answers(facts: Facts) -> tuple[Answer, ...]:
    """The five questions of an analyst, answered."""
    return (
        Answer("which_styles", (sizes(facts, "image"),)),
        Answer("which_topics", (sizes(facts, "text"),)),
        Answer("which_links", links(facts)),
        Answer("what_is_new", news(facts)),
        Answer("what_not_to_believe", doubts(facts)),
    )


def headline(facts: Facts) -> Text:
    """The crawl in a line: the strongest link if there is one, or else the largest style."""
    if any(pair.supported for pair in facts.pairs):
        return links(facts)[0]
    return sizes(facts, "image")


def sizes(facts: Facts, modality: str) -> Text:
    """How many styles or topics there are, and what the largest hold; or why there are none."""
    clusters = facts.clusters(modality)
    if not clusters:
        return _why_no_styles(facts) if modality == "image" else _why_no_topics(facts)
    kind, noun = ("style", "picture") if modality == "image" else ("topic", "caption")
    n_items = sum(cluster.n_items for cluster in clusters)
    if len(clusters) == 1:
        return say(f"one_{kind}", n_items, items=counted(n_items, noun))
    held, n_largest = 0, 0
    for cluster in clusters:
        held, n_largest = held + cluster.n_items, n_largest + 1
        if 2 * held >= n_items:
            break
    return say(
        "in_all" if n_largest > 1 else "in_all_one_largest",
        clusters=counted(len(clusters), kind),
        items=counted(n_items, noun),
        share=percent(held / n_items),
        n=str(n_largest),
    )


def _why_no_styles(facts: Facts) -> Text:
    n_posts, _ = facts.quality.get("posts", (0, None))
    n_rejected, n_seen = facts.quality.get("rejected", (0, 0))
    if not n_posts:
        return say("no_posts")
    if not n_seen:
        return say("no_pictures")
    return say("all_rejected", n_seen, n=str(n_seen)) if n_rejected == n_seen else say("no_styles")


def _why_no_topics(facts: Facts) -> Text:
    n_posts, _ = facts.quality.get("posts", (0, None))
    n_captions, _ = facts.quality.get("captions", (0, None))
    if not n_posts:
        return say("no_posts")
    return say("no_topics") if n_captions else say("no_captions")


def links(facts: Facts) -> tuple[Text, ...]:
    """The strongest supported links, and how many of all they are; or why there are none."""
    if not facts.pairs:
        missing = ("styles" if not facts.styles else "") + ("topics" if not facts.topics else "")
        return (say(f"no_pairs_without_{missing}" if missing else "no_pairs"),)
    pairs = counted(len(facts.pairs), "pair")
    n_believed = sum(pair.supported for pair in facts.pairs)
    if not n_believed:
        return (say("no_links", len(facts.pairs), pairs=pairs),)
    strongest = strongest_links(facts)
    in_all = say("links_in_all", n_believed, n=str(n_believed), pairs=pairs)
    cut = (say("links_shown", n=str(len(strongest))),) if len(strongest) < n_believed else ()
    return (*(sentence_of_link(facts, pair) for pair in strongest), in_all, *cut)


def strongest_links(facts: Facts) -> list[Pair]:
    """The supported pairs that the answers tell of, the strongest first."""
    supported = (pair for pair in facts.pairs if pair.supported)
    return sorted(supported, key=lambda pair: (pair.q, -pair.cautious_lift))[:MOST_LINKS]


def sentence_of_link(facts: Facts, pair: Pair) -> Text:
    """A supported pair in a sentence."""
    return say(
        "link",
        style=facts.name_of("image", pair.style),
        topic=facts.name_of("text", pair.topic),
        share=percent(pair.share),
        lift=lift_of(pair),
        rests=rests_on(pair),
    )


def rests_on(pair: Pair) -> Text:
    """What a link rests on: posts, accounts, and the largest account's share of the posts where it is known."""
    known = pair.largest_poster_share is not None and pair.n_posters > 1
    return say(
        "rests_on_largest" if known else "rests_on",
        posts=counted(pair.n_posts, "post"),
        accounts=counted(pair.n_posters, "account"),
        **({"largest": percent(pair.largest_poster_share or 0.0)} if known else {}),
    )


def doubt_of_number(curve: Curve) -> str | None:
    """Key of the sentence on a number of clusters for which neither the curve speaks nor the agreement of halves."""
    if curve.chosen["chosen_by"] != "bend" or (curve.chosen["half_stability"] or 0.0) >= PLAIN_STABILITY:
        return None
    return "no_elbow_stable" if (curve.chosen["stability"] or 0.0) >= PLAIN_STABILITY else "no_elbow"


def doubts(facts: Facts) -> tuple[Text, ...]:
    """What not to build on."""
    sentences = [
        *_about_clusters(facts),
        *_about_pairs(facts),
        *_about_numbers(facts),
        *_about_items(facts),
    ]
    if not sentences:
        sentences = [say("nothing_to_doubt" if facts.styles or facts.topics else "nothing_to_believe")]
    return tuple(sentences)


def _about_clusters(facts: Facts) -> list[Text]:
    both = (facts.styles, facts.topics)
    few = [[c for c in clusters if c.low_support] for clusters in both]
    single = [[c for c in clusters if c.one_poster] for clusters in both]
    named = [[c for c in clusters if c.named_by == ONE_ACCOUNT] for clusters in both]
    sentences: list[Text] = []
    for key, (styles, topics) in (("few_posts", few), ("one_account", single), ("named_by_one", named)):
        things, n = amounts((len(styles), "style"), (len(topics), "topic"))
        if n:
            names = names_of([cluster.name for cluster in (*styles, *topics)])
            sentences.append(say(key, n, things=things, names=names))
    return sentences


def _about_pairs(facts: Facts) -> list[Text]:
    n = sum(not pair.supported for pair in facts.pairs)
    pairs = counted(len(facts.pairs), "pair")
    if n == len(facts.pairs):
        return [say("unsupported_all", n, pairs=pairs)] if n else []
    return [say("unsupported_pairs", n, n=str(n), pairs=pairs)] if n else []


def _about_numbers(facts: Facts) -> list[Text]:
    return together((c.modality, key, {}) for c in facts.curves if (key := doubt_of_number(c)) is not None)


def _about_items(facts: Facts) -> list[Text]:
    sentences: list[Text] = []
    if facts.n_with_caption < facts.n_pictures:
        share = percent(1 - facts.n_with_caption / facts.n_pictures)
        sentences.append(say("no_caption_share", share=share))
    n_rejected = sum(n for *_, n in facts.rejects)
    if n_rejected:
        sentences.append(say("rejected_in_all", n_rejected, files=counted(n_rejected, "file")))
    copied = [sum(c.n_near_duplicates for c in clusters) for clusters in (facts.styles, facts.topics)]
    things, n_copies = amounts((copied[0], "picture"), (copied[1], "caption"))
    if n_copies:
        sentences.append(say("copies", n_copies, things=things))
    return sentences
