"""Which clusters of successive crawls are the same style or topic: matching, events, lasting ids and names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.vectors import content_key

REACH = 0.5
"""A cluster may move by this share of the cosine distance to its nearest sibling and is still the same."""
CLUSTER_KEY = ["crawl_date", "modality", "cluster_id"]

_KIND = {"image": "style", "text": "topic"}
_ID_LENGTH = 8  # hexadecimal digits: one in 100,000 chances that two of 300 identities meet

Floats = NDArray[np.float64]


def anchors(members: pd.DataFrame) -> pd.Series:
    """One member of every cluster that stands for it: the one whose hash is smallest (MinHash, Broder 1997).

    Two fits of the same items give a cluster the same anchor with a probability of the Jaccard index of its
    members then and now: an id made of the anchor lasts through a refit better than one made of the medoid, which
    changes with any small shift of the centroid.

    Args:
        members: Rows with crawl_date, modality, cluster_id, post_id, frame (missing for texts).

    Returns:
        The anchor, a sha256, by crawl_date, modality and cluster_id.
    """
    items = members["post_id"].astype(str) + "\x1f" + members["frame"].fillna("").astype(str)
    hashes = {item: hashlib.sha256(item.encode()).hexdigest() for item in items.unique()}
    return members.assign(anchor=items.map(hashes)).groupby(CLUSTER_KEY)["anchor"].min()


def identify(clusters: pd.DataFrame) -> pd.DataFrame:
    """The lasting identity of every cluster of every crawl date.

    Crawl dates of a modality and encoder are gone through in order, and clusters matched one-to-one with those of
    the crawl date before by cosine of centroids (Kuhn 1955). A pair may match if each lies within the other's
    reach: `REACH` times the cosine distance to its nearest sibling in its own crawl, or times the typical (median)
    such distance of that crawl if this is more. So the floor is in the encoder's own scale. What finds no match is
    matched with identities of earlier crawls that are not in the last one, as they were last seen, however long
    ago. What is then left is new: split off, if a cluster of the crawl before that goes on elsewhere is within
    reach, or born. A cluster of the crawl before that does not go on, with one within reach that does, merged
    into that one.

    A row depends on its own and earlier crawl dates alone (but for last_seen and ended), on no cluster id and on
    no order of rows.

    Args:
        clusters: A row a cluster: crawl_date, modality, cluster_id, encoder, anchor (see `anchors`), centroid
            (of length 1).

    Returns:
        A row a cluster, in the order of crawl_date, modality, cluster_id, with the columns of cluster_identities
        without name and name_by.
    """
    from threadpoolctl import threadpool_limits

    parts: list[pd.DataFrame] = []
    with threadpool_limits(limits=1):
        # vectors of another length are of another version of the encoder
        for (modality, encoder, _), group in clusters.groupby(
            ["modality", "encoder", clusters["centroid"].map(len)]
        ):
            history = _History(str(modality), str(encoder))
            for crawl in _crawls(group):
                history.add(crawl)
            parts.append(history.frame())
    if not parts:
        return _History("image", "").frame()
    return pd.concat(parts, ignore_index=True).sort_values(CLUSTER_KEY, ignore_index=True)


@dataclass(frozen=True)
class _Crawl:
    """The clusters of a crawl date, in an order that is not that of their ids; `reach` is a cosine distance."""

    crawl_date: date
    cluster_ids: Sequence[int]
    anchors: Sequence[str]
    centroids: Floats
    reach: Floats


@dataclass(frozen=True)
class _Seen:
    """An identity as it was last seen."""

    identity: str
    crawl_date: date
    cluster_id: int
    centroid: Floats
    reach: float


def _crawls(group: pd.DataFrame) -> Iterator[_Crawl]:
    for crawl_date, rows in group.groupby("crawl_date"):
        ordered = rows.sort_values("anchor")
        centroids = np.stack([np.asarray(c, dtype=np.float64) for c in ordered["centroid"]])
        yield _Crawl(
            pd.Timestamp(str(crawl_date)).date(),
            [int(i) for i in ordered["cluster_id"]],
            [str(a) for a in ordered["anchor"]],
            centroids,
            reaches(centroids),
        )


def reaches(centroids: Floats) -> Floats:
    """How far, in cosine distance, each of a crawl's clusters may move and is still the same; infinite if alone."""
    if len(centroids) == 1:
        return np.array([np.inf])
    apart = cosine_distances(centroids, centroids)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return REACH * np.maximum(nearest, np.median(nearest))


def cosine_distances(one: Floats, other: Floats) -> Floats:
    """1 - cosine of unit vectors, (n, m), never negative."""
    return np.maximum(1.0 - one @ other.T, 0.0)


