"""The one name of a style or topic: by the analyst, by its keywords, or by its id. Everything that shows it reads it.

Not here: what a crawl's captions propose (keywords, account_words), the analyst's file (names).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from mkt_assets.core.over_time.identities import CLUSTER_KEY
from mkt_assets.core.over_time.identity_ids import KINDS
from mkt_assets.core.profiles.account_words import ONE_ACCOUNT, SEEN, shown_name

_DIGITS = 4  # of the id; enough to tell some hundred styles apart, and two that agree in them are numbered


def name_identities(
    identities: pd.DataFrame,
    proposals: pd.DataFrame,
    members: pd.DataFrame,
    given: Mapping[tuple[str, str], str],
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Names that stay with identities over crawl dates, unique within a modality.

    An identity is called what the analyst says; else by the first keywords that a crawl date gave it; else by the
    first words that its pictures show, or else that one account gave it, both marked as such; else by its kind and
    the beginning of its id (style 2b14).
    Of two with the same name, the later one has a number behind it.

    Args:
        identities: What `identify` gave.
        proposals: crawl_date, modality, cluster_id, name, name_by ('keywords', 'seen' or 'one_account' where the name
            says something); any number of a cluster.
        members: See `identities.anchors`.
        given: The analyst's names by (modality, identity or post id). A post names the identity it is in on the
            last crawl date that has it: a name that outlives any refit. An identity beats a post, an earlier post
            a later one.

    Returns:
        The identities with name and name_by, and the keys of `given` that named nothing.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.identity_names import name_identities
        >>> identities = pd.DataFrame({"identity": ["topic-1", "topic-2", "topic-3"], "cluster_id": [0, 1, 2]})
        >>> identities = identities.assign(crawl_date="2024-06-13", first_seen="2024-06-13", modality="text")
        >>> members = identities.assign(post_id=["p", "q", "r"], frame=None)
        >>> profiles = identities.assign(name=["冬天", "topic 1", "海边"], name_by=["keywords", "number", "keywords"])
        >>> named, unused = name_identities(identities, profiles, members, {("text", "topic-3"): "Beach"})
        >>> named["name"].tolist()
        ['冬天', 'topic 2', 'Beach']
    """
    names, unused = _given_names(identities, members, given)
    by = dict.fromkeys(names, "analyst")
    named = identities.merge(proposals[[*CLUSTER_KEY, "name", "name_by"]], on=CLUSTER_KEY, how="left")
    order = ["first_seen", "identity", "crawl_date", "cluster_id"]
    for (modality, _, identity), rows in named.sort_values(order).groupby(
        ["modality", "first_seen", "identity"]
    ):
        key = (str(modality), str(identity))
        if key in names:
            continue
        wanted, by[key] = _proposed(rows) or (unnamed(*key), "identity")
        taken = {name for (other, _), name in names.items() if other == modality}
        names[key] = next(name for name in _numbered(wanted) if name not in taken)
    keys = list(zip(identities["modality"], identities["identity"], strict=True))
    return identities.assign(name=[names[k] for k in keys], name_by=[by[k] for k in keys]), unused


def unnamed(modality: str, identity: str) -> str:
    """What a style or topic is called that nobody and no word names.

    >>> unnamed("image", "style-2b14c07e")
    'style 2b14'
    """
    return f"{KINDS[modality]} {identity_digits(identity)}"


def identity_digits(identity: str) -> str:
    """The first few digits of an id, by which people tell it from others.

    >>> identity_digits("style-2b14c07e")
    '2b14'
    """
    return identity.rpartition("-")[2][:_DIGITS]


def _proposed(rows: pd.DataFrame) -> tuple[str, str] | None:
    """The first name that a crawl date proposes, and of what: words of several accounts, what is seen, one's words."""
    for by in ("keywords", SEEN, ONE_ACCOUNT):
        proposed = rows.loc[rows["name_by"] == by, "name"]
        if len(proposed):
            return shown_name(str(proposed.iloc[0]), by), by
    return None


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _given_names(
    identities: pd.DataFrame, members: pd.DataFrame, given: Mapping[tuple[str, str], str]
) -> tuple[dict[tuple[str, str], str], list[tuple[str, str]]]:
    known = set(zip(identities["modality"], identities["identity"], strict=True))
    names = {key: name for key, name in given.items() if key in known}
    unused: list[tuple[str, str]] = []
    for (modality, post_id), name in given.items():
        if (modality, post_id) in known:
            continue
        identity = _identity_of_post(identities, members, modality, post_id)
        if identity is None or (modality, identity) in names:
            unused.append((modality, post_id))
        else:
            names[modality, identity] = name
    return names, unused


def _identity_of_post(
    identities: pd.DataFrame, members: pd.DataFrame, modality: str, post_id: str
) -> str | None:
    """The identity with most of the post's items on the last crawl date that has it; ties: the larger cluster."""
    items = members[(members["modality"] == modality) & (members["post_id"] == post_id)]
    placed = items.merge(identities[[*CLUSTER_KEY, "identity"]], on=CLUSTER_KEY)
    if placed.empty:
        return None
    last = placed[placed["crawl_date"] == placed["crawl_date"].max()]
    counts = last.groupby(["cluster_id", "identity"]).size().rename("n").reset_index()
    return str(counts.sort_values(["n", "cluster_id"], ascending=[False, True])["identity"].iloc[0])
