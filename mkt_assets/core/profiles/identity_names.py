"""What a lasting style or topic is called: by the analyst, by its keywords, or by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from mkt_assets.core.over_time.identities import CLUSTER_KEY


def name_identities(
    identities: pd.DataFrame,
    profiles: pd.DataFrame,
    members: pd.DataFrame,
    given: Mapping[tuple[str, str], str],
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Names that stay with identities over crawl dates, unique within a modality.

    An identity is called what the analyst says; else by the first keywords that a crawl date gave it; else by its
    id. Of two with the same keywords, the later one has a number behind it.

    Args:
        identities: What `identify` gave.
        profiles: crawl_date, modality, cluster_id, name, name_by ('keywords' where the name says something).
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
        ['冬天', 'topic-2', 'Beach']
    """
    names, unused = _given_names(identities, members, given)
    by = dict.fromkeys(names, "analyst")
    named = identities.merge(profiles[[*CLUSTER_KEY, "name", "name_by"]], on=CLUSTER_KEY, how="left")
    order = ["first_seen", "identity", "crawl_date", "cluster_id"]
    for (modality, _, identity), rows in named.sort_values(order).groupby(
        ["modality", "first_seen", "identity"]
    ):
        key = (str(modality), str(identity))
        if key in names:
            continue
        said = rows.loc[rows["name_by"] == "keywords", "name"]
        wanted, by[key] = (str(said.iloc[0]), "keywords") if len(said) else (key[1], "identity")
        taken = {name for (other, _), name in names.items() if other == modality}
        names[key] = next(name for name in _numbered(wanted) if name not in taken)
    keys = list(zip(identities["modality"], identities["identity"], strict=True))
    return identities.assign(name=[names[k] for k in keys], name_by=[by[k] for k in keys]), unused


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