class _History:
    """Crawl dates of one modality and encoder, added oldest first."""

    def __init__(self, modality: str, encoder: str) -> None:
        self._modality = modality
        self._encoder = encoder
        self._last: dict[str, _Seen] = {}
        self._dates: list[date] = []
        self._rows: list[dict[str, object]] = []

    def add(self, crawl: _Crawl) -> None:
        """Give every cluster of the next crawl date its identity and event."""
        before = self._dates[-1] if self._dates else None
        recent = [seen for seen in self._last.values() if seen.crawl_date == before]
        dormant = [seen for seen in self._last.values() if seen.crawl_date != before]
        nearness = _nearness(recent, crawl)
        found = {c: recent[p] for p, c in _pairs(nearness)}
        left = [c for c in range(len(crawl.anchors)) if c not in found]
        found |= {left[c]: dormant[p] for p, c in _pairs(_nearness(dormant, crawl)[:, left])}
        events = [self._event(crawl, c, found.get(c), recent, nearness) for c in range(len(crawl.anchors))]
        on = {seen.identity for seen in found.values()}
        for p in (p for p, seen in enumerate(recent) if seen.identity not in on):
            into = int(nearness[p].argmax())
            if nearness[p, into] > 0:
                events[into].event = "merged"
                events[into].absorbed.append(recent[p].identity)
        for c, event in enumerate(events):
            self._rows.append(self._row(crawl, c, event))
            self._last[event.identity] = _Seen(
                event.identity, crawl.crawl_date, crawl.cluster_ids[c], crawl.centroids[c], crawl.reach[c]
            )
        self._dates.append(crawl.crawl_date)

    def _event(
        self, crawl: _Crawl, c: int, goes_on: _Seen | None, recent: Sequence[_Seen], nearness: Floats
    ) -> _Event:
        if goes_on is not None:
            return _Event(goes_on.identity, "continued", goes_on)
        identity = self._new_identity(crawl, c)
        if not self._dates:
            return _Event(identity, "first", None)
        parent = int(nearness[:, c].argmax())
        if nearness[parent, c] > 0:
            return _Event(identity, "split", recent[parent])
        return _Event(identity, "born", None)

    def _new_identity(self, crawl: _Crawl, c: int) -> str:
        key = content_key(self._modality, self._encoder, crawl.crawl_date.isoformat(), crawl.anchors[c])
        return f"{_KIND[self._modality]}-{key[:_ID_LENGTH]}"

    def _row(self, crawl: _Crawl, c: int, event: _Event) -> dict[str, object]:
        previous = event.previous
        return {
            "crawl_date": crawl.crawl_date,
            "modality": self._modality,
            "cluster_id": crawl.cluster_ids[c],
            "identity": event.identity,
            "event": event.event,
            "previous_crawl_date": None if previous is None else previous.crawl_date,
            "previous_cluster_id": None if previous is None else previous.cluster_id,
            "similarity": None if previous is None else float(previous.centroid @ crawl.centroids[c]),
            "split_from": previous.identity if previous is not None and event.event == "split" else None,
            "absorbed": sorted(event.absorbed),
        }

    def frame(self) -> pd.DataFrame:
        """What was found, with what only later crawl dates tell."""
        frame = pd.DataFrame(self._rows, columns=_ROW_COLUMNS).assign(encoder=self._encoder)
        seen = frame.groupby("identity")["crawl_date"]
        frame["first_seen"], frame["last_seen"] = seen.transform("min"), seen.transform("max")
        following = dict(zip(self._dates, self._dates[1:], strict=False))
        present = set(zip(frame["identity"], frame["crawl_date"], strict=True))
        frame["ended"] = [
            day in following and (identity, following[day]) not in present
            for identity, day in zip(frame["identity"], frame["crawl_date"], strict=True)
        ]
        types = {"previous_cluster_id": "Int64", "similarity": "float64", "ended": "bool"}
        return frame.astype(types)


@dataclass
class _Event:
    """What happened to a cluster; `previous` is what it goes on from or was split off."""

    identity: str
    event: str
    previous: _Seen | None
    absorbed: list[str] = field(default_factory=list[str])


_ROW_COLUMNS = [
    *CLUSTER_KEY,
    *("identity", "event", "previous_crawl_date", "previous_cluster_id", "similarity"),
    *("split_from", "absorbed"),
]


def _nearness(earlier: Sequence[_Seen], crawl: _Crawl) -> Floats:
    """(earlier, clusters): 1 at the same place, 0 where either is out of the other's reach."""
    if not earlier:
        return np.zeros((0, len(crawl.anchors)))
    apart = cosine_distances(np.stack([seen.centroid for seen in earlier]), crawl.centroids)
    limit = np.minimum(np.array([seen.reach for seen in earlier])[:, None], crawl.reach[None, :])
    # copies of one vector are at distance 0 with a reach of 0, and the same nevertheless
    return np.where(apart <= 1e-9, 1.0, np.maximum(1.0 - apart / np.maximum(limit, 1e-12), 0.0))


def _pairs(nearness: Floats) -> Iterator[tuple[int, int]]:
    """The one-to-one pairs within reach whose nearness is the largest in sum."""
    from scipy.optimize import linear_sum_assignment

    earlier, now = linear_sum_assignment(nearness, maximize=True)
    for p, c in zip(earlier, now, strict=True):
        if nearness[p, c] > 0:
            yield int(p), int(c)


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
        members: See `anchors`.
        given: The analyst's names by (modality, identity or post id). A post names the identity it is in on the
            last crawl date that has it: a name that outlives any refit. An identity beats a post, an earlier post
            a later one.

    Returns:
        The identities with name and name_by, and the keys of `given` that named nothing.
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
